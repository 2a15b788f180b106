/*
 * spool_dir_read.c - reading what the files of a folder have
 *
 * The files are read in the order of their numbers. In a file where reading
 * has met damage it goes from record to record: by the index as long as that
 * can be read, which tells exactly which records there are, else along the
 * table, where numbers behind a damaged page are tried one by one. How many
 * steps a call takes, and how long, has a limit.
 *
 * A disk that does not answer is no damage, for a while: the call fails, and
 * what it has not come to is read when it is called again.
 */
#include "spool/spool_dir_parts.h"

#include "base/clock.h"

#include <assert.h>
#include <string.h>

enum {
    STEPS = 10000,         /* of one call, in a damaged file, */
    STEPS_US = 100 * 1000, /* and how long they may take */
    BY_NUMBER = 0          /* reads a record where others read a topic */
};

/* What is asked for, and how far it is answered. */
struct reading {
    const char *topic;
    struct spool_row *rows;
    size_t max;
    size_t max_bytes;
    struct arena *arena;
    size_t count;
    size_t bytes;
    int64_t at; /* in the file: it is answered up to here */
};

static void to_global(const struct dir_file *file, struct spool_row *row)
{
    row->seq = seq_global(file->number, row->seq);
    if (file->was_older)
        row->doubtful = row->was_doubtful = true;
}

/* ---- a damaged file ------------------------------------------------------ */

enum found {
    FOUND_END,
    FOUND_ONE,    /* perhaps of another topic */
    FOUND_DAMAGE, /* at the number: nobody knows whether it is any */
    FOUND_FAULT   /* that may pass */
};

static int pass_on(struct fault *why, const struct fault *cause)
{
    return fault_set(why, cause->kind, "%s", cause->text);
}

static enum found find_by_index(struct spool_dir *sd, struct dir_file *file,
                                int64_t topic_id, int64_t after, int64_t *seq,
                                struct fault *why)
{
    struct fault cause = FAULT_INIT;

    if (spool_next_of(file->sp, topic_id, after, seq, &cause) == 0)
        return *seq == 0 ? FOUND_END : FOUND_ONE;
    if (dir_may_pass(sd, file, topic_id, after + 1, &cause)) {
        pass_on(why, &cause);
        return FOUND_FAULT;
    }
    file->index_damaged = true;
    return FOUND_DAMAGE;
}

static enum found find_by_table(struct spool_dir *sd, struct dir_file *file,
                                int64_t topic_id, int64_t after, int64_t *seq,
                                bool *other, struct fault *why)
{
    struct fault cause = FAULT_INIT;
    struct spool_glimpse seen;

    if (spool_look(file->sp, after, &seen, &cause) == 0) {
        *seq = seen.seq;
        *other = seen.topic_id != topic_id;
        return seen.seq == 0 ? FOUND_END : FOUND_ONE;
    }
    if (after >= spool_last_seq(file->sp))
        return FOUND_END;
    *seq = after + 1;
    if (!dir_may_pass(sd, file, topic_id, *seq, &cause))
        return FOUND_DAMAGE;
    pass_on(why, &cause);
    return FOUND_FAULT;
}

/* 0, or -1 with what may pass. */
static int take(struct spool_dir *sd, struct dir_file *file, int64_t seq,
                struct reading *rd, struct fault *why)
{
    struct spool_row *row = &rd->rows[rd->count];
    struct fault cause = FAULT_INIT;
    bool found = false;
    int rc;

    if (dir_is_gone(file, seq))
        return 0;
    rc = spool_read_one(file->sp, seq, row, &found, rd->arena, &cause);
    if (rc == -1 && dir_may_pass(sd, file, BY_NUMBER, seq, &cause))
        return pass_on(why, &cause);
    if (rc == -1 || !found) {
        dir_note_unreadable(sd, file, seq);
        return 0;
    }
    patience_renew(&file->patience, BY_NUMBER, seq);
    rd->bytes += row->record.key.len + row->record.value.len;
    rd->count++;
    return 0;
}

/* 1: there may be more; 0: there is nothing more; -1. */
static int step(struct spool_dir *sd, struct dir_file *file, int64_t topic_id,
                struct reading *rd, struct fault *why)
{
    enum found found = FOUND_DAMAGE;
    bool other = false;
    int64_t seq = 0;

    if (!file->index_damaged)
        found = find_by_index(sd, file, topic_id, rd->at, &seq, why);
    if (file->index_damaged)
        found = find_by_table(sd, file, topic_id, rd->at, &seq, &other, why);
    if (found == FOUND_END || seq > SEQ_MAX) /* as only damage can tell */
        return 0;
    if (found == FOUND_FAULT)
        return -1;
    if (found == FOUND_ONE && !other && take(sd, file, seq, rd, why) == -1)
        return -1;
    rd->at = seq;
    return 1;
}

static int read_damaged(struct spool_dir *sd, struct dir_file *file,
                        int64_t topic_id, struct reading *rd, struct fault *why)
{
    const int64_t deadline_us = clock_now_us() + STEPS_US;
    const int64_t from = rd->at;
    struct fault cause = FAULT_INIT;
    int rc = 1;

    for (int i = 0; i < STEPS && rc == 1; i++) {
        rc = step(sd, file, topic_id, rd, &cause);
        if (rd->count == rd->max || rd->bytes >= rd->max_bytes ||
            clock_now_us() > deadline_us)
            break;
    }
    /* as spool_read(): how far it came is worth having */
    return rc == -1 && rd->at == from ? pass_on(why, &cause) : 0;
}

/* ---- any file ------------------------------------------------------------ */

static void leave_out_gone(const struct dir_file *file, struct reading *rd)
{
    size_t kept = 0;

    for (size_t i = 0; i < rd->count; i++) {
        if (dir_is_gone(file, rd->rows[i].seq))
            continue;
        if (kept < i)
            rd->rows[kept] = rd->rows[i];
        kept++;
    }
    rd->count = kept;
}

static int read_file(struct spool_dir *sd, struct dir_file *file,
                     struct reading *rd, struct fault *why)
{
    const struct spool_topic *topic = spool_topic_named(file->sp, rd->topic);
    struct fault cause = FAULT_INIT;

    if (topic == NULL)
        return 0;
    if (file->damaged)
        return read_damaged(sd, file, topic->id, rd, why);
    if (spool_read(file->sp, topic->id, rd->at, rd->rows, rd->max,
                   rd->max_bytes, rd->arena, &rd->count, &cause) == 0) {
        if (rd->count > 0) {
            patience_renew(&file->patience, topic->id, rd->at + 1);
            rd->at = rd->rows[rd->count - 1].seq;
        }
        leave_out_gone(file, rd);
        return 0;
    }
    if (dir_may_pass(sd, file, topic->id, rd->at + 1, &cause))
        return pass_on(why, &cause);
    return read_damaged(sd, file, topic->id, rd, why);
}

int spool_dir_read(struct spool_dir *sd, const char *topic, int64_t after,
                   struct spool_row *rows, size_t max, size_t max_bytes,
                   struct arena *arena, size_t *count, int64_t *reached,
                   struct fault *why)
{
    assert(!sd->in_transaction);
    *count = 0;
    *reached = after;
    for (size_t i = 0; i < sd->count; i++) {
        struct dir_file *file = &sd->files[i];
        const int64_t from =
            file->number > seq_number(after) ? 0 : seq_own(after);
        struct reading rd = {.topic = topic,
                             .rows = rows,
                             .max = max,
                             .max_bytes = max_bytes,
                             .arena = arena,
                             .at = from};

        if (file->number < seq_number(after))
            continue;
        if (read_file(sd, file, &rd, why) == -1)
            return -1;
        if (rd.at == from)
            continue; /* the topic has nothing more in it */
        for (size_t k = 0; k < rd.count; k++)
            to_global(file, &rows[k]);
        *count = rd.count;
        *reached = seq_global(file->number, rd.at);
        return 0;
    }
    return 0;
}

int spool_dir_read_one(struct spool_dir *sd, int64_t seq, struct spool_row *row,
                       bool *found, struct arena *arena, struct fault *why)
{
    struct dir_file *file = dir_file_of(sd, seq_number(seq));
    const int64_t own = seq_own(seq);
    struct fault cause = FAULT_INIT;

    assert(!sd->in_transaction);
    *found = false;
    if (file == NULL || dir_is_gone(file, own))
        return 0;
    if (spool_read_one(file->sp, own, row, found, arena, &cause) == -1) {
        *found = false;
        if (dir_may_pass(sd, file, BY_NUMBER, own, &cause))
            return pass_on(why, &cause);
        dir_note_unreadable(sd, file, own);
        return 0;
    }
    patience_renew(&file->patience, BY_NUMBER, own);
    if (*found)
        to_global(file, row);
    return 0;
}
