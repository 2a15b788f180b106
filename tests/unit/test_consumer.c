/*
 * test_consumer.c - flush, then store: what the loop must never mix up
 *
 * The sinks here remember what they were asked and can be told to fail. The
 * mock lets a group's first member wait three seconds.
 */
#include "kafka_mock.h"

#include "base/metrics.h"
#include "base/ready.h"
#include "consume/consumer.h"

#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdlib.h>
#include <unistd.h>

static struct mock *mk;
static struct mock_config config;
static struct config_pair consumer_items[] = {
    {(char *)(uintptr_t) "session.timeout.ms",      (char *)(uintptr_t) "6000"},
    {(char *)(uintptr_t) "auto.commit.interval.ms", (char *)(uintptr_t) "100" },
};
static struct config_pairs consumer = {2, consumer_items};

/* ---- a sink that can fail --------------------------------------------------
 */

enum { TAKEN_MAX = 2000 };

static struct {
    atomic_int taken;   /* since the sink was opened */
    atomic_int final;   /* of these, flushed */
    atomic_int largest; /* batch */
    int64_t offsets[TAKEN_MAX];
    int fail_take_at; /* the how many-th; 0: none */
    int fail_flush_at;
    enum fault_kind fails_with;
    int flushes;
    int open;
    int stop_at; /* sets `stop` when so many are final; 0: never */
    atomic_bool stop;
} probe;

static int probe_open(struct sink **out, const atomic_bool *stop,
                      struct fault *why)
{
    (void)why;
    assert_ptr_equal(stop, &probe.stop);
    *out = (struct sink *)&probe; /* only to be handed back */
    probe.open++;
    return 0;
}

static int probe_take(struct sink *sk, const struct member_record *record,
                      struct fault *why)
{
    int n = atomic_load(&probe.taken) + 1;

    assert_ptr_equal(sk, &probe);
    if (n == probe.fail_take_at)
        return fault_set(why, probe.fails_with, "the probe cannot take");
    assert_true(n <= TAKEN_MAX);
    probe.offsets[n - 1] = record->offset;
    atomic_store(&probe.taken, n);
    return 0;
}

static int probe_flush(struct sink *sk, struct fault *why)
{
    int batch = atomic_load(&probe.taken) - atomic_load(&probe.final);

    assert_ptr_equal(sk, &probe);
    if (++probe.flushes == probe.fail_flush_at)
        return fault_set(why, probe.fails_with, "the probe cannot flush");
    if (batch > atomic_load(&probe.largest))
        atomic_store(&probe.largest, batch);
    atomic_store(&probe.final, atomic_load(&probe.taken));
    if (probe.stop_at != 0 && atomic_load(&probe.final) >= probe.stop_at)
        atomic_store(&probe.stop, true);
    return 0;
}

static void probe_close(struct sink *sk)
{
    assert_ptr_equal(sk, &probe);
    probe.open--;
}

static const struct sink_type sink_probe = {
    .name = "probe",
    .open = probe_open,
    .take = probe_take,
    .flush = probe_flush,
    .close = probe_close,
};

/* ---- the loop --------------------------------------------------------------
 */

static int start_mock(void **state)
{
    static const char *const topics[] = {"flush", "take", "stop", "many"};
    struct fault why = FAULT_INIT;

    (void)state;
    if (mock_start(&mk, 1, &why) == -1)
        return -1;
    for (size_t i = 0; i < sizeof(topics) / sizeof(topics[0]); i++)
        if (mock_topic(mk, topics[i], 1, &why) == -1)
            return -1;
    mock_config(&config, mock_brokers(mk));
    return 0;
}

static int stop_mock(void **state)
{
    (void)state;
    mock_stop(mk);
    return 0;
}

static void stop_in_the_end(int number)
{
    (void)number;
    atomic_store(&probe.stop, true);
}

static int run(const char *topic, struct fault *why)
{
    struct consumer_options options = {
        .member = {.kafka = &config.pairs,
                   .consumer = &consumer,
                   .group = topic,
                   .topics = &topic,
                   .topic_count = 1},
        .sink = &sink_probe,
        .kind = "clicks",
        .stop = &probe.stop,
    };

    int rc;

    /* records that do not come end the run, and then the test fails */
    signal(SIGALRM, stop_in_the_end);
    alarm(DEADLINE_MS / 1000);
    rc = consumer_run(&options, why);
    alarm(0);
    return rc;
}

static void reset_probe(void) { memset(&probe, 0, sizeof(probe)); }

/* A flush that fails ends the loop, and its records come again. */
static void test_flush_fails(void **state)
{
    struct fault why = FAULT_INIT;

    (void)state;
    reset_probe();
    produce_numbers(mock_brokers(mk), "flush", 0, 0, 5);
    probe.fail_flush_at = 1;
    probe.fails_with = FAULT_IO;
    assert_int_equal(run("flush", &why), -1);
    assert_int_equal(why.kind, FAULT_IO);
    assert_string_equal(why.text, "the probe cannot flush");
    assert_int_equal(probe.open, 0);
    assert_true(atomic_load(&probe.taken) > 0);

    reset_probe();
    probe.stop_at = 5;
    fault_clear(&why);
    assert_int_equal(run("flush", &why), 0);
    assert_int_equal(atomic_load(&probe.final), 5);
    for (int i = 0; i < 5; i++)
        assert_int_equal(probe.offsets[i], i);
}

/* A record that cannot be taken is neither stored nor are those that were
 * taken with it and never flushed. */
static void test_take_fails(void **state)
{
    struct fault why = FAULT_INIT;
    int done;

    (void)state;
    reset_probe();
    produce_numbers(mock_brokers(mk), "take", 0, 0, 5);
    probe.fail_take_at = 3;
    probe.fails_with = FAULT_NOMEM;
    assert_int_equal(run("take", &why), -1);
    assert_int_equal(why.kind, FAULT_NOMEM);
    done = atomic_load(&probe.final);
    assert_in_range(done, 0, 2);

    reset_probe();
    probe.stop_at = 5 - done;
    fault_clear(&why);
    assert_int_equal(run("take", &why), 0);
    assert_int_equal(atomic_load(&probe.final), 5 - done);
    assert_int_equal(probe.offsets[0], done);
}

/* A sink that gives up because it was told to stop is no failure. */
static void test_stopping_is_no_failure(void **state)
{
    struct fault why = FAULT_INIT;

    (void)state;
    reset_probe();
    produce_numbers(mock_brokers(mk), "stop", 0, 0, 1);
    probe.fail_flush_at = 1;
    probe.fails_with = FAULT_STOPPING;
    assert_int_equal(run("stop", &why), 0);
    assert_int_equal(why.kind, FAULT_NONE);

    reset_probe();
    probe.stop_at = 1;
    assert_int_equal(run("stop", &why), 0);
    assert_int_equal(atomic_load(&probe.final), 1);
    assert_int_equal(probe.offsets[0], 0);
}

static void *run_many(void *arg)
{
    assert_int_equal(run("many", arg), 0);
    return NULL;
}

static bool rendered(const char *line)
{
    struct buf out = BUF_INIT(LIMIT_METRICS_TEXT);
    struct fault why = FAULT_INIT;
    bool found;

    assert_int_equal(metrics_render(&out, &why), 0);
    found = strstr(out.data, line) != NULL;
    buf_release(&out);
    return found;
}

/* Ready once the group has us, batches of a bounded size, nothing twice. */
static void test_batches(void **state)
{
    struct fault why = FAULT_INIT;
    int64_t end_us = deadline_us();
    pthread_t thread;

    (void)state;
    reset_probe();
    produce_numbers(mock_brokers(mk), "many", 0, 0, 1700);
    assert_int_equal(pthread_create(&thread, NULL, run_many, &why), 0);
    while (!ready_all() && clock_now_us() < end_us)
        nap();
    assert_true(ready_all());
    while (atomic_load(&probe.final) < 1700 && clock_now_us() < end_us)
        nap();
    atomic_store(&probe.stop, true);
    pthread_join(thread, NULL);

    assert_int_equal(atomic_load(&probe.final), 1700);
    assert_in_range(atomic_load(&probe.largest), 2, 500);
    for (int i = 0; i < 1700; i++)
        assert_int_equal(probe.offsets[i], i);
    assert_false(ready_all());
    assert_true(rendered(
        "aurix_bridge_consumer_flush_duration_seconds_count{kind=\"clicks\"}"));
    assert_false(rendered("aurix_bridge_consumed_total{kind=\"clicks\"} 0\n"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_flush_fails),
        cmocka_unit_test(test_take_fails),
        cmocka_unit_test(test_stopping_is_no_failure),
        cmocka_unit_test(test_batches),
    };

    return cmocka_run_group_tests(tests, start_mock, stop_mock);
}
