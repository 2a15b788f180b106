/*
 * metrics.c - counters, gauges and histograms, in Prometheus's text format
 *
 * A histogram keeps one counter a bucket, each without those below it; the
 * sums that the format wants are made while rendering. So an observation is
 * two additions, and the count of a histogram is the sum of the very numbers
 * that were rendered: it always equals its "+Inf" bucket.
 *
 * The lock guards the lists. Values need none.
 */
#include "base/metrics.h"

#include <assert.h>
#include <inttypes.h>
#include <pthread.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>

/* From a fast answer of a broker nearby to longer than any sender waits. */
static const struct bound {
    int64_t us;
    const char *seconds; /* as the label `le` spells it */
} bounds[] = {
    {50,       "0.00005"},
    {100,      "0.0001" },
    {250,      "0.00025"},
    {500,      "0.0005" },
    {1000,     "0.001"  },
    {2500,     "0.0025" },
    {5000,     "0.005"  },
    {10000,    "0.01"   },
    {25000,    "0.025"  },
    {50000,    "0.05"   },
    {100000,   "0.1"    },
    {250000,   "0.25"   },
    {500000,   "0.5"    },
    {1000000,  "1"      },
    {2500000,  "2.5"    },
    {5000000,  "5"      },
    {10000000, "10"     },
};

enum {
    BOUNDS = sizeof(bounds) / sizeof(bounds[0]) /* and one bucket above */
};

_Static_assert((int)BOUNDS <= (int)METRIC_BUCKETS_MAX,
               "a histogram has no bucket for the last bounds");

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static struct metric *first;

static const char *const type_names[] = {
    [METRIC_COUNTER] = "counter",
    [METRIC_GAUGE] = "gauge",
    [METRIC_HISTOGRAM] = "histogram",
};

void metrics_register(struct metric *metric)
{
    struct metric **at = &first;

    pthread_mutex_lock(&lock);
    while (*at != NULL && *at != metric) {
        /* two families of one name: our own bug */
        assert(strcmp((*at)->name, metric->name) != 0);
        at = &(*at)->next;
    }
    if (*at == NULL) {
        metric->next = NULL;
        *at = metric;
    }
    pthread_mutex_unlock(&lock);
}

static void series_add(struct metric *metric, struct metric_series *series,
                       struct histogram *buckets, const char *labels)
{
    struct metric_series **at = &metric->series;

    pthread_mutex_lock(&lock);
    while (*at != NULL && *at != series)
        at = &(*at)->next;
    if (*at == NULL) {
        snprintf(series->labels, sizeof(series->labels), "%s", labels);
        if (!(series->scale > 0.0))
            series->scale = 1.0;
        series->buckets = buckets;
        series->next = NULL;
        *at = series;
    }
    pthread_mutex_unlock(&lock);
}

void metric_series_init(struct metric *metric, struct metric_series *series,
                        const char *labels)
{
    assert(metric->type != METRIC_HISTOGRAM);
    series_add(metric, series, NULL, labels);
}

void metric_histogram_init(struct metric *metric, struct metric_series *series,
                           struct histogram *buckets, const char *labels)
{
    assert(metric->type == METRIC_HISTOGRAM);
    series_add(metric, series, buckets, labels);
}

/*
 * Copies `text` with the format's escapes to at most `room` bytes, whole
 * characters only. Returns the length.
 */
static size_t escape(char *out, size_t room, const char *text)
{
    size_t len = 0;

    for (; *text != '\0'; text++) {
        bool special = *text == '"' || *text == '\\' || *text == '\n';

        if (len + (special ? 2 : 1) > room)
            break;
        if (special)
            out[len++] = '\\';
        out[len++] = (char)(*text == '\n' ? 'n' : *text);
    }
    /* cut inside a UTF-8 sequence: it goes as a whole */
    if (((unsigned char)*text & 0xc0) == 0x80) {
        while (len > 0 && ((unsigned char)out[len - 1] & 0xc0) == 0x80)
            len--;
        if (len > 0)
            len--;
    }
    return len;
}

void metric_labels(char out[METRIC_LABELS_MAX], const char *name, ...)
{
    size_t len = 0;
    va_list args;

    va_start(args, name);
    while (name != NULL) {
        const char *value = va_arg(args, const char *);
        size_t around = strlen(name) + strlen(",=\"\"");

        /* a name without a value would be of no use */
        if (around >= METRIC_LABELS_MAX - len)
            break;
        len += (size_t)snprintf(out + len, METRIC_LABELS_MAX - len, "%s%s=\"",
                                len > 0 ? "," : "", name);
        len += escape(out + len, METRIC_LABELS_MAX - len - 2, value);
        out[len++] = '"';
        name = va_arg(args, const char *);
    }
    va_end(args);
    out[len] = '\0';
}

void metric_observe_us(struct histogram *histogram, int64_t us)
{
    size_t i = 0;

    if (us < 0)
        us = 0;
    while (i < BOUNDS && us > bounds[i].us)
        i++;
    atomic_fetch_add_explicit(&histogram->bucket[i], 1, memory_order_relaxed);
    atomic_fetch_add_explicit(&histogram->sum_us, (uint64_t)us,
                              memory_order_relaxed);
}

static int render_head(struct buf *out, const struct metric *metric,
                       struct fault *why)
{
    const char *help = metric->help;

    if (buf_addf(out, why, "# HELP %s ", metric->name) == -1)
        return -1;
    for (; *help != '\0'; help++) {
        const char *text = *help == '\\' ? "\\\\" : "\\n";
        bool special = *help == '\\' || *help == '\n';

        if (buf_add(out, special ? text : help, special ? 2 : 1, why) == -1)
            return -1;
    }
    return buf_addf(out, why, "\n# TYPE %s %s\n", metric->name,
                    type_names[metric->type]);
}

static int render_value(struct buf *out, const struct metric *metric,
                        const struct metric_series *series, struct fault *why)
{
    int64_t value =
        series->read == NULL ? metric_get(series) : series->read(series->ctx);
    bool braces = series->labels[0] != '\0';

    if (buf_addf(out, why, "%s%s%s%s ", metric->name, braces ? "{" : "",
                 series->labels, braces ? "}" : "") == -1)
        return -1;
    /* exact, where a double would not hold it */
    if (series->scale >= 1.0 && series->scale <= 1.0)
        return buf_addf(out, why, "%" PRId64 "\n", value);
    return buf_addf(out, why, "%.15g\n", (double)value * series->scale);
}

static int render_bucket(struct buf *out, const char *name, const char *labels,
                         const char *le, uint64_t count, struct fault *why)
{
    return buf_addf(out, why, "%s_bucket{%s%sle=\"%s\"} %" PRIu64 "\n", name,
                    labels, labels[0] == '\0' ? "" : ",", le, count);
}

static int render_histogram(struct buf *out, const struct metric *metric,
                            const struct metric_series *series,
                            struct fault *why)
{
    struct histogram *histogram = series->buckets;
    const char *name = metric->name;
    const char *labels = series->labels;
    const char *open = labels[0] == '\0' ? "" : "{";
    const char *close = labels[0] == '\0' ? "" : "}";
    uint64_t count = 0;
    uint64_t sum_us;

    for (size_t i = 0; i <= BOUNDS; i++) {
        count +=
            atomic_load_explicit(&histogram->bucket[i], memory_order_relaxed);
        if (render_bucket(out, name, labels,
                          i < BOUNDS ? bounds[i].seconds : "+Inf", count,
                          why) == -1)
            return -1;
    }
    sum_us = atomic_load_explicit(&histogram->sum_us, memory_order_relaxed);
    return buf_addf(out, why,
                    "%s_sum%s%s%s %" PRIu64 ".%06" PRIu64 "\n"
                    "%s_count%s%s%s %" PRIu64 "\n",
                    name, open, labels, close, sum_us / 1000000,
                    sum_us % 1000000, name, open, labels, close, count);
}

/* A family without series is left out: no line could follow its head. */
static int render_family(struct buf *out, const struct metric *metric,
                         struct fault *why)
{
    const struct metric_series *series = metric->series;

    if (series != NULL && render_head(out, metric, why) == -1)
        return -1;
    for (; series != NULL; series = series->next) {
        int rc = metric->type == METRIC_HISTOGRAM
                     ? render_histogram(out, metric, series, why)
                     : render_value(out, metric, series, why);

        if (rc == -1)
            return -1;
    }
    return 0;
}

int metrics_render(struct buf *out, struct fault *why)
{
    int rc = 0;

    pthread_mutex_lock(&lock);
    for (struct metric *m = first; m != NULL && rc == 0; m = m->next)
        rc = render_family(out, m, why);
    pthread_mutex_unlock(&lock);
    return rc;
}

/* Values as well, so that a test finds them as they are at start. */
static void series_clear(struct metric_series *series)
{
    metric_set(series, 0);
    if (series->buckets != NULL) {
        for (size_t i = 0; i <= METRIC_BUCKETS_MAX; i++)
            atomic_store(&series->buckets->bucket[i], 0);
        atomic_store(&series->buckets->sum_us, 0);
    }
    series->next = NULL;
}

void metrics_reset(void)
{
    pthread_mutex_lock(&lock);
    while (first != NULL) {
        struct metric *metric = first;

        first = metric->next;
        metric->next = NULL;
        while (metric->series != NULL) {
            struct metric_series *series = metric->series;

            metric->series = series->next;
            series_clear(series);
        }
    }
    pthread_mutex_unlock(&lock);
}
