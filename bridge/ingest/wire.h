/*
 * wire.h - a connection by its descriptor
 *
 * CivetWeb does not tell a connection's descriptor, and two things cannot be
 * done without it: to cut off a sender that is late (watch.h), and to send an
 * answer without ever waiting for one that does not read (server.c).
 *
 * Threads: any. Whoever uses a descriptor sees to it that the connection is
 * not closed meanwhile, as another could get its number.
 */
#ifndef INGEST_WIRE_H
#define INGEST_WIRE_H

#include <stddef.h>

enum { WIRE_ADDRESS_SIZE = 48 };

/* The two ends of a connection, as far as they are known. */
struct wire_ends {
    char peer[WIRE_ADDRESS_SIZE]; /* numeric */
    int peer_port;
    int local_port;
};

/* A `peer` that is too long is cut off, and finds nothing. */
void wire_ends_set(struct wire_ends *ends, const char *peer, int peer_port,
                   int local_port);

/*
 * Looks for the connection with these ends among the process's descriptors,
 * all of them: takes a microsecond each. Returns how many there are, *fd is
 * the first. More than one: the peer uses one port of its own for two of our
 * addresses, and nothing tells which is meant.
 */
int wire_find(int *fd, const struct wire_ends *ends);

/* Sends as much as goes without waiting, and returns how much that was; 0
 * also where the connection has failed. */
size_t wire_send(int fd, const char *text, size_t len);

#endif
