/*
 * delivery_stage.h - a delivery against librdkafka's mock cluster, which can
 * be told to fail
 */
#ifndef TEST_DELIVERY_STAGE_H
#define TEST_DELIVERY_STAGE_H

#include "kafka_mock.h"

#include "base/metrics.h"
#include "base/ready.h"
#include "deliver/delivery.h"
#include "kafka/reader.h"

#include <dirent.h>
#include <librdkafka/rdkafka_mock.h>
#include <pthread.h>
#include <sched.h>
#include <stdlib.h>
#include <unistd.h>

enum { LANES = 2 }; /* so that lanes share partitions, of which there are 3 */

/* Whichever lane a key takes, some of these take each. */
static const char *const keys[] = {"a", "b", "c", "d", "e", "f", "g", "h"};

enum { KEYS = sizeof(keys) / sizeof(keys[0]) };

static const char *const topics[] = {"events", "dead"};

/* A mock of the test's own: errors can be pushed through its handle. */
static struct {
    rd_kafka_t *rk;
    rd_kafka_mock_cluster_t *cluster;
    struct mock_config mc;
    int deadline_ms;
    struct delivery *dl;
} mock;

/* Without a folder for a spool, `patience_ms` is how long Kafka is waited for;
 * with one, the mock's deadline comes first. */
static inline void open_delivery_limited(const char *spool_dir, int patience_ms,
                                         int64_t max_bytes)
{
    static const struct config_pairs no_pairs = {0, NULL};
    const struct delivery_options options = {
        .kafka = mock_config(&mock.mc,
                             rd_kafka_mock_cluster_bootstraps(mock.cluster)),
        .producer = &no_pairs,
        .topics = topics,
        .topic_count = sizeof(topics) / sizeof(topics[0]),
        .lanes = LANES,
        .dead_letter = "dead",
        .deadline_ms = mock.deadline_ms,
        .patience_ms = patience_ms,
        .spool_dir = spool_dir,
        .spool_limits = {.max_bytes = max_bytes}};
    int64_t until = deadline_us();

    assert_int_equal(delivery_open(&mock.dl, &options, NULL), 0);
    while (!ready_all()) {
        assert_true(clock_now_us() < until);
        sched_yield();
    }
}

static inline void open_delivery_with(const char *spool_dir, int patience_ms)
{
    open_delivery_limited(spool_dir, patience_ms, 64 * 1024 * 1024);
}

static inline void open_delivery(int patience_ms)
{
    open_delivery_with(NULL, patience_ms);
}

static inline int setup(void **state)
{
    char text[256];
    rd_kafka_conf_t *conf = rd_kafka_conf_new();

    (void)state;
    metrics_reset();
    ready_reset();
    mock.deadline_ms = 300;
    mock.rk = rd_kafka_new(RD_KAFKA_PRODUCER, conf, text, sizeof(text));
    assert_non_null(mock.rk);
    mock.cluster = rd_kafka_mock_cluster_new(mock.rk, 1);
    assert_non_null(mock.cluster);
    for (size_t i = 0; i < sizeof(topics) / sizeof(topics[0]); i++)
        assert_int_equal(
            rd_kafka_mock_topic_create(mock.cluster, topics[i], 3, 1), 0);
    return 0;
}

static inline int teardown(void **state)
{
    (void)state;
    delivery_close(mock.dl, 100);
    mock.dl = NULL;
    rd_kafka_mock_cluster_destroy(mock.cluster);
    rd_kafka_destroy(mock.rk);
    return 0;
}

/* The folder of a spool, for tests that want one. */
static char dir[64];

static inline int setup_dir(void **state)
{
    snprintf(dir, sizeof(dir), "/tmp/test-delivery-XXXXXX");
    assert_non_null(mkdtemp(dir));
    return setup(state);
}

static inline int teardown_dir(void **state)
{
    const int rc = teardown(state);
    struct dirent *entry;
    DIR *folder = opendir(dir);
    char path[512];

    assert_non_null(folder);
    while ((entry = readdir(folder)) != NULL) {
        snprintf(path, sizeof(path), "%s/%s", dir, entry->d_name);
        if (entry->d_name[0] != '.')
            unlink(path);
    }
    closedir(folder);
    assert_int_equal(rmdir(dir), 0);
    return rc;
}

static inline void count_done(void *ctx) { ++*(int *)ctx; }

/* Sends one; the kind of the fault, FAULT_NONE if it is safe. */
static inline enum fault_kind send_value(const char *topic, const char *key,
                                         const char *value)
{
    struct record record = {
        .topic = topic, .key = slice_of(key), .value = slice_of(value)};
    struct fault why = FAULT_INIT;
    int done = 0;
    int rc;

    record_add_header(&record, "h", slice_of("1"));
    rc = delivery_send(mock.dl, &record, count_done, &done, &why);
    assert_int_equal(rc, why.kind == FAULT_NONE ? 0 : -1);
    assert_int_equal(done, rc == 0 ? 1 : 0);
    return why.kind;
}

static inline enum fault_kind send_keyed(const char *topic, const char *key)
{
    return send_value(topic, key, "value");
}

static inline enum fault_kind send_one(const char *topic)
{
    return send_keyed(topic, "key");
}

/* The value of a line of /metrics, -1 if there is none. */
static inline long metric_value(const char *line)
{
    struct buf text = BUF_INIT(1024 * 1024);
    char start[128]; /* of a line: the name stands in its help too */
    const char *at;
    long value = -1;

    assert_int_equal(metrics_render(&text, NULL), 0);
    snprintf(start, sizeof(start), "\n%s", line);
    at = strstr(text.data, start);
    if (at != NULL)
        value = strtol(at + strlen(start), NULL, 10);
    buf_release(&text);
    return value;
}

static inline void wait_metric(const char *line, long least)
{
    int64_t until = deadline_us();

    while (metric_value(line) < least) {
        assert_true(clock_now_us() < until);
        nap();
    }
}

#define SPOOL_RECORDS "aurix_bridge_spool_records "

/* Until no more than so many are left in the spool. */
static inline void wait_spooled(long most)
{
    const int64_t until = deadline_us();
    long left;

    while ((left = metric_value(SPOOL_RECORDS)) < 0 || left > most) {
        assert_true(clock_now_us() < until);
        nap();
    }
}

static inline void wait_drained(void) { wait_spooled(0); }

#define DELIVERIES(outcome)                                                    \
    "aurix_bridge_deliveries_total{outcome=\"" outcome "\"} "

static inline int records_there(const char *topic)
{
    struct reader *rd = NULL;
    struct member_record record;
    int count = 0;

    assert_int_equal(reader_open(&rd, &mock.mc.pairs, topic, DEADLINE_MS, NULL),
                     0);
    while (reader_next(rd, DEADLINE_MS, &record, NULL) == 1) {
        member_release(&record);
        count++;
    }
    reader_close(rd);
    return count;
}

#endif
