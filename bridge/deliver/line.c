/*
 * line.c - the records of one topic that wait in the spool, in order
 */
#include "deliver/line.h"

#include "base/clock.h"
#include "base/log.h"

enum {
    DRAINED_MAX = 4000,   /* of a topic, with the producer */
    BACK_MAX = 4000,      /* in the list, before others are read */
    PAUSE_US = 20 * 1000, /* after the producer took nothing */
    PAUSE_MAX_US = 5000 * 1000,
    REST_US = 500 * 1000,  /* a disk that fails may take seconds for a read, and
                              other topics' records come from the same thread */
    PROBE_US = 1000 * 1000 /* between probes, where others are on trial */
};

static bool has_rows(const struct line *ln)
{
    return ln->back != NULL || ln->read_to < ln->ready_to;
}

void line_tell(struct line *ln)
{
    atomic_store(&ln->ch->has_rows, has_rows(ln));
}

void line_add(struct line *ln, int64_t seq)
{
    ln->ready_to = seq;
    line_tell(ln);
}

/* All that was there at the start has been with the producer: from now on
 * the stripes tell who waits. */
void line_advance(struct line *ln, int64_t seq)
{
    if (seq > ln->read_to)
        ln->read_to = seq;
    if (ln->old_to > 0 && ln->read_to >= ln->old_to &&
        atomic_exchange(&ln->ch->catching_up, false))
        log_line(LOG_INFO, "spool", "all of before the start was sent",
                 log_text("topic", ln->ch->topic));
}

/* ---- the list ------------------------------------------------------------ */

static void insert(struct line *ln, struct passage *pg)
{
    struct passage **at = &ln->back;

    while (*at != NULL && (*at)->seq < pg->seq)
        at = &(*at)->next;
    pg->next = *at;
    *at = pg;
    ln->back_count++;
    if (pg->due_us < ln->back_due_us)
        ln->back_due_us = pg->due_us;
}

/* Coming back once is the end of a lane. More often it is something that
 * Kafka has against this record, and asking at once would be asking without
 * end. Others do not wait for it, unless they are of its stripe. */
static int64_t patience_us(int returns)
{
    int64_t pause_us = PAUSE_US;

    for (int i = 1; i < returns && pause_us < PAUSE_MAX_US; i++)
        pause_us *= 2;
    return pause_us;
}

void line_take_back(struct line *ln, struct passage *pg)
{
    pg->due_us = 0;
    if (++pg->returns > 1)
        pg->due_us = clock_now_us() + patience_us(pg->returns);
    insert(ln, pg);
    line_tell(ln);
}

void line_unlist(struct line *ln, struct passage *pg)
{
    struct passage **at = &ln->back;

    while (*at != pg)
        at = &(*at)->next;
    *at = pg->next;
    pg->next = NULL;
    ln->back_count--;
    stripe_let_go(pg->stripe);
}

void line_hold_back(struct line *ln, struct passage *pg)
{
    if (!pg->joined)
        stripe_join(pg->stripe);
    pg->joined = true;
    stripe_hold(pg->stripe);
    insert(ln, pg);
}

/* The list is memory, so it has an end. But what is in it and lies behind the
 * records that are to be read waits for just those. */
bool line_has_fresh(const struct line *ln)
{
    return ln->read_to < ln->ready_to &&
           (ln->back_count < BACK_MAX || ln->back->seq > ln->read_to);
}

/* ---- when ---------------------------------------------------------------- */

/*
 * While the topic is down, one as a probe: at once if none is on trial, and
 * else from time to time, because those that are may all be of a partition
 * that nobody leads, and tell nothing of others.
 */
size_t line_allowance(const struct line *ln, int64_t now_us)
{
    const int drained = atomic_load(&ln->ch->drained);

    if (now_us < ln->pause_until_us || drained >= DRAINED_MAX)
        return 0;
    if (!channel_is_down(ln->ch))
        return (size_t)(DRAINED_MAX - drained);
    if (now_us < atomic_load(&ln->ch->retry_us))
        return 0;
    return atomic_load(&ln->ch->on_trial) == 0 || now_us >= ln->probe_us ? 1
                                                                         : 0;
}

void line_sent(struct line *ln, int64_t now_us)
{
    ln->probe_us = now_us + PROBE_US;
}

void line_pause(struct line *ln, int64_t now_us)
{
    ln->stopped = true;
    ln->pause_until_us = now_us + PAUSE_US;
}

void line_rest(struct line *ln, int64_t now_us)
{
    ln->stopped = true;
    ln->pause_until_us = now_us + REST_US;
}

bool line_is_stuck(const struct line *ln)
{
    return channel_is_down(ln->ch) && !has_rows(ln) &&
           atomic_load(&ln->ch->on_trial) == 0;
}

static int64_t later(int64_t a, int64_t b) { return a > b ? a : b; }

int64_t line_due_us(const struct line *ln)
{
    int64_t due_us = ln->pause_until_us;

    if ((!has_rows(ln) && !line_is_stuck(ln)) ||
        atomic_load(&ln->ch->drained) >= DRAINED_MAX)
        return INT64_MAX;
    if (channel_is_down(ln->ch)) {
        due_us = later(due_us, atomic_load(&ln->ch->retry_us));
        if (atomic_load(&ln->ch->on_trial) > 0)
            due_us = later(due_us, ln->probe_us);
    }
    if (ln->back != NULL && !line_has_fresh(ln))
        due_us = later(due_us, ln->back_due_us);
    return due_us;
}
