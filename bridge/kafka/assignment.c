/*
 * assignment.c - which partitions are a member's, and telling so
 */
#include "kafka/assignment.h"

#include "base/log.h"
#include "base/metrics.h"
#include "kafka/lag.h"

enum change { CHANGE_ASSIGNED, CHANGE_REVOKED, CHANGE_LOST, CHANGES };

static const char *const change_names[CHANGES] = {"assigned", "revoked",
                                                  "lost"};

static struct metric rebalances_total = {
    .name = "aurix_bridge_consumer_rebalances_total",
    .help = "Changes of the partitions that are assigned to this process.",
    .type = METRIC_COUNTER,
};
static struct metric assigned_partitions = {
    .name = "aurix_bridge_consumer_assigned_partitions",
    .help = "Partitions that are assigned to this process.",
    .type = METRIC_GAUGE,
};
static struct metric_series rebalance_series[CHANGES];
static struct metric_series assigned_series;

void assignment_metrics_register(void)
{
    lag_metrics_register();
    metrics_register(&assigned_partitions);
    metric_series_init(&assigned_partitions, &assigned_series, "");
    metrics_register(&rebalances_total);
    for (size_t i = 0; i < CHANGES; i++) {
        char labels[METRIC_LABELS_MAX];

        metric_labels(labels, "change", change_names[i], (char *)NULL);
        metric_series_init(&rebalances_total, &rebalance_series[i], labels);
    }
}

static void tell(const struct assignment *as, enum change change, int count)
{
    metric_add(&rebalance_series[change], 1);
    log_line(change == CHANGE_LOST ? LOG_WARN : LOG_INFO, "kafka",
             "partitions of the group have changed",
             log_text("change", change_names[change]),
             log_int("partitions", count),
             log_int("assigned", as->partitions->cnt));
}

void assignment_init(struct assignment *as)
{
    as->partitions = rd_kafka_topic_partition_list_new(0);
}

void assignment_release(struct assignment *as)
{
    if (as->partitions == NULL)
        return;
    /* closing may have taken these without a word */
    metric_add(&assigned_series, -as->partitions->cnt);
    lag_forget(as->partitions);
    rd_kafka_topic_partition_list_destroy(as->partitions);
    as->partitions = NULL;
}

void assignment_add(struct assignment *as,
                    const rd_kafka_topic_partition_list_t *added)
{
    for (int i = 0; i < added->cnt; i++)
        rd_kafka_topic_partition_list_add(as->partitions, added->elems[i].topic,
                                          added->elems[i].partition);
    metric_add(&assigned_series, added->cnt);
    lag_watch(added);
    tell(as, CHANGE_ASSIGNED, added->cnt);
}

void assignment_remove(struct assignment *as,
                       const rd_kafka_topic_partition_list_t *removed,
                       bool lost)
{
    int count = 0;

    for (int i = 0; i < removed->cnt; i++)
        count += rd_kafka_topic_partition_list_del(as->partitions,
                                                   removed->elems[i].topic,
                                                   removed->elems[i].partition);
    metric_add(&assigned_series, -count);
    lag_forget(removed);
    tell(as, lost ? CHANGE_LOST : CHANGE_REVOKED, count);
}
