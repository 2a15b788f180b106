/*
 * log_ring.h - lines that wait to be written
 *
 * A ring of bytes that holds whole lines, each with its newline. Only log.c
 * uses this.
 *
 * Threads: one at a time; log.c has a lock.
 */
#ifndef BASE_LOG_RING_H
#define BASE_LOG_RING_H

#include "base/limits.h"

#include <limits.h>
#include <stdbool.h>
#include <stddef.h>

enum {
    LOG_CHUNK = PIPE_BUF /* written at once, a pipe keeps it together */
};

_Static_assert((int)LOG_CHUNK >= (int)LIMIT_LOG_LINE,
               "a line must fit into a chunk");

/* All zeros is an empty one. */
struct log_ring {
    size_t head; /* where the oldest line begins */
    size_t used; /* bytes */
    char bytes[LIMIT_LOG_QUEUE];
};

/* Adds a line, at most LIMIT_LOG_LINE long. False: no room. */
bool log_ring_add(struct log_ring *ring, const char *line, size_t len);

/*
 * Takes out the oldest lines, as many as fit into a chunk, and returns their
 * size; 0 when there are none.
 */
size_t log_ring_take(struct log_ring *ring, char chunk[LOG_CHUNK]);

#endif
