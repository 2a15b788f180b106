/*
 * watch.h - cuts off bodies that are late
 *
 * CivetWeb bounds the time between two bytes of a body, but not the whole:
 * a byte a second occupies a worker for as long as the sender likes, inside
 * a single read. So a thread watches who is reading; when a deadline has
 * passed it shuts down the receiving side of that connection, and the read
 * returns. Its descriptor is looked for (wire.h) while the reader is held, so
 * that it cannot be closed and reused meanwhile.
 *
 * Threads: an entry is one reader's at a time; begin and end are lock-free
 * unless the reader is just being cut off.
 */
#ifndef INGEST_WATCH_H
#define INGEST_WATCH_H

#include "base/fault.h"
#include "ingest/wire.h"

#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>

struct watch;

struct watch_entry {
    struct watch_entry *next;
    atomic_int state;
    _Atomic int64_t deadline_us;
    struct wire_ends ends;
};

/* FAULT_NOMEM, FAULT_IO (no thread). */
int watch_start(struct watch **out, struct fault *why);
void watch_stop(struct watch *watch); /* NULL is fine */

/* Adds an entry for good: it must outlive the watch's thread. */
void watch_add(struct watch *watch, struct watch_entry *entry);

/* From here on reading may be cut off at the deadline. */
void watch_begin(struct watch_entry *entry, const struct wire_ends *ends,
                 int64_t deadline_us);

/* No longer reading. True: it was cut off. */
bool watch_end(struct watch_entry *entry);

#endif
