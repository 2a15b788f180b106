/*
 * roll.h - whose records of a topic are with the producer, or have come back
 *
 * Found by the row's number. A passage leaves the roll when it is freed.
 *
 * Threads: one, the spooler's.
 */
#ifndef DELIVER_ROLL_H
#define DELIVER_ROLL_H

#include <stddef.h>
#include <stdint.h>

struct passage;

enum { ROLL_CHAINS = 1024 }; /* a power of two; some thousands are on it */

struct roll {
    struct passage *chains[ROLL_CHAINS];
};

/* Its number is set, and on no roll. */
void roll_add(struct roll *ro, struct passage *pg);
void roll_remove(struct roll *ro, struct passage *pg);

/* NULL: there is none. */
struct passage *roll_find(const struct roll *ro, int64_t seq);

/* Each of them, in any order; `visit` may free it. */
void roll_visit(struct roll *ro, void (*visit)(struct passage *pg, void *ctx),
                void *ctx);

#endif
