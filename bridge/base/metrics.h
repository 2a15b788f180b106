/*
 * metrics.h - counters, gauges and histograms, in Prometheus's text format
 *
 * Each module declares its metrics as static structs and registers them once
 * at start; ops/admin renders them all. Names begin with "aurix_bridge_",
 * counters end in "_total", units are seconds and bytes. No label takes a
 * value from a request, but known event types: label values are fixed when
 * a series is made, and so the number of series is bounded.
 *
 * Source: Prometheus text exposition format 0.0.4 and its naming practice.
 *
 * Threads: registering is for the start, by one thread; adding, setting and
 * observing are lock-free for any thread; rendering may run beside them.
 * Ownership: the registry borrows what is registered, for the life of the
 * process; metrics_reset() (tests only) forgets everything.
 */
#ifndef BASE_METRICS_H
#define BASE_METRICS_H

#include "base/buf.h"
#include "base/fault.h"

#include <stdatomic.h>
#include <stddef.h>
#include <stdint.h>

enum metric_type { METRIC_COUNTER, METRIC_GAUGE, METRIC_HISTOGRAM };

enum {
    METRIC_LABELS_MAX = 320, /* rendered, with quotes: a topic has up to 249 */
    METRIC_BUCKETS_MAX = 20
};

/* A family: one name, one help text, any number of series. */
struct metric {
    const char *name; /* whole: "aurix_bridge_requests_total" */
    const char *help; /* one sentence */
    enum metric_type type;
    struct metric_series *series; /* by metric_series_init() */
    struct metric *next;          /* the registry's */
};

/* One line of a counter or gauge, or one histogram. */
struct metric_series {
    char labels[METRIC_LABELS_MAX]; /* `source="aurix",outcome="ok"` */
    _Atomic int64_t value;          /* counter, gauge */
    int64_t (*read)(void *ctx);     /* or: asked when rendered */
    void *ctx;
    double scale;              /* rendered value = value * scale; 1 usually */
    struct histogram *buckets; /* histogram only */
    struct metric_series *next;
};

/* Durations, observed in microseconds, rendered in seconds. */
struct histogram {
    _Atomic uint64_t bucket[METRIC_BUCKETS_MAX + 1];
    _Atomic uint64_t sum_us;
};

/* Nothing happens to a family that is registered already. */
void metrics_register(struct metric *metric);

/*
 * Adds a series to a family, unless it is there already. It is the caller's,
 * zeroed but for `read`, `ctx` and `scale` (0 becomes 1). `labels` as it will
 * be rendered between the braces, "" for none; metric_labels() makes it.
 * `read` is called with the registry locked: it must not register anything.
 */
void metric_series_init(struct metric *metric, struct metric_series *series,
                        const char *labels);

/* A histogram series: `buckets` is the caller's, zeroed. */
void metric_histogram_init(struct metric *metric, struct metric_series *series,
                           struct histogram *buckets, const char *labels);

/*
 * Writes `name="value",…` with the format's escapes; pairs end with NULL.
 * A value that does not fit is cut.
 */
void metric_labels(char out[METRIC_LABELS_MAX], const char *name, ...)
    __attribute__((sentinel));

static inline void metric_add(struct metric_series *series, int64_t n)
{
    atomic_fetch_add_explicit(&series->value, n, memory_order_relaxed);
}

static inline void metric_set(struct metric_series *series, int64_t value)
{
    atomic_store_explicit(&series->value, value, memory_order_relaxed);
}

static inline int64_t metric_get(const struct metric_series *series)
{
    return atomic_load_explicit(&series->value, memory_order_relaxed);
}

void metric_observe_us(struct histogram *histogram, int64_t us);

/* All families in the order of registration. FAULT_TOO_LARGE, FAULT_NOMEM. */
int metrics_render(struct buf *out, struct fault *why);

/* Forgets all families, their series and values; for tests. */
void metrics_reset(void);

#endif
