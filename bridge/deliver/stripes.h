/*
 * stripes.h - which keys have records waiting in the spool
 *
 * The rule of order: a record that is received after another one of its
 * topic and key was answered follows it. So once a record sits in the spool
 * and not in the producer, later ones of its topic and key have to queue
 * behind it. Counting per key would need a table without end; a stripe is a
 * hash of topic and key, so that a few keys wait for each other needlessly,
 * and one topic that cannot be written to does not block others.
 *
 * Some of those who wait have come back: the producer had them and gave them
 * up. They lie before what was behind them in the spool, and so nothing of
 * their stripe may be sent before they are.
 *
 * What is decided by a stripe's counts happens under its lock: producing
 * because nobody waits, or joining those who wait.
 *
 * Threads: any.
 */
#ifndef DELIVER_STRIPES_H
#define DELIVER_STRIPES_H

#include "base/fault.h"
#include "base/slice.h"

#include <stdint.h>

struct stripes;
struct stripe;

/* FAULT_NOMEM. On success the caller owns *out. */
int stripes_new(struct stripes **out, struct fault *why);
void stripes_free(struct stripes *st); /* NULL is fine */

/* The stripe of a record; NULL without a key: such records have no order. */
struct stripe *stripes_find(struct stripes *st, const char *topic,
                            struct slice key);

/* NULL is fine for all of these: nothing is locked, nothing counted. */
void stripe_lock(struct stripe *stripe);
void stripe_unlock(struct stripe *stripe);

/* Need the lock: one more, one less waits in the spool; how many do. */
void stripe_join(struct stripe *stripe);
void stripe_leave(struct stripe *stripe);
int64_t stripe_waiting(const struct stripe *stripe);

/* Need the lock: of those who wait, one more, one less has come back; how
 * many have. */
void stripe_hold(struct stripe *stripe);
void stripe_let_go(struct stripe *stripe);
int64_t stripe_held(const struct stripe *stripe);

#endif
