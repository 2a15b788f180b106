/*
 * endpoint.h - from the address a server listens on to the one to ask it at
 */
#ifndef CMD_ENDPOINT_H
#define CMD_ENDPOINT_H

#include "base/fault.h"

#include <stddef.h>

enum { ENDPOINT_URL_MAX = 2048 };

/*
 * "http://HOST:PORTPATH". A host that stands for all addresses becomes
 * loopback, an IPv6 address gets its brackets. FAULT_CONFIG: too long.
 */
int endpoint_url(char *out, size_t size, const char *host, long port,
                 const char *path, struct fault *why);

/*
 * Whether a server could listen there now: tries, and lets go again.
 * FAULT_IO: it could not; the text says why.
 */
int endpoint_try(const char *host, long port, struct fault *why);

#endif
