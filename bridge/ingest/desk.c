/*
 * desk.c - what one request works with: buffers, keys, scratch
 *
 * The pool is a stack. Desks are made when it is empty and live until the
 * pool goes; what a large body made grow is let go after it.
 */
#include "ingest/desk.h"

#include "base/limits.h"

#include <pthread.h>
#include <stdlib.h>

enum {
    ARENA_BLOCK = 2 * KIB,
    KEEP_BODY = 64 * KIB /* a larger buffer is not kept */
};

struct desk_pool {
    const struct config *config;
    const struct catalog *catalog;
    struct watch *watch;
    size_t key_count;
    pthread_mutex_t lock;
    struct desk *free; /* stack, linked by next */
};

/* Where a source's keys begin among those of all sources. */
static size_t first_key(const struct config *config, size_t source)
{
    size_t at = 0;

    for (size_t i = 0; i < source; i++)
        at += config->sources[i].secret_count;
    return at;
}

static void desk_free(struct desk *desk, size_t key_count)
{
    if (desk == NULL)
        return;
    for (size_t i = 0; desk->keys != NULL && i < key_count; i++)
        hmac_free(desk->keys[i]);
    free(desk->keys);
    schema_scratch_free(desk->scratch);
    json_heap_free(desk->heap);
    arena_release(&desk->arena);
    buf_release(&desk->body);
    buf_release(&desk->reply);
    free(desk);
}

static int desk_new(struct desk **out, struct desk_pool *pool,
                    struct fault *why)
{
    struct desk *desk = calloc(1, sizeof(*desk));

    if (desk == NULL)
        return fault_set(why, FAULT_NOMEM, "cannot allocate a desk");
    desk->arena = (struct arena)ARENA_INIT(ARENA_BLOCK, LIMIT_DESK_ARENA);
    desk->body = (struct buf)BUF_INIT(LIMIT_BODY_MAX + 1);
    desk->reply = (struct buf)BUF_INIT(LIMIT_REPLY);
    /* at least one, as calloc() of nothing may be NULL */
    desk->keys = calloc(pool->key_count + 1, sizeof(struct hmac *));
    if (desk->keys == NULL) {
        fault_set(why, FAULT_NOMEM, "cannot allocate a desk");
        goto fail;
    }
    if (json_heap_new(&desk->heap, why) == -1 ||
        catalog_scratch_new(&desk->scratch, pool->catalog, why) == -1)
        goto fail;
    watch_add(pool->watch, &desk->watch);
    *out = desk;
    return 0;

fail:
    desk_free(desk, pool->key_count);
    return -1;
}

int desk_pool_new(struct desk_pool **out, const struct config *config,
                  const struct catalog *catalog, struct watch *watch,
                  struct fault *why)
{
    struct desk_pool *pool = calloc(1, sizeof(*pool));

    if (pool == NULL)
        return fault_set(why, FAULT_NOMEM, "cannot allocate the desks");
    pool->config = config;
    pool->catalog = catalog;
    pool->watch = watch;
    pool->key_count = first_key(config, config->source_count);
    pthread_mutex_init(&pool->lock, NULL);
    *out = pool;
    return 0;
}

void desk_pool_free(struct desk_pool *pool)
{
    if (pool == NULL)
        return;
    while (pool->free != NULL) {
        struct desk *desk = pool->free;

        pool->free = desk->next;
        desk_free(desk, pool->key_count);
    }
    pthread_mutex_destroy(&pool->lock);
    free(pool);
}

int desk_take(struct desk **out, struct desk_pool *pool, struct fault *why)
{
    struct desk *desk;

    pthread_mutex_lock(&pool->lock);
    desk = pool->free;
    if (desk != NULL)
        pool->free = desk->next;
    pthread_mutex_unlock(&pool->lock);
    if (desk == NULL)
        return desk_new(out, pool, why);
    *out = desk;
    return 0;
}

void desk_give(struct desk_pool *pool, struct desk *desk)
{
    arena_reset(&desk->arena);
    buf_clear(&desk->reply);
    if (desk->body.capacity > KEEP_BODY)
        buf_release(&desk->body);
    else
        buf_clear(&desk->body);
    pthread_mutex_lock(&pool->lock);
    desk->next = pool->free;
    pool->free = desk;
    pthread_mutex_unlock(&pool->lock);
}

int desk_key(struct hmac **out, struct desk *desk, const struct config *config,
             size_t source, size_t secret, struct fault *why)
{
    struct hmac **key = &desk->keys[first_key(config, source) + secret];

    if (*key == NULL &&
        hmac_new(key, slice_of(config->sources[source].secrets[secret]), why) ==
            -1)
        return -1;
    *out = *key;
    return 0;
}
