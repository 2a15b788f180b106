/*
 * counts.c - what the delivery counts
 */
#include "deliver/counts.h"

#include "base/clock.h"
#include "base/metrics.h"

static struct metric metrics[COUNTS] = {
    [COUNT_QUEUE] = {.name = "aurix_bridge_kafka_queue_records",
                     .help = "Records that the producer has and that were not "
                             "reported yet.",                                .type = METRIC_GAUGE  },
    [COUNT_RENEWALS] = {.name = "aurix_bridge_producer_renewals_total",
                     .help = "Lanes of the producer replaced after a fatal "
                                "error.",                                    .type = METRIC_COUNTER},
    [COUNT_TOPICS_DOWN] = {.name = "aurix_bridge_breaker_open",
                     .help = "Topics with a partition whose events go to "
                                   "the spool without waiting for Kafka.",   .type = METRIC_GAUGE  },
    [COUNT_IN_DOUBT] = {.name = "aurix_bridge_in_doubt_records",
                     .help = "Records in the spool that the producer has, "
                                "too: Kafka may have them or not.",          .type = METRIC_GAUGE  },
    [COUNT_SPOOL_RECORDS] = {.name = "aurix_bridge_spool_records",
                     .help = "Records in the spool, not in Kafka yet "
                                     "as far as is known.",                  .type = METRIC_GAUGE  },
    [COUNT_SPOOL_BYTES] = {.name = "aurix_bridge_spool_bytes",
                     .help = "Bytes of the records in the spool, those "
                                   "aside too.",                             .type = METRIC_GAUGE  },
    [COUNT_SPOOL_ASIDE] = {.name = "aurix_bridge_spool_aside_records",
                     .help = "Records that are kept aside: refused by "
                                   "Kafka, or damaged. Someone must look.",  .type = METRIC_GAUGE  },
    [COUNT_SPOOL_FILES] = {.name = "aurix_bridge_spool_files",
                     .help = "Files of the spool; more than one after "
                                   "one has failed.",                        .type = METRIC_GAUGE  },
    [COUNT_SPOOL_FAILED] = {.name = "aurix_bridge_spool_failed_files",
                     .help = "Files of the spool that cannot be "
                                    "written to.",                           .type = METRIC_GAUGE  },
    [COUNT_APPENDED] = {.name = "aurix_bridge_spool_appended_total",
                     .help = "Records that were written to the spool.",
                     .type = METRIC_COUNTER                                                        },
    [COUNT_REMOVED] = {.name = "aurix_bridge_spool_drained_total",
                     .help = "Records that left the spool, being in Kafka.",
                     .type = METRIC_COUNTER                                                        },
    [COUNT_COMMITS] = {.name = "aurix_bridge_spool_commits_total",
                     .help = "Transactions of the spool, each with one "
                               "fsync.",                                     .type = METRIC_COUNTER},
    [COUNT_FILES_FAILED] = {.name = "aurix_bridge_spool_failures_total",
                     .help = "Failures of the spool's disk.",
                     .type = METRIC_COUNTER                                                        },
    [COUNT_FILES_BAD] = {.name = "aurix_bridge_spool_bad_files_total",
                     .help = "Files of the spool that were set aside as "
                                 "*.bad.",                                   .type = METRIC_COUNTER},
    [COUNT_UNREADABLE] = {.name = "aurix_bridge_spool_unreadable_total",
                     .help = "Records of the spool that could not be "
                                  "read.",                                   .type = METRIC_COUNTER},
    [COUNT_MARKED] = {.name = "aurix_bridge_possible_duplicates_total",
                     .help = "Records that were sent with the mark "
                              "bridge-possible-duplicate.",                  .type = METRIC_COUNTER},
    [COUNT_NO_ROOM] = {.name = "aurix_bridge_unavailable_total",
                     .help = "Events that nothing could keep: answered 503, "
                               "and lost.",                                  .type = METRIC_COUNTER},
};

static const char *const outcome_names[OUTCOMES] = {
    [OUTCOME_DELIVERED] = "delivered", [OUTCOME_REFUSED] = "refused",
    [OUTCOME_TOPIC] = "topic",         [OUTCOME_FAILED] = "failed",
    [OUTCOME_DEADLINE] = "deadline",   [OUTCOME_NOT_QUEUED] = "not_queued",
    [OUTCOME_LATE] = "late",
};

static const char *const disorder_names[DISORDERS] = {
    [DISORDER_REFUSED] = "refused",
    [DISORDER_TOPIC] = "topic",
    [DISORDER_FAILED] = "failed",
    [DISORDER_FULL] = "full",
};

static struct metric outcome_metric = {
    .name = "aurix_bridge_deliveries_total",
    .help = "Records by what became of them with Kafka; late: confirmed "
            "after the sender was told 503.",
    .type = METRIC_COUNTER};
static struct metric disorder_metric = {
    .name = "aurix_bridge_order_broken_total",
    .help = "Events of a key that others may have passed, by reason.",
    .type = METRIC_COUNTER};
static struct metric ack_metric = {
    .name = "aurix_bridge_kafka_ack_duration_seconds",
    .help = "Time from handing a record to the producer to its delivery "
            "report.",
    .type = METRIC_HISTOGRAM};
static struct metric age_metric = {
    .name = "aurix_bridge_spool_oldest_age_seconds",
    .help = "Age of the oldest record in the spool.",
    .type = METRIC_GAUGE};

static struct metric_series series[COUNTS];
static struct metric_series outcome_series[OUTCOMES];
static struct metric_series disorder_series[DISORDERS];
static struct metric_series ack_series;
static struct metric_series age_series;
static struct histogram ack_histogram;
static _Atomic int64_t oldest_ms;

static int64_t read_age(void *ctx)
{
    const int64_t stored_ms = atomic_load(&oldest_ms);
    const int64_t age_ms = clock_real_ms() - stored_ms;

    (void)ctx;
    return stored_ms == 0 || age_ms < 0 ? 0 : age_ms;
}

static void register_labelled(struct metric *metric,
                              struct metric_series *labelled, int count,
                              const char *name, const char *const *values)
{
    char labels[METRIC_LABELS_MAX];

    for (int i = 0; i < count; i++) {
        metric_labels(labels, name, values[i], (char *)NULL);
        metric_series_init(metric, &labelled[i], labels);
    }
    metrics_register(metric);
}

void counts_register(void)
{
    metric_histogram_init(&ack_metric, &ack_series, &ack_histogram, "");
    metrics_register(&ack_metric);
    register_labelled(&outcome_metric, outcome_series, OUTCOMES, "outcome",
                      outcome_names);
    register_labelled(&disorder_metric, disorder_series, DISORDERS, "reason",
                      disorder_names);
    for (int i = 0; i < COUNTS; i++) {
        metric_series_init(&metrics[i], &series[i], "");
        metrics_register(&metrics[i]);
    }
    age_series.read = read_age;
    age_series.scale = 0.001;
    metric_series_init(&age_metric, &age_series, "");
    metrics_register(&age_metric);
}

void count_add(enum count what, int64_t n) { metric_add(&series[what], n); }

void count_set(enum count what, int64_t value)
{
    metric_set(&series[what], value);
}

void count_oldest(int64_t stored_ms) { atomic_store(&oldest_ms, stored_ms); }

void count_outcome(enum outcome outcome)
{
    metric_add(&outcome_series[outcome], 1);
}

void count_report(const struct report *report)
{
    static const enum outcome outcomes[] = {
        [REPORT_DELIVERED] = OUTCOME_DELIVERED,
        [REPORT_REFUSED] = OUTCOME_REFUSED,
        [REPORT_TOPIC] = OUTCOME_TOPIC,
        [REPORT_FAILED] = OUTCOME_FAILED,
    };

    count_outcome(outcomes[report->outcome]);
}

void count_late(const struct report *report)
{
    if (report->outcome == REPORT_DELIVERED)
        count_outcome(OUTCOME_LATE);
    else
        count_report(report);
}

void count_ack_us(int64_t us) { metric_observe_us(&ack_histogram, us); }

void count_disorder(enum disorder disorder)
{
    metric_add(&disorder_series[disorder], 1);
}

int64_t count_disorders(enum disorder disorder)
{
    return metric_get(&disorder_series[disorder]);
}
