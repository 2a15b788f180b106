/*
 * lines.h - a stream line by line, as fast as it comes
 *
 * Lines are looked at where they were read, nothing is copied or allocated
 * for each. What was said about those before is written out before more is
 * waited for, so that whoever reads it in a pipe is not behind.
 *
 * Threads: one.
 */
#ifndef CMD_LINES_H
#define CMD_LINES_H

#include "base/buf.h"
#include "base/fault.h"
#include "base/slice.h"

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>

struct lines {
    int fd;          /* stays the caller's */
    FILE *said;      /* flushed before waiting; may be NULL */
    struct buf held; /* what was read */
    size_t at;       /* of that, where the next line begins */
    size_t max;      /* bytes of a line */
    uint64_t number; /* of the last one, from 1 */
    bool ended;
    bool passing; /* over a line that is too long */
};

void lines_init(struct lines *ln, int fd, FILE *said, size_t max);
void lines_release(struct lines *ln);

/*
 * The next line, without its newline, valid until the next call. Returns 1,
 * or 0 at the end. FAULT_TOO_LARGE: it has more than `max` bytes; it counts,
 * and the next call goes on behind it. FAULT_IO (also of what
 * was said), FAULT_NOMEM: nothing more is to be had.
 */
int lines_next(struct lines *ln, struct slice *out, struct fault *why);

#endif
