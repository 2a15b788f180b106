/*
 * roll.c - whose records of a topic are with the producer, or have come back
 */
#include "deliver/roll.h"

#include "deliver/passage.h"

#include <assert.h>

/* Numbers follow each other, so their low bits spread by themselves. */
static size_t chain_of(int64_t seq) { return (size_t)seq % ROLL_CHAINS; }

void roll_add(struct roll *ro, struct passage *pg)
{
    struct passage **chain = &ro->chains[chain_of(pg->seq)];

    assert(pg->roll == NULL);
    pg->roll = ro;
    pg->roll_next = *chain;
    *chain = pg;
}

void roll_remove(struct roll *ro, struct passage *pg)
{
    struct passage **at = &ro->chains[chain_of(pg->seq)];

    while (*at != pg)
        at = &(*at)->roll_next;
    *at = pg->roll_next;
    pg->roll = NULL;
}

struct passage *roll_find(const struct roll *ro, int64_t seq)
{
    struct passage *pg = ro->chains[chain_of(seq)];

    while (pg != NULL && pg->seq != seq)
        pg = pg->roll_next;
    return pg;
}

void roll_visit(struct roll *ro, void (*visit)(struct passage *pg, void *ctx),
                void *ctx)
{
    for (size_t i = 0; i < ROLL_CHAINS; i++) {
        struct passage *next;

        for (struct passage *pg = ro->chains[i]; pg != NULL; pg = next) {
            next = pg->roll_next;
            visit(pg, ctx);
        }
    }
}
