/*
 * change.h - what becomes of bodies and secrets on their way
 *
 * Two tables of changes that editors, shells, settings and programs make, in
 * the order of their likelihood.
 *
 * Threads: any; nothing here changes.
 */
#ifndef CMD_CHANGE_H
#define CMD_CHANGE_H

#include "base/buf.h"
#include "base/fault.h"
#include "base/slice.h"

#include <stddef.h>

struct change {
    const char *how;     /* "without the newline at its end" */
    const char *because; /* what may have happened */
    /* Adds the changed text to `out`, empty before. 1: it did; 0: there is
     * nothing here that could change so; -1: FAULT_NOMEM, FAULT_TOO_LARGE. */
    int (*make)(struct buf *out, struct slice from, size_t arg,
                struct fault *why);
    size_t arg; /* for `make` */
};

extern const struct change body_changes[];
extern const size_t body_changes_count;

extern const struct change secret_changes[];
extern const size_t secret_changes_count;

#endif
