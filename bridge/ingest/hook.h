/*
 * hook.h - the request in hand
 *
 * A hook is one webhook call from its headers to its answer. The server
 * fills the first part, the intake the second; whoever learns that the event
 * is safe calls answer().
 */
#ifndef INGEST_HOOK_H
#define INGEST_HOOK_H

#include "base/config.h"
#include "base/fault.h"
#include "base/record.h"
#include "base/slice.h"
#include "event/event.h"
#include "event/event_record.h"
#include "ingest/desk.h"
#include "ingest/reply.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct hook {
    /* what came in; the server's */
    struct desk *desk;
    size_t source; /* index into the configuration's sources */
    const char *ce_source;
    struct slice body;
    struct slice signature_header; /* absent: none */
    struct slice traceparent;      /* absent: none, or not valid */
    int64_t received_ms;           /* real time */
    bool close;                    /* the connection ends with the answer */

    /* what was made of it; the intake's */
    bool parsed; /* its JSON is in the desk's heap */
    struct event_receipt receipt;
    struct event event;
    struct schema_report report;
    int type; /* of the catalog; -1: without a schema, or not known */
    struct record record;
    struct reply reply;
    struct fault why; /* FAULT_NONE: taken */

    /* Called once, to send hook->reply. Any thread, while the worker waits:
     * it sends a short one without ever blocking, because that thread may be
     * the one that all others wait for. What did not go at once, the server
     * sends when the intake has returned. */
    void (*answer)(struct hook *hook);
    void *connection; /* the server's */
    int64_t answered_us;
    size_t sent; /* bytes of the reply that are on their way */
    bool unsent; /* the sender did not get all of it */
};

#endif
