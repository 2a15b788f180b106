/*
 * consumer.h - the consumer's loop: from a group member into a sink
 *
 * Records are taken in batches of at most 500, or until none is waiting; the
 * sink is flushed, and only then are the batch's offsets stored. Errors that
 * are the surroundings' are retried; only what the sink cannot get over ends
 * the loop.
 */
#ifndef CONSUME_CONSUMER_H
#define CONSUME_CONSUMER_H

#include "base/fault.h"
#include "consume/sink.h"
#include "kafka/member.h"

#include <stdatomic.h>
#include <stdbool.h>

struct consumer_options {
    struct member_options member; /* without giving_up: the loop's own */
    const struct sink_type *sink;
    const char *kind;        /* "clicks", "leads": label in metrics and logs */
    const atomic_bool *stop; /* set by whoever takes the signals */
};

/*
 * Joins, consumes until *stop is set, leaves. Registers its metrics and its
 * readiness ("group": the group has accepted this member).
 * FAULT_CONFIG, FAULT_KAFKA, FAULT_IO (the sink). A sink that gave up with
 * FAULT_STOPPING is a success: what it did not finish comes again.
 */
int consumer_run(const struct consumer_options *options, struct fault *why);

#endif
