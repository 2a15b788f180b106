/*
 * visit.h - a connection, from its first request to its last
 *
 * Knows what can be written to it without waiting for the sender: the first
 * answer, as the socket's buffer is empty, and whatever goes to the descriptor
 * once that has been found.
 *
 * Threads: the connection's worker; others may read while that waits.
 */
#ifndef INGEST_VISIT_H
#define INGEST_VISIT_H

#include "ingest/wire.h"

#include <stdbool.h>

struct visit {
    int requests; /* so far, with the one in hand */
    bool searched;
    int fd; /* -1: not known */
};

void visit_init(struct visit *visit);

/*
 * Looks for the descriptor, once; `connections` is how many there are. Not
 * before the second request, and not while fewer have come than make up for
 * the search, which costs more the more connections there are. Where more
 * than one fits none is taken: what is sent there could be another's answer.
 *
 * To be called before an answer that is written in another way. If that
 * succeeds, the connection was whole while it was looked for, and so is the
 * one that was found; otherwise the visit must end.
 */
void visit_learn(struct visit *visit, const struct wire_ends *ends,
                 int connections);

#endif
