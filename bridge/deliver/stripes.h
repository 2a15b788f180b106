/*
 * stripes.h - which keys of a topic have records waiting in the spool
 *
 * The rule of order: a record that is received after another one of its
 * topic and key was answered follows it. So once a record sits in the spool
 * and not in the producer, later ones of its key have to queue behind it.
 * Counting per key would need a table without end; a stripe is a hash of the
 * key, so that a few keys wait for each other needlessly. Each topic has its
 * own, so that one that cannot be written to does not block others.
 *
 * It is the hash that chooses the partition. Where the number of stripes is a
 * multiple of the topic's number of partitions, which holds for all usual
 * ones, no stripe lies in two partitions, and keys do not wait for those of a
 * partition that cannot be written to.
 *
 * The drain goes through the records in passes, and skips what may not be
 * sent yet. Whatever lies behind it in its stripe is skipped, too, until
 * another pass begins.
 *
 * What is decided by a stripe happens under its lock: producing because nobody
 * waits, or joining those who wait.
 *
 * Threads: any.
 */
#ifndef DELIVER_STRIPES_H
#define DELIVER_STRIPES_H

#include "base/fault.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* A multiple of 1 to 6, 8 to 10, 12, 15, 16, 18, 20, 24, 30, 32, 36, 40, 48,
 * 60, 64, 72, 80, 90 and 96. */
enum { STRIPES = 2880 };

struct stripes;
struct stripe;

/* FAULT_NOMEM. On success the caller owns *out. */
int stripes_new(struct stripes **out, struct fault *why);
void stripes_free(struct stripes *st); /* NULL is fine */

struct stripe *stripes_at(struct stripes *st, size_t index);

/* NULL, of a record without a key, is fine for all of these: nothing is
 * locked, nothing counted. Such records have no order. */
void stripe_lock(struct stripe *stripe);
void stripe_unlock(struct stripe *stripe);

/* Need the lock: one more, one less of those that were appended waits in the
 * spool; how many do. */
void stripe_join(struct stripe *stripe);
void stripe_leave(struct stripe *stripe);
int64_t stripe_waiting(const struct stripe *stripe);

/* Need the lock: the pass has skipped one of it; `old` if nobody has joined
 * for that, because it was there at the start. Whether it has skipped one that
 * lies before. */
void stripe_skip(struct stripe *stripe, int64_t pass, int64_t seq, bool old);
bool stripe_is_skipped(const struct stripe *stripe, int64_t pass, int64_t seq);

/* Needs the lock: whether old ones wait, that were skipped. */
bool stripe_has_old(const struct stripe *stripe);

/* The pass has come to the end of the old ones: where it has skipped none of
 * them, none wait. */
void stripes_end_old(struct stripes *st, int64_t pass);

#endif
