/*
 * guard.h - what CivetWeb's parser lets through, and must not get further
 *
 * CivetWeb is generous: it drops headers past the 64th, stops at a folded
 * line and so hides every header behind it, reads "5abc" as a length of 5,
 * and takes the first of two. Each of these lets two programs disagree about
 * where a request ends, or about what was signed. The guard looks at the
 * parsed headers and at the bytes between them, and refuses.
 *
 * Source: RFC 9112 (sections 5, 6, 11.2), RFC 9110; W3C Trace Context.
 *
 * Pure: no I/O, no state. Threads: any.
 */
#ifndef INGEST_GUARD_H
#define INGEST_GUARD_H

#include "base/config.h"
#include "base/fault.h"
#include "base/limits.h"
#include "base/slice.h"

#include <stdbool.h>
#include <stddef.h>

/* Pointers into CivetWeb's buffer, which the parser has cut into strings. */
struct guard_header {
    const char *name;
    const char *value;
};

struct guard_head {
    const char *method;
    const char *path;    /* without the query; NULL: none that is ours */
    const char *version; /* "1.1" */
    size_t header_count; /* at most LIMIT_HEADERS */
    struct guard_header headers[LIMIT_HEADERS];
};

struct guard_verdict {
    size_t source;         /* index of the source whose path it is */
    size_t content_length; /* 0 … max_body_bytes */
    struct slice signature_header;
    struct slice traceparent; /* absent unless there is one, and valid */
    bool expects_continue;    /* 100 (Continue) is to be sent first */
    bool wants_close;         /* the client ends the connection after this */
    const char *allow;        /* with FAULT_METHOD */
};

/*
 * Judges a request by its head. After any fault the connection must end:
 * where the request ends is not known, or its body was not read.
 * FAULT_BAD_REQUEST, FAULT_HEADERS_TOO_LARGE, FAULT_NOT_FOUND, FAULT_METHOD,
 * FAULT_LENGTH_REQUIRED, FAULT_TOO_LARGE, FAULT_SIGNATURE (doubled).
 */
int guard_judge(struct guard_verdict *out, const struct guard_head *head,
                const struct config *config, struct fault *why);

#endif
