/*
 * event.h - what an event is: the members that the bridge looks at
 *
 * Everything else in a body is carried, never read. Members are taken only
 * if they are usable: of the right type, not empty, not longer than what the
 * event schemas allow; otherwise they count as absent, so that even an event
 * that breaks its schema is described as far as it is known.
 *
 * Source: the sender's reference; CloudEvents 1.0 for the identity.
 */
#ifndef EVENT_EVENT_H
#define EVENT_EVENT_H

#include "base/arena.h"
#include "base/digest.h"
#include "base/fault.h"
#include "base/slice.h"

#include <jansson.h>

enum {
    EVENT_ID_MAX = 256, /* characters, as in schemas/envelope.json */
    EVENT_TYPE_MAX = 128,
    EVENT_TIMESTAMP_MAX = 64
};

struct event {
    const json_t *json; /* NULL: the body is not a JSON object. The
                           one member that goes with the json_heap:
                           after leaving it, compare with NULL only */
    struct slice type;  /* absent where not usable, as the others */
    struct slice id;
    struct slice correlation_id; /* data.correlation_id */
    struct slice timestamp;      /* as it came */
    struct slice ce_id;          /* never absent, see event_describe() */
    struct slice ce_time;        /* RFC 3339 with an offset; absent for an
                                    impossible date */
};

/*
 * Parses a body: strict JSON (RFC 8259), an object, no duplicate names, no
 * zero byte, at most LIMIT_JSON_DEPTH deep, numbers that jansson can hold.
 * The caller has entered a json_heap and *out lives in it.
 * FAULT_PARSE: the text says what was expected and where (byte offset), and
 * quotes nothing; also for a body that needs more than LIMIT_PARSE_HEAP.
 * FAULT_NOMEM: the fault is not the body's.
 */
int event_parse(json_t **out, struct slice body, struct fault *why);

/*
 * Describes a body. `json` is NULL if it did not parse. ce_id is the event's
 * id ("-" where there is none), a dot and the first 16 hex digits of the
 * body's SHA-256: the same delivery twice has the same identity, two bodies
 * that differ in a byte do not. All slices point into `arena`, so that the
 * json_heap can be left, and its share given back, before the event is
 * delivered. FAULT_NOMEM.
 */
int event_describe(struct event *event, const json_t *json, struct slice body,
                   struct arena *arena, struct fault *why);

#endif
