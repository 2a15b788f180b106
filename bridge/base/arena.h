/*
 * arena.h - memory that goes all at once
 *
 * What lives as long as a request is taken from its arena and never freed by
 * itself. An arena keeps its first block when it is reset, so a worker that
 * uses one for request after request soon allocates nothing at all.
 *
 * Ownership: the caller owns the struct; arena_release() frees the blocks.
 * Threads: one at a time.
 */
#ifndef BASE_ARENA_H
#define BASE_ARENA_H

#include "base/slice.h"

#include <stddef.h>

struct arena_block;

struct arena {
    struct arena_block *first; /* kept by arena_reset() */
    struct arena_block *last;
    size_t used;  /* in the last block */
    size_t total; /* bytes of all blocks */
    size_t max;   /* ceiling of `total` */
    size_t block_size;
};

#define ARENA_INIT(block_bytes, max_bytes)                                     \
    {NULL, NULL, 0, 0, (max_bytes), (block_bytes)}

/* Zero-aligned for any type. NULL: past the ceiling, or out of memory. */
void *arena_alloc(struct arena *arena, size_t size);

/* Copies, with a NUL behind that does not count. NULL as above. */
char *arena_copy(struct arena *arena, const void *data, size_t len);

/* printf into the arena. NULL as above. */
char *arena_printf(struct arena *arena, const char *fmt, ...)
    __attribute__((format(printf, 2, 3)));

void arena_reset(struct arena *arena);
void arena_release(struct arena *arena);

#endif
