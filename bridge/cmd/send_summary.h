/*
 * send_summary.h - what `send` tells at its end, and of failures on the way
 */
#ifndef CMD_SEND_SUMMARY_H
#define CMD_SEND_SUMMARY_H

#include "cmd/load.h"

#include <stdbool.h>
#include <stdio.h>

/* One line: whose answer or failure, and what it was. */
void send_summary_note(FILE *out, const struct load_note *note);

/*
 * A line for each status with the quantiles of its latency, one for events
 * without an answer, one for all events; with a rate how late events were
 * sent, and whether the rate was kept.
 */
void send_summary(FILE *out, const struct load_result *result,
                  const struct plan *plan);

/* Whether every event that was sent was answered with 2xx. */
bool send_summary_all_taken(const struct tally *tally);

#endif
