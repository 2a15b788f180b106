/*
 * traffic.c - what is counted and logged about requests
 */
#include "ingest/traffic.h"

#include "base/clock.h"
#include "base/log.h"
#include "base/metrics.h"

#include <stdatomic.h>
#include <stdlib.h>

static struct metric requests_metric = {
    .name = "aurix_bridge_requests_total",
    .help = "Requests to a source by outcome; ok: the event was taken.",
    .type = METRIC_COUNTER};
static struct metric refused_metric = {
    .name = "aurix_bridge_refused_requests_total",
    .help = "Requests refused for their form, before their body was read.",
    .type = METRIC_COUNTER};
static struct metric events_metric = {
    .name = "aurix_bridge_events_total",
    .help = "Events taken, by type; other: types without a schema.",
    .type = METRIC_COUNTER};
static struct metric duration_metric = {
    .name = "aurix_bridge_request_duration_seconds",
    .help = "Time from a request's complete head to its answer.",
    .type = METRIC_HISTOGRAM};
static struct metric in_flight_metric = {.name = "aurix_bridge_in_flight",
                                         .help = "Requests in hand.",
                                         .type = METRIC_GAUGE};
static struct metric unsent_metric = {
    .name = "aurix_bridge_unsent_answers_total",
    .help = "Answers that the sender did not get whole.",
    .type = METRIC_COUNTER};

static struct {
    const struct config *config;
    const struct catalog *catalog;
    struct metric_series *requests; /* [source][fault kind] */
    struct metric_series refused[FAULT_KINDS];
    struct metric_series *events; /* [type], then other */
    struct metric_series duration;
    struct histogram duration_buckets;
    struct metric_series in_flight;
    struct metric_series unsent;
} traffic;

/* "ok" where there is no fault: a label for people. */
static const char *outcome_name(enum fault_kind kind)
{
    return kind == FAULT_NONE ? "ok" : fault_class(kind)->name;
}

/* Whether a request that became a hook can end so. */
static bool is_hook_outcome(enum fault_kind kind)
{
    switch (kind) {
    case FAULT_NONE:
    case FAULT_SIGNATURE:
    case FAULT_PARSE:
    case FAULT_SCHEMA:
    case FAULT_UNDECIDED:
    case FAULT_REFUSED:
    case FAULT_UNAVAILABLE:
    case FAULT_STOPPING:
    case FAULT_TIMEOUT:
    case FAULT_NOMEM:
        return true;
    default:
        return false;
    }
}

static bool is_refusal(enum fault_kind kind)
{
    switch (kind) {
    case FAULT_BAD_REQUEST:
    case FAULT_NOT_FOUND:
    case FAULT_METHOD:
    case FAULT_LENGTH_REQUIRED:
    case FAULT_TOO_LARGE:
    case FAULT_HEADERS_TOO_LARGE:
    case FAULT_VERSION:
    case FAULT_SIGNATURE:
    case FAULT_STOPPING:
    case FAULT_NOMEM:
        return true;
    default:
        return false;
    }
}

static void setup_sources(const struct config *config)
{
    char labels[METRIC_LABELS_MAX];

    for (size_t i = 0; i < config->source_count; i++) {
        for (int kind = 0; kind < FAULT_KINDS; kind++) {
            if (!is_hook_outcome((enum fault_kind)kind))
                continue;
            metric_labels(labels, "source", config->sources[i].name, "outcome",
                          outcome_name((enum fault_kind)kind), (char *)NULL);
            metric_series_init(
                &requests_metric,
                &traffic.requests[i * FAULT_KINDS + (size_t)kind], labels);
        }
    }
    for (int kind = 0; kind < FAULT_KINDS; kind++) {
        if (!is_refusal((enum fault_kind)kind))
            continue;
        metric_labels(labels, "reason", outcome_name((enum fault_kind)kind),
                      (char *)NULL);
        metric_series_init(&refused_metric, &traffic.refused[kind], labels);
    }
}

static void setup_types(const struct catalog *catalog)
{
    size_t count = catalog_type_count(catalog);
    char labels[METRIC_LABELS_MAX];

    for (size_t i = 0; i <= count; i++) {
        metric_labels(labels, "type",
                      i < count ? catalog_type(catalog, i) : "other",
                      (char *)NULL);
        metric_series_init(&events_metric, &traffic.events[i], labels);
    }
}

int traffic_setup(const struct config *config, const struct catalog *catalog,
                  struct fault *why)
{
    traffic.config = config;
    traffic.catalog = catalog;
    /* for the life of the process, as the registry is */
    traffic.requests =
        calloc(config->source_count * FAULT_KINDS, sizeof(*traffic.requests));
    traffic.events =
        calloc(catalog_type_count(catalog) + 1, sizeof(*traffic.events));
    if (traffic.requests == NULL || traffic.events == NULL)
        return fault_set(why, FAULT_NOMEM, "cannot allocate the metrics");
    setup_sources(config);
    setup_types(catalog);
    metric_histogram_init(&duration_metric, &traffic.duration,
                          &traffic.duration_buckets, "");
    metric_series_init(&in_flight_metric, &traffic.in_flight, "");
    metric_series_init(&unsent_metric, &traffic.unsent, "");
    metrics_register(&requests_metric);
    metrics_register(&refused_metric);
    metrics_register(&events_metric);
    metrics_register(&duration_metric);
    metrics_register(&in_flight_metric);
    metrics_register(&unsent_metric);
    return 0;
}

void traffic_begin(void) { atomic_fetch_add(&traffic.in_flight.value, 1); }

void traffic_end(void) { atomic_fetch_sub(&traffic.in_flight.value, 1); }

int traffic_in_flight(void)
{
    return (int)atomic_load(&traffic.in_flight.value);
}

static void count(const struct hook *hook)
{
    size_t types = catalog_type_count(traffic.catalog);

    metric_add(
        &traffic.requests[hook->source * FAULT_KINDS + (size_t)hook->why.kind],
        1);
    if (hook->why.kind == FAULT_NONE)
        metric_add(
            &traffic.events[hook->type == -1 ? types : (size_t)hook->type], 1);
    if (hook->unsent)
        metric_add(&traffic.unsent, 1);
}

void traffic_hook(const struct hook *hook, int64_t started_us)
{
    int64_t took_us = hook->answered_us - started_us;
    bool taken = hook->why.kind == FAULT_NONE;
    bool lost = hook->reply.status == 503; /* nobody sends it again */
    /* An unknown type is the sender's text; a known one is ours. Nothing of
     * an unauthentic request is logged but its size. */
    const struct log_field fields[] = {
        log_text("source", traffic.config->sources[hook->source].name),
        log_text("outcome", outcome_name(hook->why.kind)),
        log_int("status", hook->reply.status),
        log_text("type", hook->type == -1 ? NULL
                                          : catalog_type(traffic.catalog,
                                                         (size_t)hook->type)),
        log_text("topic", hook->record.topic),
        log_slice("ce_id", hook->event.ce_id),
        log_int("bytes", (int64_t)hook->body.len),
        log_int("us", took_us),
        log_text("error", lost ? hook->why.text : NULL),
        log_bool("unsent", hook->unsent),
    };
    size_t used = sizeof(fields) / sizeof(fields[0]);

    metric_observe_us(&traffic.duration_buckets, took_us);
    count(hook);
    log_write(lost    ? LOG_ERROR
              : taken ? LOG_INFO
                      : LOG_WARN,
              "ingest", "request", fields, hook->unsent ? used : used - 1);
}

void traffic_refused(enum fault_kind kind, int status)
{
    metric_add(&traffic.refused[kind], 1);
    log_line(LOG_WARN, "ingest", "request refused",
             log_text("reason", outcome_name(kind)), log_int("status", status));
}
