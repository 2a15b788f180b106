/*
 * line.c - the records of one topic that wait in the spool, in order
 */
#include "deliver/line.h"

#include "base/clock.h"
#include "base/log.h"

enum {
    DRAINED_MAX = 4000,      /* of a topic, with the producer */
    PARTITION_MAX = 1000,    /* of these, of a partition */
    PAUSE_US = 20 * 1000,    /* after the producer took nothing */
    RETURN_MAX_US = 5000000, /* before the same record is sent again */
    REST_US = 500 * 1000,    /* a disk that fails may take seconds for a read,
                                and others' records come from the same thread */
    PROBE_US = 1000 * 1000,  /* between probes, where others are on trial */
    STALL_US = 1000 * 1000,  /* nothing is confirmed of what was sent */
    BACK_US = 200 * 1000,    /* between passes, and for each record that is to
                                be read again: half of the time, about */
    BACK_ROW_US = 20
};

static int64_t later(int64_t a, int64_t b) { return a > b ? a : b; }

static int64_t earlier(int64_t a, int64_t b) { return a < b ? a : b; }

void line_init(struct line *ln, struct channel *ch, int64_t old_to)
{
    ln->ch = ch;
    ln->pass = 1;
    ln->old_to = old_to;
    atomic_store(&ch->catching_up, old_to > 0);
    line_add(ln, old_to);
}

/* Tells the channel whether anything is left to be sent. */
static void tell(struct line *ln)
{
    atomic_store(&ln->ch->has_rows,
                 ln->read_to < ln->ready_to || ln->skipped > 0);
}

void line_add(struct line *ln, int64_t seq)
{
    ln->ready_to = seq;
    tell(ln);
}

struct partition *line_partition(const struct line *ln, struct slice key)
{
    return channel_partition_among(ln->ch, key, ln->partition_count);
}

struct share *line_share(struct line *ln, const struct partition *pt)
{
    return &ln->shares[pt - ln->ch->partitions];
}

/* ---- skipping, and going back -------------------------------------------- */

/* `due_us`: when it may be sent at the earliest, as far as its partition
 * goes; INT64_MAX: when something else is, before it. */
static void skip(struct line *ln, struct share *sh, struct stripe *stripe,
                 int64_t seq, int64_t due_us)
{
    stripe_lock(stripe);
    stripe_skip(stripe, ln->pass, seq <= ln->old_to);
    stripe_unlock(stripe);
    if (sh->first == 0 || due_us < sh->due_us)
        sh->due_us = due_us;
    if (sh->first == 0)
        sh->since = ln->rows;
    if (sh->first == 0 || seq < sh->first)
        sh->first = seq;
    if (ln->skipped == 0 || seq < ln->skipped)
        ln->skipped = seq;
}

static bool may_send(const struct line *ln, const struct share *sh)
{
    return sh->allowance > 0 && (sh->down || ln->budget > 0);
}

/* There is something to be gained by going back to its first. */
static bool is_worth_it(const struct line *ln, const struct share *sh,
                        int64_t now_us)
{
    return sh->first > 0 && (sh->lost || (!sh->down && may_send(ln, sh) &&
                                          now_us >= sh->due_us));
}

/* Another pass, from there on. */
static void go_back(struct line *ln, int64_t seq, int64_t now_us)
{
    int64_t since = ln->rows;

    ln->skipped = 0;
    for (int i = 0; i < PARTITION_SLOTS; i++) {
        struct share *sh = &ln->shares[i];

        sh->left = sh->first > 0 && sh->first < seq;
        if (sh->left && (ln->skipped == 0 || sh->first < ln->skipped))
            ln->skipped = sh->first;
        if (sh->left || sh->first == 0)
            continue;
        since = earlier(since, sh->since);
        sh->first = 0;
        sh->lost = false;
    }
    /* a round that failed can have skipped what it has not come to */
    ln->read_to = ln->pass_from = earlier(ln->read_to, seq - 1);
    ln->pass++;
    ln->waits_for = NULL;
    ln->back_at_us = now_us + BACK_US + (ln->rows - since) * BACK_ROW_US;
}

static void go_back_if_due(struct line *ln, int64_t now_us)
{
    int64_t seq = INT64_MAX;

    if (ln->skipped == 0 || now_us < ln->back_at_us)
        return;
    for (int i = 0; i < PARTITION_SLOTS; i++)
        if (is_worth_it(ln, &ln->shares[i], now_us))
            seq = earlier(seq, ln->shares[i].first);
    if (seq < INT64_MAX)
        go_back(ln, seq, now_us);
}

/* ---- what the producer has, or had --------------------------------------- */

void line_enroll(struct line *ln, struct passage *pg)
{
    roll_add(&ln->roll, pg);
}

/* Coming back once is the end of a lane. More often it is something that
 * Kafka has against this record, and asking at once would be asking without
 * end. Others do not wait for it, unless they are of its stripe. */
static int64_t patience_us(int returns)
{
    int64_t pause_us = PAUSE_US;

    for (int i = 1; i < returns && pause_us < RETURN_MAX_US; i++)
        pause_us *= 2;
    return pause_us;
}

void line_take_back(struct line *ln, struct passage *pg)
{
    pg->returned = true;
    pg->due_us = 0;
    if (++pg->returns > 1)
        pg->due_us = clock_now_us() + patience_us(pg->returns);
    ln->returned++;
    if (pg->seq > ln->ready_to)
        ln->ready_to = pg->seq;
    if (pg->seq <= ln->read_to)
        skip(ln, line_share(ln, pg->partition), pg->stripe, pg->seq,
             pg->due_us);
    /* no pass has met it yet; whichever comes past it will */
    pg->pass = pg->seq <= ln->read_to ? ln->pass : ln->pass - 1;
    tell(ln);
}

void line_drop(struct line *ln, struct passage *pg)
{
    ln->returned--;
    stripe_lock(pg->stripe);
    stripe_leave(pg->stripe);
    stripe_unlock(pg->stripe);
    passage_free(pg);
}

/* The pass has come past its place, and has not met it: its row cannot be read
 * any more, which is written down. */
static void drop_if_lost(struct passage *pg, void *ctx)
{
    struct line *ln = ctx;

    if (pg->returned && pg->pass != ln->pass && pg->seq > ln->pass_from)
        line_drop(ln, pg);
}

/* What was not reported is not the drain's to free. */
static void let_go(struct passage *pg, void *ctx)
{
    struct line *ln = ctx;

    roll_remove(&ln->roll, pg);
    if (pg->returned)
        passage_free(pg);
}

void line_release(struct line *ln) { roll_visit(&ln->roll, let_go, ln); }

/* Old ones that were skipped are known by their stripes from now on, which
 * only a pass over all of them can tell. */
static void end_old(struct line *ln)
{
    for (int i = 0; i < PARTITION_SLOTS; i++)
        if (ln->shares[i].left && ln->shares[i].first <= ln->old_to)
            return;
    ln->ended_old_in = ln->pass;
    stripes_end_old(ln->ch->stripes, ln->pass);
    atomic_store(&ln->ch->catching_up, false);
    if (ln->skipped > 0 && ln->skipped <= ln->old_to)
        return;
    ln->old_to = 0;
    log_line(LOG_INFO, "spool", "all of before the start was sent",
             log_text("topic", ln->ch->topic));
}

void line_end(struct line *ln)
{
    if (ln->window_to > 0)
        ln->read_to = ln->unsent > 0 ? ln->unsent - 1 : ln->window_to;
    if (ln->returned > 0 && ln->read_to >= ln->ready_to)
        roll_visit(&ln->roll, drop_if_lost, ln);
    if (ln->old_to > 0 && ln->read_to >= ln->old_to &&
        ln->ended_old_in != ln->pass)
        end_old(ln);
    tell(ln);
}

/* ---- a round ------------------------------------------------------------- */

/* When it counts as down because nothing is confirmed. Requests have their
 * deadline; there may be none of it now. */
static int64_t stall_us(struct partition *pt, const struct share *sh)
{
    if (partition_is_down(pt) || atomic_load(&pt->drained) == 0)
        return INT64_MAX;
    return STALL_US +
           later(sh->sent_us, atomic_load(&pt->breaker.confirmed_us));
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
        due_us = later(due_us, sh->sent_us + PROBE_US);
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

/* Records are of other partitions now, and so is what was skipped. */
static void note_count(struct line *ln, int64_t now_us)
{
    const int count = atomic_load(&ln->ch->partition_count);

    if (count == ln->partition_count)
        return;
    ln->partition_count = count;
    if (ln->skipped > 0)
        go_back(ln, ln->skipped, now_us);
}

void line_plan(struct line *ln, int64_t now_us)
{
    ln->window_to = ln->give_to = ln->unsent = 0;
    ln->stopped = false;
    note_count(ln, now_us);
    ln->budget = DRAINED_MAX;
    for (int i = 0; i < PARTITION_SLOTS; i++)
        plan_share(ln, &ln->shares[i], now_us);
    go_back_if_due(ln, now_us);
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
        !may_send(ln, ln->waits_for))
        return 0;
    for (int i = 0; i < PARTITION_SLOTS; i++) {
        const struct share *sh = &ln->shares[i];

        skipping = skipping || sh->down;
        if (may_come(ln, i) && may_send(ln, sh))
            sum += (size_t)sh->allowance;
    }
    if (!skipping && ln->budget > 0 && sum > (size_t)ln->budget)
        sum = (size_t)ln->budget;
    return sum > most || (skipping && sum > 0) ? most : sum;
}

int64_t line_probe_of(const struct line *ln, size_t share)
{
    const struct share *sh = &ln->shares[share];

    if (!sh->down || sh->allowance == 0 || sh->lost ||
        atomic_load(&ln->ch->partitions[share].on_trial) > 0)
        return 0;
    return sh->first;
}

enum verdict line_judge(struct line *ln, int64_t seq, struct partition *pt,
                        struct stripe *stripe, struct passage *pg,
                        int64_t now_us)
{
    struct share *sh = line_share(ln, pt);

    ln->waits_for = NULL;
    if (pg != NULL)
        pg->pass = ln->pass;
    /* written by this thread alone */
    if (sh->left || stripe_is_skipped(stripe, ln->pass)) {
        skip(ln, sh, stripe, seq, INT64_MAX);
        return VERDICT_SKIP;
    }
    if (pg != NULL && pg->due_us > now_us) {
        skip(ln, sh, stripe, seq, pg->due_us);
        return VERDICT_SKIP;
    }
    if (may_send(ln, sh)) {
        sh->allowance--;
        ln->budget -= sh->down ? 0 : 1;
        return VERDICT_SEND;
    }
    if (sh->down) {
        skip(ln, sh, stripe, seq, 0);
        return VERDICT_SKIP;
    }
    ln->waits_for = sh;
    return VERDICT_WAIT;
}

void line_read(struct line *ln, int64_t seq, size_t count)
{
    ln->window_to = seq;
    ln->rows += (int64_t)count;
}

void line_sending(struct line *ln, struct passage *pg, int64_t now_us)
{
    line_share(ln, pg->partition)->sent_us = now_us;
    if (pg->returned)
        ln->returned--;
    pg->returned = false;
}

void line_kept(struct line *ln, struct passage *pg)
{
    if (pg->returns > 0)
        ln->returned++;
    pg->returned = pg->returns > 0;
}

void line_unsent(struct line *ln, int64_t seq)
{
    if (ln->unsent == 0)
        ln->unsent = seq;
}

void line_pause(struct line *ln, int64_t now_us)
{
    ln->pause_until_us = now_us + PAUSE_US;
}

void line_rest(struct line *ln, int64_t now_us)
{
    ln->pause_until_us = now_us + REST_US;
}

static int64_t share_due_us(const struct line *ln, int i, bool fresh,
                            int budget, int64_t now_us)
{
    const struct share *sh = &ln->shares[i];
    struct partition *pt = &ln->ch->partitions[i];
    const int64_t back_us = later(sh->due_us, ln->back_at_us);
    int64_t due_us = stall_us(pt, sh);

    fresh = fresh && may_come(ln, i);
    if (sh->first > 0 && sh->lost)
        return earlier(due_us, ln->back_at_us);
    if (partition_is_down(pt))
        return fresh || has_no_probe(ln, sh, pt) ? probe_us(pt, sh) : INT64_MAX;
    if (budget <= 0 || atomic_load(&pt->drained) >= PARTITION_MAX)
        return due_us;
    if (fresh)
        return now_us;
    return sh->first > 0 ? earlier(due_us, back_us) : due_us;
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
        due_us = earlier(due_us, share_due_us(ln, i, fresh, budget, now_us));
    return due_us == INT64_MAX ? due_us : later(due_us, ln->pause_until_us);
}
