/*
 * spool_dir_parts.h - what the files that make up a spool's folder share
 *
 * spool_dir_open.c opens it, spool_dir.c has its files, spool_dir_write.c the
 * transactions, spool_dir_read.c reads, spool_dir_care.c looks after files that
 * have failed or are done with, spool_dir_note.c tells the next process what is
 * gone from them, spool_dir_place.c knows whether they are still in the folder.
 * Nobody else includes this.
 */
#ifndef SPOOL_SPOOL_DIR_PARTS_H
#define SPOOL_SPOOL_DIR_PARTS_H

#include "spool/spool.h"
#include "spool/spool_dir.h"
#include "spool/spool_disk.h"
#include "spool/spool_folder.h"
#include "spool/spool_gone.h"
#include "spool/spool_note.h"
#include "spool/spool_patience.h"
#include "spool/spool_seq.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* What is to be written to a file that is not the current one. */
enum later { LATER_REMOVE, LATER_GIVE, LATER_ASIDE };

struct spool_later {
    enum later what;
    int64_t seq; /* in the file */
    char *text;  /* the topic or the reason; NULL: there is none */
};

struct dir_file {
    int64_t number;
    struct spool *sp;
    bool was_older;     /* at the opening: there was a newer one */
    bool marked;        /* as failed, and that was logged */
    bool damaged;       /* reading has met damage, or failed for too long */
    bool index_damaged; /* as well */
    bool full;          /* it has failed for want of room alone */
    bool lost;          /* its name means another file, or none */
    struct disk_id id;  /* what its names meant when it was opened */
    struct disk_id wal_id;

    struct spool_patience patience;    /* of those who read records, */
    struct spool_trouble mark_trouble; /* and of the mark */
    bool told;                         /* that it is tried again */

    struct spool_later *later;
    size_t later_count;
    size_t later_kept; /* of transactions that are committed: the disk was
                          full, and they are tried again */
    size_t later_capacity;

    /* Of a file that cannot be written to: */
    struct spool_note gone;   /* what was removed from it */
    struct spool_gone unread; /* and what could not be read; the next process
                                 tries that again */
    int64_t unreadable;       /* of these; those that nobody knows to have been
                                 there are counted in the end */
    int64_t low;              /* all up to it are gone */
    int64_t oldest_ms;        /* of the first that is not; 0: not known */
    bool done;                /* all are gone */
    bool unsettled;           /* the mark has a way to go */
    bool keeps_aside; /* some of these should have been put aside in it */
};

struct spool_dir {
    char *path;
    int lock; /* -1: not locked */
    struct disk_id lock_id;
    struct spool_limits limits;
    struct dir_file *files; /* by number */
    size_t count;
    size_t capacity;
    int64_t highest; /* number that was ever used, as far as it is known */
    bool in_transaction;

    int64_t opened_at;
    const char **topics;
    int64_t *last_of; /* those topics */
    size_t topic_count;

    int64_t bad;
    int64_t unreadable;
    int64_t left_alone; /* files, for the next process */
};

/* ---- spool_dir.c --------------------------------------------------------- */

/* The one that is written to; NULL: there is none. */
struct dir_file *dir_current(const struct spool_dir *sd);

/* NULL: there is none with that number. */
struct dir_file *dir_file_of(const struct spool_dir *sd, int64_t number);

/* Makes room for so many of them. FAULT_NOMEM. */
int dir_make_room(struct spool_dir *sd, size_t count, struct fault *why);

/* Its number is above those of the others, and there is room. */
struct dir_file *dir_add_file(struct spool_dir *sd, int64_t number,
                              struct spool *sp);

/* Makes a file that is the current one then. FAULT_FULL, FAULT_IO,
 * FAULT_NOMEM. */
int dir_begin_file(struct spool_dir *sd, struct fault *why);

/* What the file counts for now. */
void dir_file_totals(const struct dir_file *file, struct spool_totals *out);

/* Gives the current file the room that the others leave. */
void dir_share_room(struct spool_dir *sd);

/* Closes it and takes it out of the folder's. Its place is another's then. */
void dir_forget(struct spool_dir *sd, struct dir_file *file);

/* ---- spool_dir_place.c --------------------------------------------------- */

/* Makes the folder unless it is there, and locks it. FAULT_BUSY, FAULT_FULL,
 * FAULT_IO. */
int dir_take_folder(struct spool_dir *sd, struct fault *why);

/* The same after its lock was lost. No number is used that is used in it. */
int dir_retake_folder(struct spool_dir *sd, struct fault *why);

/* The file that was opened is the one that its names mean. */
void dir_note_place(const struct spool_dir *sd, struct dir_file *file);

/* Whether the lock and the current file are where they were. FAULT_IO: no; the
 * text tells what was removed. */
int dir_check_place(const struct spool_dir *sd, struct fault *why);

/* Fails files that are not, and the current one if the lock is not. Outside of
 * transactions. */
void dir_fail_lost(struct spool_dir *sd);

/* ---- spool_dir_write.c --------------------------------------------------- */

/* Writes what is due to a file that is not the current one; or, where it
 * cannot be written to, remembers it. */
void dir_write_later(struct spool_dir *sd, struct dir_file *file);

void dir_release_later(struct dir_file *file);

/* ---- spool_dir_care.c ---------------------------------------------------- */

/*
 * Reading has failed, and now the file has failed, too. True: for a lack of
 * memory or of the disk's answer, which may pass, and it shall be tried again;
 * `line` and `at` are who reads and where, see spool_patience.h. False: it is
 * damaged, or counts as such by now.
 */
bool dir_may_pass(struct spool_dir *sd, struct dir_file *file, int64_t line,
                  int64_t at, const struct fault *cause);

/* Something cannot be read. Logs it once a file. */
void dir_note_damage(struct spool_dir *sd, struct dir_file *file,
                     const struct fault *cause);

/* Nothing is written to it any more. Logs it once a file. */
void dir_note_failure(struct spool_dir *sd, struct dir_file *file,
                      const struct fault *cause);

/* The record counts as gone from a file that cannot be written to. */
void dir_note_removed(struct dir_file *file, int64_t own);
void dir_note_unreadable(struct spool_dir *sd, struct dir_file *file,
                         int64_t own);

/* It was to be put aside, and could not be: it counts as unreadable. */
void dir_note_lost(struct spool_dir *sd, struct dir_file *file, int64_t own);

bool dir_is_gone(const struct dir_file *file, int64_t own);

/* How far is a file that cannot be written to? Takes about as long at most;
 * file->unsettled: that was not long enough. */
enum { SETTLE_US = 100 * 1000, SETTLE_AT_THE_END_US = 5000 * 1000 };
void dir_settle(struct spool_dir *sd, struct dir_file *file, int64_t most_us);

/* Takes leave of those that are done with; as long for each. */
void dir_dismiss(struct spool_dir *sd, int64_t most_us);

/* It never had anything, or nothing is left in it. */
bool dir_is_empty(const struct dir_file *file);

/* Logs with the file's name. `count` < 0: there is none to tell. */
void dir_log(const struct spool_dir *sd, int64_t number, int level,
             const char *message, const char *count_name, int64_t count,
             const struct fault *cause);

/* ---- spool_dir_note.c ---------------------------------------------------- */

/* At the end: writes down in the current file what is gone from others. At the
 * opening: those count as failed, as they did. Without that it is published
 * again, so what goes wrong is logged. */
void dir_write_notes(struct spool_dir *sd);
void dir_read_notes(struct spool_dir *sd);

#endif
