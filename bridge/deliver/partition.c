/*
 * partition.c - a partition of a topic, and whether Kafka takes records for it
 */
#include "deliver/partition.h"

#include "base/log.h"
#include "deliver/channel.h"
#include "deliver/counts.h"

enum {
    BACKOFF_FIRST_MS = 100,
    BACKOFF_MAX_MS = 5000,
    TRY_MS = 1000 /* after a missed deadline, where nothing is on trial */
};

/* Whether it is the first of its topic: the log tells of the topic, once. */
static bool goes_down(struct partition *pt)
{
    if (atomic_fetch_add(&pt->channel->down, 1) != 0)
        return false;
    count_add(COUNT_TOPICS_DOWN, 1);
    return true;
}

/* Whether it was the last. */
static bool comes_up(struct partition *pt)
{
    if (atomic_fetch_sub(&pt->channel->down, 1) != 1)
        return false;
    count_add(COUNT_TOPICS_DOWN, -1);
    return true;
}

bool partition_confirmed(struct partition *pt, int64_t now_us)
{
    if (!breaker_confirmed(&pt->breaker, now_us))
        return false;
    atomic_store(&pt->backoff_us, 0);
    atomic_store(&pt->retry_us, 0);
    if (comes_up(pt))
        log_line(LOG_INFO, "deliver", "kafka confirms again",
                 log_text("topic", pt->channel->topic));
    return true;
}

void partition_missed(struct partition *pt, int64_t sent_us, int64_t now_us)
{
    if (!breaker_missed(&pt->breaker, sent_us))
        return;
    atomic_store(&pt->retry_us, now_us + (int64_t)TRY_MS * 1000);
    if (goes_down(pt))
        log_line(LOG_WARN, "deliver",
                 "kafka does not confirm: events go to the spool at once",
                 log_text("topic", pt->channel->topic),
                 log_int("partition", pt->number));
}

bool partition_refused(struct partition *pt, int64_t now_us, const char *error)
{
    const int64_t first = (int64_t)BACKOFF_FIRST_MS * 1000;
    const int64_t most = (int64_t)BACKOFF_MAX_MS * 1000;
    int64_t backoff = atomic_load(&pt->backoff_us) * 2;

    if (backoff < first)
        backoff = first;
    if (backoff > most)
        backoff = most;
    /* of many refusals that come together, one counts */
    if (atomic_load(&pt->retry_us) <= now_us) {
        atomic_store(&pt->backoff_us, backoff);
        atomic_store(&pt->retry_us, now_us + backoff);
    }
    if (!breaker_trip(&pt->breaker))
        return false;
    if (goes_down(pt))
        log_line(LOG_ERROR, "deliver",
                 "kafka refuses the topic: its events go to the spool",
                 log_text("topic", pt->channel->topic),
                 log_text("error", error));
    return true;
}

void partition_on_trial(struct partition *pt, int more)
{
    atomic_fetch_add(&pt->on_trial, more);
    atomic_fetch_add(&pt->channel->on_trial, more);
    count_add(COUNT_IN_DOUBT, more);
}

void partition_try(struct partition *pt)
{
    if (breaker_reset(&pt->breaker))
        (void)comes_up(pt);
}

bool partition_is_down(struct partition *pt)
{
    return breaker_is_open(&pt->breaker);
}
