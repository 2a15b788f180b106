/*
 * plan.h - which event is sent when, and over which connection
 *
 * Events are numbered from 0. What is sent (files, examples) makes a round,
 * and rounds follow one another until all events are sent.
 *
 * With keys, all events of a round have the same key, the next round has the
 * next one, and after the last comes the first again: a key sees the whole
 * of what is sent, as a visitor's click is followed by the lead. A key's
 * events go over one connection, so each is answered before the next is
 * sent, and none can overtake another.
 *
 * With a rate it is an open loop: event n is due n/rate seconds after the
 * start, whatever became of those before it. Whoever measures from when an
 * event was due, and not from when it could be sent at last, does not
 * overlook that a server stood still ("coordinated omission").
 *
 * Threads: any; nothing here changes.
 */
#ifndef CMD_PLAN_H
#define CMD_PLAN_H

#include <stdint.h>

enum {
    PLAN_ROUNDS_MAX = 1000000000,
    PLAN_RATE_MAX = 1000000,
    PLAN_KEYS_MAX = 1000000,
    PLAN_CONNECTIONS_MAX = 1024
};

struct plan {
    int64_t rounds;      /* at least 1 */
    int64_t bodies;      /* in a round, at least 1 */
    int64_t keys;        /* 0: none */
    int64_t connections; /* with keys not more than these */
    int64_t rate;        /* events per second; 0: as fast as answers come */
};

int64_t plan_total(const struct plan *plan);

/* Which body event `n` has. */
int64_t plan_body(const struct plan *plan, int64_t n);

/* Which key; -1 without keys. */
int64_t plan_key(const struct plan *plan, int64_t n);

/* With keys: the first event of a connection, and the one after `n` of the
 * same connection; plan_total() or more where there is none. */
int64_t plan_first(const struct plan *plan, int64_t connection);
int64_t plan_next(const struct plan *plan, int64_t n);

/* With a rate: when event `n` is due, in microseconds after the start. */
int64_t plan_due_us(const struct plan *plan, int64_t n);

#endif
