/*
 * spool_dir.h - the spool as a folder: one queue, in one file or in several
 *
 * Usually there is one file. One that has failed is not written to any more:
 * spool_dir_renew() begins another, and what the failed one has is read from
 * it. It stays in the folder until all of it was removed, and then becomes
 * *.bad; so does a file that is damaged. Neither is ever deleted, as they may
 * hold what nobody could read. A sound file that is empty and has a successor
 * is deleted, and so is one that has failed for want of room alone, once
 * nothing is left in it.
 *
 * Sequence numbers grow from file to file, so that a topic's records come in
 * the order in which they were appended, wherever they are.
 *
 * Nobody else may have the folder: it is locked as long as the process lives.
 * Where its files or its lock are removed meanwhile, the next commit tells it:
 * the files have failed then, renewing makes the folder anew, and what was in
 * them is read as long as the process lives.
 *
 * After FAULT_IO or FAULT_CORRUPT of a writing call the current file has
 * failed and what was written in this transaction is undone: renew, and write
 * it again; as doubtful, if it was the commit that failed, for then the next
 * process may find it in both files. Failures of older files are dealt with
 * inside: what was removed from them is remembered, and spool_dir_close()
 * writes it down where there is a sound file. A process that is killed leaves
 * it to the next one to publish it again.
 *
 * Threads: one at a time; the same one need not be.
 */
#ifndef SPOOL_SPOOL_DIR_H
#define SPOOL_SPOOL_DIR_H

#include "base/arena.h"
#include "base/fault.h"
#include "base/record.h"
#include "spool/spool.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct spool_dir;

/*
 * Opens the folder, or makes it (its parents, too), and all files in it. On
 * success the caller owns *out. FAULT_BUSY: another process has it.
 * FAULT_NEWER: a newer program made a file in it. FAULT_FULL: no room to make
 * the folder, or its lock. FAULT_IO, FAULT_NOMEM; the text names the path. A
 * damaged file is set aside as *.bad, is logged as an error and counted, what
 * can be read of it takes its place, and opening goes on; without room for
 * that it is read as one that has failed. Where there is no room to make a
 * file, that is logged as an error, and spool_dir_is_sound() is false until
 * spool_dir_renew() has made one.
 */
int spool_dir_open(struct spool_dir **out, const char *path,
                   const struct spool_limits *limits, struct fault *why);

/* Loses nothing, and takes some seconds at most for files that have failed.
 * NULL is fine. */
void spool_dir_close(struct spool_dir *sd);

/* The last number that was used before it was opened, 0 if none was: what
 * this process appends is behind. */
int64_t spool_dir_opened_at(const struct spool_dir *sd);

/* The names of the topics that had records when it was opened; theirs and the
 * array's memory is the folder's. */
const char *const *spool_dir_topics(const struct spool_dir *sd, size_t *count);

/* The topic's last record's number, of those that were there when it was
 * opened; 0: it had none. */
int64_t spool_dir_last_of(const struct spool_dir *sd, const char *topic);

/* ---- writing ------------------------------------------------------------- */

/* Begins a transaction. Always succeeds: what is wrong is told by the calls
 * that follow. */
void spool_dir_begin(struct spool_dir *sd);

/* As spool_append(). FAULT_FULL where spool_dir_in_transaction() is false
 * afterwards: the disk is full, and everything was undone. */
int spool_dir_append(struct spool_dir *sd, const struct record *record,
                     bool doubtful, int64_t *seq, struct fault *why);

/* As spool_remove(), spool_give(), spool_put_aside(). What is in a file that
 * has failed is put aside in the current one; a damaged record cannot be, nor
 * any if that has no room: it stays in *.bad, and counts as unreadable. */
int spool_dir_remove(struct spool_dir *sd, int64_t seq, struct fault *why);
int spool_dir_give(struct spool_dir *sd, const char *topic, int64_t seq,
                   struct fault *why);
int spool_dir_put_aside(struct spool_dir *sd, int64_t seq, const char *reason,
                        struct fault *why);

/* As spool_commit(). */
int spool_dir_commit(struct spool_dir *sd, struct fault *why);
void spool_dir_undo(struct spool_dir *sd);
bool spool_dir_in_transaction(const struct spool_dir *sd);

/*
 * The current file has failed: begins another one. FAULT_FULL, FAULT_IO,
 * FAULT_BUSY (too many failed ones that still have records; or another process
 * has the folder, which was removed for a while): there is none
 * that can be written to, and it can be called again. Outside of
 * transactions.
 */
int spool_dir_renew(struct spool_dir *sd, struct fault *why);

/*
 * The disk has been full for so long that what is to be sent cannot be marked
 * as given: the current file shall count as failed, so that its records can be
 * sent without. Outside of transactions.
 */
void spool_dir_fail(struct spool_dir *sd);

/* Whether there is a file that can be written to. */
bool spool_dir_is_sound(const struct spool_dir *sd);

/* Whether there is, and it has room for a record of usual size. */
bool spool_dir_has_room(const struct spool_dir *sd);

/* ---- reading: outside of transactions ------------------------------------ */

/*
 * As spool_read(), of all files. A row that was there at the opening and is
 * not in the newest file of then is doubtful: what became of it may be known
 * to a process that is gone. Damage in a file does not end reading: what
 * cannot be read is skipped, counted and logged, and counts as removed.
 * FAULT_NOMEM. FAULT_IO: the disk has not answered, which may pass; after a
 * minute of trying again (PATIENCE_US) it counts as damage.
 *
 * *reached is how far it came: the next call reads behind it. That is the
 * last row's number, or a later one where rows behind it could not be read.
 * `*reached == after` means that the topic has nothing behind `after`; a
 * *count of 0, or one below `max`, does not.
 */
int spool_dir_read(struct spool_dir *sd, const char *topic, int64_t after,
                   struct spool_row *rows, size_t max, size_t max_bytes,
                   struct arena *arena, size_t *count, int64_t *reached,
                   struct fault *why);

/* *found is false also if it cannot be read: it is counted and logged then,
 * and counts as removed. FAULT_NOMEM, FAULT_IO as above. */
int spool_dir_read_one(struct spool_dir *sd, int64_t seq, struct spool_row *row,
                       bool *found, struct arena *arena, struct fault *why);

struct spool_dir_totals {
    struct spool_totals of_all; /* files together */
    int64_t files;              /* that have not been set aside */
    int64_t failed;             /* of these, that are not written to */
    int64_t bad;                /* set aside in this process's life */
    int64_t unreadable;         /* records that were skipped */
};

void spool_dir_totals(const struct spool_dir *sd, struct spool_dir_totals *out);

/* As spool_tidy(), of all files; and files that are done with leave. What goes
 * wrong with older files is logged. */
int spool_dir_tidy(struct spool_dir *sd, bool idle, struct fault *why);

/* False: a file that has failed may be done with, and the next call to tidy
 * finds out. */
bool spool_dir_is_settled(const struct spool_dir *sd);

#endif
