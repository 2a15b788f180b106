/*
 * housekeeper.c - the thread that does what no request waits for
 *
 * It polls when nobody waits for a report, keeps the readiness current, and
 * has a lane of the producer replaced that has met a fatal error.
 */
#include "base/clock.h"
#include "base/log.h"
#include "deliver/counts.h"
#include "deliver/delivery_parts.h"

enum {
    TICK_MS = 100,
    BUSY_TICK_MS = 5, /* somebody else polls, and may stop */
    BUSY_POLL_MS = 20,
    LOOK_READY_MS = 5000,  /* at the topics, while they are there */
    LOOK_UNREADY_MS = 500, /* while they are not */
    METADATA_MS = 2000,
    METADATA_BUSY_MS = 200, /* while nobody polls meanwhile */
    RESOLVE_MS = 10000      /* for the reports of a lane that is replaced */
};

/* Whether all of them are there. */
static bool ask_for_topics(struct delivery *dl, int timeout_ms,
                           struct fault *why)
{
    const bool there = producer_topics_there(dl->producer, timeout_ms,
                                             dl->partitions, why) == 0;
    bool changed = false;

    for (size_t i = 0; i < dl->channels.count; i++)
        changed |= atomic_exchange(&dl->channels.items[i].partition_count,
                                   dl->partitions[i]) != dl->partitions[i];
    if (changed && dl->spooler != NULL)
        spooler_wake(dl->spooler);
    return there;
}

static void look_at_topics(struct delivery *dl, bool busy)
{
    const int timeout_ms =
        busy && !dl->was_ready ? METADATA_BUSY_MS : METADATA_MS;
    struct fault why = FAULT_INIT;
    bool there;

    if (clock_now_us() < dl->next_look_us)
        return;
    there = ask_for_topics(dl, timeout_ms, &why);
    ready_set(dl->kafka_ready, there,
              there ? "all topics are there" : why.text);
    if (there && !dl->was_ready)
        log_line(LOG_INFO, "deliver", "kafka is ready");
    if (!there && (dl->was_ready || dl->next_look_us == 0))
        log_line(LOG_ERROR, "deliver", "kafka is not ready",
                 log_text("error", why.text));
    /* not before: what comes first had better find the topics known */
    if (dl->spool_ready != NULL)
        ready_excuse(dl->kafka_ready, dl->spool_ready);
    dl->was_ready = there;
    dl->next_look_us =
        clock_now_us() + (there ? LOOK_READY_MS : LOOK_UNREADY_MS) * 1000;
}

static void look_at_spool(struct delivery *dl)
{
    char text[FAULT_TEXT_MAX];
    bool accepts;

    if (dl->spooler == NULL)
        return;
    accepts = spooler_accepts(dl->spooler, text, sizeof(text));
    ready_set(dl->spool_ready, accepts, text);
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
    count_add(COUNT_RENEWALS, 1);
    log_line(LOG_INFO, "deliver", "producer was replaced",
             log_int("lane", (int64_t)lane));
}

/* Records are with the producer for which no request waits. */
static bool is_busy(const struct delivery *dl)
{
    for (size_t i = 0; i < dl->channels.count; i++)
        if (atomic_load(&dl->channels.items[i].on_trial) > 0)
            return true;
    return false;
}

/* True until the housekeeper shall stop; waits. */
static bool rest(struct delivery *dl, int ms)
{
    struct timespec until = clock_timespec(clock_now_us() + ms * 1000);
    bool stop;

    pthread_mutex_lock(&dl->stop_lock);
    if (!dl->stop && ms > 0)
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
    int rest_ms;

    do {
        const bool busy = is_busy(dl);
        const bool led = crew_tend(&dl->crew, busy ? BUSY_POLL_MS : 0);

        rest_ms = !busy ? TICK_MS : led ? 0 : BUSY_TICK_MS;
        count_set(COUNT_QUEUE, producer_unreported(dl->producer));
        look_at_topics(dl, busy);
        look_at_spool(dl);
        if (producer_fatal(dl->producer, &lane, reason, sizeof(reason)))
            renew_lane(dl, lane, reason);
    } while (rest(dl, rest_ms));
    return NULL;
}

int housekeeper_start(struct delivery *dl, struct fault *why)
{
    int err;

    dl->kafka_ready = ready_register("kafka");
    ready_set(dl->kafka_ready, false, "not asked yet");
    if (dl->spooler != NULL) {
        dl->spool_ready = ready_register("spool");
        ready_excuse(dl->spool_ready, dl->kafka_ready);
        look_at_spool(dl);
    }
    err = pthread_create(&dl->housekeeper, NULL, keep_house, dl);
    if (err != 0)
        return fault_set_errno(why, FAULT_IO, err, "cannot start a thread");
    return 0;
}

void housekeeper_stop(struct delivery *dl)
{
    pthread_mutex_lock(&dl->stop_lock);
    dl->stop = true;
    pthread_cond_signal(&dl->stop_wake);
    pthread_mutex_unlock(&dl->stop_lock);
    pthread_join(dl->housekeeper, NULL);
}
