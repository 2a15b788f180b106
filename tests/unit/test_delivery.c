/*
 * test_delivery.c - deliver/delivery.h
 *
 * Against librdkafka's mock cluster, which can be told to fail. What rests
 * on idempotence and order is shown against a real Kafka, end to end.
 */
#include "delivery_stage.h"

static void test_confirmed(void **state)
{
    long before;

    (void)state;
    open_delivery(DEADLINE_MS);
    before = metric_value(DELIVERIES("delivered"));
    for (int i = 0; i < 20; i++)
        assert_int_equal(send_one("events"), FAULT_NONE);
    assert_int_equal(metric_value(DELIVERIES("delivered")), before + 20);
    wait_metric("aurix_bridge_kafka_queue_records ", 0);
    assert_true(
        metric_value("aurix_bridge_kafka_ack_duration_seconds_count ") >= 20);
}

static void *send_some(void *key)
{
    for (int i = 0; i < 100; i++)
        assert_int_equal(send_keyed("events", key), FAULT_NONE);
    return NULL;
}

static void test_confirmed_to_many(void **state)
{
    pthread_t threads[16];

    (void)state;
    open_delivery(DEADLINE_MS);
    for (size_t i = 0; i < 16; i++)
        assert_int_equal(pthread_create(&threads[i], NULL, send_some,
                                        (void *)(uintptr_t)keys[i % KEYS]),
                         0);
    for (size_t i = 0; i < 16; i++)
        pthread_join(threads[i], NULL);
}

static void test_foreign_topic(void **state)
{
    (void)state;
    open_delivery(DEADLINE_MS);
    assert_int_equal(send_one("elsewhere"), FAULT_UNAVAILABLE);
}

static const struct error_row {
    rd_kafka_resp_err_t error;
    enum fault_kind kind;
} error_rows[] = {
    {RD_KAFKA_RESP_ERR_MSG_SIZE_TOO_LARGE,         FAULT_REFUSED    },
    {RD_KAFKA_RESP_ERR_INVALID_MSG_SIZE,           FAULT_REFUSED    },
    {RD_KAFKA_RESP_ERR_TOPIC_AUTHORIZATION_FAILED, FAULT_UNAVAILABLE},
    /* librdkafka tries these again by itself, and succeeds */
    {RD_KAFKA_RESP_ERR_NOT_ENOUGH_REPLICAS,        FAULT_NONE       },
    {RD_KAFKA_RESP_ERR_REQUEST_TIMED_OUT,          FAULT_NONE       },
};

static void test_errors(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof(error_rows) / sizeof(error_rows[0]); i++) {
        enum fault_kind kind;

        open_delivery(DEADLINE_MS);
        assert_int_equal(send_one("events"), FAULT_NONE);
        rd_kafka_mock_push_request_errors(mock.cluster, 0 /* Produce */, 1,
                                          error_rows[i].error);
        kind = send_one("events");
        if (kind != error_rows[i].kind)
            fail_msg("%s: %s", rd_kafka_err2name(error_rows[i].error),
                     fault_class(kind)->name);
        delivery_close(mock.dl, 100);
        mock.dl = NULL;
        metrics_reset();
        ready_reset();
    }
}

/* Not confirmed in time: 503, and what comes late is counted. */
static void test_deadline_and_late_report(void **state)
{
    long late, deadlines;

    (void)state;
    open_delivery(300);
    assert_int_equal(send_one("events"), FAULT_NONE);
    late = metric_value(DELIVERIES("late"));
    deadlines = metric_value(DELIVERIES("deadline"));
    rd_kafka_mock_broker_set_down(mock.cluster, 1);
    assert_int_equal(send_one("events"), FAULT_UNAVAILABLE);
    assert_int_equal(metric_value(DELIVERIES("deadline")), deadlines + 1);
    rd_kafka_mock_broker_set_up(mock.cluster, 1);
    wait_metric(DELIVERIES("late"), late + 1);
}

static void *send_one_of_many(void *key)
{
    return (void *)(intptr_t)(send_keyed("events", key) == FAULT_NONE);
}

/*
 * The first batch of a partition fails, and is not in the log, while others
 * wait to be sent. A broker that knows nothing of the producer takes any
 * sequence number, so a second batch on its way would be taken as well, and
 * would make librdkafka believe that the first one was.
 */
static void test_the_first_batch_fails(void **state)
{
    pthread_t threads[32];
    int delivered = 0;

    (void)state;
    open_delivery(DEADLINE_MS);
    rd_kafka_mock_broker_set_rtt(mock.cluster, 1, 50);
    rd_kafka_mock_push_request_errors(
        mock.cluster, 0, 2, RD_KAFKA_RESP_ERR_NOT_LEADER_FOR_PARTITION,
        RD_KAFKA_RESP_ERR_NOT_LEADER_FOR_PARTITION);
    for (size_t i = 0; i < 32; i++)
        assert_int_equal(pthread_create(&threads[i], NULL, send_one_of_many,
                                        (void *)(uintptr_t)keys[i % KEYS]),
                         0);
    for (size_t i = 0; i < 32; i++) {
        void *safe;

        pthread_join(threads[i], &safe);
        delivered += (int)(intptr_t)safe;
    }
    assert_int_equal(delivered, 32);
    rd_kafka_mock_broker_set_rtt(mock.cluster, 1, 0);
    assert_int_equal(records_there("events"), 32);
}

/* A fatal error of a lane is an ordinary path: it is replaced. */
static void test_fatal_error(void **state)
{
    int64_t until = deadline_us();

    (void)state;
    open_delivery(DEADLINE_MS);
    for (size_t i = 0; i < KEYS; i++) {
        long renewals = metric_value("aurix_bridge_producer_renewals_total ");

        assert_int_equal(send_keyed("events", keys[i]), FAULT_NONE);
        rd_kafka_mock_push_request_errors(
            mock.cluster, 0, 1, RD_KAFKA_RESP_ERR_OUT_OF_ORDER_SEQUENCE_NUMBER);
        assert_int_equal(send_keyed("events", keys[i]), FAULT_UNAVAILABLE);
        wait_metric("aurix_bridge_producer_renewals_total ", renewals + 1);
        while (send_keyed("events", keys[i]) != FAULT_NONE)
            assert_true(clock_now_us() < until);
    }
}

/* The lane that a key takes. */
static int lane_of(const char *key)
{
    return rd_kafka_msg_partitioner_murmur2(NULL, key, strlen(key), LANES, NULL,
                                            NULL);
}

/* What the other lane has on its way is not given up with the failed one's. */
static void test_a_fatal_error_is_of_one_lane(void **state)
{
    static char letters[26][2];
    pthread_t threads[26];
    int lost[LANES] = {0};
    long renewals = 0;

    (void)state;
    open_delivery(DEADLINE_MS);
    renewals = metric_value("aurix_bridge_producer_renewals_total ");
    for (size_t i = 0; i < KEYS; i++)
        assert_int_equal(send_keyed("events", keys[i]), FAULT_NONE);
    rd_kafka_mock_broker_set_rtt(mock.cluster, 1, 300);
    rd_kafka_mock_push_request_errors(
        mock.cluster, 0, 1, RD_KAFKA_RESP_ERR_OUT_OF_ORDER_SEQUENCE_NUMBER);
    for (int i = 0; i < 26; i++) {
        letters[i][0] = (char)('a' + i);
        assert_int_equal(
            pthread_create(&threads[i], NULL, send_one_of_many, letters[i]), 0);
    }
    for (int i = 0; i < 26; i++) {
        void *safe;

        pthread_join(threads[i], &safe);
        lost[lane_of(letters[i])] += safe == NULL;
    }
    wait_metric("aurix_bridge_producer_renewals_total ", renewals + 1);
    assert_true(lost[0] == 0 || lost[1] == 0);
    assert_true(lost[0] + lost[1] > 0);
}

/*
 * Brokers refuse at once, so each lane has something to tell while it is
 * being made: all reports come nevertheless, none is left behind at the end.
 */
static void test_refused_at_the_start(void **state)
{
    static const struct config_pairs no_pairs = {0, NULL};
    struct mock_config nobody;
    const struct delivery_options options = {
        .kafka = mock_config(&nobody, "127.0.0.1:1"),
        .producer = &no_pairs,
        .topics = topics,
        .topic_count = sizeof(topics) / sizeof(topics[0]),
        .lanes = 8,
        .patience_ms = 1};

    (void)state;
    for (int round = 0; round < 10; round++) {
        assert_int_equal(delivery_open(&mock.dl, &options, NULL), 0);
        for (size_t i = 0; i < KEYS; i++)
            assert_int_equal(send_keyed("events", keys[i]), FAULT_UNAVAILABLE);
        delivery_close(mock.dl, 0);
        mock.dl = NULL;
        assert_int_equal(metric_value(DELIVERIES("failed")), KEYS);
        metrics_reset();
        ready_reset();
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_confirmed, setup, teardown),
        cmocka_unit_test_setup_teardown(test_confirmed_to_many, setup,
                                        teardown),
        cmocka_unit_test_setup_teardown(test_foreign_topic, setup, teardown),
        cmocka_unit_test_setup_teardown(test_errors, setup, teardown),
        cmocka_unit_test_setup_teardown(test_deadline_and_late_report, setup,
                                        teardown),
        cmocka_unit_test_setup_teardown(test_the_first_batch_fails, setup,
                                        teardown),
        cmocka_unit_test_setup_teardown(test_fatal_error, setup, teardown),
        cmocka_unit_test_setup_teardown(test_a_fatal_error_is_of_one_lane,
                                        setup, teardown),
        cmocka_unit_test_setup_teardown(test_refused_at_the_start, setup,
                                        teardown),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
