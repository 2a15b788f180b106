/*
 * delivery.h - when is an event safe?
 *
 * The one place that decides it. A record is safe when Kafka has confirmed
 * it with a delivery report (acks=all, idempotent). Handing it to the
 * producer's queue is not enough, and no other code may tell a sender that
 * its event was taken.
 *
 * Whoever learns that a record is safe runs the waiter's completion at once,
 * and then wakes the waiter, which has nothing left to do but leave: the
 * sender has its answer before the worker's thread is switched to.
 *
 * Per topic and key, a record sent after another's completion follows it.
 *
 * Threads: any thread may send; opening and closing by one thread, with
 * nobody sending any more when it closes.
 */
#ifndef DELIVER_DELIVERY_H
#define DELIVER_DELIVERY_H

#include "base/config.h"
#include "base/fault.h"
#include "base/record.h"

#include <stddef.h>

struct delivery;

/* All pointers are borrowed until closing. */
struct delivery_options {
    const struct config_pairs *kafka;    /* [kafka] */
    const struct config_pairs *producer; /* [producer] */
    const char *const *topics;           /* all that are sent to */
    size_t topic_count;
    int lanes;       /* requests in flight at a time; see kafka/producer.h */
    int deadline_ms; /* how long one record may wait for its report */
};

/*
 * Runs in whichever thread learned that the record is safe, while the waiter
 * is parked in delivery_send(): it may use what the waiter owns. It must not
 * block, and must not call back into the delivery.
 */
typedef void delivery_done_fn(void *ctx);

/*
 * Starts the producer and a housekeeping thread; registers the metrics and
 * the readiness "kafka". On success the caller owns *out. FAULT_CONFIG: a
 * Kafka setting cannot be used. FAULT_NOMEM, FAULT_IO (no thread). Brokers
 * that cannot be reached are no failure.
 */
int delivery_open(struct delivery **out, const struct delivery_options *options,
                  struct fault *why);

/*
 * Returns 0 once the record is safe and `done` (unless NULL) has run. `record`
 * is borrowed for the call. Otherwise `done` has not run and will not, and:
 * FAULT_UNAVAILABLE: not confirmed by the deadline, though it may still get
 * into Kafka; or there is no room for it. FAULT_REFUSED: Kafka will never
 * take this record, whatever is done. FAULT_NOMEM.
 */
int delivery_send(struct delivery *dl, const struct record *record,
                  delivery_done_fn *done, void *ctx, struct fault *why);

/*
 * Waits at most `timeout_ms` for what librdkafka still has (records whose
 * waiters gave up: nothing that was promised), then stops. NULL is fine.
 */
void delivery_close(struct delivery *dl, int timeout_ms);

#endif
