/*
 * drain.c - which of the spool's records go to the producer next
 *
 * A topic's records stand in a line (line.h). What has come back goes first,
 * where it is due, then what was not read yet.
 *
 * A record that this process appended as in doubt is with the producer since
 * before it was in the spool: reading passes it by.
 */
#include "deliver/drain.h"

#include "base/arena.h"
#include "base/clock.h"
#include "base/limits.h"
#include "deliver/counts.h"
#include "deliver/delivery.h"
#include "deliver/line.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

enum {
    ROWS_MAX = 512,       /* in the windows of a round */
    ROWS_BYTES = 2 * MIB, /* about, too */
    ARENA_MAX = 64 * MIB, /* a single record can have 16 */
    SKIPPED_MAX = 64      /* stripes whose first is not due */
};

/* What shall become of a row that was read. */
struct entry {
    struct line *ln;
    struct passage *pg; /* NULL: nothing is to be sent */
    bool returned;      /* it is in the list, too */
};

struct drain {
    struct drain_options options;
    struct line *lines;
    size_t first; /* whose turn it is to be read first */
    struct arena arena;
    size_t count;
    struct entry entries[ROWS_MAX];
    struct spool_row rows[ROWS_MAX];
};

int drain_new(struct drain **out, const struct drain_options *options,
              struct fault *why)
{
    const size_t count = options->channels->count;
    struct drain *dr = calloc(1, sizeof(*dr));

    if (dr != NULL)
        dr->lines = calloc(count, sizeof(*dr->lines));
    if (dr == NULL || dr->lines == NULL) {
        free(dr);
        return fault_set(why, FAULT_NOMEM, "cannot allocate the drain");
    }
    dr->options = *options;
    dr->arena = (struct arena)ARENA_INIT(256 * KIB, ARENA_MAX);
    for (size_t i = 0; i < count; i++) {
        struct line *ln = &dr->lines[i];

        ln->ch = &options->channels->items[i];
        ln->old_to = spool_dir_last_of(options->dir, ln->ch->topic);
        line_add(ln, ln->old_to);
        atomic_store(&ln->ch->catching_up, ln->old_to > 0);
    }
    *out = dr;
    return 0;
}

void drain_free(struct drain *dr)
{
    if (dr == NULL)
        return;
    for (size_t i = 0; i < dr->options.channels->count; i++) {
        struct passage *pg;

        while ((pg = dr->lines[i].back) != NULL) {
            dr->lines[i].back = pg->next;
            passage_free(pg);
        }
    }
    arena_release(&dr->arena);
    free(dr->lines);
    free(dr);
}

static struct line *line_of(struct drain *dr, const struct channel *ch)
{
    return &dr->lines[ch - dr->options.channels->items];
}

void drain_add(struct drain *dr, struct channel *ch, int64_t seq)
{
    struct line *ln = line_of(dr, ch);

    assert(seq > ln->ready_to);
    line_add(ln, seq);
}

/* ---- what has come back -------------------------------------------------- */

void drain_expect(struct passage *pg)
{
    atomic_fetch_add(&pg->channel->expected, 1);
}

void drain_take_back(struct drain *dr, struct passage *pg, bool expected)
{
    line_take_back(line_of(dr, pg->channel), pg);
    if (expected)
        atomic_fetch_sub(&pg->channel->expected, 1);
}

/* ---- reading ------------------------------------------------------------- */

/* Stripes of which something is not due: what lies behind waits, too. */
struct skipped {
    size_t count;
    const struct stripe *stripes[SKIPPED_MAX];
};

static bool is_skipped(const struct skipped *sk, const struct stripe *stripe)
{
    for (size_t i = 0; stripe != NULL && i < sk->count; i++)
        if (sk->stripes[i] == stripe)
            return true;
    return false;
}

/* What cannot be read is counted and logged already, and lies in no file any
 * more: all that is left to do is to forget it. -1: there is no memory, or the
 * disk does not answer, and it is tried again later. */
static int read_returned(struct drain *dr, struct line *ln, struct passage *pg)
{
    struct spool_row *row = &dr->rows[dr->count];
    bool found = false;

    if (spool_dir_read_one(dr->options.dir, pg->seq, row, &found, &dr->arena,
                           NULL) == -1)
        return -1;
    if (!found)
        *row = (struct spool_row){.seq = pg->seq, .damaged = true};
    dr->entries[dr->count++] = (struct entry){ln, pg, true};
    return 0;
}

/*
 * Those that have come back, as far as the line was read: what was never with
 * the producer can lie before others. How many were read.
 */
static size_t read_back(struct drain *dr, struct line *ln, size_t max,
                        int64_t now_us)
{
    struct skipped sk = {0};
    size_t count = 0;
    int64_t due_us = INT64_MAX;
    struct passage *pg;

    for (pg = ln->back; pg != NULL && count < max; pg = pg->next) {
        if (pg->seq > ln->read_to && ln->read_to < ln->ready_to)
            break;
        if (is_skipped(&sk, pg->stripe))
            continue;
        if (pg->due_us > now_us) {
            due_us = pg->due_us < due_us ? pg->due_us : due_us;
            if (sk.count == SKIPPED_MAX)
                break;
            sk.stripes[sk.count++] = pg->stripe;
            continue;
        }
        if (count > 0 && dr->arena.total > ROWS_BYTES)
            break;
        if (read_returned(dr, ln, pg) == -1) {
            due_us = 0; /* what was read is sent first, then after a rest */
            if (count == 0)
                line_rest(ln, now_us);
            break;
        }
        count++;
    }
    /* the rest is looked at in the next round, or when a row before it was
     * read, or when the first is due */
    ln->back_due_us = count > 0 ? 0 : due_us;
    return count;
}

/* A passage for a row that this process has not sent. NULL: none is needed;
 * or there is no memory. */
static struct passage *passage_for(struct drain *dr, struct line *ln,
                                   const struct spool_row *row)
{
    struct stripe *stripe =
        stripes_find(dr->options.stripes, ln->ch->topic, row->record.key);
    struct passage *pg = passage_new(ln->ch, stripe, NULL);

    if (pg == NULL)
        return NULL;
    /* there is no thread that waits for it */
    atomic_store(&pg->flight.state, FLIGHT_ABANDONED);
    pg->stage = PASSAGE_KEPT;
    pg->seq = row->seq;
    pg->marked = row->doubtful;
    pg->joined = row->seq > spool_dir_opened_at(dr->options.dir);
    return pg;
}

static bool is_with_producer(const struct drain *dr,
                             const struct spool_row *row)
{
    return row->in_doubt && row->seq > spool_dir_opened_at(dr->options.dir);
}

/* -1 as above. */
static int read_fresh(struct drain *dr, struct line *ln, size_t max)
{
    struct spool_row *rows = &dr->rows[dr->count];
    int64_t reached = ln->read_to;
    size_t count = 0;

    if (spool_dir_read(dr->options.dir, ln->ch->topic, ln->read_to, rows, max,
                       ROWS_BYTES, &dr->arena, &count, &reached, NULL) == -1)
        return -1;
    if (reached == ln->read_to) /* what was there could not be read */
        reached = ln->ready_to;
    for (size_t i = 0; i < count; i++) {
        struct entry *entry = &dr->entries[dr->count];

        *entry = (struct entry){ln, NULL, false};
        if (!rows[i].damaged && !is_with_producer(dr, &rows[i])) {
            entry->pg = passage_for(dr, ln, &rows[i]);
            if (entry->pg == NULL)
                return 0;
        }
        ln->window_to = rows[i].seq;
        dr->count++;
    }
    ln->window_to = reached;
    return 0;
}

static void read_line(struct drain *dr, struct line *ln, size_t max,
                      int64_t now_us)
{
    size_t back = 0;

    if (ln->back != NULL)
        back = read_back(dr, ln, max, now_us);
    if (max > back && !ln->stopped && line_has_fresh(ln) &&
        read_fresh(dr, ln, max - back) == -1 && back == 0)
        line_rest(ln, now_us);
}

size_t drain_read(struct drain *dr, int64_t now_us)
{
    const size_t lines = dr->options.channels->count;

    arena_reset(&dr->arena);
    dr->count = 0;
    for (size_t i = 0; i < lines; i++) {
        struct line *ln = &dr->lines[(dr->first + i) % lines];
        size_t max = line_allowance(ln, now_us);

        ln->window_to = 0;
        ln->stopped = false;
        if (max > 0 && line_is_stuck(ln))
            channel_try(ln->ch);
        if (max > ROWS_MAX - dr->count)
            max = ROWS_MAX - dr->count;
        if (max > 0 && dr->arena.total <= ROWS_BYTES)
            read_line(dr, ln, max, now_us);
    }
    dr->first = (dr->first + 1) % lines;
    return dr->count;
}

int64_t drain_due_us(struct drain *dr, int64_t now_us)
{
    int64_t due_us = INT64_MAX;

    for (size_t i = 0; i < dr->options.channels->count; i++) {
        const int64_t line_us = line_due_us(&dr->lines[i]);

        due_us = line_us < due_us ? line_us : due_us;
    }
    return due_us > now_us ? due_us : now_us;
}

/* ---- writing and sending ------------------------------------------------- */

int drain_write(struct drain *dr, struct fault *why)
{
    for (size_t i = 0; i < dr->count; i++)
        if (dr->rows[i].damaged &&
            spool_dir_put_aside(dr->options.dir, dr->rows[i].seq, "damaged",
                                why) == -1)
            return -1;
    for (size_t i = 0; i < dr->options.channels->count; i++) {
        const struct line *ln = &dr->lines[i];

        if (ln->window_to > 0 && spool_dir_give(dr->options.dir, ln->ch->topic,
                                                ln->window_to, why) == -1)
            return -1;
    }
    return 0;
}

/* Hands a record to the producer. Its report may come before this returns. */
static int hand_over(struct drain *dr, struct spool_row *row,
                     struct passage *pg, struct fault *why)
{
    struct record *record = &row->record;

    if (pg->marked && record_header(record, DELIVERY_MARK).data == NULL &&
        record->header_count < RECORD_HEADERS_MAX)
        record_add_header(record, DELIVERY_MARK, slice_of("true"));
    pg->sent_us = clock_now_us();
    pg->reported = false;
    pg->drained = true;
    atomic_fetch_add(&pg->channel->drained, 1);
    channel_on_trial(pg->channel, 1);
    if (dr->options.send(dr->options.ctx, record, pg, why) == 0) {
        if (record_header(record, DELIVERY_MARK).data != NULL)
            count_add(COUNT_MARKED, 1);
        return 0;
    }
    channel_on_trial(pg->channel, -1);
    atomic_fetch_sub(&pg->channel->drained, 1);
    pg->drained = false;
    return -1;
}

/* Hands it over and leaves its stripe, or keeps its place. Needs the stripe's
 * lock, and not the passage any more once the producer has it. */
static int send_in_turn(struct drain *dr, struct spool_row *row,
                        struct passage *pg, struct fault *why)
{
    struct stripe *stripe = pg->stripe;
    const bool joined = pg->joined;

    pg->joined = false;
    if (hand_over(dr, row, pg, why) == -1 && why->kind != FAULT_REFUSED) {
        pg->joined = joined;
        return -1;
    }
    if (joined)
        stripe_leave(stripe);
    return why->kind == FAULT_REFUSED ? -1 : 0;
}

/* That it cannot be read is written down. */
static void forget_returned(struct line *ln, struct passage *pg)
{
    stripe_lock(pg->stripe);
    line_unlist(ln, pg);
    stripe_leave(pg->stripe);
    stripe_unlock(pg->stripe);
    passage_free(pg);
}

static void send_row(struct drain *dr, struct spool_row *row,
                     struct entry *entry, int64_t now_us,
                     struct passage **refused)
{
    struct line *ln = entry->ln;
    struct passage *pg = entry->pg;
    struct stripe *stripe = pg->stripe;
    struct fault why = FAULT_INIT;

    stripe_lock(stripe);
    /* one that lies before this one can be among those that are expected */
    if (atomic_load(&ln->ch->expected) > 0)
        ln->stopped = true;
    if (ln->stopped || (!entry->returned && stripe_held(stripe) > 0)) {
        if (!entry->returned)
            line_hold_back(ln, pg);
        stripe_unlock(stripe);
        return;
    }
    if (entry->returned)
        line_unlist(ln, pg);
    if (send_in_turn(dr, row, pg, &why) == 0) {
        line_sent(ln, now_us);
    } else if (why.kind == FAULT_REFUSED) {
        pg->next = *refused;
        *refused = pg;
    } else {
        line_pause(ln, now_us);
        line_hold_back(ln, pg);
    }
    stripe_unlock(stripe);
}

void drain_send(struct drain *dr, int64_t now_us, struct passage **refused)
{
    for (size_t i = 0; i < dr->count; i++) {
        struct entry *entry = &dr->entries[i];

        if (entry->returned && dr->rows[i].damaged)
            forget_returned(entry->ln, entry->pg);
        else if (entry->pg != NULL)
            send_row(dr, &dr->rows[i], entry, now_us, refused);
    }
    for (size_t i = 0; i < dr->options.channels->count; i++) {
        if (dr->lines[i].window_to > 0)
            line_advance(&dr->lines[i], dr->lines[i].window_to);
        line_tell(&dr->lines[i]);
    }
    dr->count = 0;
}

void drain_forget(struct drain *dr, int64_t now_us)
{
    for (size_t i = 0; i < dr->count; i++) {
        struct entry *entry = &dr->entries[i];

        line_pause(entry->ln, now_us);
        if (!entry->returned)
            passage_free(entry->pg);
    }
    dr->count = 0;
}
