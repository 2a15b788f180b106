/*
 * test_spooler.c - deliver/spooler.h, with drain.h and burial.h behind it
 */
#include "spooler_stage.h"

static void trip(const char *topic)
{
    breaker_trip(&partition_of(topic)->breaker);
}

/* ---- keeping ------------------------------------------------------------- */

static void test_kept_and_sent(void **state)
{
    (void)state;
    keep("t", "k", "a");
    assert_sent("a");
    assert_string_equal(stage.sent[0].topic, "t");
    assert_string_equal(stage.sent[0].key, "k");
    assert_false(stage.sent[0].marked);
    assert_int_equal(spooler_records(stage.sp), 1);
    report_at(0, REPORT_DELIVERED, false);
    WAIT_FOR(spooler_records(stage.sp) == 0);
    assert_int_equal(stripe_waiting(stripe_of("t", "k")), 0);
}

static void test_order_of_a_topic(void **state)
{
    struct passage *pg;

    (void)state;
    pg = keep_in_doubt("t", "k", "-");
    take_down("t");
    for (char c = 'a'; c <= 'z'; c++)
        keep("t", c % 2 ? "odd" : NULL, (char[]){c, '\0'});
    assert_int_equal(sent_count(), 0);
    report(pg, REPORT_DELIVERED, false);
    assert_sent("abcdefghijklmnopqrstuvwxyz");
    wait_empty();
}

/* The producer has it already: only its report matters. */
static void test_in_doubt_and_delivered(void **state)
{
    struct passage *pg;

    (void)state;
    pg = keep_in_doubt("t", "k", "a");
    assert_int_equal(spooler_records(stage.sp), 1);
    keep("t", "other", "b");
    assert_sent("b");
    report(pg, REPORT_DELIVERED, false);
    wait_empty();
    assert_sent("b");
}

static void test_in_doubt_and_given_up(void **state)
{
    (void)state;
    for (int maybe = 0; maybe <= 1; maybe++) {
        size_t n = sent_count();

        report(keep_in_doubt("t", "k", "a"), REPORT_FAILED, maybe);
        assert_true(sent_at(n)->marked == maybe);
        /* marked once, it stays so */
        report_at(n, REPORT_FAILED, false);
        assert_true(sent_at(n + 1)->marked == maybe);
        wait_empty();
    }
}

/* The report comes before there is a row. */
static void test_reported_first(void **state)
{
    const struct report delivered = {.outcome = REPORT_DELIVERED, .error = ""};
    const struct report refused = {.outcome = REPORT_REFUSED, .error = ""};
    struct passage *pg = passage_of("t", "k");

    (void)state;
    spooler_report(stage.sp, pg, &delivered);
    assert_int_equal(keep_until("t", "k", "a", pg, 0), FAULT_NONE);
    pg = passage_of("t", "k");
    spooler_report(stage.sp, pg, &refused);
    assert_int_equal(keep_until("t", "k", "b", pg, 0), FAULT_REFUSED);
    keep("t", "k", "c");
    assert_sent("c");
    wait_empty();
}

static void test_given_up_first(void **state)
{
    (void)state;
    for (int maybe = 0; maybe <= 1; maybe++) {
        const struct report failed = {
            .outcome = REPORT_FAILED, .maybe_persisted = maybe, .error = ""};
        struct passage *pg = passage_of("t", "k");
        size_t n = sent_count();

        spooler_report(stage.sp, pg, &failed);
        assert_int_equal(keep_until("t", "k", "a", pg, 0), FAULT_NONE);
        assert_true(sent_at(n)->marked == maybe);
        wait_empty();
        assert_int_equal(stripe_waiting(stripe_of("t", "k")), 0);
    }
}

/* Each report comes at some moment while its record is being kept. */
enum { RACERS = 8, RACES = 100 };

static struct passage *_Atomic racing[RACERS];

static void *keep_many(void *ctx)
{
    struct passage *_Atomic *slot = ctx;

    for (int i = 0; i < RACES; i++) {
        struct passage *pg = passage_of("t", "k");

        atomic_store(slot, pg);
        assert_int_equal(keep_until("t", "k", "a", pg, 0), FAULT_NONE);
        WAIT_FOR(atomic_load(slot) == NULL);
    }
    return NULL;
}

static void test_reports_at_any_moment(void **state)
{
    pthread_t threads[RACERS];
    unsigned turn = 0;

    (void)state;
    for (int i = 0; i < RACERS; i++)
        assert_int_equal(
            pthread_create(&threads[i], NULL, keep_many, &racing[i]), 0);
    for (int reported = 0; reported < RACERS * RACES;) {
        struct passage *_Atomic *slot = &racing[turn++ % RACERS];
        struct passage *pg = atomic_load(slot);

        if (pg == NULL || turn % 3 == 0) {
            sched_yield();
            continue;
        }
        report(pg, turn % 4 == 0 ? REPORT_FAILED : REPORT_DELIVERED,
               turn % 8 == 0);
        atomic_store(slot, NULL);
        reported++;
    }
    for (int i = 0; i < RACERS; i++)
        pthread_join(threads[i], NULL);
    wait_empty();
    assert_int_equal(stripe_waiting(stripe_of("t", "k")), 0);
    assert_int_equal(atomic_load(&partition_of("t")->on_trial), 0);
}

/* ---- order --------------------------------------------------------------- */

/* What comes back goes before what was behind it in the spool. */
static void test_what_came_back_is_first(void **state)
{
    struct passage *pg;

    (void)state;
    pg = keep_in_doubt("t", "k", "a");
    take_down("t");
    keep("t", "k", "b");
    keep("t", "k", "c");
    assert_int_equal(sent_count(), 0);
    atomic_store(&partition_of("t")->retry_us, 0); /* time for a probe */
    report(pg, REPORT_FAILED, false);
    assert_sent("a");
    report_at(0, REPORT_DELIVERED, false);
    assert_sent("abc");
    wait_empty();
}

static void test_many_come_back_in_order(void **state)
{
    enum { MANY = 20 };
    char all[MANY + 1] = "";

    (void)state;
    for (int i = 0; i < MANY; i++) {
        all[i] = (char)('a' + i);
        keep("t", "k", (char[]){all[i], '\0'});
    }
    assert_sent(all);
    /* in any order, and with others behind them */
    producer_answers(FAULT_KAFKA);
    for (int i = MANY; i-- > 0;)
        report_at((size_t)i, REPORT_FAILED, i % 3 == 0);
    keep("t", "k", "z");
    stage.sent_count = 0;
    producer_answers(FAULT_NONE);
    sent_at(MANY);
    for (int i = 0; i < MANY; i++) {
        assert_int_equal(stage.sent[i].value[0], all[i]);
        assert_true(stage.sent[i].marked == (i % 3 == 0));
    }
    assert_string_equal(stage.sent[MANY].value, "z");
    wait_empty();
}

/* The producer's queue is full, or its lane has failed. */
static void test_not_taken(void **state)
{
    (void)state;
    producer_answers(FAULT_UNAVAILABLE);
    for (char c = 'a'; c <= 'e'; c++)
        keep("t", "k", (char[]){c, '\0'});
    WAIT_FOR(attempts() >= 3);
    assert_int_equal(sent_count(), 0);
    producer_answers(FAULT_NONE);
    assert_sent("abcde");
    for (size_t i = 0; i < 5; i++)
        assert_false(stage.sent[i].marked);
    wait_empty();
}

/* Kafka gives it back each time: it is not asked without end. */
static void test_given_up_again_and_again(void **state)
{
    (void)state;
    keep("t", "k", "a");
    for (size_t i = 0; i < 6; i++)
        report_at(i, REPORT_FAILED, false);
    assert_string_equal(sent_at(6)->value, "a");
    keep("u", "k", "x"); /* others do not wait */
    assert_string_equal(sent_at(7)->value, "x");
    wait_empty();
}

/* Reports what was sent from `*next` on: "p" is never taken. */
static bool poison_rest(size_t *next)
{
    for (; *next < sent_count(); ++*next)
        report_at(*next,
                  stage.sent[*next].value[0] == 'p' ? REPORT_FAILED
                                                    : REPORT_DELIVERED,
                  false);
    return spooler_records(stage.sp) == 1;
}

/* Others do not wait for it, whether or not the topic is thought to be down.
 */
static void test_one_is_never_taken(void **state)
{
    size_t next = 0;

    (void)state;
    for (int down = 0; down <= 1; down++) {
        if (down) {
            trip("t");
            atomic_store(&partition_of("t")->retry_us, clock_now_us() + 100000);
        } else {
            keep("t", "poison", "p");
        }
        for (char c = 'a'; c <= 'e'; c++)
            keep("t", (char[]){c, '\0'}, (char[]){c, '\0'});
        WAIT_FOR(poison_rest(&next));
    }
    /* what is of its key waits for it */
    keep("t", "poison", "q");
    keep("t", "f", "f");
    WAIT_FOR((poison_rest(&next), spooler_records(stage.sp) == 2));
    for (size_t i = 0; i < sent_count(); i++)
        assert_true(stage.sent[i].value[0] != 'q');
}

/* ---- refused ------------------------------------------------------------- */

static void test_a_topic_is_refused(void **state)
{
    (void)state;
    keep("t", "k", "a");
    sent_at(0);
    keep("t", "k", "b");
    sent_at(1);
    report_at(0, REPORT_TOPIC, false);
    report_at(1, REPORT_TOPIC, false);
    assert_true(partition_is_down(partition_of("t")));
    keep("u", "k", "x"); /* does not depend on it */
    WAIT_FOR(sent_count() >= 3);
    keep("t", "k", "c");
    for (size_t n = 2, x = 0; x < 2; n++) { /* tried again, in order */
        if (sent_at(n)->topic[0] == 'u') {
            report_at(n, REPORT_DELIVERED, false);
        } else {
            assert_string_equal(sent_at(n)->value, "a");
            report_at(n, REPORT_TOPIC, false);
            x++;
        }
    }
    wait_empty();
    assert_false(partition_is_down(partition_of("t")));
    assert_string_equal(stage.sent[stage.sent_count - 1].value, "c");
    assert_string_equal(stage.sent[stage.sent_count - 2].value, "b");
}

static void test_refused_after_its_200(void **state)
{
    struct sent *dead;

    (void)state;
    report(keep_in_doubt("t", "k", "a"), REPORT_REFUSED, false);
    dead = sent_at(0);
    assert_string_equal(dead->topic, "dead");
    assert_string_equal(dead->key, "k");
    assert_string_equal(dead->value, "a");
    assert_true(dead->dead);
    wait_empty();

    /* by the producer itself: one that is drained */
    producer_answers(FAULT_REFUSED);
    keep("t", "k", "b");
    WAIT_FOR(attempts() >= 2); /* as itself, and as a dead letter */
    producer_answers(FAULT_NONE);
    WAIT_FOR(spooler_records(stage.sp) == 0); /* aside */
    keep("t", "k", "c");
    assert_string_equal(sent_at(1)->value, "c");
    wait_empty();
}

/* ---- reports and restarts -------------------------------------------------
 */

static void test_report_is_awaited(void **state)
{
    struct passage *pg = passage_of("t", "k");
    const struct report delivered = {.outcome = REPORT_DELIVERED, .error = ""};

    (void)state;
    assert_false(spooler_await_report(stage.sp, pg, 0));
    spooler_report(stage.sp, pg, &delivered); /* frees it */
    pg = passage_of("t", "k");
    spooler_report(stage.sp, pg, &delivered);
    assert_true(spooler_await_report(stage.sp, pg, 0));
    passage_free(pg);
}

/* ---- another process ----------------------------------------------------- */

static void test_after_a_restart(void **state)
{
    struct passage *pg;
    struct channel *ch;

    (void)state;
    keep("t", "k", "a");
    sent_at(0);
    pg = keep_in_doubt("t", "k", "b");
    take_down("t");
    keep("t", "k", "c");
    keep("u", "k", "x");
    WAIT_FOR(sent_count() == 2);
    report_at(1, REPORT_DELIVERED, false);
    WAIT_FOR(spooler_records(stage.sp) == 3);
    abandon_stage();
    passage_free(pg);
    producer_answers(FAULT_KAFKA);
    open_stage();
    ch = channel_of("t");
    assert_sent("abc");
    assert_true(stage.sent[0].marked);
    assert_true(stage.sent[1].marked);
    assert_false(stage.sent[2].marked);
    WAIT_FOR(!atomic_load(&ch->catching_up));
    assert_false(atomic_load(&channel_of("u")->catching_up));
    wait_empty();
}

static void test_a_topic_that_is_none_any_more(void **state)
{
    (void)state;
    close_stage();
    {
        struct record record = record_of("former", "k", "a");
        int64_t seq;

        assert_int_equal(
            spool_dir_open(&stage.sd, stage.dir, &stage.limits, NULL), 0);
        spool_dir_begin(stage.sd);
        assert_int_equal(spool_dir_append(stage.sd, &record, false, &seq, NULL),
                         0);
        assert_int_equal(spool_dir_commit(stage.sd, NULL), 0);
        spool_dir_close(stage.sd);
    }
    open_stage();
    assert_string_equal(sent_at(0)->topic, "former");
    wait_empty();
}

/* Nothing is left that could tell that Kafka is back. */
static void test_a_breaker_is_not_open_for_ever(void **state)
{
    (void)state;
    trip("t");
    keep("t", "k", "a");
    report_at(0, REPORT_REFUSED, false);
    report_at(1, REPORT_REFUSED, false); /* its dead letter */
    WAIT_FOR(!partition_is_down(partition_of("t")));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        STAGED(test_kept_and_sent),
        STAGED(test_order_of_a_topic),
        STAGED(test_in_doubt_and_delivered),
        STAGED(test_in_doubt_and_given_up),
        STAGED(test_reported_first),
        STAGED(test_given_up_first),
        STAGED(test_reports_at_any_moment),
        STAGED(test_what_came_back_is_first),
        STAGED(test_many_come_back_in_order),
        STAGED(test_not_taken),
        STAGED(test_given_up_again_and_again),
        STAGED(test_one_is_never_taken),
        STAGED(test_a_topic_is_refused),
        STAGED(test_refused_after_its_200),
        STAGED(test_report_is_awaited),
        STAGED(test_after_a_restart),
        STAGED(test_a_topic_that_is_none_any_more),
        STAGED(test_a_breaker_is_not_open_for_ever),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
