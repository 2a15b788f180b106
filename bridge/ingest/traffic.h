/*
 * traffic.h - what is counted and logged about requests
 *
 * One counter an outcome, one histogram of the whole request, one log line
 * when a request ends.
 *
 * Threads: setup at start; the rest for any thread.
 */
#ifndef INGEST_TRAFFIC_H
#define INGEST_TRAFFIC_H

#include "base/config.h"
#include "base/fault.h"
#include "event/catalog.h"
#include "ingest/hook.h"

#include <stdint.h>

/* Registers the metrics: a series for each source and outcome, one for each
 * known event type. `config` and `catalog` are borrowed. FAULT_NOMEM. */
int traffic_setup(const struct config *config, const struct catalog *catalog,
                  struct fault *why);

void traffic_begin(void); /* a request is in hand … */
void traffic_end(void);   /* … and no longer */
int traffic_in_flight(void);

/* A request that became a hook has ended. `started_us` is the monotonic time
 * at which its head was complete. */
void traffic_hook(const struct hook *hook, int64_t started_us);

/* A request was refused before that: by the guard, or by CivetWeb itself. */
void traffic_refused(enum fault_kind kind, int status);

#endif
