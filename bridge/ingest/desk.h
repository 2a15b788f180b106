/*
 * desk.h - what one request works with: buffers, keys, scratch
 *
 * A desk is taken for a request and given back after it; the one that was
 * used last is taken first, so that there are as many desks as requests were
 * ever in hand at a time, and the memory in use is warm. The threads' own
 * stacks are small (100 KiB): what is big lives here.
 *
 * Threads: any thread may take and give; a desk is one thread's meanwhile.
 */
#ifndef INGEST_DESK_H
#define INGEST_DESK_H

#include "base/arena.h"
#include "base/buf.h"
#include "base/config.h"
#include "base/digest.h"
#include "base/fault.h"
#include "event/catalog.h"
#include "event/json_heap.h"
#include "ingest/watch.h"

#include <stddef.h>

struct desk {
    struct desk *next; /* the pool's */
    struct json_heap *heap;
    struct schema_scratch *scratch;
    struct arena arena;
    struct buf body;
    struct buf reply;
    struct watch_entry watch;
    struct hmac **keys; /* of all sources, made when first needed */
};

struct desk_pool;

/* `config` and `catalog` are borrowed for the pool's life. FAULT_NOMEM. */
int desk_pool_new(struct desk_pool **out, const struct config *config,
                  const struct catalog *catalog, struct watch *watch,
                  struct fault *why);
void desk_pool_free(struct desk_pool *pool); /* NULL is fine */

/* Never one that is in use. FAULT_NOMEM. */
int desk_take(struct desk **out, struct desk_pool *pool, struct fault *why);

/* Empties the desk and gives it back. */
void desk_give(struct desk_pool *pool, struct desk *desk);

/* The keyed HMAC of a source's secret. FAULT_NOMEM. */
int desk_key(struct hmac **out, struct desk *desk, const struct config *config,
             size_t source, size_t secret, struct fault *why);

#endif
