/*
 * load.h - sends signed events over many connections, as planned
 *
 * Each connection is a thread with an HTTP client of its own, that sends one
 * event and waits for its answer before it sends the next. Without keys an
 * event goes to whichever connection is free.
 *
 * What gets no answer is counted, and the next event is tried on a new
 * connection; in a closed loop after a pause, since nothing else would slow
 * it down. patience.h decides when there is nobody, which ends it all.
 *
 * Memory: some 100 KiB and the largest body a connection, however many events.
 * Threads: the functions are for the one thread that started it.
 */
#ifndef CMD_LOAD_H
#define CMD_LOAD_H

#include "base/buf.h"
#include "base/fault.h"
#include "cmd/bodies.h"
#include "cmd/plan.h"
#include "cmd/tally.h"

#include <stdbool.h>
#include <stdint.h>

struct load;

struct load_options {
    struct plan plan;
    const struct bodies *bodies; /* plan.bodies of them */
    bool renew;                  /* every event gets ids of its own */
    const char *url;
    const char *secret;
};

/*
 * Starts the threads, and lets all of them begin at the same moment. What
 * `options` points to has to live as long. FAULT_NOMEM; FAULT_CONFIG: too
 * few open files, or not a URL; FAULT_IO: no threads.
 */
int load_start(struct load **out, const struct load_options *options,
               struct fault *why);

/* Waits until all is sent and answered, for `timeout_ms` at most. True: it
 * is. */
bool load_wait(struct load *load, int timeout_ms);

/* Sends no more; what is in flight is still answered. */
void load_stop(struct load *load);

struct load_progress {
    int64_t done;    /* answered, or not to be answered any more */
    int64_t untaken; /* of these: no answer, or another than 2xx */
    int64_t in_flight;
};
struct load_progress load_progress(struct load *load);

/* The first answer of a status other than 2xx, and the first event that got
 * no answer for one of the reasons. */
struct load_note {
    const char *name; /* of the body; the bodies' */
    int status;       /* 0: no answer */
    struct buf body;  /* of the answer; the caller releases it */
    enum unanswered kind;
    struct fault why; /* why there was no answer */
};

/* The next note that was not taken yet; false: none. */
bool load_take_note(struct load *load, struct load_note *note);

struct load_result {
    struct tally tally; /* the caller releases it */
    int64_t elapsed_us; /* from the start to the last answer */
    int64_t sending_us; /* from the start to when the last event was sent */
};

/*
 * Waits for the end, and sums up what was sent, in any case. FAULT_IO,
 * FAULT_TIMEOUT: there is nobody. Others: it could not go on.
 */
int load_finish(struct load *load, struct load_result *result,
                struct fault *why);
void load_free(struct load *load); /* after load_finish(); NULL is fine */

#endif
