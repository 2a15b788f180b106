/*
 * test_member.c - a member of a group on the mock cluster
 *
 * The mock lets every first member of a group wait three seconds, so one
 * story per group says as much as it can.
 */
#include "kafka_mock.h"

#include "base/log.h"
#include "base/metrics.h"
#include "kafka/member.h"

#include <librdkafka/rdkafka_mock.h>
#include <stdbool.h>
#include <stdlib.h>
#include <unistd.h>

static struct mock *mk;
static struct mock_config config;

/* What a consumer sets besides. */
static struct config_pair consumer_items[] = {
    {(char *)(uintptr_t) "statistics.interval.ms",  (char *)(uintptr_t) "100" },
    {(char *)(uintptr_t) "session.timeout.ms",      (char *)(uintptr_t) "6000"},
    {(char *)(uintptr_t) "heartbeat.interval.ms",   (char *)(uintptr_t) "300" },
    {(char *)(uintptr_t) "auto.commit.interval.ms", (char *)(uintptr_t) "100" },
};
static struct config_pairs consumer = {4, consumer_items};

static int start_mock(void **state)
{
    static const char *const topics[] = {"stored", "shared", "finish", "lag"};
    struct fault why = FAULT_INIT;

    (void)state;
    if (mock_start(&mk, 1, &why) == -1)
        return -1;
    for (size_t i = 0; i < sizeof(topics) / sizeof(topics[0]); i++)
        if (mock_topic(mk, topics[i], 2, &why) == -1)
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

static struct member *join(const char *group, const char *topic,
                           void (*giving_up)(void *, bool), void *ctx)
{
    struct member_options options = {
        .kafka = &config.pairs,
        .consumer = &consumer,
        .group = group,
        .topics = &topic,
        .topic_count = 1,
        .giving_up = giving_up,
        .ctx = ctx,
    };
    struct fault why = FAULT_INIT;
    struct member *mb = NULL;

    assert_int_equal(member_join(&mb, &options, &why), 0);
    assert_false(member_joined(mb));
    return mb;
}

/* Fails the test if none comes. */
static void next(struct member *mb, struct member_record *record)
{
    int64_t end_us = deadline_us();
    struct fault why = FAULT_INIT;
    int rc = 0;

    while (rc == 0 && clock_now_us() < end_us)
        rc = member_next(mb, 100, record, &why);
    if (rc == -1)
        print_message("%s\n", why.text);
    assert_int_equal(rc, 1);
}

/* What is stored is committed, what is not comes again. */
static void test_only_what_is_stored(void **state)
{
    struct member_record record;
    struct member *mb;

    (void)state;
    produce_numbers(mock_brokers(mk), "stored", 0, 0, 10);
    mb = join("g-stored", "stored", NULL, NULL);
    for (int i = 0; i < 10; i++) {
        next(mb, &record);
        assert_true(member_joined(mb));
        assert_string_equal(record.record.topic, "stored");
        assert_int_equal(record.partition, 0);
        assert_int_equal(record.offset, i);
        assert_true(slice_is(record.record.key, "k"));
        assert_int_equal(record.record.value.len, 1);
        assert_int_equal(record.record.value.data[0], '0' + i);
        assert_true(slice_is(record_header(&record.record, "ce_id"), "id-1"));
        if (i < 4)
            member_store(mb, &record);
        member_release(&record);
        assert_null(record.message);
        member_release(&record); /* twice does no harm */
    }
    member_leave(mb);

    mb = join("g-stored", "stored", NULL, NULL);
    next(mb, &record);
    assert_int_equal(record.offset, 4);
    member_release(&record);
    member_leave(mb);
}

static int64_t metric_value(const char *line)
{
    struct buf out = BUF_INIT(LIMIT_METRICS_TEXT);
    struct fault why = FAULT_INIT;
    int64_t value = -1;
    const char *at;

    assert_int_equal(metrics_render(&out, &why), 0);
    at = strstr(out.data, line);
    if (at != NULL)
        value = strtoll(at + strlen(line), NULL, 10);
    buf_release(&out);
    return value;
}

static void wait_for_metric(const char *line, int64_t value)
{
    int64_t end_us = deadline_us();

    while (metric_value(line) != value && clock_now_us() < end_us)
        nap();
    assert_int_equal(metric_value(line), value);
}

#define LAG(partition)                                                         \
    "\naurix_bridge_consumer_lag{topic=\"lag\",partition=\"" partition "\"} "
#define ASSIGNED "\naurix_bridge_consumer_assigned_partitions "

/* Before anything was stored all counts, then what is not stored, and
 * nothing once the partition is another's. */
static void test_lag(void **state)
{
    struct member_record record;
    struct member *mb;

    (void)state;
    produce_numbers(mock_brokers(mk), "lag", 1, 0, 10);
    mb = join("g-lag", "lag", NULL, NULL);
    assert_int_equal(metric_value(LAG("1")), -1);
    for (int i = 0; i < 3; i++) {
        next(mb, &record);
        if (i == 2) {
            wait_for_metric(LAG("1"), 10);
            assert_int_equal(metric_value(ASSIGNED), 2);
            member_store(mb, &record);
        }
        member_release(&record);
    }
    wait_for_metric(LAG("1"), 7);
    produce_numbers(mock_brokers(mk), "lag", 1, 10, 20);
    wait_for_metric(LAG("1"), 17); /* though nobody asks for records */
    member_leave(mb);
    assert_int_equal(metric_value(LAG("1")), 0);
    assert_int_equal(metric_value(ASSIGNED), 0);
    assert_true(metric_value("aurix_bridge_consumer_rebalances_total{change="
                             "\"assigned\"} ") > 0);
    assert_true(metric_value("\naurix_bridge_consumer_records_total ") > 0);
}

/* A batch of one, as consume/ has it. */
struct batch {
    struct member *mb;
    struct member_record record;
    int calls;
    bool lost;
};

static void finish(void *ctx, bool lost)
{
    struct batch *batch = ctx;

    batch->calls++;
    batch->lost = lost;
    if (batch->record.message != NULL && !lost)
        member_store(batch->mb, &batch->record);
    member_release(&batch->record);
}

/*
 * A second member takes one of two partitions over: the first is asked to
 * finish what it has taken. That the second begins behind that, a real Kafka
 * shows (e2e): the mock refuses a follower that is later than its leader,
 * begins another round for it, and takes no commit meanwhile.
 */
static void test_giving_up(void **state)
{
    struct batch batch = {0};
    struct member_record record = {0};
    struct fault why = FAULT_INIT;
    int64_t end_us;
    struct member *second;
    int done;
    int calls;

    (void)state;
    produce_numbers(mock_brokers(mk), "finish", 0, 0, 1);
    produce_numbers(mock_brokers(mk), "finish", 1, 0, 1);
    batch.mb = join("g-finish", "finish", finish, &batch);
    next(batch.mb, &record); /* one partition is done … */
    member_store(batch.mb, &record);
    done = record.partition;
    member_release(&record);
    next(batch.mb, &batch.record); /* … and the other is being worked at */
    assert_int_not_equal(batch.record.partition, done);

    second = join("g-finish", "finish", NULL, NULL);
    end_us = deadline_us();
    while ((batch.calls == 0 || !member_joined(second)) &&
           clock_now_us() < end_us) {
        assert_int_not_equal(member_next(batch.mb, 20, &record, &why), -1);
        member_release(&record);
        assert_int_not_equal(member_next(second, 20, &record, &why), -1);
        member_release(&record);
    }
    calls = batch.calls;
    assert_true(calls > 0);
    assert_false(batch.lost);

    member_leave(second);
    member_leave(batch.mb);
    assert_int_equal(batch.calls, calls); /* leaving asks nobody */
}

static const struct {
    const char *key;
    const char *value;
    const char *says;
} refused[] = {
    {"max.pol.interval.ms",           "1",     "'consumer.max.pol.interval.ms'"},
    {"session.timeout.ms",            "-1",    "outside allowed range"         },
    {"partition.assignment.strategy", "magic", "magic"                         },
};

static void test_refused_settings(void **state)
{
    const char *topic = "stored";

    (void)state;
    for (size_t i = 0; i < sizeof(refused) / sizeof(refused[0]); i++) {
        struct config_pair pair = {(char *)(uintptr_t)refused[i].key,
                                   (char *)(uintptr_t)refused[i].value};
        struct config_pairs own = {1, &pair};
        struct member_options options = {
            .kafka = &config.pairs,
            .consumer = &own,
            .group = "g",
            .topics = &topic,
            .topic_count = 1,
        };
        struct fault why = FAULT_INIT;
        struct member *mb = NULL;

        assert_int_equal(member_join(&mb, &options, &why), -1);
        print_message("%s\n", why.text);
        assert_null(mb);
        assert_int_equal(why.kind, FAULT_CONFIG);
        assert_non_null(strstr(why.text, refused[i].says));
    }
}

/* Brokers that are not there stop nobody from trying, nor from leaving. */
static void test_nobody_there(void **state)
{
    struct mock_config nobody;
    const char *topic = "stored";
    struct member_options options = {
        .kafka = mock_config(&nobody, "127.0.0.1:1"),
        .group = "g",
        .topics = &topic,
        .topic_count = 1,
    };
    struct member_record record;
    struct fault why = FAULT_INIT;
    struct member *mb = NULL;

    (void)state;
    assert_int_equal(member_join(&mb, &options, &why), 0);
    for (int i = 0; i < 5; i++)
        assert_int_equal(member_next(mb, 50, &record, &why), 0);
    assert_false(member_joined(mb));
    member_leave(mb);
    member_leave(NULL);
}

/* Until the log has a text. */
static void wait_for_log(int fd, const char *text)
{
    int64_t end_us = deadline_us();
    char log[65536];
    ssize_t len = 0;

    do {
        nap();
        len = pread(fd, log, sizeof(log) - 1, 0);
        log[len > 0 ? len : 0] = '\0';
    } while (strstr(log, text) == NULL && clock_now_us() < end_us);
    assert_non_null(strstr(log, text));
}

/* Accepted, and gone before anything was assigned: that is no crash. */
static void test_never_assigned(void **state)
{
    enum { SYNC_GROUP = 14 };
    struct config_pair debug = {(char *)(uintptr_t) "debug",
                                (char *)(uintptr_t) "cgrp"};
    struct config_pairs own = {1, &debug};
    rd_kafka_t *rk = producer_start("127.0.0.1:1");
    rd_kafka_mock_cluster_t *cluster = rd_kafka_mock_cluster_new(rk, 1);
    const char *topic = "events";
    struct mock_config brokers;
    struct member_options options = {
        .kafka =
            mock_config(&brokers, rd_kafka_mock_cluster_bootstraps(cluster)),
        .consumer = &own,
        .group = "g",
        .topics = &topic,
        .topic_count = 1,
    };
    FILE *log = tmpfile();
    struct fault why = FAULT_INIT;
    struct member *mb = NULL;

    (void)state;
    assert_non_null(log);
    assert_int_equal(log_start(fileno(log), LOG_DEBUG, LOG_FORMAT_LOGFMT, &why),
                     0);
    rd_kafka_mock_topic_create(cluster, topic, 1, 1);
    for (int i = 0; i < 100; i++)
        rd_kafka_mock_push_request_errors(
            cluster, SYNC_GROUP, 1, RD_KAFKA_RESP_ERR_REBALANCE_IN_PROGRESS);
    assert_int_equal(member_join(&mb, &options, &why), 0);
    wait_for_log(fileno(log), "synchronization failed");
    assert_false(member_joined(mb));
    member_leave(mb);
    log_stop(1000);
    fclose(log);
    rd_kafka_mock_cluster_destroy(cluster);
    rd_kafka_destroy(rk);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_only_what_is_stored),
        cmocka_unit_test(test_lag),
        cmocka_unit_test(test_giving_up),
        cmocka_unit_test(test_refused_settings),
        cmocka_unit_test(test_nobody_there),
        cmocka_unit_test(test_never_assigned),
    };

    return cmocka_run_group_tests(tests, start_mock, stop_mock);
}
