/*
 * reply.h - an answer, whole, as it goes out in one write
 *
 * Errors are application/problem+json (RFC 9457); their "detail" is what the
 * tutorial's listener returns. No answer repeats anything that was sent.
 *
 * Source: RFC 9110, RFC 9112, RFC 9457.
 */
#ifndef INGEST_REPLY_H
#define INGEST_REPLY_H

#include "base/buf.h"
#include "base/fault.h"
#include "event/catalog.h" /* schema_report */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct reply {
    int status;
    const char *text; /* status line, headers, body */
    size_t len;
};

/* Taken: 200 {"status":"received"}, composed in `buf`, which holds it until
 * it is cleared. FAULT_NOMEM. */
int reply_received(struct reply *reply, struct buf *buf, int64_t real_ms,
                   bool close, struct fault *why);

struct reply_problem {
    const struct fault *why;
    int status;                         /* 0: the fault's own */
    const struct schema_report *report; /* lists its errors; or NULL */
    const char *allow;                  /* "POST" with a 405; or NULL */
    bool close;
    bool head; /* the answer to HEAD: no body */
};

/*
 * Composes an error in `buf`, which holds the text until it is cleared. It
 * always makes an answer: where memory or room runs out, a shorter one.
 */
void reply_problem(struct reply *reply, struct buf *buf,
                   const struct reply_problem *problem);

#endif
