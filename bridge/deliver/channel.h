/*
 * channel.h - a topic, its partitions and its stripes
 *
 * Threads: any, but for making and releasing.
 */
#ifndef DELIVER_CHANNEL_H
#define DELIVER_CHANNEL_H

#include "base/fault.h"
#include "base/slice.h"
#include "deliver/partition.h"
#include "deliver/stripes.h"

#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Where a topic has more partitions, some share a breaker. */
enum { PARTITIONS_MAX = 128, PARTITION_SLOTS = PARTITIONS_MAX + 1 };

struct channel {
    char *topic;
    struct stripes *stripes;
    atomic_int partition_count; /* 0: it is not known yet */
    atomic_int down;            /* partitions whose breaker is open */
    atomic_int on_trial;        /* records in the spool that the producer has */
    atomic_bool catching_up; /* the spool has records from before the start that
                                the drain has not looked at: all keys queue */
    atomic_bool has_rows;    /* the drain has some to send, as it knows */
    atomic_int expected;     /* records that come back, and that the drain
                                does not know of yet */
    struct partition partitions[PARTITION_SLOTS]; /* first the one of records
                                                     without a key */
};

struct channels {
    size_t count;
    struct channel *items;
};

/* One for each name, twice named or not; names are copied. FAULT_NOMEM. */
int channels_init(struct channels *chs, const char *const *names, size_t count,
                  const char *const *more, size_t more_count,
                  struct fault *why);
void channels_release(struct channels *chs);

/* NULL: there is none. */
struct channel *channels_find(const struct channels *chs, const char *topic);

/* Of a key, -1 without one: what partition and stripe are told by. */
int64_t channel_hash(struct slice key);

/* The partition, if there are so many of them; as long as it is 0, which means
 * that it is not known, all keys are in the first one. */
struct partition *channel_partition_among(struct channel *ch, int64_t hash,
                                          int count);

/* The partition as far as is known now, and the stripe: NULL without a key. */
struct partition *channel_partition(struct channel *ch, int64_t hash);
struct stripe *channel_stripe(struct channel *ch, int64_t hash);

/* Whether anything of it waits in the spool and is not with the producer. What
 * was answered counts, and what has come back. */
bool channel_waits(struct channel *ch);

#endif
