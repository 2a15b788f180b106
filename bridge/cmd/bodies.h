/*
 * bodies.h - what `send` sends
 *
 * Bodies come from files, from standard input, and from the examples that
 * every event schema has: a new event type brings its own, without C.
 */
#ifndef CMD_BODIES_H
#define CMD_BODIES_H

#include "base/buf.h"
#include "base/fault.h"

#include <stddef.h>
#include <stdint.h>

/* A body and what to call it: the file's name or the event type. Both are
 * the list's. */
struct body {
    char *name;
    struct buf bytes;
};

struct bodies {
    size_t count;
    struct body *items;
};

#define BODIES_INIT {0, NULL}

void bodies_release(struct bodies *bodies);

/* Adds a file, or standard input for "-". FAULT_IO, FAULT_TOO_LARGE,
 * FAULT_NOMEM. */
int bodies_add_file(struct bodies *bodies, const char *path, struct fault *why);

/* Adds the examples of a type's schema, or of all for "all". FAULT_USAGE:
 * there is no such type; names the nearest. FAULT_NOMEM. */
int bodies_add_examples(struct bodies *bodies, const char *type,
                        struct fault *why);

/* What makes an event another one. */
struct renewal {
    uint64_t serial; /* no other event of this run has it */
    int64_t key;     /* of the correlation id, which is the same in every run;
                        -1: one that no other event of this run has */
};

/* Where a run's serials begin, so that its ids are not those of the last
 * run. FAULT_IO: no random bytes. */
int bodies_first_serial(uint64_t *out, struct fault *why);

/*
 * Writes a body into `out` as an event that has not been sent before: with
 * an event id and a timestamp of its own, and with the correlation id that
 * `renewal` asks for. FAULT_USAGE: it is not an event. FAULT_NOMEM,
 * FAULT_TOO_LARGE.
 */
int bodies_renew(struct buf *out, const struct body *body,
                 const struct renewal *renewal, struct fault *why);

#endif
