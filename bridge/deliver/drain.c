/*
 * drain.c - which of the spool's records go to the producer next
 *
 * A topic's records stand in a line. `read_to` is how far the line was read:
 * what lies before it has been with the producer, and is there still, or is
 * in Kafka, or has come back. What has come back waits in a list of its own,
 * sorted, and is sent before anything else of the topic is read.
 *
 * A record that this process appended as in doubt is with the producer since
 * before it was in the spool: reading passes it by.
 */
#include "deliver/drain.h"

#include "base/arena.h"
#include "base/clock.h"
#include "base/limits.h"
#include "base/log.h"
#include "deliver/counts.h"
#include "deliver/delivery.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

enum {
    ROWS_MAX = 512,       /* in the windows of a round */
    ROWS_BYTES = 2 * MIB, /* about, too */
    ARENA_MAX = 64 * MIB, /* a single record can have 16 */
    ON_TRIAL_MAX = 1024,  /* of a topic, with the producer */
    PAUSE_US = 20 * 1000, /* after the producer took nothing */
    PAUSE_MAX_US = 5000 * 1000
};

struct line {
    struct channel *ch;
    int64_t read_to;
    int64_t ready_to;     /* there is nothing to read behind it */
    int64_t old_to;       /* of what was there at the start */
    int64_t window_to;    /* of the window that was read; 0: none */
    struct passage *back; /* sorted by seq */
    bool stopped;         /* the producer took nothing, in this round */
    int64_t pause_until_us;
};

/* What shall become of a row that was read. */
struct entry {
    struct line *ln;
    struct passage *pg; /* NULL: nothing is to be sent */
    bool returned;      /* it is the first of the list, too */
};

struct drain {
    struct drain_options options;
    atomic_int expected; /* records that come back and are in no list */
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
        ln->ready_to = ln->old_to;
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
    ln->ready_to = seq;
}

/* ---- what has come back -------------------------------------------------- */

void drain_expect(struct drain *dr) { atomic_fetch_add(&dr->expected, 1); }

static void insert(struct line *ln, struct passage *pg)
{
    struct passage **at = &ln->back;

    while (*at != NULL && (*at)->seq < pg->seq)
        at = &(*at)->next;
    pg->next = *at;
    *at = pg;
}

/* Coming back once is the end of a lane. More often it is something that
 * Kafka has against it, and asking at once would be asking without end. */
static int64_t patience_us(int returns)
{
    int64_t pause_us = PAUSE_US;

    for (int i = 1; i < returns && pause_us < PAUSE_MAX_US; i++)
        pause_us *= 2;
    return pause_us;
}

void drain_take_back(struct drain *dr, struct passage *pg, bool expected)
{
    struct line *ln = line_of(dr, pg->channel);

    if (++pg->returns > 1)
        ln->pause_until_us = clock_now_us() + patience_us(pg->returns);
    insert(ln, pg);
    if (expected)
        atomic_fetch_sub(&dr->expected, 1);
}

/* The first of the list. Needs the stripe's lock. */
static void unlist(struct line *ln, struct passage *pg)
{
    assert(ln->back == pg);
    ln->back = pg->next;
    pg->next = NULL;
    stripe_let_go(pg->stripe);
}

/* ---- reading ------------------------------------------------------------- */

/* All that was there at the start has been with the producer: from now on
 * the stripes tell who waits. */
static void advance(struct line *ln, int64_t seq)
{
    if (seq > ln->read_to)
        ln->read_to = seq;
    if (ln->old_to > 0 && ln->read_to >= ln->old_to &&
        atomic_exchange(&ln->ch->catching_up, false))
        log_line(LOG_INFO, "spool", "all of before the start was sent",
                 log_text("topic", ln->ch->topic));
}

/* How many may be sent now. */
static size_t allowance(struct line *ln, int64_t now_us)
{
    const int on_trial = atomic_load(&ln->ch->on_trial);

    if (now_us < ln->pause_until_us || now_us < atomic_load(&ln->ch->retry_us))
        return 0;
    if (channel_is_down(ln->ch))
        return on_trial == 0 ? 1 : 0;
    return on_trial < ON_TRIAL_MAX ? (size_t)(ON_TRIAL_MAX - on_trial) : 0;
}

static bool has_rows(const struct line *ln)
{
    return ln->back != NULL || ln->read_to < ln->ready_to;
}

/* Nothing is left that could tell that Kafka is back. */
static bool is_stuck(const struct line *ln)
{
    return channel_is_down(ln->ch) && !has_rows(ln) &&
           atomic_load(&ln->ch->on_trial) == 0;
}

/* What lies there of those that have come back. */
static void read_back(struct drain *dr, struct line *ln, size_t max)
{
    struct passage *pg = ln->back;

    for (size_t i = 0; i < max && pg != NULL; i++) {
        struct spool_row *row = &dr->rows[dr->count];
        bool found = false;

        if (spool_dir_read_one(dr->options.dir, pg->seq, row, &found,
                               &dr->arena, NULL) == -1)
            return;
        if (!found)
            row->damaged = true; /* it is counted, and nothing is to be sent */
        dr->entries[dr->count++] = (struct entry){ln, pg, true};
        pg = pg->next;
    }
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

static void read_fresh(struct drain *dr, struct line *ln, size_t max)
{
    struct spool_row *rows = &dr->rows[dr->count];
    int64_t reached = ln->read_to;
    size_t count = 0;

    if (spool_dir_read(dr->options.dir, ln->ch->topic, ln->read_to, rows, max,
                       ROWS_BYTES, &dr->arena, &count, &reached, NULL) == -1)
        return;
    if (reached == ln->read_to) /* what was there could not be read */
        reached = ln->ready_to;
    for (size_t i = 0; i < count; i++) {
        struct entry *entry = &dr->entries[dr->count];

        *entry = (struct entry){ln, NULL, false};
        if (!rows[i].damaged && !is_with_producer(dr, &rows[i])) {
            entry->pg = passage_for(dr, ln, &rows[i]);
            if (entry->pg == NULL)
                return;
        }
        ln->window_to = rows[i].seq;
        dr->count++;
    }
    ln->window_to = reached;
}

size_t drain_read(struct drain *dr, int64_t now_us)
{
    const size_t lines = dr->options.channels->count;

    arena_reset(&dr->arena);
    dr->count = 0;
    for (size_t i = 0; i < lines; i++) {
        struct line *ln = &dr->lines[(dr->first + i) % lines];
        size_t max = allowance(ln, now_us);

        ln->window_to = 0;
        ln->stopped = false;
        if (max > 0 && is_stuck(ln))
            channel_try(ln->ch);
        if (max > ROWS_MAX - dr->count)
            max = ROWS_MAX - dr->count;
        if (max == 0 || dr->arena.total > ROWS_BYTES)
            continue;
        if (ln->back != NULL)
            read_back(dr, ln, max);
        else if (ln->read_to < ln->ready_to)
            read_fresh(dr, ln, max);
    }
    dr->first = (dr->first + 1) % lines;
    return dr->count;
}

int64_t drain_due_us(struct drain *dr, int64_t now_us)
{
    int64_t due_us = INT64_MAX;

    for (size_t i = 0; i < dr->options.channels->count; i++) {
        struct line *ln = &dr->lines[i];
        int64_t line_us = atomic_load(&ln->ch->retry_us);

        if (!has_rows(ln) && !is_stuck(ln))
            continue;
        if (line_us < ln->pause_until_us)
            line_us = ln->pause_until_us;
        if (line_us < now_us)
            line_us = now_us;
        if (line_us == now_us && allowance(ln, now_us) == 0)
            continue; /* a report will come first */
        if (line_us < due_us)
            due_us = line_us;
    }
    return due_us;
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
    channel_on_trial(pg->channel, 1);
    if (dr->options.send(dr->options.ctx, record, pg, why) == 0) {
        if (record_header(record, DELIVERY_MARK).data != NULL)
            count_add(COUNT_MARKED, 1);
        return 0;
    }
    channel_on_trial(pg->channel, -1);
    return -1;
}

/* Needs the stripe's lock. */
static void leave(struct passage *pg)
{
    if (pg->joined)
        stripe_leave(pg->stripe);
    pg->joined = false;
}

static void stop(struct line *ln, int64_t now_us)
{
    ln->stopped = true;
    ln->pause_until_us = now_us + PAUSE_US;
}

/* It is not its turn, or the producer does not take it: it waits with those
 * that have come back. Needs the stripe's lock. */
static void hold_back(struct line *ln, struct passage *pg)
{
    if (!pg->joined)
        stripe_join(pg->stripe);
    pg->joined = true;
    stripe_hold(pg->stripe);
    insert(ln, pg);
}

static void send_row(struct drain *dr, struct spool_row *row,
                     struct entry *entry, int64_t now_us,
                     struct passage **refused)
{
    struct passage *pg = entry->pg;
    struct fault why = FAULT_INIT;
    bool must_wait;

    stripe_lock(pg->stripe);
    must_wait = entry->ln->stopped || atomic_load(&dr->expected) > 0 ||
                (!entry->returned && stripe_held(pg->stripe) > 0);
    if (entry->returned && (!must_wait || row->damaged))
        unlist(entry->ln, pg);
    if (entry->returned && row->damaged) {
        stripe_leave(pg->stripe);
        stripe_unlock(pg->stripe);
        passage_free(pg);
        return;
    }
    if (must_wait) {
        entry->ln->stopped = true; /* nor is what lies behind it read on */
        if (!entry->returned)
            hold_back(entry->ln, pg);
    } else if (hand_over(dr, row, pg, &why) == 0) {
        leave(pg);
    } else if (why.kind == FAULT_REFUSED) {
        leave(pg);
        pg->next = *refused;
        *refused = pg;
    } else {
        stop(entry->ln, now_us);
        hold_back(entry->ln, pg);
    }
    stripe_unlock(pg->stripe);
}

void drain_send(struct drain *dr, int64_t now_us, struct passage **refused)
{
    for (size_t i = 0; i < dr->count; i++) {
        struct entry *entry = &dr->entries[i];

        if (entry->pg != NULL)
            send_row(dr, &dr->rows[i], entry, now_us, refused);
    }
    for (size_t i = 0; i < dr->options.channels->count; i++)
        if (dr->lines[i].window_to > 0)
            advance(&dr->lines[i], dr->lines[i].window_to);
    dr->count = 0;
}

void drain_forget(struct drain *dr, int64_t now_us)
{
    for (size_t i = 0; i < dr->count; i++) {
        struct entry *entry = &dr->entries[i];

        stop(entry->ln, now_us);
        if (!entry->returned)
            passage_free(entry->pg);
    }
    dr->count = 0;
}
