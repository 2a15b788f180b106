/*
 * http_client.h - asking other HTTP servers; libcurl's door
 *
 * Threads: one client, one thread. A client keeps its connection.
 */
#ifndef BASE_HTTP_CLIENT_H
#define BASE_HTTP_CLIENT_H

#include "base/buf.h"
#include "base/fault.h"
#include "base/slice.h"

#include <stdbool.h>
#include <stdint.h>

struct http_client;

/* FAULT_NOMEM. Redirects are not followed; proxies of the environment are
 * used, but not for what runs on this machine. */
int http_client_new(struct http_client **out, struct fault *why);
void http_client_free(struct http_client *client); /* NULL is fine */

struct http_request {
    const char *method; /* "GET", "POST", "PUT" */
    const char *url;
    const char *const *headers; /* "Name: value", NULL at the end; or NULL */
    struct slice body;          /* absent: none */
    int timeout_ms;             /* of the whole exchange */
};

struct http_answer {
    int status;
    bool connected; /* after FAULT_IO: there was a connection, and it broke or
                       brought what cannot be used */
    int64_t elapsed_us;
    struct buf body; /* the caller releases it; at most LIMIT_HTTP_ANSWER */
};

/*
 * Fills *answer, whatever it held; after a failure its body is empty.
 * FAULT_TIMEOUT: no complete answer in time. FAULT_IO: no connection, or it
 * broke, or the answer is too large; the text says which and names the URL,
 * without user and query. FAULT_CONFIG: not a URL, or neither http nor https.
 * Any status is a success.
 */
int http_client_do(struct http_client *client, const struct http_request *req,
                   struct http_answer *answer, struct fault *why);

/* "libcurl/7.88.1 ..." */
const char *http_client_library_version(void);

#endif
