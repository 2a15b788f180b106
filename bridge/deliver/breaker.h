/*
 * breaker.h - is it worth waiting for Kafka?
 *
 * While Kafka is away each request would wait until its deadline, in vain, and
 * a few workers would be all that the bridge is. So the breaker opens when a
 * record has missed its deadline and nothing at all was confirmed since it was
 * sent: Kafka is away, not just slow for this one. It closes with the first
 * confirmation. What makes one come is not its business: the records that
 * are in doubt are still being tried, and so is what the spool drains.
 *
 * Times are microseconds of the monotonic clock. Threads: any.
 */
#ifndef DELIVER_BREAKER_H
#define DELIVER_BREAKER_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>

struct breaker {
    _Atomic int64_t confirmed_us; /* the last confirmation */
    atomic_bool open;
};

#define BREAKER_INIT {0, false}

/* Kafka has confirmed something. True if that closed the breaker. */
bool breaker_confirmed(struct breaker *br, int64_t now_us);

/* A record that was sent at `sent_us` has missed its deadline. True if that
 * opened the breaker. */
bool breaker_missed(struct breaker *br, int64_t sent_us);

/* Nothing that is sent will be confirmed, whatever else was. True if that
 * opened the breaker. */
bool breaker_trip(struct breaker *br);

/* Nothing is on its way that could be confirmed: let somebody try. True if
 * that closed the breaker. */
bool breaker_reset(struct breaker *br);

bool breaker_is_open(struct breaker *br);

#endif
