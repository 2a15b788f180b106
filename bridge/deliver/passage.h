/*
 * passage.h - one record on its way to Kafka
 *
 * From its being sent until it is certain what became of it. It is what the
 * producer's report finds again: the token of producer_send().
 *
 * Whose it is:
 * - REQUESTED: the thread's that handles the request, which waits for the
 *   report, first in the crew and then, the deadline having passed, for the
 *   spool. The report leaves a note in it.
 * - KEPT: the spooler's. The record is a row of the spool, and with the
 *   producer; the report hands the passage back to the spooler.
 * - FORGOTTEN: the report's, which frees it. Nobody was promised anything.
 *
 * Changing from one to another, and leaving a note, is done with the
 * spooler's lock held.
 */
#ifndef DELIVER_PASSAGE_H
#define DELIVER_PASSAGE_H

#include "base/fault.h"
#include "deliver/channel.h"
#include "deliver/crew.h"
#include "deliver/roll.h"
#include "deliver/stripes.h"
#include "kafka/producer.h"

#include <stdbool.h>
#include <stdint.h>

enum passage_stage { PASSAGE_REQUESTED, PASSAGE_KEPT, PASSAGE_FORGOTTEN };

struct passage {
    struct flight flight;
    void (*done)(void *ctx); /* the waiter's completion, NULL: none */
    void *ctx;
    void *delivery; /* for its report */
    int64_t hash;   /* of its key */
    struct partition *partition;
    struct stripe *stripe;
    int64_t sent_us;
    enum passage_stage stage;
    bool reported;
    bool joined;  /* counted among those who wait in its stripe */
    bool marked;  /* may be in Kafka already: say so if it is sent */
    bool drained; /* the drain has sent it */
    struct report report;
    int64_t seq; /* of its row; 0: it has none */
    struct passage *next;

    /* the drain's */
    struct roll *roll; /* it is on; NULL: on none */
    struct passage *roll_next;
    bool returned;  /* it has come back, and was not sent again yet */
    int returns;    /* how often it came back */
    int64_t due_us; /* it is not sent again before */
    int64_t pass;   /* the last that has met it, once returned */
};

/* Not delivered, and it can be tried again. */
static inline bool report_is_back(const struct report *report)
{
    return report->outcome == REPORT_FAILED || report->outcome == REPORT_TOPIC;
}

/* Of a record whose key has that channel_hash(). FAULT_NOMEM. */
struct passage *passage_new(struct channel *ch, int64_t hash,
                            struct fault *why);
void passage_free(struct passage *pg); /* NULL is fine */

#endif
