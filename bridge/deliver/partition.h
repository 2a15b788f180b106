/*
 * partition.h - a partition of a topic, and whether Kafka takes records for it
 *
 * Each has its breaker and its own time to try again, so that a partition that
 * nobody leads, or whose leader is slow, stands in the way of no other.
 *
 * Which one a record is in is told by its key and the topic's number of
 * partitions. Where that is told wrongly, records wait without need, or are
 * tried in vain, and that is all: order needs a key to be in the same one, and
 * when the number changes, the drain begins anew (line.h).
 *
 * Times are microseconds of the monotonic clock. Threads: any.
 */
#ifndef DELIVER_PARTITION_H
#define DELIVER_PARTITION_H

#include "deliver/breaker.h"

#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>

struct channel;

struct partition {
    struct channel *channel;
    int number; /* -1: of records without a key, which may go anywhere */
    struct breaker breaker;
    atomic_int on_trial;      /* records in the spool that the producer has */
    atomic_int drained;       /* and of these, those from the drain */
    _Atomic int64_t retry_us; /* until then the drain leaves it alone */
    _Atomic int64_t backoff_us;
};

/* Kafka confirmed a record (true if it had not before); it did not in time what
 * was sent then; it refuses the topic with that error (true if it had not
 * before). */
bool partition_confirmed(struct partition *pt, int64_t now_us);
void partition_missed(struct partition *pt, int64_t sent_us, int64_t now_us);
bool partition_refused(struct partition *pt, int64_t now_us, const char *error);

/* So many more, or less, of its records are on trial. */
void partition_on_trial(struct partition *pt, int more);

/* Nothing of it is on its way or in the spool: the next event may try. */
void partition_try(struct partition *pt);

/* Whether there is no point in waiting for Kafka. */
bool partition_is_down(struct partition *pt);

#endif
