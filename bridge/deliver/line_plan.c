/*
 * line_plan.c - how much of a line may be sent now, and when there is more
 */
#include "deliver/line_parts.h"

enum {
    DRAINED_MAX = 4000,     /* of a topic, with the producer */
    PARTITION_MAX = 1000,   /* of these, of a partition */
    PROBE_US = 1000 * 1000, /* between probes, where others are on trial */
    STALL_US = 1000 * 1000  /* nothing is confirmed of what was sent */
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
static int64_t probe_us(struct partition *pt, const struct share *sh)
{
    int64_t due_us = atomic_load(&pt->retry_us);

    if (atomic_load(&pt->on_trial) > 0)
        due_us = later_of(due_us, sh->sent_us + PROBE_US);
    return due_us;
}

static int allowance(struct partition *pt, const struct share *sh,
                     int64_t now_us)
{
    const int left = PARTITION_MAX - atomic_load(&pt->drained);

    if (left <= 0 || !sh->down)
        return left;
    return now_us >= probe_us(pt, sh) ? 1 : 0;
}

/* Nothing of it is on its way that could tell whether it is down still, and
 * what there is to be tried is known: the first that was skipped, or none. */
static bool has_no_probe(const struct line *ln, const struct share *sh,
                         struct partition *pt)
{
    return atomic_load(&pt->on_trial) == 0 &&
           (sh->first > 0 || ln->read_to >= ln->ready_to);
}

/* There is nothing to be tried, so the next event has to. */
static bool is_stuck(const struct line *ln, const struct share *sh,
                     struct partition *pt)
{
    return sh->down && sh->allowance > 0 && sh->first == 0 &&
           has_no_probe(ln, sh, pt) && atomic_load(&ln->ch->expected) == 0;
}

static void plan_share(struct line *ln, struct share *sh, int64_t now_us)
{
    struct partition *pt = &ln->ch->partitions[sh - ln->shares];

    if (now_us >= stall_us(pt, sh))
        partition_missed(pt, now_us - STALL_US);
    sh->down = partition_is_down(pt);
    sh->allowance = allowance(pt, sh, now_us);
    if (now_us < ln->pause_until_us)
        sh->allowance = 0;
    if (is_stuck(ln, sh, pt))
        partition_try(pt);
    if (!sh->down)
        ln->budget -= atomic_load(&pt->drained);
}

void line_plan(struct line *ln, int64_t now_us)
{
    ln->window_to = ln->give_to = ln->unsent = 0;
    ln->stopped = false;
    line_renumber(ln, now_us);
    ln->budget = DRAINED_MAX;
    for (int i = 0; i < PARTITION_SLOTS; i++)
        plan_share(ln, &ln->shares[i], now_us);
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

size_t line_wish(const struct line *ln, size_t most)
{
    bool skipping = ln->skipped > 0;
    size_t sum = 0;

    if (ln->read_to >= ln->ready_to)
        return 0;
    if (ln->waits_for != NULL && !ln->waits_for->down &&
        !line_may_send(ln, ln->waits_for))
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

int64_t line_probe_of(const struct line *ln, size_t share)
{
    const struct share *sh = &ln->shares[share];

    if (!sh->down || sh->allowance == 0 || sh->lost ||
        atomic_load(&ln->ch->partitions[share].on_trial) > 0)
        return 0;
    return sh->first;
}

/* ---- when ---------------------------------------------------------------- */

/* Its first may be resting, or be on its way out: refused for good. */
static int64_t first_due_us(const struct line *ln, const struct share *sh)
{
    const struct passage *pg =
        sh->first > 0 ? roll_find(&ln->roll, sh->first) : NULL;

    if (pg == NULL)
        return 0;
    return pg->returned ? pg->due_us : INT64_MAX;
}

static int64_t down_due_us(const struct line *ln, const struct share *sh,
                           struct partition *pt, bool fresh)
{
    if (fresh)
        return probe_us(pt, sh);
    if (!has_no_probe(ln, sh, pt))
        return INT64_MAX;
    return later_of(probe_us(pt, sh), first_due_us(ln, sh));
}

static int64_t share_due_us(const struct line *ln, int i, bool fresh,
                            int budget, int64_t now_us)
{
    const struct share *sh = &ln->shares[i];
    struct partition *pt = &ln->ch->partitions[i];
    const int64_t back_us = later_of(sh->due_us, ln->back_at_us);
    int64_t due_us = stall_us(pt, sh);

    fresh = fresh && may_come(ln, i);
    if (sh->first > 0 && sh->lost)
        return earlier_of(due_us, ln->back_at_us);
    if (partition_is_down(pt))
        return down_due_us(ln, sh, pt, fresh);
    if (budget <= 0 || atomic_load(&pt->drained) >= PARTITION_MAX)
        return due_us;
    if (fresh)
        return now_us;
    return sh->first > 0 ? earlier_of(due_us, back_us) : due_us;
}

int64_t line_due_us(const struct line *ln, int64_t now_us)
{
    const struct share *waited = ln->waits_for;
    bool fresh = ln->read_to < ln->ready_to;
    int budget = DRAINED_MAX;
    int64_t due_us = INT64_MAX;

    for (int i = 0; i < PARTITION_SLOTS; i++)
        if (!partition_is_down(&ln->ch->partitions[i]))
            budget -= atomic_load(&ln->ch->partitions[i].drained);
    if (waited != NULL) {
        struct partition *pt = &ln->ch->partitions[waited - ln->shares];

        fresh = fresh &&
                (partition_is_down(pt) ||
                 (budget > 0 && atomic_load(&pt->drained) < PARTITION_MAX));
    }
    for (int i = 0; i < PARTITION_SLOTS; i++)
        due_us = earlier_of(due_us, share_due_us(ln, i, fresh, budget, now_us));
    return due_us == INT64_MAX ? due_us : later_of(due_us, ln->pause_until_us);
}
