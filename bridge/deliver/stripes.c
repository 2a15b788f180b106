/*
 * stripes.c - which keys of a topic have records waiting in the spool
 */
#include "deliver/stripes.h"

#include <assert.h>
#include <pthread.h>
#include <stdlib.h>

struct stripe {
    pthread_mutex_t lock;
    int64_t waiting;
    int64_t skipped_in; /* the last pass that has skipped something, */
    int64_t skipped;    /* and the first of it */
    int64_t old_in;     /* the last pass that has skipped an old one; 0: there
                           is none */
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

struct stripe *stripes_at(struct stripes *st, size_t index)
{
    assert(index < STRIPES);
    return &st->all[index];
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

void stripe_skip(struct stripe *stripe, int64_t pass, int64_t seq, bool old)
{
    if (stripe == NULL)
        return;
    if (stripe->skipped_in != pass || seq < stripe->skipped)
        stripe->skipped = seq;
    stripe->skipped_in = pass;
    if (old)
        stripe->old_in = pass;
}

bool stripe_is_skipped(const struct stripe *stripe, int64_t pass, int64_t seq)
{
    return stripe != NULL && stripe->skipped_in == pass &&
           stripe->skipped < seq;
}

bool stripe_has_old(const struct stripe *stripe)
{
    return stripe != NULL && stripe->old_in > 0;
}

void stripes_end_old(struct stripes *st, int64_t pass)
{
    for (int i = 0; i < STRIPES; i++) {
        struct stripe *stripe = &st->all[i];

        stripe_lock(stripe);
        if (stripe->old_in != pass)
            stripe->old_in = 0;
        stripe_unlock(stripe);
    }
}
