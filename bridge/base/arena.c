/*
 * arena.c - memory that goes all at once
 *
 * A list of blocks; the last one is filled. What does not fit opens a new
 * block, of at least block_size bytes. The first block survives a reset.
 */
#include "base/arena.h"

#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct arena_block {
    struct arena_block *next;
    size_t size;
    _Alignas(max_align_t) char data[];
};

static struct arena_block *add_block(struct arena *arena, size_t size)
{
    size_t left = arena->max - arena->total;
    struct arena_block *block;

    if (size > left)
        return NULL;
    if (size < arena->block_size)
        size = arena->block_size < left ? arena->block_size : left;
    block = malloc(sizeof(*block) + size);
    if (block == NULL)
        return NULL;
    block->next = NULL;
    block->size = size;
    if (arena->last == NULL)
        arena->first = block;
    else
        arena->last->next = block;
    arena->last = block;
    arena->used = 0;
    arena->total += size;
    return block;
}

void *arena_alloc(struct arena *arena, size_t size)
{
    const size_t align = _Alignof(max_align_t);
    struct arena_block *block = arena->last;
    void *out;

    if (size > SIZE_MAX - align)
        return NULL;
    size = (size + align - 1) & ~(align - 1);
    if (block == NULL || size > block->size - arena->used) {
        block = add_block(arena, size);
        if (block == NULL)
            return NULL;
    }
    out = block->data + arena->used;
    arena->used += size;
    return out;
}

char *arena_copy(struct arena *arena, const void *data, size_t len)
{
    char *out;

    if (len == SIZE_MAX)
        return NULL;
    out = arena_alloc(arena, len + 1);
    if (out == NULL)
        return NULL;
    if (len > 0)
        memcpy(out, data, len);
    out[len] = '\0';
    return out;
}

char *arena_printf(struct arena *arena, const char *fmt, ...)
{
    va_list args;
    char *out;
    int need;

    va_start(args, fmt);
    need = vsnprintf(NULL, 0, fmt, args);
    va_end(args);
    if (need < 0)
        return NULL;
    out = arena_alloc(arena, (size_t)need + 1);
    if (out == NULL)
        return NULL;
    va_start(args, fmt);
    vsnprintf(out, (size_t)need + 1, fmt, args);
    va_end(args);
    return out;
}

static void free_blocks(struct arena_block *block)
{
    while (block != NULL) {
        struct arena_block *next = block->next;

        free(block);
        block = next;
    }
}

void arena_reset(struct arena *arena)
{
    if (arena->first == NULL)
        return;
    if (arena->first->next != NULL) {
        free_blocks(arena->first->next);
        arena->first->next = NULL;
    }
    arena->last = arena->first;
    arena->total = arena->first->size;
    arena->used = 0;
}

void arena_release(struct arena *arena)
{
    free_blocks(arena->first);
    arena->first = NULL;
    arena->last = NULL;
    arena->used = 0;
    arena->total = 0;
}
