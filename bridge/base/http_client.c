/*
 * http_client.c - asking other HTTP servers; libcurl's door
 *
 * A client is one easy handle. It is reset before each request, which
 * forgets the options and keeps the connections.
 *
 * A URL can carry a password or a token. What a fault names is the URL
 * without user, query and fragment.
 */
#include "base/http_client.h"

#include "base/clock.h"
#include "base/limits.h"

#include <curl/curl.h>
#include <pthread.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#ifndef BRIDGE_VERSION
#define BRIDGE_VERSION "0.0.0"
#endif

struct http_client {
    CURL *curl;
    char reason[CURL_ERROR_SIZE]; /* libcurl's words for the last failure */
};

/* One request in hand. */
struct exchange {
    const struct http_request *req;
    struct http_answer *answer;
    struct fault body_why; /* why the answer's body could not be kept */
    struct curl_slist *headers;
    char *shown_url; /* by curl_url_get(): without anything secret */
    bool loopback;
    bool head_ended; /* the empty line behind the headers has come */
};

static pthread_once_t once = PTHREAD_ONCE_INIT;
static CURLcode library_state;

static void library_init(void)
{
    library_state = curl_global_init(CURL_GLOBAL_DEFAULT);
}

int http_client_new(struct http_client **out, struct fault *why)
{
    struct http_client *client;

    pthread_once(&once, library_init);
    if (library_state != CURLE_OK)
        return fault_set(why, FAULT_NOMEM, "cannot start libcurl: %s",
                         curl_easy_strerror(library_state));
    client = calloc(1, sizeof(*client));
    if (client == NULL)
        return fault_set(why, FAULT_NOMEM, "cannot allocate an HTTP client");
    client->curl = curl_easy_init();
    if (client->curl == NULL) {
        free(client);
        return fault_set(why, FAULT_NOMEM, "cannot allocate an HTTP client");
    }
    *out = client;
    return 0;
}

void http_client_free(struct http_client *client)
{
    if (client == NULL)
        return;
    curl_easy_cleanup(client->curl);
    free(client);
}

static bool is_loopback(const char *host)
{
    return strcasecmp(host, "localhost") == 0 ||
           strncmp(host, "127.", strlen("127.")) == 0 ||
           strcmp(host, "[::1]") == 0;
}

/*
 * Takes the URL apart, so that what is wrong with it is known before a
 * connection is tried, and what is secret in it is not shown.
 */
static int examine_url(struct exchange *ex, struct fault *why)
{
    static const CURLUPart secret[] = {CURLUPART_USER, CURLUPART_PASSWORD,
                                       CURLUPART_OPTIONS, CURLUPART_QUERY,
                                       CURLUPART_FRAGMENT};
    CURLU *url = curl_url();
    char *scheme = NULL;
    char *host = NULL;
    CURLUcode err = CURLUE_OUT_OF_MEMORY;
    int rc = -1;

    if (url != NULL)
        err = curl_url_set(url, CURLUPART_URL, ex->req->url, 0);
    if (err == CURLUE_OK)
        err = curl_url_get(url, CURLUPART_SCHEME, &scheme, 0);
    if (err == CURLUE_OK)
        err = curl_url_get(url, CURLUPART_HOST, &host, 0);
    for (size_t i = 0; err == CURLUE_OK && i < sizeof(secret) / sizeof(*secret);
         i++)
        err = curl_url_set(url, secret[i], NULL, 0);
    if (err == CURLUE_OK)
        err = curl_url_get(url, CURLUPART_URL, &ex->shown_url, 0);

    if (err == CURLUE_OUT_OF_MEMORY) {
        fault_set(why, FAULT_NOMEM, "cannot allocate a URL");
    } else if (err != CURLUE_OK) {
        /* not shown: what cannot be taken apart can hide a password */
        fault_set(why, FAULT_CONFIG, "cannot use a URL: %s",
                  curl_url_strerror(err));
    } else if (strcmp(scheme, "http") != 0 && strcmp(scheme, "https") != 0) {
        fault_set(why, FAULT_CONFIG, "cannot use '%s': neither http nor https",
                  ex->shown_url);
    } else {
        ex->loopback = is_loopback(host);
        rc = 0;
    }
    curl_free(scheme);
    curl_free(host);
    curl_url_cleanup(url);
    return rc;
}

static int add_header(struct exchange *ex, const char *line, struct fault *why)
{
    struct curl_slist *more = curl_slist_append(ex->headers, line);

    if (more == NULL)
        return fault_set(why, FAULT_NOMEM, "cannot allocate a header");
    ex->headers = more;
    return 0;
}

static int add_headers(struct exchange *ex, struct fault *why)
{
    static const char type[] = "Content-Type:";
    const char *const *line = ex->req->headers;
    bool has_type = false;

    for (; line != NULL && *line != NULL; line++) {
        has_type = has_type || strncasecmp(*line, type, sizeof(type) - 1) == 0;
        if (add_header(ex, *line, why) == -1)
            return -1;
    }
    /* a name without a value takes away what libcurl adds by itself: it
     * would wait a second for a "100 Continue", and call a body a form */
    if (!has_type && add_header(ex, type, why) == -1)
        return -1;
    return add_header(ex, "Expect:", why);
}

static size_t take_body(char *data, size_t size, size_t count, void *opaque)
{
    struct exchange *ex = opaque;

    /* another number than it was given makes libcurl stop */
    if (buf_add(&ex->answer->body, data, size * count, &ex->body_why) == -1)
        return 0;
    return size * count;
}

/* libcurl takes a connection that ends within the headers for the end of an
 * answer without a body. */
static size_t take_header(char *line, size_t size, size_t count, void *opaque)
{
    struct exchange *ex = opaque;
    size_t len = size * count;

    if (len > 5 && memcmp(line, "HTTP/", 5) == 0)
        ex->head_ended = false; /* a first line: "100 Continue" had one too */
    else if (len > 0 && (line[0] == '\r' || line[0] == '\n'))
        ex->head_ended = true; /* what comes behind a body changes nothing */
    return len;
}

static CURLcode set_method(CURL *curl, const struct http_request *req)
{
    bool has_body = req->body.data != NULL;
    CURLcode err = CURLE_OK;

    if (strcmp(req->method, "HEAD") == 0)
        return curl_easy_setopt(curl, CURLOPT_NOBODY, 1L);
    if (strcmp(req->method, "GET") == 0 && !has_body)
        return curl_easy_setopt(curl, CURLOPT_HTTPGET, 1L);

    /* a POST or PUT without a body says "Content-Length: 0" */
    if (has_body || strcmp(req->method, "POST") == 0 ||
        strcmp(req->method, "PUT") == 0) {
        err = curl_easy_setopt(curl, CURLOPT_POSTFIELDSIZE_LARGE,
                               (curl_off_t)req->body.len);
        if (err == CURLE_OK)
            err = curl_easy_setopt(curl, CURLOPT_POSTFIELDS,
                                   has_body ? req->body.data : "");
    }
    if (err == CURLE_OK)
        err = curl_easy_setopt(curl, CURLOPT_CUSTOMREQUEST, req->method);
    return err;
}

#define SET(option, value)                                                     \
    (err == CURLE_OK ? (err = curl_easy_setopt(curl, (option), (value))) : err)

static CURLcode set_options(struct http_client *client, struct exchange *ex)
{
    CURL *curl = client->curl;
    long timeout_ms = ex->req->timeout_ms > 0 ? ex->req->timeout_ms : 1;
    CURLcode err = set_method(curl, ex->req);

    SET(CURLOPT_URL, ex->req->url);
    SET(CURLOPT_PROTOCOLS_STR, "http,https");
    SET(CURLOPT_FOLLOWLOCATION, 0L);
    SET(CURLOPT_HTTPHEADER, ex->headers);
    SET(CURLOPT_USERAGENT, "aurix-bridge/" BRIDGE_VERSION);
    SET(CURLOPT_TIMEOUT_MS, timeout_ms);
    SET(CURLOPT_NOSIGNAL, 1L); /* signals belong to the main thread */
    SET(CURLOPT_TCP_NODELAY, 1L);
    SET(CURLOPT_ERRORBUFFER, client->reason);
    SET(CURLOPT_HEADERFUNCTION, take_header);
    SET(CURLOPT_HEADERDATA, ex);
    SET(CURLOPT_WRITEFUNCTION, take_body);
    SET(CURLOPT_WRITEDATA, ex);
    if (ex->loopback) /* a proxy's loopback is another machine */
        SET(CURLOPT_PROXY, "");
    return err;
}

#undef SET

/* Which of the header's faults it is. */
static int tell(const struct http_client *client, const struct exchange *ex,
                CURLcode err, struct fault *why)
{
    const char *reason =
        client->reason[0] == '\0' ? curl_easy_strerror(err) : client->reason;

    if (ex->body_why.kind == FAULT_NOMEM)
        return fault_set(why, FAULT_NOMEM, "cannot keep the answer of '%s': %s",
                         ex->shown_url, ex->body_why.text);
    if (ex->body_why.kind != FAULT_NONE)
        return fault_set(why, FAULT_IO, "cannot keep the answer of '%s': %s",
                         ex->shown_url, ex->body_why.text);
    switch (err) {
    case CURLE_OUT_OF_MEMORY:
        return fault_set(why, FAULT_NOMEM, "cannot ask '%s': out of memory",
                         ex->shown_url);
    case CURLE_OPERATION_TIMEDOUT:
        return fault_set(why, FAULT_TIMEOUT,
                         "no complete answer of '%s' within %d ms",
                         ex->shown_url, ex->req->timeout_ms);
    case CURLE_COULDNT_CONNECT:
    case CURLE_COULDNT_RESOLVE_HOST:
    case CURLE_COULDNT_RESOLVE_PROXY:
        ex->answer->connected = false;
        return fault_set(why, FAULT_IO, "cannot connect to '%s': %s",
                         ex->shown_url, reason);
    default:
        return fault_set(why, FAULT_IO, "the exchange with '%s' broke: %s",
                         ex->shown_url, reason);
    }
}

static int exchange(struct http_client *client, struct exchange *ex,
                    struct fault *why)
{
    int64_t begun_us = clock_now_us();
    long status = 0;
    CURLcode err;

    curl_easy_reset(client->curl);
    client->reason[0] = '\0';
    err = set_options(client, ex);
    if (err == CURLE_OK)
        err = curl_easy_perform(client->curl);
    ex->answer->connected = true; /* unless tell() knows better */
    if (err != CURLE_OK)
        return tell(client, ex, err, why);
    if (!ex->head_ended)
        return fault_set(why, FAULT_IO,
                         "the exchange with '%s' broke: the answer ended "
                         "within its headers",
                         ex->shown_url);

    curl_easy_getinfo(client->curl, CURLINFO_RESPONSE_CODE, &status);
    ex->answer->status = (int)status;
    ex->answer->elapsed_us = clock_now_us() - begun_us;
    return 0;
}

int http_client_do(struct http_client *client, const struct http_request *req,
                   struct http_answer *answer, struct fault *why)
{
    struct exchange ex = {.req = req, .answer = answer};
    int rc = -1;

    *answer = (struct http_answer){.body = BUF_INIT(LIMIT_HTTP_ANSWER)};
    if (examine_url(&ex, why) == 0 && add_headers(&ex, why) == 0)
        rc = exchange(client, &ex, why);
    if (rc == -1)
        buf_release(&answer->body);
    curl_slist_free_all(ex.headers);
    curl_free(ex.shown_url);
    return rc;
}

const char *http_client_library_version(void) { return curl_version(); }
