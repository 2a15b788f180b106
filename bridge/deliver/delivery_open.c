/*
 * delivery_open.c - the parts of a delivery, and the order in which they come
 *
 * The spool is first, since its topics are the producer's, too; the
 * housekeeper last. Closing goes the other way round: what is reported in the
 * end is still written down.
 */
#include "deliver/delivery.h"

#include "base/clock.h"
#include "base/log.h"
#include "deliver/counts.h"
#include "deliver/delivery_parts.h"

#include <stdlib.h>

enum {
    TICK_MS = 100,
    RESOLVE_MS = 10 * 1000 /* for the reports of what is given up at the end */
};

static void poll_reports(void *ctx, int timeout_ms)
{
    struct delivery *dl = ctx;

    producer_poll(dl->producer, timeout_ms);
}

/* The drain's, with the stripe locked. */
static int send_row(void *ctx, const struct record *record, struct passage *pg,
                    struct fault *why)
{
    struct delivery *dl = ctx;

    pg->delivery = dl;
    return producer_send(dl->producer, record, pg, why);
}

static void delivery_free(struct delivery *dl)
{
    spooler_close(dl->spooler);
    spool_dir_close(dl->dir);
    producer_close(dl->producer);
    crew_release(&dl->crew);
    channels_release(&dl->channels);
    pthread_cond_destroy(&dl->stop_wake);
    pthread_mutex_destroy(&dl->stop_lock);
    free(dl->partitions);
    free(dl->topics);
    free(dl);
}

/* Those that are sent to, and those of which the spool has records. */
static int collect_topics(struct delivery *dl, struct fault *why)
{
    const char *const *spooled = NULL;
    size_t count = 0;

    if (dl->dir != NULL)
        spooled = spool_dir_topics(dl->dir, &count);
    if (channels_init(&dl->channels, dl->options.topics,
                      dl->options.topic_count, spooled, count, why) == -1)
        return -1;
    dl->topics = calloc(dl->channels.count + 1, sizeof(*dl->topics));
    dl->partitions = calloc(dl->channels.count + 1, sizeof(*dl->partitions));
    if (dl->topics == NULL || dl->partitions == NULL)
        return fault_set(why, FAULT_NOMEM, "cannot allocate the topics");
    for (size_t i = 0; i < dl->channels.count; i++)
        dl->topics[i] = dl->channels.items[i].topic;
    return 0;
}

static int open_spool(struct delivery *dl, struct fault *why)
{
    if (dl->options.spool_dir == NULL ||
        spool_dir_open(&dl->dir, dl->options.spool_dir,
                       &dl->options.spool_limits, why) == 0)
        return 0;
    fault_prefix(why, "the spool ([spool] dir)");
    return -1;
}

static int start_spooler(struct delivery *dl, struct fault *why)
{
    const struct spooler_options options = {.dir = dl->dir,
                                            .channels = &dl->channels,
                                            .dead_letter =
                                                dl->options.dead_letter,
                                            .send = send_row,
                                            .ctx = dl};

    return dl->dir == NULL ? 0 : spooler_open(&dl->spooler, &options, why);
}

static int start_producer(struct delivery *dl, struct fault *why)
{
    dl->producer_options =
        (struct producer_options){.kafka = dl->options.kafka,
                                  .producer = dl->options.producer,
                                  .topics = dl->topics,
                                  .topic_count = dl->channels.count,
                                  .lanes = dl->options.lanes,
                                  .on_report = delivery_report};
    producer_metrics_register();
    counts_register();
    return producer_open(&dl->producer, &dl->producer_options, why);
}

int delivery_open(struct delivery **out, const struct delivery_options *options,
                  struct fault *why)
{
    struct delivery *dl = calloc(1, sizeof(*dl));

    if (dl == NULL)
        return fault_set(why, FAULT_NOMEM, "cannot allocate the delivery");
    dl->options = *options;
    pthread_mutex_init(&dl->stop_lock, NULL);
    pthread_cond_init(&dl->stop_wake, NULL);
    crew_init(&dl->crew, poll_reports, dl);
    if (open_spool(dl, why) == -1 || collect_topics(dl, why) == -1 ||
        start_producer(dl, why) == -1 || start_spooler(dl, why) == -1 ||
        housekeeper_start(dl, why) == -1) {
        delivery_free(dl);
        return -1;
    }
    *out = dl;
    return 0;
}

/* Polls until nothing is unreported, or the time has passed. */
static void poll_all(struct delivery *dl, int timeout_ms)
{
    const int64_t deadline_us = clock_now_us() + (int64_t)timeout_ms * 1000;

    while (producer_unreported(dl->producer) > 0 &&
           clock_now_us() < deadline_us)
        crew_poll(&dl->crew, TICK_MS);
}

void delivery_close(struct delivery *dl, int timeout_ms)
{
    int left;

    if (dl == NULL)
        return;
    if (dl->spooler != NULL)
        spooler_stop_draining(dl->spooler);
    housekeeper_stop(dl);
    crew_take(&dl->crew);
    poll_all(dl, timeout_ms);
    left = producer_unreported(dl->producer);
    if (left > 0)
        log_line(LOG_WARN, "deliver",
                 "records are not confirmed: what was promised of them is in "
                 "the spool",
                 log_int("records", left));
    producer_purge(dl->producer);
    poll_all(dl, RESOLVE_MS);
    delivery_free(dl);
}
