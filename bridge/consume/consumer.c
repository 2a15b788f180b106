/*
 * consumer.c - the consumer's loop: from a group member into a sink
 *
 * take a batch -> flush the sink -> store the offsets -> again
 *
 * A batch is what was there: it ends as soon as no record waits, so that an
 * event that comes alone is passed on at once, and a busy topic pays for one
 * flush in hundreds of records. Its records stay with librdkafka's memory
 * until they are stored, which bounds a batch in bytes too.
 *
 * Partitions can be taken away while a batch is being gathered. What came
 * from them is finished first, so that the next owner does not begin with
 * what we have already passed on; only where the group did not ask, because
 * it took us for dead, the records are the next owner's.
 */
#include "consume/consumer.h"

#include "base/clock.h"
#include "base/limits.h"
#include "base/log.h"
#include "base/metrics.h"
#include "base/ready.h"

#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define MODULE "consume"

enum {
    BATCH_TIME_US = 10000, /* from its first record */
    IDLE_MS = 100,         /* how often an idle loop looks at `stop` */
    KINDS_MAX = 8
};

struct loop {
    const struct consumer_options *options;
    struct member *mb;
    struct sink *sk;
    struct counts *counts;
    struct ready *ready;
    bool was_joined;
    struct fault failed; /* while partitions were given up */
    size_t count;
    size_t bytes;
    struct member_record batch[LIMIT_BATCH_RECORDS];
};

/* ---- metrics --------------------------------------------------------------
 */

static struct metric consumed_total = {
    .name = "aurix_bridge_consumed_total",
    .help = "Records that the sink has taken for good.",
    .type = METRIC_COUNTER,
};
static struct metric flush_seconds = {
    .name = "aurix_bridge_consumer_flush_duration_seconds",
    .help = "How long the sink takes to make a batch final.",
    .type = METRIC_HISTOGRAM,
};

/* Of one kind; several consumers can run in a process. */
static struct counts {
    const char *kind;
    struct metric_series consumed;
    struct metric_series flush;
    struct histogram flush_buckets;
} table[KINDS_MAX];
static pthread_mutex_t table_lock = PTHREAD_MUTEX_INITIALIZER;

/* NULL: more kinds than there is room for. */
static struct counts *counts_of(const char *kind)
{
    struct counts *found = NULL;

    pthread_mutex_lock(&table_lock);
    for (size_t i = 0; i < KINDS_MAX && found == NULL; i++)
        if (table[i].kind == NULL || strcmp(table[i].kind, kind) == 0)
            found = &table[i];
    if (found != NULL)
        found->kind = kind;
    pthread_mutex_unlock(&table_lock);
    return found;
}

static int register_metrics(struct loop *lp, struct fault *why)
{
    struct counts *counts = counts_of(lp->options->kind);
    char labels[METRIC_LABELS_MAX];

    if (counts == NULL)
        return fault_set(why, FAULT_CONFIG,
                         "cannot run more than %d kinds of consumers",
                         KINDS_MAX);
    metric_labels(labels, "kind", lp->options->kind, (char *)NULL);
    metrics_register(&consumed_total);
    metric_series_init(&consumed_total, &counts->consumed, labels);
    metrics_register(&flush_seconds);
    metric_histogram_init(&flush_seconds, &counts->flush,
                          &counts->flush_buckets, labels);
    lp->counts = counts;
    return 0;
}

/* ---- readiness ------------------------------------------------------------
 */

static void tell_joined(struct loop *lp)
{
    bool joined = lp->mb != NULL && member_joined(lp->mb);
    char text[READY_TEXT_MAX];

    if (joined == lp->was_joined)
        return;
    lp->was_joined = joined;
    snprintf(text, sizeof(text),
             joined ? "member of group '%s'"
                    : "waiting to be accepted by group '%s'",
             lp->options->member.group);
    ready_set(lp->ready, joined, text);
}

/* ---- a batch --------------------------------------------------------------
 */

static void forget_batch(struct loop *lp)
{
    for (size_t i = 0; i < lp->count; i++)
        member_release(&lp->batch[i]);
    lp->count = 0;
    lp->bytes = 0;
}

/* Flushes, and only then stores. If it cannot be flushed it is forgotten:
 * without its offsets, it comes again. */
static int finish_batch(struct loop *lp, struct fault *why)
{
    int64_t start_us = clock_now_us();
    int rc = 0;

    if (lp->count == 0)
        return 0;
    rc = lp->options->sink->flush(lp->sk, why);
    if (rc == 0) {
        metric_observe_us(&lp->counts->flush_buckets,
                          clock_now_us() - start_us);
        for (size_t i = 0; i < lp->count; i++)
            member_store(lp->mb, &lp->batch[i]);
        metric_add(&lp->counts->consumed, (int64_t)lp->count);
    }
    forget_batch(lp);
    return rc;
}

/* Runs inside member_next(), so inside take_batch(). */
static void giving_up(void *ctx, bool lost)
{
    struct loop *lp = ctx;

    if (lost)
        forget_batch(lp);
    else
        finish_batch(lp, &lp->failed);
}

/* Takes what is there, up to a batch; waits only for the first record. */
static int take_batch(struct loop *lp, struct fault *why)
{
    int64_t end_us = 0;

    while (lp->count < LIMIT_BATCH_RECORDS && lp->bytes < LIMIT_BATCH_BYTES) {
        struct member_record record;
        int rc =
            member_next(lp->mb, lp->count == 0 ? IDLE_MS : 0, &record, why);

        if (rc == 1 && lp->failed.kind == FAULT_NONE &&
            lp->options->sink->take(lp->sk, &record, &lp->failed) == 0) {
            if (lp->count == 0)
                end_us = clock_now_us() + BATCH_TIME_US;
            lp->bytes += record.record.value.len;
            lp->batch[lp->count++] = record;
        } else if (rc == 1) {
            member_release(&record);
        }
        if (lp->failed.kind != FAULT_NONE)
            return fault_set(why, lp->failed.kind, "%s", lp->failed.text);
        if (rc != 1)
            return rc;
        if (clock_now_us() >= end_us || atomic_load(lp->options->stop))
            return 0;
    }
    return 0;
}

/* ---- the loop -------------------------------------------------------------
 */

static int run(struct loop *lp, struct fault *why)
{
    while (!atomic_load(lp->options->stop)) {
        int rc = take_batch(lp, why);

        tell_joined(lp);
        if (rc == -1 || finish_batch(lp, why) == -1)
            return -1;
    }
    return 0;
}

static int join(struct loop *lp, struct fault *why)
{
    struct member_options member = lp->options->member;

    member.giving_up = giving_up;
    member.ctx = lp;
    return member_join(&lp->mb, &member, why);
}

static void loop_free(struct loop *lp)
{
    if (lp == NULL)
        return;
    forget_batch(lp);
    member_leave(lp->mb);
    lp->mb = NULL;
    if (lp->ready != NULL)
        tell_joined(lp);
    if (lp->sk != NULL)
        lp->options->sink->close(lp->sk);
    free(lp);
}

int consumer_run(const struct consumer_options *options, struct fault *why)
{
    struct loop *lp = calloc(1, sizeof(*lp));
    int rc = -1;

    if (lp == NULL)
        return fault_set(why, FAULT_NOMEM, "cannot allocate a consumer");
    lp->options = options;
    lp->was_joined = true; /* so that the opposite is news */
    if (register_metrics(lp, why) == -1)
        goto done;
    lp->ready = ready_register("group");
    tell_joined(lp);
    if (options->sink->open(&lp->sk, options->stop, why) == -1 ||
        join(lp, why) == -1)
        goto done;

    log_line(LOG_INFO, MODULE, "consumer has started",
             log_text("kind", options->kind),
             log_text("group", options->member.group),
             log_text("sink", options->sink->name));
    rc = run(lp, why);
    if (rc == -1 && why != NULL && why->kind == FAULT_STOPPING) {
        log_line(LOG_WARN, MODULE,
                 "the last batch was not finished and will come again",
                 log_text("error", why->text));
        fault_clear(why);
        rc = 0;
    }
    log_line(LOG_INFO, MODULE, "consumer has ended",
             log_text("kind", options->kind),
             log_int("consumed", metric_get(&lp->counts->consumed)));

done:
    loop_free(lp);
    return rc;
}
