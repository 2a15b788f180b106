/*
 * admin.h - the admin server: health, readiness, metrics
 *
 *   GET /healthz  200 while the process can answer at all
 *   GET /readyz   200 or 503, with every condition of base/ready.h
 *   GET /metrics  every metric of base/metrics.h
 *
 * A CivetWeb context of its own with two threads, so that it answers when
 * all workers of the public one are busy. It has no authentication: it binds
 * to loopback unless the user says otherwise.
 *
 * Threads: start and stop by one thread.
 */
#ifndef OPS_ADMIN_H
#define OPS_ADMIN_H

#include "base/fault.h"

struct admin;

struct admin_options {
    const char *host;
    int port;              /* 0: a free one */
    const char *port_file; /* NULL: none; the bound port is written there,
                              by a rename, so that a reader sees all or
                              nothing */
};

/*
 * Opens the port and logs it. On success the caller owns *out.
 * FAULT_IO: the address cannot be bound; names it and what to do.
 */
int admin_start(struct admin **out, const struct admin_options *options,
                struct fault *why);
int admin_port(const struct admin *admin);
void admin_stop(struct admin *admin); /* NULL is fine */

/* "1.15 ..." */
const char *admin_library_version(void);

#endif
