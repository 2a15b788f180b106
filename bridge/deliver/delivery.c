/*
 * delivery.c - when is an event safe?
 *
 * Each record has a passage: what the sender's thread waits on, and what its
 * delivery report finds again. It belongs to the waiting thread; if that one
 * gives up at its deadline it belongs to the report, which comes sooner or
 * later, because librdkafka has no timeout of its own here.
 *
 * The housekeeper is a thread that polls when nobody waits, keeps the
 * readiness current, and has a lane of the producer replaced that has met a
 * fatal error.
 */
#include "deliver/delivery.h"

#include "base/clock.h"
#include "base/log.h"
#include "base/metrics.h"
#include "base/ready.h"
#include "deliver/crew.h"
#include "kafka/producer.h"

#include <errno.h>
#include <pthread.h>
#include <stdlib.h>

enum {
    TICK_MS = 100,
    LOOK_READY_MS = 5000,  /* at the topics, while they are there */
    LOOK_UNREADY_MS = 500, /* while they are not */
    METADATA_MS = 2000,
    RESOLVE_MS = 10000 /* for the reports of a producer that is replaced */
};

struct passage {
    struct flight flight;
    struct delivery *dl;
    delivery_done_fn *done;
    void *ctx;
    int64_t sent_us;
    enum report_outcome outcome;
};

enum tally {
    TALLY_DELIVERED,
    TALLY_REFUSED,
    TALLY_TOPIC,
    TALLY_FAILED,
    TALLY_DEADLINE,
    TALLY_NOT_QUEUED,
    TALLY_LATE,
    TALLIES
};

static const char *const tally_names[TALLIES] = {
    [TALLY_DELIVERED] = "delivered", [TALLY_REFUSED] = "refused",
    [TALLY_TOPIC] = "topic",         [TALLY_FAILED] = "failed",
    [TALLY_DEADLINE] = "deadline",   [TALLY_NOT_QUEUED] = "not_queued",
    [TALLY_LATE] = "late",
};

struct delivery {
    struct delivery_options options;
    struct producer_options producer_options;
    struct producer *producer;
    struct crew crew;
    struct ready *ready;
    bool was_ready;
    int64_t next_look_us;

    pthread_t housekeeper;
    pthread_mutex_t stop_lock;
    pthread_cond_t stop_wake;
    bool stop;
};

/* One delivery a process: the registry borrows these for ever. */
static struct metric ack_metric = {
    .name = "aurix_bridge_kafka_ack_duration_seconds",
    .help = "Time from handing a record to the producer to its delivery "
            "report.",
    .type = METRIC_HISTOGRAM};
static struct metric tally_metric = {
    .name = "aurix_bridge_deliveries_total",
    .help = "Records by what became of them; late: confirmed after the "
            "sender was told 503.",
    .type = METRIC_COUNTER};
static struct metric queue_metric = {
    .name = "aurix_bridge_kafka_queue_records",
    .help = "Records that the producer has and that were not reported yet.",
    .type = METRIC_GAUGE};
static struct metric renewal_metric = {
    .name = "aurix_bridge_producer_renewals_total",
    .help = "Lanes of the producer replaced after a fatal error.",
    .type = METRIC_COUNTER};
static struct metric_series ack_series;
static struct metric_series tally_series[TALLIES];
static struct metric_series queue_series;
static struct metric_series renewal_series;
static struct histogram ack_histogram;

static void tally(enum tally what) { metric_add(&tally_series[what], 1); }

static void register_metrics(void)
{
    char labels[METRIC_LABELS_MAX];

    producer_metrics_register();
    metric_histogram_init(&ack_metric, &ack_series, &ack_histogram, "");
    metrics_register(&ack_metric);
    for (int i = 0; i < TALLIES; i++) {
        metric_labels(labels, "outcome", tally_names[i], (char *)NULL);
        metric_series_init(&tally_metric, &tally_series[i], labels);
    }
    metrics_register(&tally_metric);
    metric_series_init(&queue_metric, &queue_series, "");
    metrics_register(&queue_metric);
    metric_series_init(&renewal_metric, &renewal_series, "");
    metrics_register(&renewal_metric);
}

static void passage_free(struct passage *pg)
{
    flight_release(&pg->flight);
    free(pg);
}

/* A delivery report, in the leader's thread. */
static void on_report(void *token, const struct report *report)
{
    static const enum tally tallies[] = {
        [REPORT_DELIVERED] = TALLY_DELIVERED,
        [REPORT_REFUSED] = TALLY_REFUSED,
        [REPORT_TOPIC] = TALLY_TOPIC,
        [REPORT_FAILED] = TALLY_FAILED,
    };
    struct passage *pg = token;

    pg->outcome = report->outcome;
    if (!crew_land(&pg->flight)) {
        tally(report->outcome == REPORT_DELIVERED ? TALLY_LATE
                                                  : tallies[report->outcome]);
        passage_free(pg);
        return;
    }
    tally(tallies[report->outcome]);
    if (report->outcome == REPORT_DELIVERED) {
        if (pg->done != NULL)
            pg->done(pg->ctx);
        metric_observe_us(&ack_histogram, clock_now_us() - pg->sent_us);
    } else {
        log_line(LOG_WARN, "deliver", "record was not taken",
                 log_text("error", report->error),
                 log_bool("maybe_persisted", report->maybe_persisted));
    }
    crew_settle(&pg->dl->crew, &pg->flight);
}

static void poll_reports(void *ctx, int timeout_ms)
{
    struct delivery *dl = ctx;

    producer_poll(dl->producer, timeout_ms);
}

static int outcome_fault(enum report_outcome outcome, struct fault *why)
{
    switch (outcome) {
    case REPORT_REFUSED:
        return fault_set(why, FAULT_REFUSED,
                         "Kafka refuses the record for its own sake");
    case REPORT_TOPIC:
        return fault_set(why, FAULT_UNAVAILABLE,
                         "the topic cannot be written to");
    default:
        return fault_set(why, FAULT_UNAVAILABLE, "the producer has failed");
    }
}

/* Sends, or says why not; `pg` is the producer's too once this is 0. */
static int send_record(struct delivery *dl, const struct record *record,
                       struct passage *pg, struct fault *why)
{
    int rc = producer_send(dl->producer, record, pg, why);

    if (rc == -1 && why->kind == FAULT_KAFKA)
        why->kind = FAULT_UNAVAILABLE; /* until the lane is replaced */
    if (rc == -1)
        tally(why->kind == FAULT_REFUSED ? TALLY_REFUSED : TALLY_NOT_QUEUED);
    return rc;
}

int delivery_send(struct delivery *dl, const struct record *record,
                  delivery_done_fn *done, void *ctx, struct fault *why)
{
    int64_t now_us = clock_now_us();
    enum report_outcome outcome;
    struct passage *pg;

    pg = malloc(sizeof(*pg));
    if (pg == NULL)
        return fault_set(why, FAULT_NOMEM, "cannot allocate a passage");
    flight_init(&pg->flight);
    pg->dl = dl;
    pg->done = done;
    pg->ctx = ctx;
    pg->sent_us = now_us;
    if (send_record(dl, record, pg, why) == -1) {
        passage_free(pg);
        return -1;
    }
    if (!crew_wait(&dl->crew, &pg->flight,
                   now_us + (int64_t)dl->options.deadline_ms * 1000)) {
        tally(TALLY_DEADLINE);
        return fault_set(why, FAULT_UNAVAILABLE,
                         "Kafka did not confirm within %d ms",
                         dl->options.deadline_ms);
    }
    outcome = pg->outcome;
    passage_free(pg);
    return outcome == REPORT_DELIVERED ? 0 : outcome_fault(outcome, why);
}

/* ---- the housekeeper ---------------------------------------------------- */

static void look_at_topics(struct delivery *dl)
{
    struct fault why = FAULT_INIT;
    bool there;

    if (clock_now_us() < dl->next_look_us)
        return;
    there = producer_topics_there(dl->producer, METADATA_MS, &why) == 0;
    ready_set(dl->ready, there, there ? "all topics are there" : why.text);
    if (there && !dl->was_ready)
        log_line(LOG_INFO, "deliver", "kafka is ready");
    if (!there && (dl->was_ready || dl->next_look_us == 0))
        log_line(LOG_ERROR, "deliver", "kafka is not ready",
                 log_text("error", why.text));
    dl->was_ready = there;
    dl->next_look_us =
        clock_now_us() + (there ? LOOK_READY_MS : LOOK_UNREADY_MS) * 1000;
}

/* Purges, and runs the reports until none is missing. Needs the lead. */
static void resolve_all(struct delivery *dl)
{
    int64_t deadline_us = clock_now_us() + (int64_t)RESOLVE_MS * 1000;

    producer_purge(dl->producer);
    while (producer_unreported(dl->producer) > 0 &&
           clock_now_us() < deadline_us)
        crew_poll(&dl->crew, TICK_MS);
}

static void poll_taken(void *ctx)
{
    struct delivery *dl = ctx;

    crew_poll(&dl->crew, TICK_MS);
}

/* Making a lane and closing one can take long (names are resolved, threads
 * are joined), so both are done while others poll. */
static void renew_lane(struct delivery *dl, size_t lane, const char *reason)
{
    struct fault why = FAULT_INIT;
    bool replaced;

    log_line(LOG_ERROR, "deliver", "producer met a fatal error",
             log_int("lane", (int64_t)lane), log_text("error", reason));
    if (producer_make_spare(dl->producer, &why) == -1) {
        /* the lane refuses everything; the next tick tries again */
        log_line(LOG_ERROR, "deliver", "cannot replace the producer",
                 log_text("error", why.text));
        return;
    }
    crew_take(&dl->crew);
    replaced = producer_replace(dl->producer, lane, poll_taken, dl, RESOLVE_MS);
    crew_give(&dl->crew);
    producer_drop_replaced(dl->producer);
    if (!replaced) {
        log_line(LOG_ERROR, "deliver", "the failed producer does not let go",
                 log_int("lane", (int64_t)lane));
        return;
    }
    metric_add(&renewal_series, 1);
    log_line(LOG_INFO, "deliver", "producer was replaced",
             log_int("lane", (int64_t)lane));
}

/* True until the housekeeper shall stop; waits a tick. */
static bool rest(struct delivery *dl)
{
    struct timespec until = clock_timespec(clock_now_us() + TICK_MS * 1000);
    bool stop;

    pthread_mutex_lock(&dl->stop_lock);
    if (!dl->stop)
        pthread_cond_clockwait(&dl->stop_wake, &dl->stop_lock, CLOCK_MONOTONIC,
                               &until);
    stop = dl->stop;
    pthread_mutex_unlock(&dl->stop_lock);
    return !stop;
}

static void *keep_house(void *arg)
{
    struct delivery *dl = arg;
    char reason[256];
    size_t lane;

    do {
        crew_tend(&dl->crew);
        metric_set(&queue_series, producer_unreported(dl->producer));
        look_at_topics(dl);
        if (producer_fatal(dl->producer, &lane, reason, sizeof(reason)))
            renew_lane(dl, lane, reason);
    } while (rest(dl));
    return NULL;
}

/* ---- opening and closing ------------------------------------------------ */

static void delivery_free(struct delivery *dl)
{
    producer_close(dl->producer);
    crew_release(&dl->crew);
    pthread_cond_destroy(&dl->stop_wake);
    pthread_mutex_destroy(&dl->stop_lock);
    free(dl);
}

int delivery_open(struct delivery **out, const struct delivery_options *options,
                  struct fault *why)
{
    struct delivery *dl = calloc(1, sizeof(*dl));
    int err;

    if (dl == NULL)
        return fault_set(why, FAULT_NOMEM, "cannot allocate the delivery");
    dl->options = *options;
    dl->producer_options =
        (struct producer_options){.kafka = options->kafka,
                                  .producer = options->producer,
                                  .topics = options->topics,
                                  .topic_count = options->topic_count,
                                  .lanes = options->lanes,
                                  .on_report = on_report};
    pthread_mutex_init(&dl->stop_lock, NULL);
    pthread_cond_init(&dl->stop_wake, NULL);
    crew_init(&dl->crew, poll_reports, dl);
    if (producer_open(&dl->producer, &dl->producer_options, why) == -1)
        goto fail;
    dl->ready = ready_register("kafka");
    ready_set(dl->ready, false, "not asked yet");
    register_metrics();
    err = pthread_create(&dl->housekeeper, NULL, keep_house, dl);
    if (err != 0) {
        fault_set_errno(why, FAULT_IO, err, "cannot start a thread");
        goto fail;
    }
    *out = dl;
    return 0;

fail:
    delivery_free(dl);
    return -1;
}

static void stop_housekeeper(struct delivery *dl)
{
    pthread_mutex_lock(&dl->stop_lock);
    dl->stop = true;
    pthread_cond_signal(&dl->stop_wake);
    pthread_mutex_unlock(&dl->stop_lock);
    pthread_join(dl->housekeeper, NULL);
}

void delivery_close(struct delivery *dl, int timeout_ms)
{
    int64_t deadline_us = clock_now_us() + (int64_t)timeout_ms * 1000;
    int left;

    if (dl == NULL)
        return;
    stop_housekeeper(dl);
    crew_take(&dl->crew);
    while (producer_unreported(dl->producer) > 0 &&
           clock_now_us() < deadline_us)
        crew_poll(&dl->crew, TICK_MS);
    left = producer_unreported(dl->producer);
    if (left > 0)
        log_line(LOG_WARN, "deliver",
                 "records that nobody was promised were given up",
                 log_int("records", left));
    resolve_all(dl);
    delivery_free(dl);
}
