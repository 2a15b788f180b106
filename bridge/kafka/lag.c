/*
 * lag.c - how far the consumers of this process are behind
 *
 * Series live as long as the process, so there is a table of all partitions
 * that were ever assigned, with a ceiling; what comes later is logged once
 * and not shown.
 */
#include "kafka/lag.h"
#include "base/limits.h"

#include "base/log.h"
#include "base/metrics.h"

#include <inttypes.h>
#include <jansson.h>
#include <pthread.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>

enum {
    TOPIC_NAME_MAX = 249 /* Kafka's own limit */
};

static struct metric lag_metric = {
    .name = "aurix_bridge_consumer_lag",
    .help = "Records of an assigned partition that are not done yet.",
    .type = METRIC_GAUGE,
};

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static struct lag {
    char topic[TOPIC_NAME_MAX + 1];
    int32_t partition;
    bool ours;  /* at the moment */
    bool shown; /* has a series */
    struct metric_series series;
} table[LIMIT_LAG_SERIES];
static size_t used;
static bool full_was_logged;

void lag_metrics_register(void) { metrics_register(&lag_metric); }

/* Needs the lock. NULL: not there. */
static struct lag *find(const char *topic, int32_t partition)
{
    for (size_t i = 0; i < used; i++)
        if (table[i].partition == partition &&
            strcmp(table[i].topic, topic) == 0)
            return &table[i];
    return NULL;
}

/* Needs the lock. NULL: the table is full. */
static struct lag *add(const char *topic, int32_t partition)
{
    struct lag *lag;

    if (used == LIMIT_LAG_SERIES) {
        if (!full_was_logged)
            log_line(LOG_WARN, "kafka",
                     "lag is not shown for all partitions, there are too many",
                     log_int("shown", LIMIT_LAG_SERIES));
        full_was_logged = true;
        return NULL;
    }
    lag = &table[used++];
    snprintf(lag->topic, sizeof(lag->topic), "%s", topic);
    lag->partition = partition;
    return lag;
}

void lag_watch(const rd_kafka_topic_partition_list_t *assigned)
{
    pthread_mutex_lock(&lock);
    for (int i = 0; i < assigned->cnt; i++) {
        const rd_kafka_topic_partition_t *at = &assigned->elems[i];
        struct lag *lag = find(at->topic, at->partition);

        if (lag == NULL)
            lag = add(at->topic, at->partition);
        if (lag != NULL)
            lag->ours = true;
    }
    pthread_mutex_unlock(&lock);
}

void lag_forget(const rd_kafka_topic_partition_list_t *revoked)
{
    pthread_mutex_lock(&lock);
    for (int i = 0; i < revoked->cnt; i++) {
        const rd_kafka_topic_partition_t *at = &revoked->elems[i];
        struct lag *lag = find(at->topic, at->partition);

        if (lag == NULL)
            continue;
        lag->ours = false;
        metric_set(&lag->series, 0);
    }
    pthread_mutex_unlock(&lock);
}

static int64_t number_of(const json_t *partition, const char *name)
{
    const json_t *value = json_object_get(partition, name);

    return json_is_integer(value) ? json_integer_value(value) : -1;
}

/*
 * Behind what was stored here; before anything was, behind what the group
 * had committed; without that, all there is, because a group without offsets
 * starts at the earliest record. -1: not known yet.
 */
static int64_t lag_of(const json_t *partition)
{
    static const char *const names[] = {"consumer_lag_stored", "consumer_lag"};
    int64_t high = number_of(partition, "hi_offset");
    int64_t low = number_of(partition, "lo_offset");

    for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
        int64_t lag = number_of(partition, names[i]);

        if (lag >= 0)
            return lag;
    }
    return low >= 0 && high >= low ? high - low : -1;
}

/* Needs the lock. */
static void show(struct lag *lag, int64_t behind)
{
    char labels[METRIC_LABELS_MAX];
    char number[16];

    metric_set(&lag->series, behind);
    if (lag->shown)
        return;
    snprintf(number, sizeof(number), "%" PRId32, lag->partition);
    metric_labels(labels, "topic", lag->topic, "partition", number,
                  (char *)NULL);
    metric_series_init(&lag_metric, &lag->series, labels);
    lag->shown = true;
}

void lag_update(const char *statistics, size_t len)
{
    json_t *root = json_loadb(statistics, len, 0, NULL);
    const json_t *topics = json_object_get(root, "topics");

    pthread_mutex_lock(&lock);
    for (size_t i = 0; i < used; i++) {
        struct lag *lag = &table[i];
        const json_t *partitions =
            json_object_get(json_object_get(topics, lag->topic), "partitions");
        char number[16];
        int64_t behind;

        snprintf(number, sizeof(number), "%" PRId32, lag->partition);
        behind = lag_of(json_object_get(partitions, number));
        if (lag->ours && behind >= 0)
            show(lag, behind);
    }
    pthread_mutex_unlock(&lock);
    json_decref(root);
}
