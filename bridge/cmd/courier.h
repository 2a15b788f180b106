/*
 * courier.h - signs bodies and posts them, one after the other
 *
 * It keeps its connection, and makes a new one where that has ended. libcurl
 * does so by itself where a kept connection ends without a byte of an answer,
 * and posts the same body again: a server can get it twice then.
 *
 * Threads: one courier, one thread.
 */
#ifndef CMD_COURIER_H
#define CMD_COURIER_H

#include "base/fault.h"
#include "base/http_client.h"
#include "cmd/bodies.h"

struct courier;

/* Posts to `url`, which has to live as long, and signs with `secret`, which
 * need not. FAULT_NOMEM. */
int courier_new(struct courier **out, const char *url, const char *secret,
                struct fault *why);
void courier_free(struct courier *courier); /* NULL is fine */

/*
 * Posts a body as it is, or renewed where `renewal` is not NULL. Fills
 * *answer as http_client_do() does. FAULT_IO, FAULT_TIMEOUT: no answer; the
 * text names the body. Others (FAULT_CONFIG: not a URL, FAULT_USAGE: not an
 * event, FAULT_NOMEM) would befall every other event as well.
 */
int courier_post(struct courier *courier, const struct body *body,
                 const struct renewal *renewal, struct http_answer *answer,
                 struct fault *why);

#endif
