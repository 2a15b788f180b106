/*
 * producer.h - idempotent producers side by side, one report per record
 *
 * acks=all, idempotence, the Java clients' partitioner, and no timeout of
 * librdkafka's own: how long a request waits is deliver/'s business. A record
 * that was sent is reported exactly once, with whether it is in Kafka. Records
 * of one key keep their order, from the first to the last.
 *
 * It consists of lanes, each of which keys have to themselves. A lane that has
 * met a fatal error takes nothing more; its reports drain, and whoever owns
 * the producer has it replaced. The other lanes go on meanwhile.
 *
 * Threads: any thread may send; one at a time may poll, and reports run in
 * that thread; one thread replaces lanes. Opening and closing: one thread,
 * nobody else inside.
 */
#ifndef KAFKA_PRODUCER_H
#define KAFKA_PRODUCER_H

#include "base/config.h"
#include "base/fault.h"
#include "base/record.h"
#include "base/slice.h"

#include <stdbool.h>
#include <stddef.h>

/* batch.size unless the user says otherwise: bytes of a batch of several. */
#define PRODUCER_BATCH_SIZE "131072"

struct producer;

enum report_outcome {
    REPORT_DELIVERED, /* in Kafka, as acks=all has it */
    REPORT_REFUSED,   /* for the record's own sake: too large, invalid */
    REPORT_TOPIC,     /* for the topic's sake: unknown, not authorised, no
                         time that this machine's clock has now */
    REPORT_FAILED     /* anything else: purged, a fatal error */
};

struct report {
    enum report_outcome outcome;
    bool maybe_persisted; /* not delivered, but may be in the log */
    bool purged; /* not delivered, and so is nothing behind it in its lane */
    const char *error; /* static, "" if delivered */
};

/* Must not wait, and must not call back into the producer. */
typedef void producer_report_fn(void *token, const struct report *report);

struct producer_options {
    const struct config_pairs *kafka;    /* [kafka] */
    const struct config_pairs *producer; /* [producer] */
    const char *const *topics; /* all that will ever be sent to; borrowed for
                                  the producer's life */
    size_t topic_count;
    int lanes; /* producers of librdkafka's, one request in flight each */
    producer_report_fn *on_report;
};

/* Registers the errors that producers count; once, at start. */
void producer_metrics_register(void);

/*
 * On success the caller owns *out. FAULT_CONFIG: a setting that librdkafka
 * refuses. Brokers that cannot be reached are no failure.
 */
int producer_open(struct producer **out, const struct producer_options *options,
                  struct fault *why);

/*
 * Hands a record over; everything in it is copied. On success `token` will be
 * reported exactly once, possibly before this returns, in the polling thread.
 * FAULT_UNAVAILABLE: the queue is full, or the topic is not one of the
 * options'. FAULT_REFUSED: larger than Kafka could ever take. FAULT_KAFKA:
 * the key's lane has met a fatal error, or is being replaced. Never waits.
 */
int producer_send(struct producer *pr, const struct record *record, void *token,
                  struct fault *why);

/* Runs the reports that are there, waiting for the first at most
 * `timeout_ms`. */
void producer_poll(struct producer *pr, int timeout_ms);

/* Records that have not been reported. */
int producer_unreported(struct producer *pr);

/* Gives up on everything that was not reported: the reports follow. */
void producer_purge(struct producer *pr);

/* ---- replacing a lane ---------------------------------------------------- */

/* Whether a lane has met a fatal error: which, and why, copied to `text`. */
bool producer_fatal(struct producer *pr, size_t *lane, char *text, size_t size);

/*
 * Makes what shall take the place of a lane, which can take long: names are
 * resolved. It is kept for producer_replace(); nothing is done if there is
 * one. FAULT_CONFIG, FAULT_NOMEM, as producer_open().
 */
int producer_make_spare(struct producer *pr, struct fault *why);

/*
 * Gives up on what the lane has not reported, runs `poll` until all of it is,
 * and puts the spare in its place: nothing is sent on the new one before all
 * that the old one had is resolved, or order would be lost. Who sends on this
 * lane meanwhile waits. False: there was no end of it within `timeout_ms`,
 * nothing was replaced, and it can be called again. The caller is the one who
 * may poll.
 */
bool producer_replace(struct producer *pr, size_t lane, void (*poll)(void *ctx),
                      void *ctx, int timeout_ms);

/* Closes lanes that were replaced, which can take long. */
void producer_drop_replaced(struct producer *pr);

/*
 * Asks the cluster for its topics. FAULT_UNAVAILABLE: no broker answered, or
 * topics are missing; the text names them. `partitions` has a place for each
 * of the options' topics: how many those have that are there.
 */
int producer_topics_there(struct producer *pr, int timeout_ms, int *partitions,
                          struct fault *why);

/* Which of so many places a key has, by the hash that chooses its partition:
 * of as many places as its topic has partitions, it is the partition. */
size_t producer_place(struct slice key, size_t places);

/* Unreported records are dropped without a report: purge and poll first. */
void producer_close(struct producer *pr); /* NULL is fine */

#endif
