/*
 * line.c - the records of one topic that wait in the spool, in order
 */
#include "deliver/line_parts.h"

#include "base/clock.h"
#include "base/log.h"

enum {
    PAUSE_US = 20 * 1000,    /* after the producer took nothing */
    RETURN_MAX_US = 5000000, /* before the same record is sent again */
    REST_US = 500 * 1000,    /* a disk that fails may take seconds for a read,
                                and others' records come from the same thread */
    BACK_US = 200 * 1000,    /* between passes, and for each record that is to
                                be read again: half of the time, about */
    BACK_ROW_US = 20
};

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

struct partition *line_partition(const struct line *ln, int64_t hash)
{
    return channel_partition_among(ln->ch, hash, ln->partition_count);
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
    stripe_skip(stripe, ln->pass, seq, seq <= ln->old_to);
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

/* There is something to be gained by going back to its first. */
static bool is_worth_it(const struct line *ln, const struct share *sh,
                        int64_t now_us)
{
    if (sh->first == 0 || sh->lost)
        return sh->lost;
    /* those that are left wait for nothing of this pass */
    return !sh->down && line_may_send(ln, sh) && sh->waited_us == 0 &&
           (sh->left || now_us >= sh->due_us);
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
        since = earlier_of(since, sh->since);
        sh->first = 0;
        sh->lost = false;
    }
    /* a round that failed can have skipped what it has not come to */
    ln->read_to = ln->pass_from = earlier_of(ln->read_to, seq - 1);
    ln->pass++;
    ln->waits_for = NULL;
    ln->back_at_us = now_us + BACK_US + (ln->rows - since) * BACK_ROW_US;
}

/* For one that is worth it, and for all others that are not down: to be left
 * is for those that are. */
void line_go_back(struct line *ln, int64_t now_us)
{
    int64_t seq = INT64_MAX;
    bool due = false;

    if (ln->skipped == 0 || now_us < ln->back_at_us)
        return;
    for (int i = 0; i < PARTITION_SLOTS; i++) {
        const struct share *sh = &ln->shares[i];
        const bool worth = is_worth_it(ln, sh, now_us);

        due = due || worth;
        if (worth || (sh->first > 0 && !sh->down))
            seq = earlier_of(seq, sh->first);
    }
    if (due)
        go_back(ln, seq, now_us);
}

/* Records are of other partitions now, and so is what was skipped. */
void line_renumber(struct line *ln, int64_t now_us)
{
    const int count = atomic_load(&ln->ch->partition_count);

    if (count == ln->partition_count)
        return;
    ln->partition_count = count;
    if (ln->skipped > 0)
        go_back(ln, ln->skipped, now_us);
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
        skip(ln, line_share(ln, line_partition(ln, pg->hash)), pg->stripe,
             pg->seq, pg->due_us);
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

/* Old ones that were skipped are known by their stripes from now on. That a
 * stripe has none any more is known after a pass over all of them. */
static void end_old(struct line *ln)
{
    ln->ended_old_in = ln->pass;
    atomic_store(&ln->ch->catching_up, false);
    for (int i = 0; i < PARTITION_SLOTS; i++)
        if (ln->shares[i].left && ln->shares[i].first <= ln->old_to)
            return;
    stripes_end_old(ln->ch->stripes, ln->pass);
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

enum verdict line_judge(struct line *ln, int64_t seq, struct partition *pt,
                        struct stripe *stripe, struct passage *pg,
                        int64_t now_us)
{
    struct share *sh = line_share(ln, pt);

    ln->waits_for = NULL;
    if (pg != NULL)
        pg->pass = ln->pass;
    /* written by this thread alone */
    if (sh->left || stripe_is_skipped(stripe, ln->pass, seq)) {
        skip(ln, sh, stripe, seq, INT64_MAX);
        return VERDICT_SKIP;
    }
    if (pg != NULL && pg->due_us > now_us) {
        skip(ln, sh, stripe, seq, pg->due_us);
        return VERDICT_SKIP;
    }
    if (line_may_send(ln, sh)) {
        sh->allowance--;
        ln->budget -= sh->down ? 0 : 1;
        return VERDICT_SEND;
    }
    if (sh->down || sh->slow) {
        skip(ln, sh, stripe, seq, 0);
        return VERDICT_SKIP;
    }
    ln->waits_for = sh;
    if (sh->allowance <= 0 && sh->waited_us == 0)
        sh->waited_us = now_us;
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
