/*
 * spool_view_parts.h - what the files that make up a view share
 *
 * spool_view_open.c finds out what there is and opens it, spool_view.c reads
 * it. Nobody else includes this.
 */
#ifndef SPOOL_SPOOL_VIEW_PARTS_H
#define SPOOL_SPOOL_VIEW_PARTS_H

#include "spool/spool.h"
#include "spool/spool_folder.h"
#include "spool/spool_note.h"
#include "spool/spool_view.h"

/* What spool_view_file tells, and the file. */
struct opened {
    int64_t number;
    struct spool *sp; /* NULL: nothing is read of it */
    bool was_older;
    struct spool_note gone; /* what a newer file tells of it */
    struct spool_walk walk;
    int64_t next;  /* number that the walk is at; 0: not known, -1: at its
                      end */
    int64_t aside; /* likewise, of those aside */
};

struct spool_view {
    char folder[SPOOL_PATH_SIZE];
    int lock;      /* -1: there is none */
    bool unlocked; /* the folder had no lock */
    bool is_whole;
    int64_t at; /* what was asked for last */
    struct spool_view_file *files;
    struct opened *opened; /* of the same index */
    size_t count;
    size_t capacity;
};

#endif
