/*
 * spooler_stage.h - a spooler in a folder of its own, and a producer that the
 * test plays: it sees what is sent, and says what becomes of it
 */
#ifndef TEST_SPOOLER_STAGE_H
#define TEST_SPOOLER_STAGE_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "base/clock.h"
#include "base/metrics.h"
#include "deliver/counts.h"
#include "deliver/delivery.h"
#include "deliver/spooler.h"

#include <dirent.h>
#include <pthread.h>
#include <sched.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { SENT_MAX = 4096, TEXT_SIZE = 16, DEADLINE_S = 30 };

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

struct sent {
    char topic[TEXT_SIZE];
    char key[TEXT_SIZE];
    char value[TEXT_SIZE];
    bool marked;
    bool dead;          /* it is a dead letter */
    struct passage *pg; /* NULL: reported */
};

static struct {
    char dir[64];
    struct spool_limits limits;
    struct spool_dir *sd;
    struct channels channels;
    struct spooler *sp;

    pthread_mutex_t lock; /* of what follows */
    struct sent sent[SENT_MAX];
    size_t sent_count;
    enum fault_kind answer; /* of send; FAULT_NONE: it takes all */
    size_t refusals;        /* and before that, so many are not taken */
    size_t attempts;
} stage = {.lock = PTHREAD_MUTEX_INITIALIZER};

static void copy_text(char out[TEXT_SIZE], struct slice text)
{
    snprintf(out, TEXT_SIZE, "%.*s", (int)text.len,
             text.data == NULL ? "" : text.data);
}

static int play_producer(void *ctx, const struct record *record,
                         struct passage *pg, struct fault *why)
{
    struct sent *sent;
    enum fault_kind answer;

    (void)ctx;
    pthread_mutex_lock(&stage.lock);
    stage.attempts++;
    answer = stage.answer;
    if (stage.refusals > 0) {
        stage.refusals--;
        answer = FAULT_UNAVAILABLE;
    }
    if (answer == FAULT_NONE) {
        assert_true(stage.sent_count < SENT_MAX);
        sent = &stage.sent[stage.sent_count++];
        snprintf(sent->topic, TEXT_SIZE, "%s", record->topic);
        copy_text(sent->key, record->key);
        copy_text(sent->value, record->value);
        sent->marked = record_header(record, DELIVERY_MARK).data != NULL;
        sent->dead = record_header(record, "bridge-dead-kind").data != NULL;
        sent->pg = pg;
    }
    pthread_mutex_unlock(&stage.lock);
    return answer == FAULT_NONE ? 0 : fault_set(why, answer, "as played");
}

static inline void producer_answers(enum fault_kind answer)
{
    pthread_mutex_lock(&stage.lock);
    stage.answer = answer;
    stage.attempts = 0;
    pthread_mutex_unlock(&stage.lock);
}

/* One is not taken, and then it answers as before. */
static inline void producer_refuses_one(void)
{
    pthread_mutex_lock(&stage.lock);
    stage.refusals = 1;
    pthread_mutex_unlock(&stage.lock);
}

#define WAIT_FOR(condition)                                                    \
    do {                                                                       \
        const int64_t until = clock_now_us() + DEADLINE_S * INT64_C(1000000);  \
                                                                               \
        while (!(condition)) {                                                 \
            if (clock_now_us() > until)                                        \
                fail_msg("in vain: %s", #condition);                           \
            sched_yield();                                                     \
        }                                                                      \
    } while (0)

static inline size_t sent_count(void)
{
    size_t count;

    pthread_mutex_lock(&stage.lock);
    count = stage.sent_count;
    pthread_mutex_unlock(&stage.lock);
    return count;
}

static inline size_t attempts(void)
{
    size_t count;

    pthread_mutex_lock(&stage.lock);
    count = stage.attempts;
    pthread_mutex_unlock(&stage.lock);
    return count;
}

/* The n-th that was sent, once it is. */
static inline struct sent *sent_at(size_t n)
{
    WAIT_FOR(sent_count() > n);
    return &stage.sent[n];
}

static inline struct channel *channel_of(const char *topic)
{
    struct channel *ch = channels_find(&stage.channels, topic);

    assert_non_null(ch);
    return ch;
}

/* There is one, unless a test says otherwise. */
static inline struct partition *partition_of(const char *topic)
{
    return channel_partition(channel_of(topic), channel_hash(slice_of("k")));
}

static inline struct stripe *stripe_of(const char *topic, const char *key)
{
    return channel_stripe(
        channel_of(topic),
        channel_hash(key == NULL ? SLICE_ABSENT : slice_of(key)));
}

static inline bool has_old(const char *topic, const char *key)
{
    struct stripe *stripe = stripe_of(topic, key);
    bool old;

    stripe_lock(stripe);
    old = stripe_has_old(stripe);
    stripe_unlock(stripe);
    return old;
}

/* `answer`: of the producer, from the first on. */
static inline void open_stage_with(enum fault_kind answer)
{
    static const char *const topics[] = {"t", "u", "dead"};
    struct fault why = FAULT_INIT;
    const char *const *more;
    size_t more_count;

    if (spool_dir_open(&stage.sd, stage.dir, &stage.limits, &why) == -1)
        fail_msg("%s", why.text);
    more = spool_dir_topics(stage.sd, &more_count);
    assert_int_equal(channels_init(&stage.channels, topics, COUNT(topics), more,
                                   more_count, NULL),
                     0);
    const struct spooler_options options = {.dir = stage.sd,
                                            .channels = &stage.channels,
                                            .dead_letter = "dead",
                                            .send = play_producer};

    for (size_t i = 0; i < stage.channels.count; i++)
        atomic_store(&stage.channels.items[i].partition_count, 1);
    stage.answer = answer;
    stage.refusals = 0;
    stage.sent_count = 0;
    assert_int_equal(spooler_open(&stage.sp, &options, NULL), 0);
}

static inline void open_stage(void) { open_stage_with(FAULT_NONE); }

static inline void close_stage(void)
{
    spooler_close(stage.sp);
    spool_dir_close(stage.sd);
    channels_release(&stage.channels);
    stage.sp = NULL;
}

/* What a process leaves that ends without a word of the producer: its
 * passages are gone with it. */
static inline void abandon_stage(void)
{
    close_stage();
    for (size_t i = 0; i < stage.sent_count; i++)
        passage_free(stage.sent[i].pg);
    stage.sent_count = 0;
}

static inline int setup(void **state)
{
    (void)state;
    metrics_reset();
    counts_register();
    snprintf(stage.dir, sizeof(stage.dir), "/tmp/test-spooler-XXXXXX");
    assert_non_null(mkdtemp(stage.dir));
    stage.limits = (struct spool_limits){.max_bytes = 64 * 1024 * 1024};
    open_stage();
    return 0;
}

static inline void empty_folder(void)
{
    DIR *folder = opendir(stage.dir);
    struct dirent *entry;
    char path[512];

    assert_non_null(folder);
    while ((entry = readdir(folder)) != NULL) {
        snprintf(path, sizeof(path), "%s/%s", stage.dir, entry->d_name);
        if (entry->d_name[0] != '.')
            unlink(path);
    }
    closedir(folder);
}

static inline int teardown(void **state)
{
    (void)state;
    if (stage.sp != NULL)
        abandon_stage();
    empty_folder();
    return rmdir(stage.dir);
}

/* ---- what delivery does -------------------------------------------------- */

static inline void count_done(void *ctx)
{
    atomic_fetch_add((atomic_int *)ctx, 1);
}

static inline struct record record_of(const char *topic, const char *key,
                                      const char *value)
{
    struct record record = {.topic = topic,
                            .key = key == NULL ? SLICE_ABSENT : slice_of(key),
                            .value = slice_of(value)};

    record_add_header(&record, "ce_id", slice_of("1"));
    return record;
}

static inline enum fault_kind keep_until(const char *topic, const char *key,
                                         const char *value, struct passage *pg,
                                         int64_t room_until_us)
{
    const struct record record = record_of(topic, key, value);
    atomic_int done = 0;
    struct fault why = FAULT_INIT;
    const struct keep keep = {.record = &record,
                              .partition = channel_partition(
                                  channel_of(topic), channel_hash(record.key)),
                              .pg = pg,
                              .done = count_done,
                              .ctx = &done,
                              .room_until_us = room_until_us};
    struct stripe *stripe = stripe_of(topic, key);
    int rc;

    if (pg == NULL) {
        stripe_lock(stripe);
        stripe_join(stripe);
        stripe_unlock(stripe);
    }
    rc = spooler_keep(stage.sp, &keep, &why);
    assert_int_equal(rc, why.kind == FAULT_NONE ? 0 : -1);
    assert_int_equal(done, rc == 0 ? 1 : 0);
    if (rc == -1 && pg == NULL) {
        stripe_lock(stripe);
        stripe_leave(stripe);
        stripe_unlock(stripe);
    }
    return why.kind;
}

/* The producer does not have it. */
static inline void keep(const char *topic, const char *key, const char *value)
{
    assert_int_equal(keep_until(topic, key, value, NULL, 0), FAULT_NONE);
}

/* As a request has it that nobody waits for in the crew any more. */
static inline struct passage *passage_of(const char *topic, const char *key)
{
    const struct record record = record_of(topic, key, "");
    struct passage *pg =
        passage_new(channel_of(topic), channel_hash(record.key), NULL);

    assert_non_null(pg);
    return pg;
}

/* The producer has it, and has not reported. */
static inline struct passage *keep_in_doubt(const char *topic, const char *key,
                                            const char *value)
{
    struct passage *pg = passage_of(topic, key);

    assert_int_equal(keep_until(topic, key, value, pg, 0), FAULT_NONE);
    return pg;
}

/* No probe is due for an hour, unless something is confirmed. */
static inline void take_down(const char *topic)
{
    struct partition *pt = partition_of(topic);

    atomic_store(&pt->retry_us, clock_now_us() + 3600 * INT64_C(1000000));
    partition_refused(pt, clock_now_us(), "as played");
}

static inline void report(struct passage *pg, enum report_outcome outcome,
                          bool maybe_persisted)
{
    const struct report said = {.outcome = outcome,
                                .maybe_persisted = maybe_persisted,
                                .purged = true,
                                .error = ""};

    if (outcome == REPORT_DELIVERED)
        partition_confirmed(pg->partition, clock_now_us());
    if (outcome == REPORT_TOPIC)
        partition_refused(pg->partition, clock_now_us(), "as played");
    spooler_report(stage.sp, pg, &said);
}

/* What becomes of the n-th that was sent. */
static inline void report_at(size_t n, enum report_outcome outcome,
                             bool maybe_persisted)
{
    struct sent *sent = sent_at(n);
    struct passage *pg = sent->pg;

    assert_non_null(pg);
    sent->pg = NULL;
    report(pg, outcome, maybe_persisted);
}

/* That the values were sent in this order, and nothing else. */
static inline void assert_sent(const char *values)
{
    char text[SENT_MAX * TEXT_SIZE] = "";

    for (size_t i = 0; i < strlen(values); i++)
        sent_at(i);
    for (size_t i = 0; i < sent_count(); i++)
        strncat(text, stage.sent[i].value, 1);
    assert_string_equal(text, values);
}

static inline void deliver_all_from(size_t first)
{
    for (size_t i = first; i < sent_count(); i++)
        if (stage.sent[i].pg != NULL)
            report_at(i, REPORT_DELIVERED, false);
}

static inline void wait_empty(void)
{
    WAIT_FOR((deliver_all_from(0), spooler_records(stage.sp) == 0));
}

#define STAGED(test) cmocka_unit_test_setup_teardown(test, setup, teardown)

#endif
