/*
 * server.h - the public HTTP server; CivetWeb's door
 *
 * A worker has a connection until it ends. Answers say "Connection: close"
 * when few workers are left, after LIMIT_REQUESTS_PER_CONNECTION requests,
 * and on the way down, so that idle connections starve nobody.
 *
 * Threads: start, the two stages of going down, and stop: one thread.
 */
#ifndef INGEST_SERVER_H
#define INGEST_SERVER_H

#include "base/config.h"
#include "base/fault.h"
#include "ingest/intake.h"

struct server;

/* Opens the port and logs it. `in` is borrowed until server_stop().
 * FAULT_IO: the port cannot be bound; names it and what to do. FAULT_NOMEM. */
int server_start(struct server **out, struct intake *in, struct fault *why);

/* Going down, stage one: requests are taken, connections end. */
void server_give_notice(struct server *server);

/*
 * Stage two: new requests get 503 before anything is produced, until those
 * in hand are answered, or `timeout_ms` has passed. Returns how many were
 * still in hand then.
 */
int server_drain(struct server *server, int timeout_ms);

void server_stop(struct server *server); /* NULL is fine */

#endif
