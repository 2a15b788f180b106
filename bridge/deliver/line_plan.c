/*
 * line_plan.c - how much of a line may be sent now, and when there is more
 */
#include "deliver/line_parts.h"

enum {
    DRAINED_MAX = 4000,     /* of a topic, with the producer */
    PARTITION_MAX = 1000,   /* of these, of a partition */
    PROBE_US = 1000 * 1000, /* between probes, where others are on trial */
    STALL_US = 1000 * 1000, /* nothing is confirmed of what was sent */
    WAIT_US = 500 * 1000    /* for one that takes no more now */
};

/* When it counts as down because nothing is confirmed. Requests have their
 * deadline; there may be none of it now. */
static int64_t stall_us(struct partition *pt, const struct share *sh)
{
    if (partition_is_down(pt) || atomic_load(&pt->drained) == 0)
        return INT64_MAX;
    return STALL_US +
           later_of(sh->sent_us, atomic_load(&pt->breaker.confirmed_us));
}

/*
 * While it is down, when one may be sent as a probe: at once if none is on
 * trial, and else from time to time, because several partitions can share a
 * number here, and those on trial tell of one.
 */
static int64_t probe_us(const struct line *ln, const struct share *sh)
{
    const struct partition *pt = &ln->ch->partitions[sh - ln->shares];
    int64_t due_us = atomic_load(&pt->retry_us);

    if (atomic_load(&pt->on_trial) > 0)
        due_us = later_of(due_us, sh->sent_us + PROBE_US);
    return due_us;
}

/* How many more the producer may have. As long as it is not known which
 * partitions there are, one: what is sent counts for the one that it is taken
 * for, and the producer could not send it on either. */
static int room(const struct line *ln, const struct share *sh)
{
    const struct partition *pt = &ln->ch->partitions[sh - ln->shares];
    const int most = ln->partition_count == 0 ? 1 : PARTITION_MAX;

    return most - atomic_load(&pt->drained);
}

static int allowance(const struct line *ln, const struct share *sh,
                     int64_t now_us)
{
    const int left = room(ln, sh);

    if (left <= 0 || !sh->down)
        return left;
    return now_us >= probe_us(ln, sh) ? 1 : 0;
}

/* What may be sent now, if nothing else is known than at this moment. */
static void look_at(struct line *ln, struct share *sh, int64_t now_us)
{
    struct partition *pt = &ln->ch->partitions[sh - ln->shares];
    const int drained = atomic_load(&pt->drained);

    if (drained < PARTITION_MAX / 2)
        sh->waited_us = 0;
    sh->slow = sh->waited_us > 0 && now_us - sh->waited_us >= WAIT_US;
    sh->down = partition_is_down(pt);
    sh->allowance = allowance(ln, sh, now_us);
    if (now_us < ln->pause_until_us)
        sh->allowance = 0;
    if (!sh->down && !sh->slow)
        ln->budget -= drained;
}

static void look_at_all(struct line *ln, int64_t now_us)
{
    ln->budget = DRAINED_MAX;
    for (int i = 0; i < PARTITION_SLOTS; i++)
        look_at(ln, &ln->shares[i], now_us);
}

/* It is down, and nothing is there that could tell that it is not: the next
 * event has to. */
static bool is_stuck(const struct line *ln, const struct share *sh)
{
    return sh->down && sh->first == 0 && ln->read_to >= ln->ready_to &&
           atomic_load(&ln->ch->expected) == 0 &&
           atomic_load(&ln->ch->partitions[sh - ln->shares].on_trial) == 0;
}

void line_plan(struct line *ln, int64_t now_us)
{
    ln->window_to = ln->give_to = ln->unsent = 0;
    ln->stopped = false;
    line_renumber(ln, now_us);
    for (int i = 0; i < PARTITION_SLOTS; i++) {
        struct partition *pt = &ln->ch->partitions[i];

        if (now_us >= stall_us(pt, &ln->shares[i]))
            partition_missed(pt, now_us - STALL_US, now_us);
    }
    look_at_all(ln, now_us);
    for (int i = 0; i < PARTITION_SLOTS; i++)
        if (is_stuck(ln, &ln->shares[i]) && ln->shares[i].allowance > 0)
            partition_try(&ln->ch->partitions[i]);
    line_go_back(ln, now_us);
}

/* Whether records that were not read yet can be of it. Those without a key
 * are rare: until there were some, others are read first. */
static bool may_come(const struct line *ln, int i)
{
    const int count = ln->partition_count > 1 ? ln->partition_count : 1;

    return i > 0 ? i <= count
                 : ln->shares[0].sent_us > 0 || ln->shares[0].first > 0;
}

/* What was read last waits for it, and nothing behind that is looked at. */
static bool is_held_up(const struct line *ln)
{
    const struct share *sh = ln->waits_for;

    return sh != NULL && !sh->down && !sh->slow && !line_may_send(ln, sh);
}

size_t line_wish(const struct line *ln, size_t most)
{
    bool skipping = ln->skipped > 0;
    size_t sum = 0;

    if (ln->read_to >= ln->ready_to || is_held_up(ln))
        return 0;
    for (int i = 0; i < PARTITION_SLOTS; i++) {
        const struct share *sh = &ln->shares[i];

        skipping = skipping || sh->down;
        if (may_come(ln, i) && line_may_send(ln, sh))
            sum += (size_t)sh->allowance;
    }
    if (ln->budget > 0 && sum > (size_t)ln->budget)
        sum = (size_t)ln->budget;
    if (skipping && sum > 0) /* not all of them can be sent */
        sum = sum * 4 + 64;
    return sum < most ? sum : most;
}

/* Before `read_to`, all was sent or skipped: nothing of its key lies before
 * it. Behind, where a round was cut short, there may be some. */
static bool has_probe(const struct line *ln, const struct share *sh)
{
    return sh->down && !sh->lost && sh->first > 0 && sh->first <= ln->read_to;
}

int64_t line_probe_of(const struct line *ln, size_t share)
{
    const struct share *sh = &ln->shares[share];

    return has_probe(ln, sh) && sh->allowance > 0 ? sh->first : 0;
}

/* ---- when ---------------------------------------------------------------- */

/* The first may be resting, or be with the producer, or on its way out. */
static int64_t first_due_us(const struct line *ln, const struct share *sh)
{
    const struct passage *pg = roll_find(&ln->roll, sh->first);

    if (pg == NULL)
        return 0;
    return pg->returned ? pg->due_us : INT64_MAX;
}

static int64_t down_due_us(const struct line *ln, const struct share *sh,
                           int64_t now_us)
{
    const int64_t trial_us = probe_us(ln, sh);
    int64_t due_us = INT64_MAX;

    if (room(ln, sh) <= 0) /* a report has to come */
        return INT64_MAX;
    if (has_probe(ln, sh))
        due_us = later_of(trial_us, first_due_us(ln, sh));
    else if (is_stuck(ln, sh))
        due_us = trial_us;
    /* if it is due, what there is to be read does not help, or is read now */
    if (ln->read_to < ln->ready_to && trial_us > now_us)
        due_us = earlier_of(due_us, trial_us);
    return due_us;
}

static int64_t share_due_us(const struct line *ln, const struct share *sh,
                            int64_t now_us)
{
    int64_t due_us = INT64_MAX;

    if (sh->lost)
        due_us = ln->back_at_us;
    else if (sh->down)
        due_us = down_due_us(ln, sh, now_us);
    else if (sh->first > 0 && sh->waited_us == 0 && line_may_send(ln, sh))
        due_us = later_of(sh->left ? 0 : sh->due_us, ln->back_at_us);
    return earlier_of(due_us,
                      stall_us(&ln->ch->partitions[sh - ln->shares], sh));
}

int64_t line_due_us(struct line *ln, int64_t now_us)
{
    int64_t due_us = INT64_MAX;

    if (now_us < ln->pause_until_us)
        return ln->pause_until_us;
    look_at_all(ln, now_us);
    if (line_wish(ln, 1) > 0)
        return now_us;
    if (is_held_up(ln) && ln->waits_for->waited_us > 0)
        due_us = ln->waits_for->waited_us + WAIT_US;
    for (int i = 0; i < PARTITION_SLOTS; i++)
        due_us = earlier_of(due_us, share_due_us(ln, &ln->shares[i], now_us));
    return due_us;
}
