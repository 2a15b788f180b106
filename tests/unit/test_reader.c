/*
 * test_reader.c - from the first record to the end as it was at opening
 */
#include "kafka_mock.h"

#include "kafka/reader.h"

#include <stdbool.h>
#include <stdlib.h>

static struct mock *mk;
static struct mock_config config;

static int start_mock(void **state)
{
    static const struct {
        const char *name;
        int partitions;
    } topics[] = {
        {"empty",     3},
        {"single",    1},
        {"spread",    3},
        {"grows",     2},
        {"tombstone", 1}
    };
    struct fault why = FAULT_INIT;

    (void)state;
    if (mock_start(&mk, 1, &why) == -1)
        return -1;
    for (size_t i = 0; i < sizeof(topics) / sizeof(topics[0]); i++)
        if (mock_topic(mk, topics[i].name, topics[i].partitions, &why) == -1)
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

static struct reader *open_topic(const char *topic)
{
    struct fault why = FAULT_INIT;
    struct reader *rd = NULL;
    int rc = reader_open(&rd, &config.pairs, topic, DEADLINE_MS, &why);

    if (rc == -1)
        print_message("%s\n", why.text);
    assert_int_equal(rc, 0);
    return rd;
}

/* Reads to the end; counts the records of each partition, whose values and
 * offsets must count up from zero. */
static void read_all(struct reader *rd, int counts[3])
{
    struct member_record record;
    struct fault why = FAULT_INIT;
    int rc;

    while ((rc = reader_next(rd, DEADLINE_MS, &record, &why)) == 1) {
        char value[16] = "";
        int *count = &counts[record.partition];

        assert_true(record.record.value.len < sizeof(value));
        memcpy(value, record.record.value.data, record.record.value.len);
        assert_int_equal(strtol(value, NULL, 10), *count);
        assert_int_equal(record.offset, *count);
        assert_true(record.timestamp_ms > 0);
        assert_true(slice_is(record.record.key, "k"));
        assert_true(slice_is(record_header(&record.record, "ce_id"), "id-1"));
        (*count)++;
        member_release(&record);
    }
    if (rc == -1)
        print_message("%s\n", why.text);
    assert_int_equal(rc, 0);
    /* and it stays the end */
    assert_int_equal(reader_next(rd, 0, &record, &why), 0);
}

static void test_empty(void **state)
{
    int counts[3] = {0};
    struct reader *rd = open_topic("empty");

    (void)state;
    read_all(rd, counts);
    assert_int_equal(counts[0] + counts[1] + counts[2], 0);
    reader_close(rd);
}

static void test_single(void **state)
{
    int counts[3] = {0};
    struct reader *rd;

    (void)state;
    produce_numbers(mock_brokers(mk), "single", 0, 0, 1);
    rd = open_topic("single");
    read_all(rd, counts);
    assert_int_equal(counts[0], 1);
    reader_close(rd);
}

/* One partition stays empty. */
static void test_spread(void **state)
{
    int counts[3] = {0};
    struct reader *rd;

    (void)state;
    produce_numbers(mock_brokers(mk), "spread", 0, 0, 2000);
    produce_numbers(mock_brokers(mk), "spread", 2, 0, 7);
    rd = open_topic("spread");
    read_all(rd, counts);
    assert_int_equal(counts[0], 2000);
    assert_int_equal(counts[1], 0);
    assert_int_equal(counts[2], 7);
    reader_close(rd);
}

static void test_end_is_that_of_opening(void **state)
{
    int counts[3] = {0};
    struct reader *rd;

    (void)state;
    produce_numbers(mock_brokers(mk), "grows", 0, 0, 10);
    produce_numbers(mock_brokers(mk), "grows", 1, 0, 10);
    rd = open_topic("grows");
    produce_numbers(mock_brokers(mk), "grows", 0, 10, 500);
    read_all(rd, counts);
    assert_int_equal(counts[0], 10);
    assert_int_equal(counts[1], 10);
    reader_close(rd);
}

static void test_null_value_is_absent(void **state)
{
    rd_kafka_t *rk = producer_start(mock_brokers(mk));
    struct member_record record;
    struct fault why = FAULT_INIT;
    struct reader *rd;

    (void)state;
    produce(rk, "tombstone", 0, NULL);
    produce(rk, "tombstone", 0, "");
    assert_int_equal(rd_kafka_flush(rk, DEADLINE_MS), 0);
    rd_kafka_destroy(rk);

    rd = open_topic("tombstone");
    assert_int_equal(reader_next(rd, DEADLINE_MS, &record, &why), 1);
    assert_null(record.record.value.data);
    member_release(&record);
    assert_int_equal(reader_next(rd, DEADLINE_MS, &record, &why), 1);
    assert_non_null(record.record.value.data);
    assert_int_equal(record.record.value.len, 0);
    member_release(&record);
    reader_close(rd);
}

static void test_nobody_there(void **state)
{
    struct mock_config nobody;
    struct fault why = FAULT_INIT;
    struct reader *rd = NULL;

    (void)state;
    mock_config(&nobody, "127.0.0.1:1");
    assert_int_equal(reader_open(&rd, &nobody.pairs, "t", 300, &why), -1);
    assert_null(rd);
    assert_int_equal(why.kind, FAULT_UNAVAILABLE);
    assert_non_null(strstr(why.text, "127.0.0.1:1"));
}

static void test_refused_setting(void **state)
{
    struct config_pair pair = {(char *)(uintptr_t) "fetch.nothing",
                               (char *)(uintptr_t) "1"};
    struct config_pairs pairs = {1, &pair};
    struct fault why = FAULT_INIT;
    struct reader *rd = NULL;

    (void)state;
    assert_int_equal(reader_open(&rd, &pairs, "t", 300, &why), -1);
    assert_int_equal(why.kind, FAULT_CONFIG);
    reader_close(NULL);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_empty),
        cmocka_unit_test(test_single),
        cmocka_unit_test(test_spread),
        cmocka_unit_test(test_end_is_that_of_opening),
        cmocka_unit_test(test_null_value_is_absent),
        cmocka_unit_test(test_nobody_there),
        cmocka_unit_test(test_refused_setting),
    };

    return cmocka_run_group_tests(tests, start_mock, stop_mock);
}
