/*
 * lane.h - one idempotent producer of librdkafka's, one request in flight
 *
 * What one lane takes keeps its order: per partition, what was sent first is
 * in the log first. A lane that has met a fatal error takes nothing more; its
 * reports drain.
 *
 * For kafka/producer alone: it shows librdkafka's types. Threads: any thread
 * may send; one at a time may serve, and reports run in that thread. Opening
 * and closing: one thread, nobody else inside.
 */
#ifndef KAFKA_LANE_H
#define KAFKA_LANE_H

#include "base/config.h"
#include "base/fault.h"
#include "base/record.h"
#include "kafka/producer.h"

#include <librdkafka/rdkafka.h>
#include <stdbool.h>

struct lane;

/*
 * `options` is borrowed for the lane's life. `on_news` runs with `ctx` when
 * there is something to serve, in a thread of librdkafka's, which holds a
 * lock of its queue: it must neither wait nor call back. On success the caller
 * owns *out. FAULT_CONFIG, FAULT_NOMEM, as producer_open().
 */
int lane_open(struct lane **out, const struct producer_options *options,
              void (*on_news)(void *ctx), void *ctx, struct fault *why);

/* As producer_send(). */
int lane_send(struct lane *ln, const struct record *record, void *token,
              struct fault *why);

/* Runs the reports that are there; never waits. Whatever comes later is told
 * by on_news. Without `anyway`, only if something was told. */
void lane_serve(struct lane *ln, bool anyway);

int lane_unreported(struct lane *ln);

/* Gives up on everything that was not reported: the reports follow. */
void lane_purge(struct lane *ln);

bool lane_fatal(struct lane *ln, char *text, size_t size);

/* Gets ready to send to a topic that is known to exist. */
void lane_warm(struct lane *ln, const char *topic);

/* For questions to the cluster; the lane keeps it. */
rd_kafka_t *lane_client(struct lane *ln);

void lane_close(struct lane *ln); /* NULL is fine */

#endif
