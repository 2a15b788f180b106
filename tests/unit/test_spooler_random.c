/*
 * test_spooler_random.c - deliver/spooler.h: whatever happens, in whatever
 * order, nothing is lost, out of order, sent twice without need, or stuck
 *
 * RANDOM_SEED and RANDOM_COUNT of the environment say which runs and how many.
 * The spooler's thread is not the test's, so a seed does not always fail in
 * the same way.
 */
#include "spooler_model.h"

#include <time.h>

enum { FIRST_SEED = 1, SEEDS = 3, STEPS = 250, PLACES_MAX = 150, HEAL_S = 40 };

/* Of both topics. */
static struct {
    int count;                 /* of partitions, in truth */
    bool dead[PLACES_MAX + 1]; /* Kafka says nothing of these */
    int faulty_until;          /* this step, the producer takes nothing */
} world;

static void nap(int us)
{
    const struct timespec pause = {.tv_nsec = (long)us * 1000};

    nanosleep(&pause, NULL);
}

static struct key *any_key(void) { return &md.keys[below((int)md.key_count)]; }

/* The last is of records without a key, which go anywhere. */
static int place_of(const struct key *key)
{
    return key->hash == -1 ? PLACES_MAX : (int)(key->hash % world.count);
}

/* ---- the keys ------------------------------------------------------------ */

static void add_key(const char *topic, int number)
{
    struct key *key = &md.keys[md.key_count++];

    key->topic = topic;
    key->hash = -1;
    if (number < 0)
        return;
    snprintf(key->name, sizeof(key->name), "k%d", number);
    key->hash = channel_hash(slice_of(key->name));
}

static bool is_key(const char *name)
{
    for (size_t i = 0; i < md.key_count; i++)
        if (strcmp(md.keys[i].name, name) == 0)
            return true;
    return false;
}

/* Of the same stripe as the last, in another of seven partitions. */
static void add_neighbour(const char *topic)
{
    const struct key *last = &md.keys[md.key_count - 1];
    char name[TEXT_SIZE];

    for (int i = 1000;; i++) {
        int64_t hash;

        snprintf(name, sizeof(name), "k%d", i);
        hash = channel_hash(slice_of(name));
        if (hash % STRIPES == last->hash % STRIPES &&
            hash % 7 != last->hash % 7 && !is_key(name)) {
            add_key(topic, i);
            return;
        }
    }
}

static void make_keys(void)
{
    const int wish = 4 + below(KEYS_MAX - 6);
    const int first = below(400);
    const bool two_topics = one_in(3);

    for (int i = 0; i < wish; i++) {
        const char *topic = two_topics && one_in(3) ? "u" : "t";

        add_key(topic, first + i);
        if (one_in(3) && ++i < wish)
            add_neighbour(topic);
    }
    if (one_in(3))
        add_key("t", -1);
}

/* ---- what happens -------------------------------------------------------- */

static void set_count(int count)
{
    static const char *const topics[] = {"t", "u"};

    for (size_t i = 0; i < COUNT(topics); i++)
        atomic_store(&channel_of(topics[i])->partition_count, count);
    spooler_wake(stage.sp);
}

static void do_send(void)
{
    for (int i = 1 + below(4); i > 0; i--)
        send_next(any_key());
}

static void do_burst(void)
{
    struct key *key = any_key();

    for (int i = below(30); i > 0; i--)
        send_next(one_in(4) ? any_key() : key);
}

static void do_deliver(void)
{
    for (int i = 1 + below(12); i > 0; i--) {
        struct key *key = any_key();
        struct sent *sent = first_of(key);

        if (sent != NULL && !world.dead[place_of(key)])
            tell(sent, REPORT_DELIVERED, false);
    }
}

static void do_deliver_dead(void)
{
    struct sent *sent = first_of(NULL);

    if (sent != NULL)
        tell(sent, one_in(3) ? REPORT_FAILED : REPORT_DELIVERED, false);
}

static void do_miss(void)
{
    for (int i = 1 + below(4); i > 0; i--)
        miss_deadline(any_key());
}

static void do_keep_landed(void)
{
    for (size_t i = 0; i < md.key_count; i++)
        if (md.keys[i].rq.state == LANDED && one_in(2))
            start_keep(&md.keys[i]);
}

static bool is_in_lane(const struct key *key, int lane)
{
    return (key->hash == -1 ? 0 : key->hash % LANES) == lane;
}

static void do_fail_lane(void)
{
    give_back(is_in_lane, below(LANES), REPORT_FAILED);
}

static bool is_in_place(const struct key *key, int place)
{
    return place_of(key) == place && key->topic[0] == 't';
}

static void do_refuse_topic(void)
{
    give_back(is_in_place, place_of(any_key()), REPORT_TOPIC);
}

static void do_refuse(void)
{
    struct sent *sent = first_of(any_key());

    if (sent != NULL)
        tell(sent, REPORT_REFUSED, false);
}

static void do_die(void) { world.dead[place_of(any_key())] = true; }

static void do_revive(void) { world.dead[place_of(any_key())] = false; }

static void do_take_down(void)
{
    struct key *key = any_key();

    trace("down", key, 0);
    if (one_in(2))
        partition_missed(partition_in(key), clock_now_us(), clock_now_us());
    else
        partition_refused(partition_in(key), clock_now_us(), "as played");
    spooler_wake(stage.sp);
}

static void do_bring_up(void)
{
    struct key *key = any_key();

    trace("up", key, 0);
    partition_confirmed(partition_in(key), clock_now_us());
    spooler_wake(stage.sp);
}

static void do_fault(void)
{
    world.faulty_until = md.step + below(20);
    md.rough = true;
    producer_answers(one_in(2) ? FAULT_KAFKA : FAULT_UNAVAILABLE);
}

/* It becomes known, or is forgotten, or grows. */
static void do_count(void)
{
    static const int counts[] = {1, 3, 7, 150};

    if (one_in(2)) {
        world.count = counts[below(COUNT(counts))];
        memset(world.dead, 0, sizeof(world.dead));
    }
    trace("partitions", NULL, world.count);
    set_count(one_in(5) ? 0 : world.count);
}

static void do_start_again(void)
{
    if (one_in(3))
        start_again();
    if (one_in(2))
        set_count(world.count);
}

static void do_nap(void)
{
    nap(one_in(8) ? 100000 + below(300000) : below(3000));
}

static void tidy_requests(void)
{
    for (size_t i = 0; i < md.key_count; i++) {
        struct request *rq = &md.keys[i].rq;

        if (rq->state == KEEPING && atomic_load(&rq->ended))
            end_keep(&md.keys[i]);
    }
    look();
    if (stage.answer != FAULT_NONE && md.step >= world.faulty_until)
        producer_answers(FAULT_NONE);
    if (md.seen > SENT_MAX / 2)
        start_again();
}

/* It shares its partition, as the spooler has them, with one of which Kafka
 * says nothing. */
static bool is_in_dead(const struct key *key)
{
    for (size_t i = 0; i < md.key_count; i++)
        if (world.dead[place_of(&md.keys[i])] &&
            partition_in(&md.keys[i]) == partition_in(key))
            return true;
    return false;
}

/* It may have to wait for one of such a partition. Without a key, it is read
 * where others are. */
static bool is_held_up(const struct key *key)
{
    for (size_t i = 0; i < md.key_count; i++)
        if (is_in_dead(&md.keys[i]) &&
            (key->hash == -1 || stripe_for(&md.keys[i]) == stripe_for(key)))
            return true;
    return false;
}

static bool is_settled(const struct key *key)
{
    for (int n = key->settled; n < key->count; n++)
        if (!key->events[n].logged && !key->events[n].out)
            return false;
    return true;
}

/* Kafka takes what it has; true: all that it could take. */
static bool go_on(void)
{
    bool settled = true;

    tidy_requests();
    for (size_t i = 0; i < md.key_count; i++) {
        struct key *key = &md.keys[i];
        struct sent *sent;

        if (key->rq.state == LANDED)
            start_keep(key);
        while (!world.dead[place_of(key)] && (sent = first_of(key)) != NULL)
            tell(sent, REPORT_DELIVERED, false);
        settled = settled && (is_settled(key) || is_held_up(key));
    }
    return settled;
}

/* Some partitions stay as they are: all others' records are delivered. */
static void do_go_on(void)
{
    const int64_t until_us = clock_now_us() + HEAL_S * INT64_C(1000000);

    trace("the others go on", NULL, 0);
    world.faulty_until = 0;
    set_count(world.count);
    while (!go_on()) {
        nap(500);
        CHECK(clock_now_us() < until_us, NULL, 0);
    }
}

static const struct {
    void (*run)(void);
    int weight;
} happenings[] = {
    {do_send,         40},
    {do_burst,        3 },
    {do_deliver,      30},
    {do_deliver_dead, 2 },
    {do_miss,         8 },
    {do_keep_landed,  8 },
    {do_fail_lane,    3 },
    {do_refuse_topic, 3 },
    {do_refuse,       1 },
    {do_die,          3 },
    {do_revive,       3 },
    {do_take_down,    3 },
    {do_bring_up,     3 },
    {do_fault,        2 },
    {do_count,        2 },
    {do_start_again,  2 },
    {do_nap,          12},
    {do_go_on,        1 },
};

/* ---- a run --------------------------------------------------------------- */

static void run_steps(void)
{
    int weights[COUNT(happenings)];
    int sum = 0;

    /* of each run another selection */
    for (size_t i = 0; i < COUNT(happenings); i++) {
        weights[i] = happenings[i].weight * below(4);
        if (i == 0)
            weights[i] = happenings[i].weight;
        sum += weights[i];
    }
    for (md.step = 0; md.step < STEPS; md.step++) {
        int at = below(sum);
        size_t i = 0;

        tidy_requests();
        while (at >= weights[i])
            at -= weights[i++];
        happenings[i].run();
    }
}

static bool is_idle(void)
{
    bool idle = spooler_records(stage.sp) == 0;

    for (size_t i = 0; i < md.key_count; i++)
        idle = idle && md.keys[i].rq.state == IDLE;
    return idle && sent_count() == md.seen;
}

static bool is_at_rest(struct channel *ch)
{
    for (int i = 0; i < PARTITION_SLOTS; i++) {
        struct partition *pt = &ch->partitions[i];

        if (partition_is_down(pt) || atomic_load(&pt->on_trial) != 0 ||
            atomic_load(&pt->drained) != 0)
            return false;
    }
    return !channel_waits(ch) && !atomic_load(&ch->catching_up) &&
           atomic_load(&ch->on_trial) == 0 && atomic_load(&ch->down) == 0;
}

static void heal(void)
{
    const int64_t until_us = clock_now_us() + HEAL_S * INT64_C(1000000);

    trace("healed", NULL, 0);
    memset(&world.dead, 0, sizeof(world.dead));
    world.faulty_until = 0;
    set_count(world.count);
    do {
        (void)go_on();
        do_deliver_dead();
        nap(500);
        CHECK(clock_now_us() < until_us, NULL, (int)spooler_records(stage.sp));
    } while (!is_idle());
    while (!is_at_rest(channel_of("t")) || !is_at_rest(channel_of("u")) ||
           !is_at_rest(channel_of("dead"))) {
        nap(500);
        CHECK(clock_now_us() < until_us, NULL, 0);
    }
    look();
}

static void check_end(void)
{
    for (size_t i = 0; i < md.key_count; i++) {
        struct key *key = &md.keys[i];
        struct stripe *stripe = stripe_for(key);

        for (int n = 0; n < key->count; n++) {
            CHECK(key->events[n].logged || key->events[n].out, key, n);
            CHECK(!key->events[n].with, key, n);
        }
        stripe_lock(stripe);
        CHECK(stripe_waiting(stripe) == 0, key, 0);
        CHECK(!stripe_has_old(stripe), key, 0);
        stripe_unlock(stripe);
    }
}

static void run_seed(uint64_t seed)
{
    static const int counts[] = {3, 7, 150};
    void *state = NULL;

    memset(&md, 0, sizeof(md));
    memset(&world, 0, sizeof(world));
    md.seed = seed;
    md.random = seed * UINT64_C(0x9E3779B97F4A7C15) + 1;
    for (int i = 0; i < 8; i++)
        (void)draw();
    make_keys();
    world.count = counts[below(COUNT(counts))];
    assert_int_equal(setup(&state), 0);
    if (!one_in(4))
        set_count(world.count);
    run_steps();
    heal();
    check_end();
    assert_int_equal(teardown(&state), 0);
}

static uint64_t number_from(const char *name, uint64_t otherwise)
{
    const char *text = getenv(name);

    return text == NULL ? otherwise : strtoull(text, NULL, 10);
}

static void test_whatever_happens(void **state)
{
    const uint64_t first = number_from("RANDOM_SEED", FIRST_SEED);
    const uint64_t count = number_from("RANDOM_COUNT", SEEDS);

    (void)state;
    for (uint64_t i = 0; i < count; i++)
        run_seed(first + i);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_whatever_happens),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
