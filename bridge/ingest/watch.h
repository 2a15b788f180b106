/*
 * watch.h - cuts off bodies that are late
 *
 * CivetWeb bounds the time between two bytes of a body, but not the whole:
 * a byte a second occupies a worker for as long as the sender likes, inside
 * a single read. So a thread watches who is reading; when a deadline has
 * passed it shuts down the receiving side of that connection, and the read
 * returns. CivetWeb does not tell a connection's descriptor; it is found by
 * the peer's address and port among the process's own descriptors, while the
 * reader is held, so that it cannot be closed and reused meanwhile.
 *
 * Threads: an entry is one reader's at a time; begin and end are lock-free
 * unless the reader is just being cut off.
 */
#ifndef INGEST_WATCH_H
#define INGEST_WATCH_H

#include "base/fault.h"

#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>

enum { WATCH_ADDRESS_SIZE = 48 };

struct watch;

struct watch_entry {
    struct watch_entry *next;
    atomic_int state;
    _Atomic int64_t deadline_us;
    char peer[WATCH_ADDRESS_SIZE]; /* numeric */
    int peer_port;
};

/* `local_port` is the listener's, set later by watch_listen() where it is
 * not known yet. FAULT_NOMEM, FAULT_IO (no thread). */
int watch_start(struct watch **out, struct fault *why);
void watch_listen(struct watch *watch, int local_port);
void watch_stop(struct watch *watch); /* NULL is fine */

/* Adds an entry for good: it must outlive the watch's thread. */
void watch_add(struct watch *watch, struct watch_entry *entry);

/* From here on reading may be cut off at the deadline. */
void watch_begin(struct watch_entry *entry, const char *peer, int peer_port,
                 int64_t deadline_us);

/* No longer reading. True: it was cut off. */
bool watch_end(struct watch_entry *entry);

#endif
