/*
 * test_mock.c - the embedded broker is one that any client can use
 */
#include "kafka_mock.h"

#include <stdlib.h>

static struct mock *start(int brokers)
{
    struct fault why = FAULT_INIT;
    struct mock *mk = NULL;

    assert_int_equal(mock_start(&mk, brokers, &why), 0);
    return mk;
}

static void test_addresses(void **state)
{
    (void)state;
    for (int brokers = 1; brokers <= 3; brokers++) {
        struct mock *mk = start(brokers);
        int found = 0;

        for (const char *at = mock_brokers(mk); at != NULL; found++) {
            assert_int_equal(strncmp(at, "127.0.0.1:", 10), 0);
            at = strchr(at, ',');
            if (at != NULL)
                at++;
        }
        assert_int_equal(found, brokers);
        mock_stop(mk);
    }
}

static void test_topics(void **state)
{
    struct mock *mk = start(3);
    struct fault why = FAULT_INIT;
    const struct rd_kafka_metadata *metadata = NULL;
    rd_kafka_t *rk;

    (void)state;
    assert_int_equal(mock_topic(mk, "one", 4, &why), 0);
    rk = producer_start(mock_brokers(mk));
    assert_int_equal(rd_kafka_metadata(rk, 1, NULL, &metadata, DEADLINE_MS), 0);
    assert_int_equal(metadata->broker_cnt, 3);
    assert_int_equal(metadata->topic_cnt, 1);
    assert_string_equal(metadata->topics[0].topic, "one");
    assert_int_equal(metadata->topics[0].partition_cnt, 4);
    assert_int_equal(metadata->topics[0].partitions[0].replica_cnt, 3);
    rd_kafka_metadata_destroy(metadata);
    rd_kafka_destroy(rk);

    assert_int_equal(mock_topic(mk, "one", 4, &why), -1);
    assert_int_equal(why.kind, FAULT_KAFKA);
    assert_non_null(strstr(why.text, "'one'"));
    mock_stop(mk);
}

static void test_takes_records(void **state)
{
    struct mock *mk = start(1);
    struct fault why = FAULT_INIT;
    int64_t low = -1;
    int64_t high = -1;
    rd_kafka_t *rk;

    (void)state;
    assert_int_equal(mock_topic(mk, "t", 1, &why), 0);
    produce_numbers(mock_brokers(mk), "t", 0, 0, 10);
    rk = producer_start(mock_brokers(mk));
    assert_int_equal(
        rd_kafka_query_watermark_offsets(rk, "t", 0, &low, &high, DEADLINE_MS),
        RD_KAFKA_RESP_ERR_NO_ERROR);
    assert_int_equal(low, 0);
    assert_int_equal(high, 10);
    rd_kafka_destroy(rk);
    mock_stop(mk);
}

static void test_stopping_nothing(void **state)
{
    (void)state;
    mock_stop(NULL);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_addresses),
        cmocka_unit_test(test_topics),
        cmocka_unit_test(test_takes_records),
        cmocka_unit_test(test_stopping_nothing),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
