/*
 * channel.c - a topic, and whether Kafka takes records for it now
 */
#include "deliver/channel.h"

#include "base/clock.h"
#include "base/log.h"
#include "deliver/counts.h"

#include <stdlib.h>
#include <string.h>

enum {
    BACKOFF_FIRST_MS = 100,
    BACKOFF_MAX_MS = 5000,
    TRY_MS = 1000 /* after a missed deadline, where nothing is on trial */
};

static int add(struct channels *chs, const char *name, struct fault *why)
{
    struct channel *ch = &chs->items[chs->count];

    if (channels_find(chs, name) != NULL)
        return 0;
    ch->topic = strdup(name);
    if (ch->topic == NULL)
        return fault_set(why, FAULT_NOMEM, "cannot allocate a topic");
    chs->count++;
    return 0;
}

int channels_init(struct channels *chs, const char *const *names, size_t count,
                  const char *const *more, size_t more_count, struct fault *why)
{
    *chs = (struct channels){
        0, calloc(count + more_count + 1, sizeof(*chs->items))};
    if (chs->items == NULL)
        return fault_set(why, FAULT_NOMEM, "cannot allocate the topics");
    for (size_t i = 0; i < count; i++)
        if (add(chs, names[i], why) == -1)
            return -1;
    for (size_t i = 0; i < more_count; i++)
        if (add(chs, more[i], why) == -1)
            return -1;
    return 0;
}

void channels_release(struct channels *chs)
{
    for (size_t i = 0; i < chs->count; i++)
        free(chs->items[i].topic);
    free(chs->items);
    *chs = (struct channels){0, NULL};
}

struct channel *channels_find(const struct channels *chs, const char *topic)
{
    for (size_t i = 0; i < chs->count; i++)
        if (strcmp(chs->items[i].topic, topic) == 0)
            return &chs->items[i];
    return NULL;
}

bool channel_confirmed(struct channel *ch, int64_t now_us)
{
    if (!breaker_confirmed(&ch->breaker, now_us))
        return false;
    count_add(COUNT_TOPICS_DOWN, -1);
    atomic_store(&ch->backoff_us, 0);
    atomic_store(&ch->retry_us, 0);
    log_line(LOG_INFO, "deliver", "kafka confirms again",
             log_text("topic", ch->topic));
    return true;
}

void channel_missed(struct channel *ch, int64_t sent_us)
{
    if (!breaker_missed(&ch->breaker, sent_us))
        return;
    count_add(COUNT_TOPICS_DOWN, 1);
    atomic_store(&ch->retry_us, clock_now_us() + (int64_t)TRY_MS * 1000);
    log_line(LOG_WARN, "deliver",
             "kafka does not confirm: events go to the spool at once",
             log_text("topic", ch->topic));
}

bool channel_refused(struct channel *ch, int64_t now_us, const char *error)
{
    const int64_t first = (int64_t)BACKOFF_FIRST_MS * 1000;
    const int64_t most = (int64_t)BACKOFF_MAX_MS * 1000;
    int64_t backoff = atomic_load(&ch->backoff_us) * 2;

    if (backoff < first)
        backoff = first;
    if (backoff > most)
        backoff = most;
    /* of many refusals that come together, one counts */
    if (atomic_load(&ch->retry_us) <= now_us) {
        atomic_store(&ch->backoff_us, backoff);
        atomic_store(&ch->retry_us, now_us + backoff);
    }
    if (!breaker_trip(&ch->breaker))
        return false;
    count_add(COUNT_TOPICS_DOWN, 1);
    log_line(LOG_ERROR, "deliver",
             "kafka refuses the topic: its events go to the spool",
             log_text("topic", ch->topic), log_text("error", error));
    return true;
}

void channel_on_trial(struct channel *ch, int more)
{
    atomic_fetch_add(&ch->on_trial, more);
    count_add(COUNT_IN_DOUBT, more);
}

/* In this order: what comes back is in the drain's rows before it is expected
 * no more. */
bool channel_waits(struct channel *ch)
{
    return atomic_load(&ch->expected) > 0 || atomic_load(&ch->has_rows);
}

void channel_try(struct channel *ch)
{
    if (breaker_reset(&ch->breaker))
        count_add(COUNT_TOPICS_DOWN, -1);
}

bool channel_is_down(struct channel *ch)
{
    return breaker_is_open(&ch->breaker);
}
