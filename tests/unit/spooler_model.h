/*
 * spooler_model.h - what a spooler may do, to compare it with what it does
 *
 * Kafka is a log for each key. Requests send numbers, one key's one after the
 * other, each once the one before it is safe; they do as deliver/delivery.c
 * does. The played producer has what was handed to it until the test says what
 * became of it, of a key in its order.
 *
 * All but the keeping is done by the test's thread, which looks at what was
 * handed over before it says anything that could make a difference.
 */
#ifndef TEST_SPOOLER_MODEL_H
#define TEST_SPOOLER_MODEL_H

#include "spooler_stage.h"

#include "kafka/producer.h"

enum { KEYS_MAX = 40, EVENTS_MAX = 2000, LANES = 3, TRACE_MAX = 400 };

struct event {
    bool safe;
    bool out;     /* nobody was promised it, or Kafka has refused it */
    bool logged;  /* it is in Kafka */
    bool with;    /* the producer has it */
    bool handed;  /* it had it once */
    bool suspect; /* it may be marked */
    int64_t kept_from, kept_to; /* of `ticks`: its row is from between */
};

enum request_state { IDLE, FLYING, LANDED, KEEPING };

struct request {
    enum request_state state;
    int n; /* of its event */
    struct passage *pg;
    struct partition *partition;
    int64_t start_us;
    pthread_t thread; /* that keeps it */
    atomic_bool ended;
    enum fault_kind kind; /* how */
};

struct key {
    const char *topic;
    char name[TEXT_SIZE]; /* "": records without a key, in no order */
    int64_t hash;
    int count;
    int settled; /* all before it are logged or out */
    struct event events[EVENTS_MAX];
    struct request rq;
};

static struct {
    uint64_t seed;
    uint64_t random;
    int step;
    size_t key_count;
    struct key keys[KEYS_MAX];
    size_t seen; /* of what was handed over */
    int64_t ticks;
    bool rough; /* what was written as given may not have been handed over */
} md;

static struct {
    char lines[TRACE_MAX][96];
    size_t count;
} told; /* what was done last, for whoever looks into a failure */

static inline uint64_t draw(void)
{
    md.random ^= md.random << 13;
    md.random ^= md.random >> 7;
    md.random ^= md.random << 17;
    return md.random >> 11;
}

static inline int below(int n) { return (int)(draw() % (uint64_t)n); }

static inline bool one_in(int n) { return below(n) == 0; }

static inline void trace(const char *what, const struct key *key, int n)
{
    snprintf(told.lines[told.count++ % TRACE_MAX], sizeof(told.lines[0]),
             "%d: %s %s %s %d", md.step, what, key == NULL ? "" : key->topic,
             key == NULL ? "" : key->name, n);
}

/* Threads may be waiting for the spooler: nothing is put in order. */
static inline void give_up(const char *what, const struct key *key, int n)
{
    for (size_t i = told.count > TRACE_MAX ? told.count - TRACE_MAX : 0;
         i < told.count; i++)
        fprintf(stderr, "  %s\n", told.lines[i % TRACE_MAX]);
    fprintf(stderr, "seed %llu, step %d: %s (%s %s %d)\n",
            (unsigned long long)md.seed, md.step, what,
            key == NULL ? "" : key->topic, key == NULL ? "" : key->name, n);
    empty_folder();
    rmdir(stage.dir);
    _exit(1);
}

#define CHECK(condition, key, n)                                               \
    do {                                                                       \
        if (!(condition))                                                      \
            give_up("not so: " #condition, key, n);                            \
    } while (0)

static inline const char *name_of(const struct key *key)
{
    return key->name[0] == '\0' ? NULL : key->name;
}

static inline struct stripe *stripe_for(const struct key *key)
{
    return stripe_of(key->topic, name_of(key));
}

static inline struct partition *partition_in(const struct key *key)
{
    return channel_partition_among(
        channel_of(key->topic), key->hash,
        atomic_load(&channel_of(key->topic)->partition_count));
}

/* ---- Kafka, and the producer --------------------------------------------- */

/* NULL: it is a dead letter. */
static inline struct key *key_of(const struct sent *sent)
{
    for (size_t i = 0; i < md.key_count; i++)
        if (strcmp(md.keys[i].name, sent->key) == 0 &&
            strcmp(md.keys[i].topic, sent->topic) == 0)
            return &md.keys[i];
    return NULL;
}

/* Those before it are in Kafka, or will be before it. */
static inline void check_turn(struct key *key, int n, bool is_logged)
{
    while (key->settled < key->count &&
           (key->events[key->settled].logged || key->events[key->settled].out))
        key->settled++;
    for (int i = key->settled; i < n; i++) {
        const struct event *ev = &key->events[i];
        const bool before = ev->logged || (ev->with && !is_logged);

        CHECK(before || ev->out || !ev->safe || name_of(key) == NULL, key, n);
    }
}

static inline int number_in(const struct sent *sent)
{
    return (int)strtol(sent->value, NULL, 10);
}

static inline void log_sent(const struct sent *sent)
{
    struct key *key = key_of(sent);
    const int n = number_in(sent);
    struct event *ev;

    if (key == NULL)
        return;
    ev = &key->events[n];
    if (ev->logged && !ev->out)
        CHECK(sent->marked, key, n);
    else if (!ev->out)
        check_turn(key, n, true);
    ev->logged = true;
}

/* What was handed over since the last time. */
static inline void look(void)
{
    const size_t count = sent_count();

    for (; md.seen < count; md.seen++) {
        const struct sent *sent = &stage.sent[md.seen];
        struct key *key = key_of(sent);
        const int n = number_in(sent);
        struct event *ev;

        if (key == NULL)
            continue;
        trace(sent->marked ? "handed, marked" : "handed", key, n);
        CHECK(n < key->count, key, n);
        ev = &key->events[n];
        CHECK(!ev->with, key, n);
        ev->with = ev->handed = true;
        if (ev->out)
            continue;
        check_turn(key, n, false);
        CHECK(ev->suspect || !sent->marked, key, n);
        CHECK(sent->marked || !ev->logged, key, n);
    }
}

/* ---- requests ------------------------------------------------------------ */

static inline void *run_keep(void *arg)
{
    struct key *key = arg;
    struct request *rq = &key->rq;
    char value[TEXT_SIZE];
    struct fault why = FAULT_INIT;

    snprintf(value, sizeof(value), "%d", rq->n);
    const struct record record = record_of(key->topic, name_of(key), value);
    const struct keep keep = {
        .record = &record, .partition = rq->partition, .pg = rq->pg};

    if (spooler_keep(stage.sp, &keep, &why) == -1 && why.kind == FAULT_NONE)
        why.kind = FAULT_IO;
    rq->kind = why.kind;
    atomic_store(&rq->ended, true);
    return NULL;
}

static inline void end_keep(struct key *key)
{
    struct request *rq = &key->rq;
    struct event *ev = &key->events[rq->n];

    pthread_join(rq->thread, NULL);
    ev->kept_to = ++md.ticks;
    CHECK(rq->kind == FAULT_NONE || (rq->kind == FAULT_REFUSED && ev->out), key,
          rq->n);
    trace("kept", key, rq->n);
    ev->safe = rq->kind == FAULT_NONE;
    rq->state = IDLE;
}

static inline void start_keep(struct key *key)
{
    struct request *rq = &key->rq;

    trace(rq->pg == NULL ? "to be kept" : "in doubt", key, rq->n);
    key->events[rq->n].kept_from = ++md.ticks;
    rq->state = KEEPING;
    atomic_store(&rq->ended, false);
    pthread_create(&rq->thread, NULL, run_keep, key);
    if (!one_in(3))
        end_keep(key);
}

/* As delivery.c's. Needs the stripe's lock. */
static inline bool must_queue(struct channel *ch, struct partition *pt,
                              struct stripe *stripe)
{
    return partition_is_down(pt) || atomic_load(&ch->catching_up) ||
           stripe_has_old(stripe) ||
           (stripe_waiting(stripe) > 0 && channel_waits(ch));
}

static inline void send_next(struct key *key)
{
    struct request *rq = &key->rq;
    struct stripe *stripe = stripe_for(key);
    char value[TEXT_SIZE];
    struct fault why = FAULT_INIT;

    if (rq->state != IDLE || key->count == EVENTS_MAX)
        return;
    rq->n = key->count++;
    rq->start_us = clock_now_us();
    rq->pg = NULL;
    snprintf(value, sizeof(value), "%d", rq->n);
    const struct record record = record_of(key->topic, name_of(key), value);

    rq->partition = partition_in(key);
    stripe_lock(stripe);
    if (!must_queue(channel_of(key->topic), rq->partition, stripe)) {
        rq->pg = passage_of(key->topic, name_of(key));
        rq->pg->sent_us = clock_now_us();
        if (play_producer(NULL, &record, rq->pg, &why) == -1) {
            passage_free(rq->pg);
            rq->pg = NULL;
        }
    }
    if (rq->pg == NULL)
        stripe_join(stripe);
    stripe_unlock(stripe);
    rq->state = FLYING;
    if (rq->pg == NULL)
        start_keep(key);
}

static inline void miss_deadline(struct key *key)
{
    struct request *rq = &key->rq;

    if (rq->state != FLYING)
        return;
    atomic_store(&rq->pg->flight.state, FLIGHT_ABANDONED);
    partition_missed(rq->partition, rq->start_us, clock_now_us());
    start_keep(key);
}

static inline void land(struct key *key, const struct report *said)
{
    struct request *rq = &key->rq;
    struct passage *pg = rq->pg;

    rq->state = IDLE;
    key->events[rq->n].safe = said->outcome == REPORT_DELIVERED;
    if (!report_is_back(said)) {
        passage_free(pg);
        return;
    }
    pg->report = *said;
    pg->reported = true;
    pg->marked = pg->marked || said->maybe_persisted;
    stripe_lock(pg->stripe);
    stripe_join(pg->stripe);
    pg->joined = true;
    stripe_unlock(pg->stripe);
    rq->state = LANDED;
}

/* ---- reports ------------------------------------------------------------- */

/* As delivery_report() has it. */
static inline void tell(struct sent *sent, enum report_outcome outcome,
                        bool maybe_persisted)
{
    const struct report said = {.outcome = outcome,
                                .maybe_persisted = maybe_persisted,
                                .purged = true,
                                .error = "as played"};
    struct key *key = key_of(sent);
    struct passage *pg = sent->pg;
    const int n = number_in(sent);

    trace((const char *[]){"delivered", "refused", "topic", "failed"}[outcome],
          key, n);
    sent->pg = NULL;
    if (key != NULL) {
        key->events[n].with = false;
        key->events[n].suspect = key->events[n].suspect || maybe_persisted;
        key->events[n].out = key->events[n].out || outcome == REPORT_REFUSED;
    }
    if (report_is_back(&said))
        md.rough = true;
    if (outcome == REPORT_DELIVERED) {
        log_sent(sent);
        if (partition_confirmed(pg->partition, clock_now_us()))
            spooler_wake(stage.sp);
    }
    if (outcome == REPORT_TOPIC &&
        partition_refused(pg->partition, clock_now_us(), "as played"))
        spooler_wake(stage.sp);
    if (key != NULL && key->rq.state == FLYING && key->rq.pg == pg)
        land(key, &said);
    else
        spooler_report(stage.sp, pg, &said);
}

/* The first that the producer has of a key, NULL: none. */
static inline struct sent *first_of(const struct key *key)
{
    for (size_t i = 0; i < md.seen; i++)
        if (stage.sent[i].pg != NULL && key_of(&stage.sent[i]) == key)
            return &stage.sent[i];
    return NULL;
}

/* All that the producer has of those keys comes back, and it takes nothing
 * meanwhile. Of each key, Kafka has some of the first. */
static inline void give_back(bool (*is_meant)(const struct key *key, int arg),
                             int arg, enum report_outcome outcome)
{
    const enum fault_kind answer = stage.answer;
    bool cut[KEYS_MAX] = {false};

    producer_answers(FAULT_KAFKA);
    md.rough = true;
    look();
    for (size_t i = 0; i < md.seen; i++) {
        struct sent *sent = &stage.sent[i];
        struct key *key = key_of(sent);
        bool maybe = false;

        if (sent->pg == NULL || key == NULL || !is_meant(key, arg))
            continue;
        if (outcome == REPORT_FAILED) {
            cut[key - md.keys] = cut[key - md.keys] || one_in(2);
            maybe = !cut[key - md.keys] || one_in(2);
            if (!cut[key - md.keys])
                log_sent(sent);
        }
        tell(sent, outcome, maybe);
        if (one_in(4))
            sched_yield();
    }
    producer_answers(answer);
}

/* ---- another process ----------------------------------------------------- */

/* What may be marked from now on. */
static inline void suspect_given(void)
{
    for (size_t i = 0; i < md.key_count; i++) {
        struct key *key = &md.keys[i];
        int64_t given = 0;

        for (size_t j = 0; j < md.key_count; j++)
            for (int n = 0; n < md.keys[j].count; n++)
                if (md.keys[j].topic == key->topic &&
                    md.keys[j].events[n].handed &&
                    md.keys[j].events[n].kept_to > given)
                    given = md.keys[j].events[n].kept_to;
        for (int n = 0; n < key->count; n++)
            if (md.rough || key->events[n].handed ||
                key->events[n].kept_from < given)
                key->events[n].suspect = true;
    }
}

/* Some of what the producer had is in Kafka. */
static inline void start_again(void)
{
    bool cut[KEYS_MAX] = {false};

    for (size_t i = 0; i < md.key_count; i++)
        if (md.keys[i].rq.state == KEEPING)
            end_keep(&md.keys[i]);
    trace("another process", NULL, 0);
    close_stage();
    look();
    for (size_t i = 0; i < md.seen; i++) {
        struct sent *sent = &stage.sent[i];
        struct key *key = key_of(sent);

        if (sent->pg == NULL)
            continue;
        passage_free(sent->pg);
        sent->pg = NULL;
        if (key == NULL)
            continue;
        key->events[number_in(sent)].with = false;
        cut[key - md.keys] = cut[key - md.keys] || one_in(2);
        if (!cut[key - md.keys])
            log_sent(sent);
    }
    for (size_t i = 0; i < md.key_count; i++) {
        struct request *rq = &md.keys[i].rq;

        if (rq->state != IDLE)
            md.keys[i].events[rq->n].out = true;
        if (rq->state == LANDED)
            passage_free(rq->pg);
        rq->state = IDLE;
    }
    suspect_given();
    md.seen = 0;
    md.rough = false;
    open_stage();
}

#endif
