/*
 * test_delivery_spool.c - deliver/delivery.h, with a spool
 *
 * What goes wrong with Kafka costs no event. What rests on idempotence and
 * order is shown against a real Kafka, end to end.
 */
#include "delivery_stage.h"

static void test_confirmed_without_it(void **state)
{
    (void)state;
    open_delivery_with(dir, DEADLINE_MS);
    for (int i = 0; i < 20; i++)
        assert_int_equal(send_one("events"), FAULT_NONE);
    assert_int_equal(metric_value("aurix_bridge_spool_appended_total "), 0);
    assert_int_equal(records_there("events"), 20);
}

static void test_a_broker_that_is_down(void **state)
{
    long late;

    (void)state;
    open_delivery_with(dir, DEADLINE_MS);
    assert_int_equal(send_one("events"), FAULT_NONE);
    late = metric_value(DELIVERIES("late"));
    rd_kafka_mock_broker_set_down(mock.cluster, 1);
    for (size_t i = 0; i < 10 * KEYS; i++)
        assert_int_equal(send_keyed("events", keys[i % KEYS]), FAULT_NONE);
    assert_true(metric_value(SPOOL_RECORDS) == 10 * KEYS);
    assert_int_equal(metric_value("aurix_bridge_breaker_open "), 1);
    assert_true(ready_all());
    rd_kafka_mock_broker_set_up(mock.cluster, 1);
    wait_drained();
    assert_int_equal(metric_value("aurix_bridge_breaker_open "), 0);
    assert_int_equal(records_there("events"), 10 * KEYS + 1);
    assert_int_equal(metric_value(DELIVERIES("late")), late);
}

/* Kafka's errors, what the sender hears, and where the event is then. */
static const struct error_row {
    rd_kafka_resp_err_t error;
    enum fault_kind kind;
    int there;
} error_rows[] = {
    {RD_KAFKA_RESP_ERR_MSG_SIZE_TOO_LARGE,               FAULT_REFUSED, 0},
    {RD_KAFKA_RESP_ERR_INVALID_MSG_SIZE,                 FAULT_REFUSED, 0},
    {RD_KAFKA_RESP_ERR_INVALID_RECORD,                   FAULT_REFUSED, 0},
    {RD_KAFKA_RESP_ERR_TOPIC_AUTHORIZATION_FAILED,       FAULT_NONE,    1},
    {RD_KAFKA_RESP_ERR_TOPIC_EXCEPTION,                  FAULT_NONE,    1},
    {RD_KAFKA_RESP_ERR_INVALID_TIMESTAMP,                FAULT_NONE,    1},
    {RD_KAFKA_RESP_ERR_CLUSTER_AUTHORIZATION_FAILED,     FAULT_NONE,    1},
    {RD_KAFKA_RESP_ERR_NOT_LEADER_FOR_PARTITION,         FAULT_NONE,    1},
    {RD_KAFKA_RESP_ERR_LEADER_NOT_AVAILABLE,             FAULT_NONE,    1},
    {RD_KAFKA_RESP_ERR_UNKNOWN_TOPIC_OR_PART,            FAULT_NONE,    1},
    {RD_KAFKA_RESP_ERR_REQUEST_TIMED_OUT,                FAULT_NONE,    1},
    {RD_KAFKA_RESP_ERR_NETWORK_EXCEPTION,                FAULT_NONE,    1},
    {RD_KAFKA_RESP_ERR_BROKER_NOT_AVAILABLE,             FAULT_NONE,    1},
    {RD_KAFKA_RESP_ERR_NOT_ENOUGH_REPLICAS,              FAULT_NONE,    1},
    {RD_KAFKA_RESP_ERR_NOT_ENOUGH_REPLICAS_AFTER_APPEND, FAULT_NONE,    1},
    {RD_KAFKA_RESP_ERR_KAFKA_STORAGE_ERROR,              FAULT_NONE,    1},
    {RD_KAFKA_RESP_ERR_THROTTLING_QUOTA_EXCEEDED,        FAULT_NONE,    1},
    {RD_KAFKA_RESP_ERR_INVALID_REQUIRED_ACKS,            FAULT_NONE,    1},
    {RD_KAFKA_RESP_ERR_UNSUPPORTED_FOR_MESSAGE_FORMAT,   FAULT_NONE,    1},
    {RD_KAFKA_RESP_ERR_POLICY_VIOLATION,                 FAULT_NONE,    1},
    {RD_KAFKA_RESP_ERR_UNKNOWN,                          FAULT_NONE,    1},
    {RD_KAFKA_RESP_ERR_OUT_OF_ORDER_SEQUENCE_NUMBER,     FAULT_NONE,    1},
    {RD_KAFKA_RESP_ERR_INVALID_PRODUCER_EPOCH,           FAULT_NONE,    1},
    {RD_KAFKA_RESP_ERR_UNKNOWN_PRODUCER_ID,              FAULT_NONE,    1},
    {RD_KAFKA_RESP_ERR_PRODUCER_FENCED,                  FAULT_NONE,    1},
};

static void test_errors(void **state)
{
    int expected = 0;

    (void)state;
    for (size_t i = 0; i < sizeof(error_rows) / sizeof(error_rows[0]); i++) {
        const struct error_row *row = &error_rows[i];
        enum fault_kind kind;

        open_delivery_with(dir, DEADLINE_MS);
        assert_int_equal(send_one("events"), FAULT_NONE);
        rd_kafka_mock_push_request_errors(mock.cluster, 0 /* Produce */, 1,
                                          row->error);
        kind = send_one("events");
        if (kind != row->kind)
            fail_msg("%s: %s", rd_kafka_err2name(row->error),
                     fault_class(kind)->name);
        wait_drained();
        expected += 1 + row->there;
        if (records_there("events") != expected)
            fail_msg("%s: %d records, not %d", rd_kafka_err2name(row->error),
                     records_there("events"), expected);
        delivery_close(mock.dl, 100);
        mock.dl = NULL;
        metrics_reset();
        ready_reset();
    }
}

/* What Kafka refuses after its 200 is a dead letter. */
static void test_refused_late(void **state)
{
    (void)state;
    open_delivery_with(dir, DEADLINE_MS);
    assert_int_equal(send_one("events"), FAULT_NONE);
    rd_kafka_mock_broker_set_down(mock.cluster, 1);
    assert_int_equal(send_one("events"), FAULT_NONE);
    rd_kafka_mock_push_request_errors(mock.cluster, 0, 1,
                                      RD_KAFKA_RESP_ERR_MSG_SIZE_TOO_LARGE);
    rd_kafka_mock_broker_set_up(mock.cluster, 1);
    wait_drained();
    assert_int_equal(records_there("events"), 1);
    assert_int_equal(records_there("dead"), 1);
    assert_int_equal(
        metric_value("aurix_bridge_order_broken_total{reason=\"refused\"} "),
        1);
}

static void *send_some(void *key)
{
    for (int i = 0; i < 100; i++)
        assert_int_equal(send_keyed("events", key), FAULT_NONE);
    return NULL;
}

/* Fatal errors under load cost nothing but time. */
static void test_fatal_errors_under_load(void **state)
{
    pthread_t threads[16];
    long renewals;

    (void)state;
    open_delivery_with(dir, DEADLINE_MS);
    renewals = metric_value("aurix_bridge_producer_renewals_total ");
    rd_kafka_mock_broker_set_rtt(mock.cluster, 1, 5);
    for (size_t i = 0; i < 16; i++)
        assert_int_equal(pthread_create(&threads[i], NULL, send_some,
                                        (void *)(uintptr_t)keys[i % KEYS]),
                         0);
    for (int i = 0; i < 3; i++) {
        rd_kafka_mock_push_request_errors(
            mock.cluster, 0, 1, RD_KAFKA_RESP_ERR_OUT_OF_ORDER_SEQUENCE_NUMBER);
        wait_metric("aurix_bridge_producer_renewals_total ", renewals + i + 1);
    }
    for (size_t i = 0; i < 16; i++)
        pthread_join(threads[i], NULL);
    wait_drained();
    assert_true(records_there("events") >= 1600);
}

/* What is for others does not wait for a partition without a leader. */
static void test_one_partition_is_away(void **state)
{
    const int64_t until = deadline_us();
    const int bad =
        rd_kafka_msg_partitioner_murmur2(NULL, keys[0], 1, 3, NULL, NULL);

    (void)state;
    open_delivery_with(dir, DEADLINE_MS);
    assert_int_equal(send_keyed("events", keys[0]), FAULT_NONE);
    rd_kafka_mock_partition_set_leader(mock.cluster, "events", bad, -1);
    assert_int_equal(send_keyed("events", keys[0]), FAULT_NONE); /* in doubt */
    for (size_t i = 0; i < KEYS; i++)
        if (rd_kafka_msg_partitioner_murmur2(NULL, keys[i], 1, 3, NULL, NULL) !=
            bad)
            assert_int_equal(send_keyed("events", keys[i]), FAULT_NONE);
    while (metric_value(SPOOL_RECORDS) != 1) {
        assert_true(clock_now_us() < until);
        nap();
    }
    rd_kafka_mock_partition_set_leader(mock.cluster, "events", bad, 1);
    wait_drained();
}

static enum fault_kind send_large(char c)
{
    static char value[100 * 1024];
    struct record record = {.topic = "events", .key = slice_of("k")};
    struct fault why = FAULT_INIT;

    memset(value, c, sizeof(value));
    record.value = (struct slice){value, sizeof(value)};
    delivery_send(mock.dl, &record, NULL, NULL, &why);
    return why.kind;
}

/* A batch is refused, and the next ones are not: that is counted. */
static void test_passed_by_later_ones(void **state)
{
    (void)state;
    open_delivery_with(dir, DEADLINE_MS);
    assert_int_equal(send_large('0'), FAULT_NONE);
    rd_kafka_mock_broker_set_down(mock.cluster, 1);
    for (char c = 'a'; c <= 'f'; c++)
        assert_int_equal(send_large(c), FAULT_NONE);
    rd_kafka_mock_push_request_errors(mock.cluster, 0, 2,
                                      RD_KAFKA_RESP_ERR_NO_ERROR,
                                      RD_KAFKA_RESP_ERR_POLICY_VIOLATION);
    rd_kafka_mock_broker_set_up(mock.cluster, 1);
    wait_drained();
    assert_int_equal(records_there("events"), 7);
    assert_true(metric_value(
                    "aurix_bridge_order_broken_total{reason=\"failed\"} ") > 0);
}

/* No room in the spool, Kafka there, and a lane is replaced: that is no reason
 * for a 503. */
static void test_no_room_and_a_fatal_error(void **state)
{
    pthread_t threads[KEYS];
    long renewals;

    (void)state;
    open_delivery_limited(dir, DEADLINE_MS, 1);
    renewals = metric_value("aurix_bridge_producer_renewals_total ");
    rd_kafka_mock_broker_set_rtt(mock.cluster, 1, 5);
    for (size_t i = 0; i < KEYS; i++)
        assert_int_equal(pthread_create(&threads[i], NULL, send_some,
                                        (void *)(uintptr_t)keys[i]),
                         0);
    rd_kafka_mock_push_request_errors(
        mock.cluster, 0, 1, RD_KAFKA_RESP_ERR_OUT_OF_ORDER_SEQUENCE_NUMBER);
    wait_metric("aurix_bridge_producer_renewals_total ", renewals + 1);
    for (size_t i = 0; i < KEYS; i++)
        pthread_join(threads[i], NULL);
    assert_int_equal(metric_value("aurix_bridge_spool_appended_total "), 0);
}

/* Closed with Kafka away, opened with Kafka there. */
static void test_another_process(void **state)
{
    (void)state;
    open_delivery_with(dir, DEADLINE_MS);
    assert_int_equal(send_one("events"), FAULT_NONE);
    rd_kafka_mock_broker_set_down(mock.cluster, 1);
    for (size_t i = 0; i < KEYS; i++)
        assert_int_equal(send_keyed("events", keys[i]), FAULT_NONE);
    delivery_close(mock.dl, 0);
    metrics_reset();
    ready_reset();
    rd_kafka_mock_broker_set_up(mock.cluster, 1);
    open_delivery_with(dir, DEADLINE_MS);
    wait_drained();
    assert_int_equal(records_there("events"), KEYS + 1);
}

static void test_two_have_one_folder(void **state)
{
    struct delivery *other = NULL;
    static const struct config_pairs no_pairs = {0, NULL};
    const struct delivery_options options = {.kafka = &mock.mc.pairs,
                                             .producer = &no_pairs,
                                             .topics = topics,
                                             .topic_count = 1,
                                             .lanes = 1,
                                             .spool_dir = dir,
                                             .spool_limits = {.max_bytes = 1}};
    struct fault why = FAULT_INIT;

    (void)state;
    open_delivery_with(dir, DEADLINE_MS);
    assert_int_equal(delivery_open(&other, &options, &why), -1);
    assert_int_equal(why.kind, FAULT_BUSY);
}

#define STAGED(test)                                                           \
    cmocka_unit_test_setup_teardown(test, setup_dir, teardown_dir)

int main(void)
{
    const struct CMUnitTest tests[] = {
        STAGED(test_confirmed_without_it),
        STAGED(test_a_broker_that_is_down),
        STAGED(test_errors),
        STAGED(test_refused_late),
        STAGED(test_fatal_errors_under_load),
        STAGED(test_one_partition_is_away),
        STAGED(test_passed_by_later_ones),
        STAGED(test_no_room_and_a_fatal_error),
        STAGED(test_another_process),
        STAGED(test_two_have_one_folder),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
