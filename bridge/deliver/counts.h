/*
 * counts.h - what the delivery counts
 *
 * The metrics of deliver/ in one table; what they mean stands in their help.
 *
 * Threads: any; registering is for the start.
 */
#ifndef DELIVER_COUNTS_H
#define DELIVER_COUNTS_H

#include "kafka/producer.h"

#include <stdint.h>

/* Counters and gauges without labels. */
enum count {
    COUNT_QUEUE, /* gauges */
    COUNT_TOPICS_DOWN,
    COUNT_IN_DOUBT,
    COUNT_SPOOL_RECORDS,
    COUNT_SPOOL_BYTES,
    COUNT_SPOOL_ASIDE,
    COUNT_SPOOL_FILES,
    COUNT_SPOOL_FAILED,
    COUNT_RENEWALS, /* counters */
    COUNT_APPENDED,
    COUNT_REMOVED,
    COUNT_COMMITS,
    COUNT_FILES_FAILED,
    COUNT_FILES_BAD,
    COUNT_UNREADABLE,
    COUNT_MARKED,
    COUNT_NO_ROOM,
    COUNTS
};

/* What became of records: aurix_bridge_deliveries_total{outcome}. */
enum outcome {
    OUTCOME_DELIVERED,
    OUTCOME_REFUSED,
    OUTCOME_TOPIC,
    OUTCOME_FAILED,
    OUTCOME_DEADLINE,
    OUTCOME_NOT_QUEUED,
    OUTCOME_LATE,
    OUTCOMES
};

/* Why an order was broken: aurix_bridge_order_broken_total{reason}. */
enum disorder {
    DISORDER_REFUSED, /* a record of the key was refused for good */
    DISORDER_TOPIC,   /* the topic was, and later ones may have passed */
    DISORDER_FAILED,  /* given back without its lane: likewise */
    DISORDER_FULL,    /* no room to queue behind others */
    DISORDERS
};

/* Once, at start. */
void counts_register(void);

void count_add(enum count what, int64_t n);
void count_set(enum count what, int64_t value);

/* Of the oldest record, real-time clock; 0: there is none. */
void count_oldest(int64_t stored_ms);

void count_outcome(enum outcome outcome);
void count_report(const struct report *report);
void count_late(const struct report *report); /* nobody was promised it */
void count_ack_us(int64_t us);
void count_disorder(enum disorder disorder);
int64_t count_disorders(enum disorder disorder); /* in this process's life */

#endif
