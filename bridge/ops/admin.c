/*
 * admin.c - the admin server: health, readiness, metrics
 *
 * CivetWeb's second door. One callback answers every request before CivetWeb
 * would look for files or handlers. An answer is put together in memory and
 * written at once: written in pieces, it waits for Nagle's algorithm. After
 * it the connection is closed, because two idle scrapers that keep theirs
 * would occupy both threads.
 */
#include "ops/admin.h"

#include "base/buf.h"
#include "base/files.h"
#include "base/limits.h"
#include "base/log.h"
#include "base/metrics.h"
#include "base/ready.h"

#include <civetweb.h>
#include <errno.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#ifndef BRIDGE_VERSION
#define BRIDGE_VERSION "0.0.0"
#endif

enum {
    ADDRESS_MAX = 300, /* a name of 255 bytes, a port */
    HEAD_MAX = 1 * KIB /* status line and headers of an answer */
};

struct admin {
    struct mg_context *context;
    int port;
};

/* An answer, before it is written. */
struct reply {
    int status;
    const char *title;
    const char *type;
    const char *more_headers; /* whole lines, or "" */
    struct buf body;
};

static const char type_json[] = "application/json";
static const char type_problem[] = "application/problem+json";
static const char type_metrics[] = "text/plain; version=0.0.4; charset=utf-8";

/* What CivetWeb says while it starts goes into the fault, not into the log.
 * Its own threads say everything else. */
static _Thread_local struct {
    bool starting;
    char text[160]; /* the first message */
} startup;

static struct metric build_info = {
    .name = "aurix_bridge_build_info",
    .help = "Always 1; the label tells the version.",
    .type = METRIC_GAUGE,
};
static struct metric_series build_info_series;

static int healthz(struct reply *reply, struct fault *why)
{
    return buf_add_text(&reply->body, "{\"status\":\"ok\"}", why);
}

static int readyz(struct reply *reply, struct fault *why)
{
    if (!ready_all()) {
        reply->status = 503;
        reply->title = "Service Unavailable";
    }
    return ready_render(&reply->body, why);
}

static int metrics(struct reply *reply, struct fault *why)
{
    reply->type = type_metrics;
    return metrics_render(&reply->body, why);
}

static const struct page {
    const char *path;
    int (*render)(struct reply *reply, struct fault *why);
} pages[] = {
    {"/healthz", healthz},
    {"/readyz",  readyz },
    {"/metrics", metrics},
};

/* RFC 9457, section 3. A body that cannot be had is left empty. */
static void make_problem(struct reply *reply, int status, const char *title)
{
    reply->status = status;
    reply->title = title;
    reply->type = type_problem;
    buf_clear(&reply->body);
    if (buf_addf(&reply->body, NULL, "{\"title\":\"%s\",\"status\":%d}", title,
                 status) == -1)
        buf_clear(&reply->body);
}

static void make_fault(struct reply *reply, enum fault_kind kind)
{
    const struct fault_class *class = fault_class(kind);

    make_problem(reply, class->http_status, class->title);
    if (kind == FAULT_METHOD)
        reply->more_headers = "Allow: GET, HEAD\r\n";
}

static const struct page *find_page(const char *path)
{
    for (size_t i = 0; i < sizeof(pages) / sizeof(pages[0]); i++)
        if (path != NULL && strcmp(pages[i].path, path) == 0)
            return &pages[i];
    return NULL;
}

static bool is_head(const struct mg_request_info *info)
{
    return info->request_method != NULL &&
           strcmp(info->request_method, "HEAD") == 0;
}

static bool method_fits(const struct mg_request_info *info)
{
    return is_head(info) || (info->request_method != NULL &&
                             strcmp(info->request_method, "GET") == 0);
}

static void answer(struct reply *reply, const struct mg_request_info *info)
{
    const struct page *page = find_page(info->local_uri);
    struct fault why = FAULT_INIT;

    if (page == NULL) {
        make_fault(reply, FAULT_NOT_FOUND);
    } else if (!method_fits(info)) {
        make_fault(reply, FAULT_METHOD);
    } else if (page->render(reply, &why) == -1) {
        log_line(LOG_WARN, "admin", "cannot answer",
                 log_text("page", page->path), log_text("error", why.text));
        make_fault(reply, FAULT_IO);
    }
}

/* False: nothing is written, or not all of it. */
static bool write_reply(struct mg_connection *conn, const struct reply *reply,
                        bool head_only)
{
    struct buf out = BUF_INIT(LIMIT_METRICS_TEXT + HEAD_MAX);
    struct slice body = buf_slice(&reply->body);
    bool written = false;

    if (buf_addf(&out, NULL,
                 "HTTP/1.1 %d %s\r\n"
                 "Content-Type: %s\r\n"
                 "Content-Length: %zu\r\n"
                 "Cache-Control: no-store\r\n"
                 "%s"
                 "Connection: close\r\n"
                 "\r\n",
                 reply->status, reply->title, reply->type, body.len,
                 reply->more_headers) == 0 &&
        (head_only || buf_add(&out, body.data, body.len, NULL) == 0))
        written = mg_write(conn, out.data, out.len) == (int)out.len;
    buf_release(&out);
    return written;
}

static int begin_request(struct mg_connection *conn)
{
    const struct mg_request_info *info = mg_get_request_info(conn);
    struct reply reply = {.status = 200,
                          .title = "OK",
                          .type = type_json,
                          .more_headers = "",
                          .body = BUF_INIT(LIMIT_METRICS_TEXT)};
    int status;

    /* before anything else: or CivetWeb reads a body that nobody wants */
    mg_disable_connection_keep_alive(conn);
    answer(&reply, info);
    if (!write_reply(conn, &reply, is_head(info)))
        log_line(LOG_DEBUG, "admin", "an answer was not taken",
                 log_int("status", reply.status));
    status = reply.status;
    buf_release(&reply.body);
    return status;
}

/* The same words as everywhere; CivetWeb's own for a status we never use. */
static const char *title_of(const struct mg_connection *conn, int status)
{
    for (int kind = FAULT_NONE; kind < FAULT_KINDS; kind++) {
        const struct fault_class *class = fault_class((enum fault_kind)kind);

        if (class->http_status == status)
            return class->title;
    }
    return mg_get_response_code_text(conn, status);
}

/* What CivetWeb refuses by itself. Its message can quote the request. */
static int http_error(struct mg_connection *conn, int status,
                      const char *message)
{
    const struct mg_request_info *info = mg_get_request_info(conn);
    struct reply reply = {.more_headers = "", .body = BUF_INIT(HEAD_MAX)};

    (void)message;
    mg_disable_connection_keep_alive(conn);
    make_problem(&reply, status, title_of(conn, status));
    write_reply(conn, &reply, info != NULL && is_head(info));
    buf_release(&reply.body);
    return 0;
}

static int log_message(const struct mg_connection *conn, const char *message)
{
    (void)conn;
    if (!startup.starting)
        log_line(LOG_WARN, "admin", "the HTTP library reports",
                 log_text("text", message));
    else if (startup.text[0] == '\0')
        snprintf(startup.text, sizeof(startup.text), "%s", message);
    return 1; /* said: it writes no file */
}

static const struct mg_callbacks callbacks = {
    .begin_request = begin_request,
    .http_error = http_error,
    .log_message = log_message,
};

static const char *const settings[][2] = {
    {"num_threads",                  "2"   },
    {"tcp_nodelay",                  "1"   },
    {"enable_keep_alive",            "no"  },
    {"decode_url",                   "no"  },
    {"request_timeout_ms",           "2000"},
    {"access_control_allow_methods", ""    },
};

enum { SETTINGS = sizeof(settings) / sizeof(settings[0]) };

static struct mg_context *start_context(const char *address)
{
    /* one address: two can hang CivetWeb 1.16 */
    const char *options[2 * (SETTINGS + 1) + 1] = {"listening_ports", address};
    struct mg_context *context;
    sigset_t all;
    sigset_t before;

    for (size_t i = 0; i < SETTINGS; i++) {
        options[2 * i + 2] = settings[i][0];
        options[2 * i + 3] = settings[i][1];
    }
    /* its threads inherit this: a signal would end a connection in 1.15 */
    sigfillset(&all);
    pthread_sigmask(SIG_SETMASK, &all, &before);
    startup.starting = true;
    startup.text[0] = '\0';
    context = mg_start(&callbacks, NULL, options);
    startup.starting = false;
    pthread_sigmask(SIG_SETMASK, &before, NULL);
    return context;
}

static int bind_fault(const char *address, struct fault *why)
{
    char in_use[16];

    /* CivetWeb says "... 98 (Address already in use)" */
    snprintf(in_use, sizeof(in_use), " %d (", EADDRINUSE);
    return fault_set(why, FAULT_IO,
                     "cannot bind the admin server to '%s': %s; %s", address,
                     startup.text[0] == '\0' ? "no reason given" : startup.text,
                     strstr(startup.text, in_use) != NULL
                         ? "is another bridge running? set [admin] port"
                         : "set [admin] host and port");
}

static int open_port(struct admin *admin, const struct admin_options *options,
                     struct fault *why)
{
    struct mg_server_port port;
    char address[ADDRESS_MAX];
    int len = snprintf(address, sizeof(address), "%s:%d", options->host,
                       options->port);

    /* a comma would open a second port, a letter behind it change its kind */
    if (options->host[0] == '\0' || strpbrk(options->host, ", \t") != NULL ||
        len >= (int)sizeof(address))
        return fault_set(why, FAULT_CONFIG,
                         "cannot bind the admin server to '%s': not a host; "
                         "set [admin] host",
                         options->host);
    admin->context = start_context(address);
    if (admin->context == NULL)
        return bind_fault(address, why);
    if (mg_get_server_ports(admin->context, 1, &port) != 1)
        return fault_set(why, FAULT_IO, "cannot tell the port of '%s'",
                         address);
    admin->port = port.port;
    return 0;
}

static int write_port_file(const struct admin *admin, const char *path,
                           struct fault *why)
{
    char text[16];

    snprintf(text, sizeof(text), "%d\n", admin->port);
    return file_replace(path, text, why);
}

static void register_build_info(void)
{
    char labels[METRIC_LABELS_MAX];

    metrics_register(&build_info);
    metric_labels(labels, "version", BRIDGE_VERSION, NULL);
    metric_series_init(&build_info, &build_info_series, labels);
    metric_set(&build_info_series, 1);
}

int admin_start(struct admin **out, const struct admin_options *options,
                struct fault *why)
{
    struct admin *admin = calloc(1, sizeof(*admin));
    int rc = -1;

    if (admin == NULL)
        return fault_set(why, FAULT_NOMEM, "cannot allocate the admin server");
    register_build_info();
    mg_init_library(0); /* counted; admin_stop() takes it back */
    if (open_port(admin, options, why) == -1)
        goto done;
    if (options->port_file != NULL &&
        write_port_file(admin, options->port_file, why) == -1)
        goto done;
    log_line(LOG_INFO, "admin", "admin server listens",
             log_text("host", options->host), log_int("port", admin->port));
    *out = admin;
    admin = NULL; /* handed over */
    rc = 0;

done:
    admin_stop(admin);
    return rc;
}

int admin_port(const struct admin *admin) { return admin->port; }

void admin_stop(struct admin *admin)
{
    if (admin == NULL)
        return;
    if (admin->context != NULL)
        mg_stop(admin->context);
    mg_exit_library();
    free(admin);
}

const char *admin_library_version(void) { return mg_version(); }
