/*
 * channel.h - a topic, and whether Kafka takes records for it now
 *
 * One per topic, so that a topic that cannot be written to stands in the way
 * of no other: each has its breaker, and its own time to try again.
 *
 * Times are microseconds of the monotonic clock. Threads: any.
 */
#ifndef DELIVER_CHANNEL_H
#define DELIVER_CHANNEL_H

#include "base/fault.h"
#include "deliver/breaker.h"

#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct channel {
    char *topic;
    struct breaker breaker;
    atomic_bool catching_up;  /* the spool has records from before the start
                                 that the producer has not: all keys queue */
    atomic_int on_trial;      /* records in the spool that the producer has */
    atomic_int drained;       /* and of these, those from the drain */
    atomic_bool has_rows;     /* the drain has some to send, as it knows */
    atomic_int expected;      /* records that come back, and that the drain
                                 does not know of yet */
    _Atomic int64_t retry_us; /* until then the drain leaves it alone */
    _Atomic int64_t backoff_us;
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

/* Kafka confirmed a record (true if it had not before); it did not in time; it
 * refuses the topic with that error (true if it had not before). */
bool channel_confirmed(struct channel *ch, int64_t now_us);
void channel_missed(struct channel *ch, int64_t sent_us);
bool channel_refused(struct channel *ch, int64_t now_us, const char *error);

/* So many more, or less, of its records are on trial. */
void channel_on_trial(struct channel *ch, int more);

/* Whether anything of it waits in the spool and is not with the producer. What
 * was answered counts, and what has come back. */
bool channel_waits(struct channel *ch);

/* Nothing of it is on its way or in the spool: the next event may try. */
void channel_try(struct channel *ch);

/* Whether there is no point in waiting for Kafka. */
bool channel_is_down(struct channel *ch);

#endif
