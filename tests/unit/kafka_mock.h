/*
 * kafka_mock.h - a mock cluster with records in it, for unit tests
 *
 * The producer here is librdkafka's plain one: what reads must not be tested
 * with our own way of writing.
 */
#ifndef TESTS_KAFKA_MOCK_H
#define TESTS_KAFKA_MOCK_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "base/clock.h"
#include "base/config.h"
#include "kafka/mock.h"

#include <librdkafka/rdkafka.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

enum {
    DEADLINE_MS = 20000 /* that a test waits for what must happen */
};

static inline int64_t deadline_us(void)
{
    return clock_now_us() + (int64_t)DEADLINE_MS * 1000;
}

/* Between two looks at a condition. */
static inline void nap(void)
{
    struct timespec ms = {0, 1000000};

    nanosleep(&ms, NULL);
}

/* [kafka] with the mock's address, and what tests want to be quick. */
struct mock_config {
    struct config_pair items[2];
    struct config_pairs pairs;
    char brokers[128];
};

static inline const struct config_pairs *mock_config(struct mock_config *mc,
                                                     const char *brokers)
{
    snprintf(mc->brokers, sizeof(mc->brokers), "%s", brokers);
    mc->items[0].key = (char *)(uintptr_t) "bootstrap.servers";
    mc->items[0].value = mc->brokers;
    mc->items[1].key = (char *)(uintptr_t) "fetch.wait.max.ms";
    mc->items[1].value = (char *)(uintptr_t) "10";
    mc->pairs.items = mc->items;
    mc->pairs.count = 2;
    return &mc->pairs;
}

static inline rd_kafka_t *producer_start(const char *brokers)
{
    rd_kafka_conf_t *conf = rd_kafka_conf_new();
    char text[256];
    rd_kafka_t *rk;

    assert_int_equal(rd_kafka_conf_set(conf, "bootstrap.servers", brokers, text,
                                       sizeof(text)),
                     RD_KAFKA_CONF_OK);
    assert_int_equal(
        rd_kafka_conf_set(conf, "linger.ms", "0", text, sizeof(text)),
        RD_KAFKA_CONF_OK);
    rk = rd_kafka_new(RD_KAFKA_PRODUCER, conf, text, sizeof(text));
    assert_non_null(rk);
    return rk;
}

/* One record with key "k" and a header; a NULL value is a tombstone. */
static inline void produce(rd_kafka_t *rk, const char *topic, int32_t partition,
                           const char *value)
{
    void *bytes = (void *)(uintptr_t)value;
    size_t len = value == NULL ? 0 : strlen(value);

    assert_int_equal(
        rd_kafka_producev(
            rk, RD_KAFKA_V_TOPIC(topic), RD_KAFKA_V_PARTITION(partition),
            RD_KAFKA_V_KEY("k", 1), RD_KAFKA_V_VALUE(bytes, len),
            RD_KAFKA_V_HEADER("ce_id", "id-1", 4),
            RD_KAFKA_V_MSGFLAGS(RD_KAFKA_MSG_F_COPY), RD_KAFKA_V_END),
        RD_KAFKA_RESP_ERR_NO_ERROR);
}

/* Records "0", "1", … and waits until they are there. */
static inline void produce_numbers(const char *brokers, const char *topic,
                                   int32_t partition, int from, int to)
{
    rd_kafka_t *rk = producer_start(brokers);
    char value[16];

    for (int i = from; i < to; i++) {
        snprintf(value, sizeof(value), "%d", i);
        produce(rk, topic, partition, value);
    }
    assert_int_equal(rd_kafka_flush(rk, DEADLINE_MS),
                     RD_KAFKA_RESP_ERR_NO_ERROR);
    rd_kafka_destroy(rk);
}

#endif
