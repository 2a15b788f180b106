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
    ARENA_MAX = 64 * MIB  /* a single record can have 16 */
};

/* What shall become of a row that was read. */
struct entry {
    struct line *ln;
    struct spool_row *row;
    struct passage *pg; /* NULL: it is damaged, and nobody knows it */
    bool probe;         /* it was read out of its turn */
};

struct drain {
    struct drain_options options;
    struct line *lines;
    size_t first; /* whose turn it is to be read first */
    struct arena arena;
    size_t count;
    struct entry entries[ROWS_MAX];
    size_t row_count; /* those that are skipped, too */
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
        struct channel *ch = &options->channels->items[i];

        line_init(&dr->lines[i], ch,
                  spool_dir_last_of(options->dir, ch->topic));
    }
    *out = dr;
    return 0;
}

void drain_free(struct drain *dr)
{
    if (dr == NULL)
        return;
    for (size_t i = 0; i < dr->options.channels->count; i++)
        line_release(&dr->lines[i]);
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

void drain_enroll(struct drain *dr, struct passage *pg)
{
    line_enroll(line_of(dr, pg->partition->channel), pg);
}

/* ---- what has come back -------------------------------------------------- */

void drain_expect(struct passage *pg)
{
    atomic_fetch_add(&pg->partition->channel->expected, 1);
}

void drain_take_back(struct drain *dr, struct passage *pg, bool expected)
{
    struct channel *ch = pg->partition->channel;

    line_take_back(line_of(dr, ch), pg);
    if (expected)
        atomic_fetch_sub(&ch->expected, 1);
}

/* ---- reading ------------------------------------------------------------- */

/* A passage for a row that this process has not sent. NULL: there is no
 * memory. */
static struct passage *passage_for(struct drain *dr, struct line *ln,
                                   const struct spool_row *row)
{
    struct passage *pg =
        passage_new(ln->ch, channel_hash(row->record.key), NULL);

    if (pg == NULL)
        return NULL;
    /* there is no thread that waits for it */
    atomic_store(&pg->flight.state, FLIGHT_ABANDONED);
    pg->stage = PASSAGE_KEPT;
    pg->seq = row->seq;
    pg->marked = row->was_doubtful;
    pg->joined = row->seq > spool_dir_opened_at(dr->options.dir);
    line_enroll(ln, pg);
    return pg;
}

/* Puts it among those that are sent in this round. -1: no memory. */
static int choose(struct drain *dr, struct line *ln, struct spool_row *row,
                  struct passage *pg, bool probe)
{
    if (pg == NULL && !row->damaged) {
        pg = passage_for(dr, ln, row);
        if (pg == NULL)
            return -1;
    }
    if (!row->damaged) {
        pg->partition = line_partition(ln, pg->hash);
        if (row->seq > ln->give_to)
            ln->give_to = row->seq;
    }
    dr->entries[dr->count++] = (struct entry){ln, row, pg, probe};
    return 0;
}

/* The first that was skipped of a partition that is down. */
static void read_probe(struct drain *dr, struct line *ln, size_t share,
                       int64_t now_us)
{
    const int64_t seq = line_probe_of(ln, share);
    struct passage *pg = roll_find(&ln->roll, seq);
    struct spool_row *row = &dr->rows[dr->row_count];
    struct share *sh = &ln->shares[share];
    bool found = false;

    if (seq == 0 || (pg != NULL && (!pg->returned || pg->due_us > now_us)) ||
        dr->row_count == ROWS_MAX || dr->arena.total > ROWS_BYTES)
        return;
    if (spool_dir_read_one(dr->options.dir, seq, row, &found, &dr->arena,
                           NULL) == -1) {
        line_rest(ln, now_us);
        return;
    }
    if (!found ||
        (!row->damaged &&
         line_share(ln, line_partition(ln, channel_hash(row->record.key))) !=
             sh)) {
        sh->lost = true;
        return;
    }
    dr->row_count++;
    sh->lost = row->damaged;
    sh->allowance = 0;
    if (choose(dr, ln, row, pg, true) == -1)
        line_pause(ln, now_us);
}

/* False: the line waits here. */
static bool look_at(struct drain *dr, struct line *ln, struct spool_row *row,
                    int64_t now_us)
{
    struct passage *pg = roll_find(&ln->roll, row->seq);

    if (pg != NULL && !pg->returned)
        return true; /* the producer has it */
    if (!row->damaged) {
        const int64_t hash = channel_hash(row->record.key);

        switch (line_judge(ln, row->seq, line_partition(ln, hash),
                           channel_stripe(ln->ch, hash), pg, now_us)) {
        case VERDICT_SKIP:
            return true;
        case VERDICT_WAIT:
            return false;
        case VERDICT_SEND:
            break;
        }
    }
    if (choose(dr, ln, row, pg, false) == 0)
        return true;
    line_pause(ln, now_us);
    return false;
}

static void read_fresh(struct drain *dr, struct line *ln, size_t max,
                       int64_t now_us)
{
    struct spool_row *rows = &dr->rows[dr->row_count];
    int64_t reached = ln->read_to;
    size_t count = 0;

    if (spool_dir_read(dr->options.dir, ln->ch->topic, ln->read_to, rows, max,
                       ROWS_BYTES, &dr->arena, &count, &reached, NULL) == -1) {
        line_rest(ln, now_us);
        return;
    }
    dr->row_count += count;
    if (reached == ln->read_to) /* what was there could not be read */
        reached = ln->ready_to;
    for (size_t i = 0; i < count; i++) {
        if (!look_at(dr, ln, &rows[i], now_us)) {
            reached = rows[i].seq - 1;
            break;
        }
    }
    line_read(ln, reached, count);
}

static void read_line(struct drain *dr, struct line *ln, int64_t now_us)
{
    size_t max;

    line_plan(ln, now_us);
    for (size_t i = 0; i < PARTITION_SLOTS; i++)
        read_probe(dr, ln, i, now_us);
    max = line_wish(ln, ROWS_MAX - dr->row_count);
    if (max > 0 && dr->arena.total <= ROWS_BYTES)
        read_fresh(dr, ln, max, now_us);
}

size_t drain_read(struct drain *dr, int64_t now_us)
{
    const size_t lines = dr->options.channels->count;

    arena_reset(&dr->arena);
    dr->count = dr->row_count = 0;
    for (size_t i = 0; i < lines; i++)
        read_line(dr, &dr->lines[(dr->first + i) % lines], now_us);
    dr->first = (dr->first + 1) % lines;
    return dr->count;
}

int64_t drain_due_us(struct drain *dr, int64_t now_us)
{
    int64_t due_us = INT64_MAX;

    for (size_t i = 0; i < dr->options.channels->count; i++) {
        const int64_t line_us = line_due_us(&dr->lines[i], now_us);

        due_us = line_us < due_us ? line_us : due_us;
    }
    return due_us > now_us ? due_us : now_us;
}

/* ---- writing and sending ------------------------------------------------- */

int drain_write(struct drain *dr, struct fault *why)
{
    for (size_t i = 0; i < dr->count; i++)
        if (dr->entries[i].row->damaged &&
            spool_dir_put_aside(dr->options.dir, dr->entries[i].row->seq,
                                "damaged", why) == -1)
            return -1;
    for (size_t i = 0; i < dr->options.channels->count; i++) {
        const struct line *ln = &dr->lines[i];

        if (ln->give_to > 0 && spool_dir_give(dr->options.dir, ln->ch->topic,
                                              ln->give_to, why) == -1)
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
    atomic_fetch_add(&pg->partition->drained, 1);
    partition_on_trial(pg->partition, 1);
    if (dr->options.send(dr->options.ctx, record, pg, why) == 0) {
        if (record_header(record, DELIVERY_MARK).data != NULL)
            count_add(COUNT_MARKED, 1);
        return 0;
    }
    partition_on_trial(pg->partition, -1);
    atomic_fetch_sub(&pg->partition->drained, 1);
    pg->drained = false;
    return -1;
}

/* Hands it over and leaves its stripe, or keeps its place there. Needs the
 * stripe's lock, and not the passage any more once the producer has it. */
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

/* One that lies before it can be among those that are expected. */
static bool is_in_turn(struct line *ln)
{
    if (atomic_load(&ln->ch->expected) > 0)
        ln->stopped = true;
    return !ln->stopped;
}

/* It stays where it is: the line goes on here. */
static void keep_row(struct entry *entry)
{
    if (!entry->probe)
        line_unsent(entry->ln, entry->row->seq);
    if (!entry->pg->returned)
        passage_free(entry->pg);
}

static void send_row(struct drain *dr, struct entry *entry, int64_t now_us,
                     struct passage **refused)
{
    struct line *ln = entry->ln;
    struct passage *pg = entry->pg;
    struct stripe *stripe = pg->stripe;
    struct fault why = FAULT_INIT;
    bool kept = true;

    stripe_lock(stripe);
    if (is_in_turn(ln)) {
        line_sending(ln, pg, now_us);
        kept = send_in_turn(dr, entry->row, pg, &why) == -1 &&
               why.kind != FAULT_REFUSED;
        if (kept) {
            line_kept(ln, pg);
            line_pause(ln, now_us);
            ln->stopped = true;
        }
    }
    stripe_unlock(stripe);
    if (kept) {
        keep_row(entry);
    } else if (why.kind == FAULT_REFUSED) {
        pg->next = *refused;
        *refused = pg;
    }
}

void drain_send(struct drain *dr, int64_t now_us, struct passage **refused)
{
    for (size_t i = 0; i < dr->count; i++) {
        struct entry *entry = &dr->entries[i];

        if (!entry->row->damaged)
            send_row(dr, entry, now_us, refused);
        else if (entry->pg != NULL)
            line_drop(entry->ln, entry->pg); /* it is put aside */
    }
    for (size_t i = 0; i < dr->options.channels->count; i++)
        line_end(&dr->lines[i]);
    dr->count = 0;
}

void drain_forget(struct drain *dr, int64_t now_us)
{
    for (size_t i = 0; i < dr->count; i++) {
        struct entry *entry = &dr->entries[i];

        line_pause(entry->ln, now_us);
        if (entry->pg != NULL && !entry->pg->returned)
            passage_free(entry->pg);
    }
    dr->count = 0;
}
