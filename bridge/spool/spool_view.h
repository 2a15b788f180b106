/*
 * spool_view.h - looking at a spool that no bridge has
 *
 * For people and tools: all that is in a folder, or in a single file of one,
 * is read record by record, with what is aside. Nothing in the folder is
 * changed: nothing is made, mended, renamed, or salvaged, and a folder that
 * can only be read is good enough. What opening it for good would do to it
 * (spool_dir.h) is taken for granted where it tells what a record is: those
 * of older and of damaged files are doubtful, and what a newer file tells to
 * be gone from one that has failed is not there.
 *
 * While somebody looks no bridge can open it; several may look.
 *
 * Threads: one at a time.
 */
#ifndef SPOOL_SPOOL_VIEW_H
#define SPOOL_SPOOL_VIEW_H

#include "base/arena.h"
#include "base/fault.h"
#include "spool/spool.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct spool_view;

/*
 * Opens a folder, or a file of one: *.bad, too. On success the caller owns
 * *out. FAULT_BUSY: a process has it. FAULT_NEWER: a newer program made a
 * file in it. FAULT_IO: there is no spool, or it cannot be read; FAULT_CORRUPT:
 * the file is nothing of ours; FAULT_NOMEM.
 */
int spool_view_open(struct spool_view **out, const char *path,
                    struct fault *why);

/* NULL is fine. */
void spool_view_close(struct spool_view *view);

/*
 * Where the folder had no lock there was nothing to keep a bridge from opening
 * it meanwhile: FAULT_BUSY if one did, and what was read may be anything then.
 * At the end.
 */
int spool_view_check(const struct spool_view *view, struct fault *why);

enum spool_view_state {
    VIEW_SOUND,
    VIEW_FAILED,     /* a bridge could not write to it any more */
    VIEW_DAMAGED,    /* what can be read is read */
    VIEW_UNREADABLE, /* nothing can be read */
    VIEW_BAD         /* set aside, and not looked into */
};

/* "sound" */
const char *spool_view_state_name(enum spool_view_state state);

struct spool_view_file {
    char name[64]; /* in the folder */
    enum spool_view_state state;
    char trouble[FAULT_TEXT_MAX]; /* "": none; reading can meet some */
};

/* By number, then those set aside. Theirs and the array's memory is the
 * view's. */
const struct spool_view_file *spool_view_files(const struct spool_view *view,
                                               size_t *count);

struct spool_view_row {
    struct spool_row row; /* its `seq` is the folder's, as logs tell it */
    const char *reason;   /* why it is aside; NULL: it waits */
    int64_t aside_ms;
};

/*
 * The first one behind `after` of all that wait or are aside: 1; 0: there are
 * no more; -1: FAULT_NOMEM. What it points to is in `arena`. What cannot be
 * read is passed over, see spool_view_is_whole().
 */
int spool_view_next(struct spool_view *view, int64_t after,
                    struct spool_view_row *out, struct arena *arena,
                    struct fault *why);

/* False: some of it could not be read, so far. */
bool spool_view_is_whole(const struct spool_view *view);

/* Waiting and aside, as sound files count them, without reading them. */
void spool_view_totals(const struct spool_view *view, struct spool_totals *out);

#endif
