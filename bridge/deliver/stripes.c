/*
 * stripes.c - which keys have records waiting in the spool
 */
#include "deliver/stripes.h"

#include <assert.h>
#include <pthread.h>
#include <stdlib.h>

enum { STRIPES = 1024 }; /* a power of two */

struct stripe {
    pthread_mutex_t lock;
    int64_t waiting;
    int64_t held; /* of these, that have come back */
};

struct stripes {
    struct stripe all[STRIPES];
};

int stripes_new(struct stripes **out, struct fault *why)
{
    struct stripes *st = calloc(1, sizeof(*st));

    if (st == NULL)
        return fault_set(why, FAULT_NOMEM, "cannot allocate the stripes");
    for (int i = 0; i < STRIPES; i++)
        pthread_mutex_init(&st->all[i].lock, NULL);
    *out = st;
    return 0;
}

void stripes_free(struct stripes *st)
{
    if (st == NULL)
        return;
    for (int i = 0; i < STRIPES; i++)
        pthread_mutex_destroy(&st->all[i].lock);
    free(st);
}

/* FNV-1a, 64 bits. */
static uint64_t hash(uint64_t sum, const char *data, size_t len)
{
    for (size_t i = 0; i < len; i++)
        sum = (sum ^ (unsigned char)data[i]) * UINT64_C(0x100000001b3);
    return sum;
}

struct stripe *stripes_find(struct stripes *st, const char *topic,
                            struct slice key)
{
    uint64_t sum = UINT64_C(0xcbf29ce484222325);

    if (key.data == NULL)
        return NULL;
    /* with its NUL, so that "ab", "c" is not "a", "bc" */
    sum = hash(sum, topic, strlen(topic) + 1);
    sum = hash(sum, key.data, key.len);
    sum ^= sum >> 32; /* FNV's low bits are its worst */
    return &st->all[sum % STRIPES];
}

void stripe_lock(struct stripe *stripe)
{
    if (stripe != NULL)
        pthread_mutex_lock(&stripe->lock);
}

void stripe_unlock(struct stripe *stripe)
{
    if (stripe != NULL)
        pthread_mutex_unlock(&stripe->lock);
}

void stripe_join(struct stripe *stripe)
{
    if (stripe != NULL)
        stripe->waiting++;
}

void stripe_leave(struct stripe *stripe)
{
    if (stripe == NULL)
        return;
    assert(stripe->waiting > 0);
    stripe->waiting--;
}

int64_t stripe_waiting(const struct stripe *stripe)
{
    return stripe == NULL ? 0 : stripe->waiting;
}

void stripe_hold(struct stripe *stripe)
{
    if (stripe == NULL)
        return;
    assert(stripe->held < stripe->waiting);
    stripe->held++;
}

void stripe_let_go(struct stripe *stripe)
{
    if (stripe == NULL)
        return;
    assert(stripe->held > 0);
    stripe->held--;
}

int64_t stripe_held(const struct stripe *stripe)
{
    return stripe == NULL ? 0 : stripe->held;
}
