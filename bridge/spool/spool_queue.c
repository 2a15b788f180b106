/*
 * spool_queue.c - appending, removing and reading what a spool has
 *
 * The meaning of spool.h, by means of the queries of spool_sql.c. Each change
 * of a row is noted in the book, which spool.c commits or undoes along with
 * the transaction.
 */
#include "base/clock.h"
#include "spool/spool_parts.h"
#include "spool/spool_row.h"

#include <assert.h>
#include <string.h>

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

/* ---- at the start -------------------------------------------------------- */

static int64_t larger(int64_t a, int64_t b) { return a > b ? a : b; }

int spool_load_topics(struct spool *sp, enum spool_query query,
                      struct fault *why)
{
    struct spool_counts *now = &sp->book.now;
    struct db_cell columns[4];
    int rc;

    db_ask(&sp->db, query, NULL, 0);
    while ((rc = db_next(&sp->db, query, columns, COUNT(columns), why)) == 1) {
        const char *name = columns[3].bytes.data;
        const int64_t given_to = columns[1].number;

        now->used_to = larger(now->used_to, given_to);
        now->used_to = larger(now->used_to, columns[2].number);
        if (name == NULL)
            rc = fault_set(why, FAULT_NOMEM, "cannot read a topic's name");
        else if (book_topic(&sp->book, columns[0].number) == NULL)
            rc = book_add_topic(&sp->book, columns[0].number, name, given_to,
                                why);
        if (rc == -1)
            break;
    }
    db_leave(&sp->db, query);
    return rc;
}

int spool_load(struct spool *sp, struct fault *why)
{
    struct spool_counts *now = &sp->book.now;
    struct spool_totals *totals = &now->totals;
    int64_t aside_bytes = 0, last = 0, last_aside = 0;
    const struct {
        enum spool_query query;
        int64_t *numbers[2];
    } steps[] = {
        {SPOOL_COUNT,       {&totals->records, &totals->bytes}    },
        {SPOOL_COUNT_ASIDE, {&totals->aside, &aside_bytes}        },
        {SPOOL_LAST,        {&last, &last_aside}                  },
        {SPOOL_OLDEST,      {&now->oldest_seq, &totals->oldest_ms}},
    };
    int64_t *const self[] = {&sp->id};

    if (spool_load_topics(sp, SPOOL_TOPICS, why) == -1)
        return -1;
    for (size_t i = 0; i < COUNT(steps); i++)
        if (db_ask_numbers(&sp->db, steps[i].query, NULL, 0, steps[i].numbers,
                           2, why) == -1)
            return -1;
    if (db_ask_numbers(&sp->db, SPOOL_SELF, NULL, 0, self, 1, why) == -1)
        return -1;
    totals->bytes += aside_bytes;
    last = larger(larger(last, last_aside), now->used_to);
    if (last == INT64_MAX)
        return fault_set(why, FAULT_CORRUPT,
                         "cannot open '%s': its numbers are used up", sp->path);
    sp->book.next_seq = last + 1;
    return 0;
}

void spool_find_oldest(struct spool *sp)
{
    struct spool_counts *now = &sp->book.now;
    int64_t *const numbers[] = {&now->oldest_seq, &now->totals.oldest_ms};

    /* If it cannot be read the time stays, and whoever reads the row learns
     * why. */
    if (now->totals.records > 0 && now->oldest_seq == 0)
        db_ask_numbers(&sp->db, SPOOL_OLDEST, NULL, 0, numbers, 2, NULL);
}

/* ---- writing ------------------------------------------------------------- */

int spool_check_sound(const struct spool *sp, struct fault *why)
{
    if (sp->db.failed)
        return fault_set(why, FAULT_IO,
                         "'%s' has failed: nothing is written to it any more",
                         sp->path);
    return 0;
}

static int check_writing(const struct spool *sp, struct fault *why)
{
    if (spool_check_sound(sp, why) == -1)
        return -1;
    assert(sp->in_transaction);
    return 0;
}

static int check_room(struct spool *sp, int64_t size, struct fault *why)
{
    const int64_t used = sp->book.now.totals.bytes;

    if (size > SPOOL_RECORD_MAX)
        return fault_set(why, FAULT_TOO_LARGE,
                         "a record of %lld bytes is too large for a spool",
                         (long long)size);
    if (size > sp->limits.max_bytes || used > sp->limits.max_bytes - size)
        return fault_set(why, FAULT_FULL,
                         "the spool '%s' is full: %lld of %lld bytes", sp->path,
                         (long long)used, (long long)sp->limits.max_bytes);
    if (!sp->room_asked) {
        sp->room = spool_disk_has_room(sp->path, sp->limits.min_free_bytes);
        sp->room_asked = true;
    }
    if (!sp->room)
        return fault_set(why, FAULT_FULL,
                         "less than %lld bytes are free where '%s' is",
                         (long long)sp->limits.min_free_bytes, sp->path);
    return 0;
}

static int topic_id(struct spool *sp, const char *name, int64_t *id,
                    struct fault *why)
{
    const struct spool_topic *topic = book_topic_named(&sp->book, name);
    const struct db_cell args[] = {db_text(name)};

    if (topic != NULL) {
        *id = topic->id;
        return 0;
    }
    if (spool_run(sp, SPOOL_ADD_TOPIC, args, COUNT(args), why) == -1)
        return -1;
    *id = db_last_id(&sp->db);
    if (book_add_topic(&sp->book, *id, name, 0, why) == 0)
        return 0;
    spool_undo(sp); /* the file has a topic that the book has not */
    return -1;
}

static int add(struct spool *sp, const struct record *record, bool doubtful,
               int64_t stored_ms, int64_t *seq, struct fault *why)
{
    unsigned char checksum[SPOOL_CHECKSUM_SIZE];
    struct spool_cells cells = {
        .seq = sp->book.next_seq,
        .stored_ms = stored_ms,
        .doubtful = doubtful,
        .topic = record->topic,
        .key = record->key,
        .value = record->value,
        .checksum = {(const char *)checksum, sizeof(checksum)}
    };
    int64_t topic = 0;
    int64_t size;

    if (check_writing(sp, why) == -1)
        return -1;
    if (cells.value.data == NULL) /* never a tombstone */
        cells.value = slice_of("");
    buf_clear(&sp->headers);
    if (spool_row_headers(&sp->headers, record, why) == -1)
        return -1;
    cells.headers = buf_slice(&sp->headers);
    size = spool_row_size(&cells);
    if (check_room(sp, size, why) == -1 ||
        spool_row_checksum(&cells, &sp->scratch, checksum, why) == -1 ||
        topic_id(sp, record->topic, &topic, why) == -1)
        return -1;

    const struct db_cell args[SPOOL_ROW_COLUMNS] = {
        db_number(cells.seq),
        db_number(topic),
        db_number(cells.stored_ms),
        db_number(doubtful),
        db_number(size),
        db_bytes(cells.checksum),
        db_bytes(cells.key),
        db_bytes(cells.headers),
        db_bytes(cells.value),
    };
    if (spool_run(sp, SPOOL_ADD, args, COUNT(args), why) == -1)
        return -1;
    sp->book.next_seq++;
    book_added(&sp->book, cells.seq, cells.stored_ms, size);
    *seq = cells.seq;
    return 0;
}

int spool_append(struct spool *sp, const struct record *record, bool doubtful,
                 int64_t *seq, struct fault *why)
{
    return add(sp, record, doubtful, clock_real_ms(), seq, why);
}

int spool_restore(struct spool *sp, const struct spool_row *row,
                  struct fault *why)
{
    int64_t seq;

    assert(!row->damaged);
    return add(sp, &row->record, true, row->stored_ms, &seq, why);
}

/* Where a record is that shall be changed: 1, 0 if it is not there, -1. */
static int find(struct spool *sp, int64_t seq, int64_t *topic, int64_t *size,
                struct fault *why)
{
    const struct db_cell args[] = {db_number(seq)};
    int64_t *const numbers[] = {topic, size};
    int rc;

    if (check_writing(sp, why) == -1)
        return -1;
    rc =
        db_ask_numbers(&sp->db, SPOOL_FIND, args, COUNT(args), numbers, 2, why);
    if (rc == -1)
        spool_undo(sp);
    return rc;
}

int spool_remove(struct spool *sp, int64_t seq, struct fault *why)
{
    const struct db_cell args[] = {db_number(seq)};
    int64_t topic = 0;
    int64_t size = 0;
    int rc = find(sp, seq, &topic, &size, why);

    if (rc != 1)
        return rc;
    if (spool_run(sp, SPOOL_REMOVE, args, COUNT(args), why) == -1)
        return -1;
    /* its number must not come again when nothing else tells that it was */
    if (seq > sp->book.now.used_to) {
        const struct db_cell to[] = {db_number(topic), db_number(seq)};

        if (spool_run(sp, SPOOL_REMOVED_TO, to, COUNT(to), why) == -1)
            return -1;
        sp->book.now.used_to = seq;
    }
    book_removed(&sp->book, seq, size);
    return 0;
}

int spool_give(struct spool *sp, int64_t topic_id_given, int64_t seq,
               struct fault *why)
{
    struct spool_topic *topic = book_topic(&sp->book, topic_id_given);

    if (check_writing(sp, why) == -1)
        return -1;
    /* what is still to come is not given */
    if (seq >= sp->book.next_seq)
        seq = sp->book.next_seq - 1;
    if (topic == NULL || seq <= topic->given_to)
        return 0;

    const struct db_cell args[] = {db_number(topic->id), db_number(seq)};
    if (spool_run(sp, SPOOL_GIVE, args, COUNT(args), why) == -1)
        return -1;
    topic->given_to = seq;
    sp->book.now.used_to = larger(sp->book.now.used_to, seq);
    return 0;
}

int spool_put_aside(struct spool *sp, int64_t seq, const char *reason,
                    struct fault *why)
{
    const struct db_cell args[] = {db_number(seq), db_text(reason),
                                   db_number(clock_real_ms())};
    int64_t topic = 0;
    int64_t size = 0;
    int rc = find(sp, seq, &topic, &size, why);

    if (rc != 1)
        return rc;
    if (spool_run(sp, SPOOL_KEEP, args, COUNT(args), why) == -1 ||
        spool_run(sp, SPOOL_REMOVE, args, 1, why) == -1)
        return -1;
    book_put_aside(&sp->book, seq);
    return 0;
}

/* ---- reading ------------------------------------------------------------- */

int spool_topics(struct spool *sp, const struct spool_topic **out,
                 size_t *count, struct fault *why)
{
    assert(!sp->in_transaction);
    *out = sp->book.topics;
    *count = sp->book.topic_count;
    for (size_t i = 0; i < sp->book.topic_count; i++) {
        struct spool_topic *topic = &sp->book.topics[i];
        const struct db_cell args[] = {db_number(topic->id)};
        int64_t first = 0;
        int64_t last = 0;
        int64_t *const numbers[] = {&first, &last};

        if (db_ask_numbers(&sp->db, SPOOL_ENDS, args, COUNT(args), numbers, 2,
                           why) == -1)
            return -1;
        topic->first_seq = first;
        topic->last_seq = last;
    }
    return 0;
}

static size_t bytes_of(const struct db_cell columns[SPOOL_ROW_COLUMNS])
{
    return columns[6].bytes.len + columns[7].bytes.len + columns[8].bytes.len;
}

static int take(struct spool *sp,
                const struct db_cell columns[SPOOL_ROW_COLUMNS],
                struct spool_row *row, struct arena *arena, struct fault *why)
{
    const struct spool_topic *topic = book_topic(&sp->book, columns[1].number);
    const struct spool_cells cells = {
        .seq = columns[0].number,
        .stored_ms = columns[2].number,
        .doubtful = columns[3].number != 0,
        .topic = topic == NULL ? NULL : topic->name,
        .checksum = columns[5].bytes,
        .key = columns[6].bytes,
        .headers = columns[7].bytes,
        .value = columns[8].bytes,
    };

    if (spool_row_take(row, &cells, &sp->scratch, arena, why) == -1)
        return -1;
    row->size = columns[4].number;
    if (row->damaged && sp->looks &&
        spool_row_guess(row, &cells, arena, why) == -1)
        return -1;
    if (topic == NULL || cells.seq <= topic->was_given_to)
        row->was_doubtful = true;
    if (topic == NULL || cells.seq <= topic->given_to)
        row->doubtful = true;
    return 0;
}

int spool_read(struct spool *sp, int64_t topic_id_read, int64_t after,
               struct spool_row *rows, size_t max, size_t max_bytes,
               struct arena *arena, size_t *count, struct fault *why)
{
    const struct db_cell args[] = {db_number(topic_id_read), db_number(after),
                                   db_number((int64_t)max)};
    struct db_cell columns[SPOOL_ROW_COLUMNS];
    struct fault cause = FAULT_INIT;
    size_t bytes = 0;
    int rc;

    assert(!sp->in_transaction);
    *count = 0;
    db_ask(&sp->db, SPOOL_READ, args, COUNT(args));
    while ((rc = db_next(&sp->db, SPOOL_READ, columns, COUNT(columns),
                         &cause)) == 1) {
        const size_t more = bytes_of(columns);

        if (*count > 0 && (bytes > max_bytes || more > max_bytes - bytes))
            break;
        rc = take(sp, columns, &rows[*count], arena, &cause);
        if (rc == -1)
            break;
        bytes += more;
        ++*count;
    }
    db_leave(&sp->db, SPOOL_READ);
    /* what lies before the trouble is worth having; the next call meets it */
    if (rc == -1 && *count == 0)
        return fault_set(why, cause.kind, "%s", cause.text);
    return 0;
}

int spool_read_one(struct spool *sp, int64_t seq, struct spool_row *row,
                   bool *found, struct arena *arena, struct fault *why)
{
    const struct db_cell args[] = {db_number(seq)};
    struct db_cell columns[SPOOL_ROW_COLUMNS];
    int rc;

    assert(!sp->in_transaction);
    db_ask(&sp->db, SPOOL_READ_ONE, args, COUNT(args));
    rc = db_next(&sp->db, SPOOL_READ_ONE, columns, COUNT(columns), why);
    *found = rc == 1;
    if (rc == 1)
        rc = take(sp, columns, row, arena, why);
    db_leave(&sp->db, SPOOL_READ_ONE);
    return rc == -1 ? -1 : 0;
}

int spool_read_aside(struct spool *sp, int64_t after, struct spool_aside *out,
                     bool *found, struct arena *arena, struct fault *why)
{
    const struct db_cell args[] = {db_number(after)};
    struct db_cell columns[SPOOL_ASIDE_COLUMNS];
    int rc;

    assert(!sp->in_transaction);
    db_ask(&sp->db, SPOOL_NEXT_ASIDE, args, COUNT(args));
    rc = db_next(&sp->db, SPOOL_NEXT_ASIDE, columns, COUNT(columns), why);
    *found = rc == 1;
    if (rc == 1)
        rc = take(sp, columns, &out->row, arena, why);
    if (rc == 0 && *found) {
        const struct slice reason = columns[SPOOL_ROW_COLUMNS].bytes;

        out->reason = arena_copy(arena, reason.data, reason.len);
        out->aside_ms = columns[SPOOL_ROW_COLUMNS + 1].number;
        if (out->reason == NULL)
            rc = fault_set(why, FAULT_NOMEM, "no room for a reason");
    }
    db_leave(&sp->db, SPOOL_NEXT_ASIDE);
    return rc == -1 ? -1 : 0;
}

const struct spool_topic *spool_topic_named(const struct spool *sp,
                                            const char *name)
{
    return book_topic_named(&sp->book, name);
}

int64_t spool_last_seq(const struct spool *sp) { return sp->book.next_seq - 1; }

bool spool_is_sound(const struct spool *sp) { return !sp->db.failed; }

void spool_set_max_bytes(struct spool *sp, int64_t max_bytes)
{
    sp->limits.max_bytes = max_bytes;
}

void spool_totals(const struct spool *sp, struct spool_totals *out)
{
    *out = sp->in_transaction ? sp->book.before.totals : sp->book.now.totals;
}
