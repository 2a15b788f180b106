/*
 * attendant.h - a thread that serves what a client has to tell
 *
 * Errors and statistics wait until somebody calls rd_kafka_poll(). Where the
 * thread that uses a client can be held up for long, by a sink that takes
 * nothing, the attendant does: just then people want to see the lag grow.
 *
 * For the files of kafka/ alone: it shows librdkafka's types.
 */
#ifndef KAFKA_ATTENDANT_H
#define KAFKA_ATTENDANT_H

#include "base/fault.h"

#include <librdkafka/rdkafka.h>

struct attendant;

/* FAULT_NOMEM, FAULT_IO (no thread). `rk` must outlive it. */
int attendant_start(struct attendant **out, rd_kafka_t *rk, struct fault *why);
void attendant_stop(struct attendant *at); /* NULL is fine */

#endif
