/*
 * delivery.h - when is an event safe?
 *
 * The one place that decides it. A record is safe when Kafka has confirmed
 * it with a delivery report (acks=all, idempotent), or when it is on disk in
 * the spool, from where it goes to Kafka. Handing it to the producer's queue
 * is not enough, and no other code may tell a sender that its event was
 * taken.
 *
 * A record goes to the spool if its topic takes none now, if others of its
 * key wait there, or if Kafka has not confirmed it within the deadline: then
 * it is in doubt, and what the report says later decides. Where the spool
 * cannot take it, Kafka is waited for as long as there is hope.
 *
 * Whoever learns that a record is safe runs the waiter's completion at once,
 * and then wakes the waiter, which has nothing left to do but leave: the
 * sender has its answer before the worker's thread is switched to.
 *
 * Per topic and key, a record sent after another's completion follows it, but
 * in the cases that aurix_bridge_order_broken_total counts.
 *
 * Threads: any thread may send; opening and closing by one thread, with
 * nobody sending any more when it closes.
 */
#ifndef DELIVER_DELIVERY_H
#define DELIVER_DELIVERY_H

#include "base/config.h"
#include "base/fault.h"
#include "base/record.h"
#include "spool/spool.h"

#include <stddef.h>
#include <stdint.h>

struct delivery;

/* Header of a record that Kafka may have already. */
#define DELIVERY_MARK "bridge-possible-duplicate"

/* All pointers are borrowed until closing. */
struct delivery_options {
    const struct config_pairs *kafka;    /* [kafka] */
    const struct config_pairs *producer; /* [producer] */
    const char *const *topics;           /* all that are sent to */
    size_t topic_count;
    const char *dead_letter; /* topic of what Kafka refuses after its 200 */
    int lanes;       /* requests in flight at a time; see kafka/producer.h */
    int deadline_ms; /* how long a record waits for its report before it goes
                        to the spool */
    int patience_ms; /* and where the spool does not take it */
    const char *spool_dir; /* NULL: no spool */
    struct spool_limits spool_limits;
};

/*
 * Runs in whichever thread learned that the record is safe, while the waiter
 * is parked in delivery_send(): it may use what the waiter owns. It must not
 * block, and must not call back into the delivery.
 */
typedef void delivery_done_fn(void *ctx);

/*
 * Opens the spool, starts the producer and its threads; registers the metrics
 * and the readiness "kafka" and "spool". What the spool has begins to go to
 * Kafka. On success the caller owns *out. FAULT_CONFIG: a Kafka setting cannot
 * be used. As spool_dir_open(): FAULT_BUSY, FAULT_NEWER, FAULT_FULL, FAULT_IO.
 * FAULT_NOMEM, FAULT_IO (no thread). Brokers that cannot be reached are no
 * failure.
 */
int delivery_open(struct delivery **out, const struct delivery_options *options,
                  struct fault *why);

/*
 * Returns 0 once the record is safe and `done` (unless NULL) has run. `record`
 * is borrowed for the call. Otherwise `done` has not run and will not, and:
 * FAULT_UNAVAILABLE: Kafka has not confirmed it, and the spool could not take
 * it; it may still get into Kafka. FAULT_REFUSED: Kafka will never take this
 * record, whatever is done. FAULT_NOMEM.
 */
int delivery_send(struct delivery *dl, const struct record *record,
                  delivery_done_fn *done, void *ctx, struct fault *why);

/* Records in the spool: to be sent, or sent and not confirmed; 0 without a
 * spool. */
int64_t delivery_spooled(struct delivery *dl);

/*
 * Waits at most `timeout_ms` for what the producer still has, then stops.
 * What is not confirmed then is in the spool, but for records that nobody was
 * promised. NULL is fine.
 */
void delivery_close(struct delivery *dl, int timeout_ms);

#endif
