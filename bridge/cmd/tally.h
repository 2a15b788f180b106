/*
 * tally.h - what became of the events that were sent
 *
 * Answers are counted by their status, with the quantiles of their latency,
 * and events without an answer by what went wrong. Memory is bounded: after
 * TALLY_STATUSES different ones, further statuses are counted together.
 *
 * Threads: one at a time; each connection has its own, merged at the end.
 */
#ifndef CMD_TALLY_H
#define CMD_TALLY_H

#include "base/fault.h"
#include "base/http_client.h"
#include "cmd/quantiles.h"

#include <stdint.h>

enum {
    TALLY_STATUSES = 12,
    TALLY_OTHER_STATUS = 1000 /* stands for all that had no place left */
};

/* Why there was no answer. */
enum unanswered {
    UNANSWERED_CONNECT, /* there was no connection */
    UNANSWERED_TIMEOUT,
    UNANSWERED_BROKEN, /* there was one, and it broke */
    UNANSWERED_KINDS
};

struct tally {
    int status_count;
    struct tally_status {
        int status;
        struct quantiles *latency_us;
    } statuses[TALLY_STATUSES + 1]; /* in ascending order */
    uint64_t unanswered[UNANSWERED_KINDS];
    struct quantiles *late_us; /* how long after it was due an event was sent;
                                  NULL: nothing was due */
};

#define TALLY_INIT {0}

void tally_release(struct tally *tally);

/* FAULT_NOMEM; then nothing was counted. */
int tally_answer(struct tally *tally, int status, int64_t latency_us,
                 struct fault *why);
int tally_late(struct tally *tally, int64_t late_us, struct fault *why);

/* Which kind a failure of http_client_do() is. */
enum unanswered tally_kind(const struct http_answer *answer,
                           const struct fault *reason);
void tally_unanswered(struct tally *tally, enum unanswered kind);

/* Adds all that `from` has. FAULT_NOMEM. */
int tally_merge(struct tally *tally, const struct tally *from,
                struct fault *why);

/* Events: answered with this status or not at all, and all of them. */
uint64_t tally_unanswered_count(const struct tally *tally);
uint64_t tally_count(const struct tally *tally);

/* "cannot connect"; what a summary calls the kind. */
const char *tally_kind_name(enum unanswered kind);

#endif
