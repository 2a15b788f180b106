/*
 * server.c - the public HTTP server; CivetWeb's door
 *
 * All requests come through begin_request, which answers every one of them
 * itself: no file is ever served. A worker goes: guard, body under a
 * deadline, intake, one log line. The answer is written by whichever thread
 * learns that the event is safe, while this worker waits inside the intake;
 * nobody else touches the connection meanwhile.
 *
 * That thread may be the one that all senders wait for, so it must not wait
 * for one that does not read. mg_write() would, where the socket has no room.
 * So it is called there for a connection's first answer alone, for which there
 * is always room; later ones go to the descriptor, which does not block. What
 * is left then, the worker writes when it wakes.
 */
#include "ingest/server.h"

#include "base/clock.h"
#include "base/files.h"
#include "base/log.h"
#include "ingest/desk.h"
#include "ingest/guard.h"
#include "ingest/traffic.h"
#include "ingest/visit.h"
#include "ingest/watch.h"
#include "ingest/wire.h"

#include <civetweb.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

enum {
    FREE_WORKERS_LOW = 64, /* fewer are free: connections end */
    DRAIN_LOOK_US = 2000
};

enum stage {
    STAGE_RUNNING,
    STAGE_NOTICE,  /* requests are taken, connections end */
    STAGE_REFUSING /* nothing is taken any more */
};

struct server {
    struct intake *in;
    struct mg_context *context;
    struct watch *watch;
    struct desk_pool *desks;
    int workers;
    atomic_int connections; /* each has a worker */
    atomic_int stage;
};

static struct server *server_of(const struct mg_connection *conn)
{
    return mg_get_user_data(mg_get_context(conn));
}

/* ---- connections --------------------------------------------------------- */

static int on_connection(const struct mg_connection *conn, void **data)
{
    struct visit *visit = malloc(sizeof(*visit));

    if (visit != NULL)
        visit_init(visit);
    *data = visit;
    atomic_fetch_add(&server_of(conn)->connections, 1);
    return 0;
}

/* Comes first, with the descriptor still open. */
static void on_connection_close(const struct mg_connection *conn)
{
    free(mg_get_user_connection_data(conn));
}

static void on_connection_closed(const struct mg_connection *conn)
{
    atomic_fetch_sub(&server_of(conn)->connections, 1);
}

/* Whether the connection should end with this answer, for our own sake. */
static bool should_end(struct server *server, const struct visit *visit)
{
    int free_workers = server->workers - atomic_load(&server->connections);

    return visit->requests >= LIMIT_REQUESTS_PER_CONNECTION ||
           free_workers < FREE_WORKERS_LOW ||
           atomic_load(&server->stage) != STAGE_RUNNING;
}

static void ends_of(struct wire_ends *ends, const struct mg_connection *conn)
{
    const struct mg_request_info *info = mg_get_request_info(conn);

    wire_ends_set(ends, info->remote_addr, info->remote_port,
                  info->server_port);
}

/* ---- answers ------------------------------------------------------------- */

/* Writes `text`, and waits for a sender that is slow to read. Returns how
 * much of it was written. */
static size_t write_text(struct mg_connection *conn, const char *text,
                         size_t len)
{
    int n = mg_write(conn, text, len);

    return n > 0 ? (size_t)n : 0;
}

/*
 * Sends what can be sent without waiting. A connection's first answer is
 * short here, and its socket's buffer empty: Linux takes it even when it is
 * short of memory (the first value of tcp_wmem is each socket's).
 */
static void answer_hook(struct hook *hook)
{
    const struct visit *visit = mg_get_user_connection_data(hook->connection);
    const struct reply *reply = &hook->reply;

    if (visit->requests == 1)
        hook->sent = write_text(hook->connection, reply->text, reply->len);
    else if (visit->fd != -1)
        hook->sent = wire_send(visit->fd, reply->text, reply->len);
    hook->answered_us = clock_now_us();
}

/* Writes what is left of the answer; its own worker may wait for the sender.
 * A connection that did not take all of it ends. */
static void finish_answer(struct server *server, struct hook *hook)
{
    size_t left = hook->reply.len - hook->sent;
    struct wire_ends ends;

    if (left == 0)
        return;
    if (!hook->close) {
        ends_of(&ends, hook->connection);
        visit_learn(mg_get_user_connection_data(hook->connection), &ends,
                    atomic_load(&server->connections));
    }
    hook->sent +=
        write_text(hook->connection, hook->reply.text + hook->sent, left);
    hook->unsent = hook->sent < hook->reply.len;
    hook->answered_us = clock_now_us();
}

/* Refuses before there is a hook; the connection ends. Returns the status. */
static int refuse(struct mg_connection *conn, const struct fault *why,
                  const char *allow)
{
    const struct mg_request_info *info = mg_get_request_info(conn);
    const struct reply_problem problem = {
        .why = why,
        .allow = allow,
        .close = true,
        .head = info->request_method != NULL &&
                strcmp(info->request_method, "HEAD") == 0};
    struct buf buf = BUF_INIT(LIMIT_REPLY);
    struct reply reply;

    reply_problem(&reply, &buf, &problem);
    mg_disable_connection_keep_alive(conn);
    traffic_refused(why->kind, reply.status);
    (void)write_text(conn, reply.text, reply.len);
    buf_release(&buf);
    return reply.status;
}

/* CivetWeb could not make sense of a request. Returning 0: answered. */
static int on_http_error(struct mg_connection *conn, int status,
                         const char *message)
{
    static const struct {
        int status;
        enum fault_kind kind;
        const char *text;
    } known[] = {
        {400, FAULT_BAD_REQUEST,
         "the request is malformed, or its "
         "header did not arrive in time"                                   },
        {411, FAULT_LENGTH_REQUIRED,   "a valid Content-Length is required"},
        {413, FAULT_HEADERS_TOO_LARGE, "the header block is too large"     },
        {505, FAULT_VERSION,           "HTTP/1.0 and HTTP/1.1 are spoken"  },
    };
    struct fault why = FAULT_INIT;

    (void)message; /* may quote the request */
    for (size_t i = 0; i < sizeof(known) / sizeof(known[0]); i++)
        if (known[i].status == status)
            fault_set(&why, known[i].kind, "%s", known[i].text);
    if (why.kind == FAULT_NONE)
        fault_set(&why, FAULT_BAD_REQUEST, "the request is malformed");
    refuse(conn, &why, NULL);
    return 0;
}

/* ---- one request --------------------------------------------------------- */

static void fill_head(struct guard_head *head,
                      const struct mg_request_info *info)
{
    head->method = info->request_method;
    head->path = info->local_uri_raw; /* as sent: "//x" is not "/x" */
    head->version = info->http_version;
    head->header_count = (size_t)info->num_headers;
    for (int i = 0; i < info->num_headers && i < LIMIT_HEADERS; i++) {
        head->headers[i].name = info->http_headers[i].name;
        head->headers[i].value = info->http_headers[i].value;
    }
}

/* Reads the whole body into the desk. FAULT_TIMEOUT: it did not come. */
static int read_body(struct server *server, struct mg_connection *conn,
                     struct desk *desk, const struct guard_verdict *verdict,
                     struct fault *why)
{
    static const char go_on[] = "HTTP/1.1 100 Continue\r\n\r\n";
    const size_t want = verdict->content_length;
    int64_t deadline_us =
        clock_now_us() + server->in->config->http.body_timeout_ms * 1000;
    struct wire_ends ends;
    bool late;

    if (buf_reserve(&desk->body, want, why) == -1)
        return -1;
    if (verdict->expects_continue)
        (void)mg_write(conn, go_on, sizeof(go_on) - 1);
    ends_of(&ends, conn);
    watch_begin(&desk->watch, &ends, deadline_us);
    while (desk->body.len < want) {
        int n = mg_read(conn, desk->body.data + desk->body.len,
                        want - desk->body.len);

        if (n < 0)
            break; /* closed, or cut off */
        desk->body.len += (size_t)n;
        /* none: CivetWeb has lost its patience before we did, or it stops */
        if (n == 0 && (clock_now_us() >= deadline_us ||
                       atomic_load(&server->stage) == STAGE_REFUSING))
            break;
    }
    late = watch_end(&desk->watch);
    desk->body.data[desk->body.len] = '\0';
    if (late || desk->body.len < want)
        return fault_set(why, FAULT_TIMEOUT, "the body did not arrive in time");
    return 0;
}

static void start_hook(struct hook *hook, struct server *server,
                       struct mg_connection *conn, struct desk *desk,
                       const struct guard_verdict *verdict)
{
    const struct visit *visit = mg_get_user_connection_data(conn);

    memset(hook, 0, sizeof(*hook));
    hook->desk = desk;
    hook->source = verdict->source;
    hook->ce_source = server->in->config->sources[verdict->source].ce_source;
    hook->signature_header = verdict->signature_header;
    hook->traceparent = verdict->traceparent;
    hook->received_ms = clock_real_ms();
    hook->answer = answer_hook;
    hook->connection = conn;
    hook->type = -1;
    hook->close = should_end(server, visit) || verdict->wants_close;
}

/* A request whose body is not used. */
static void answer_early(struct hook *hook, const struct fault *why)
{
    const struct reply_problem problem = {.why = why, .close = true};

    hook->why = *why;
    hook->close = true;
    reply_problem(&hook->reply, &hook->desk->reply, &problem);
    answer_hook(hook);
}

static void run_hook(struct server *server, struct hook *hook,
                     const struct guard_verdict *verdict)
{
    struct fault why = FAULT_INIT;

    if (read_body(server, hook->connection, hook->desk, verdict, &why) == 0 &&
        atomic_load(&server->stage) == STAGE_REFUSING)
        fault_set(&why, FAULT_STOPPING, "the bridge is going down");
    if (why.kind != FAULT_NONE) {
        answer_early(hook, &why);
    } else {
        hook->body = buf_slice(&hook->desk->body);
        intake_run(server->in, hook);
    }
    finish_answer(server, hook);
}

static int take_request(struct server *server, struct mg_connection *conn,
                        const struct guard_verdict *verdict)
{
    int64_t started_us = clock_now_us();
    struct visit *visit = mg_get_user_connection_data(conn);
    struct fault why = FAULT_INIT;
    struct desk *desk;
    struct hook hook;

    if (visit == NULL)
        fault_set(&why, FAULT_NOMEM, "no memory for a connection");
    if (visit == NULL || desk_take(&desk, server->desks, &why) == -1)
        return refuse(conn, &why, NULL);
    visit->requests++;
    start_hook(&hook, server, conn, desk, verdict);
    run_hook(server, &hook, verdict);
    if (hook.close || hook.unsent)
        mg_disable_connection_keep_alive(conn);
    traffic_hook(&hook, started_us);
    desk_give(server->desks, desk);
    return hook.reply.status;
}

static int on_request(struct mg_connection *conn)
{
    struct server *server = server_of(conn);
    struct guard_verdict verdict;
    struct fault why = FAULT_INIT;
    struct guard_head head;
    int status;

    traffic_begin();
    fill_head(&head, mg_get_request_info(conn));
    if (atomic_load(&server->stage) == STAGE_REFUSING)
        fault_set(&why, FAULT_STOPPING, "the bridge is going down");
    else
        (void)guard_judge(&verdict, &head, server->in->config, &why);
    if (why.kind != FAULT_NONE)
        status =
            refuse(conn, &why, why.kind == FAULT_METHOD ? verdict.allow : NULL);
    else
        status = take_request(server, conn, &verdict);
    traffic_end();
    return status;
}

static int on_log(const struct mg_connection *conn, const char *message)
{
    (void)conn;
    log_line(LOG_WARN, "civetweb", "civetweb says", log_text("text", message));
    return 1;
}

/* ---- start and stop ------------------------------------------------------ */

static int open_port(struct server *server, struct fault *why)
{
    const struct config *config = server->in->config;
    const struct mg_callbacks callbacks = {
        .begin_request = on_request,
        .http_error = on_http_error,
        .init_connection = on_connection,
        .connection_close = on_connection_close,
        .connection_closed = on_connection_closed,
        .log_message = on_log};
    char listen[128], threads[24], header_ms[24], keep_ms[24], block[24];
    const char *options[] = {"listening_ports",
                             listen,
                             "num_threads",
                             threads,
                             "connection_queue",
                             "512",
                             "listen_backlog",
                             "1024",
                             "tcp_nodelay",
                             "1",
                             "enable_keep_alive",
                             "yes",
                             "keep_alive_timeout_ms",
                             keep_ms,
                             "request_timeout_ms",
                             header_ms,
                             "max_request_size",
                             block,
                             "decode_url",
                             "no",
                             "access_control_allow_methods",
                             "",
                             NULL};

    snprintf(listen, sizeof(listen), "%s:%lld", config->http.host,
             (long long)config->http.port);
    snprintf(threads, sizeof(threads), "%d", server->workers);
    snprintf(header_ms, sizeof(header_ms), "%lld",
             (long long)config->http.header_timeout_ms);
    snprintf(keep_ms, sizeof(keep_ms), "%lld",
             (long long)config->http.keep_alive_timeout_ms);
    snprintf(block, sizeof(block), "%d", LIMIT_HEADER_BLOCK);
    server->context = mg_start(&callbacks, server, options);
    if (server->context == NULL)
        return fault_set(why, FAULT_IO,
                         "cannot listen on '%s': is the host an address of "
                         "this machine (IPv4), and the port free? set [http] "
                         "host or port",
                         listen);
    return 0;
}

static int announce_port(struct server *server, struct fault *why)
{
    const struct config *config = server->in->config;
    struct mg_server_port port = {0};
    char text[24];

    if (mg_get_server_ports(server->context, 1, &port) < 1)
        return fault_set(why, FAULT_IO, "cannot tell the port listened on");
    snprintf(text, sizeof(text), "%d\n", port.port);
    if (config->http.port_file != NULL &&
        file_replace(config->http.port_file, text, why) == -1)
        return -1;
    log_line(LOG_INFO, "ingest", "http server listens",
             log_text("host", config->http.host), log_int("port", port.port),
             log_int("workers", server->workers));
    return 0;
}

int server_start(struct server **out, struct intake *in, struct fault *why)
{
    struct server *server = calloc(1, sizeof(*server));
    int rc = -1;

    if (server == NULL)
        return fault_set(why, FAULT_NOMEM, "cannot allocate the server");
    server->in = in;
    server->workers = (int)in->config->http.threads;
    if (watch_start(&server->watch, why) == -1 ||
        desk_pool_new(&server->desks, in->config, in->catalog, server->watch,
                      why) == -1 ||
        open_port(server, why) == -1 || announce_port(server, why) == -1)
        goto done;
    *out = server;
    server = NULL;
    rc = 0;

done:
    server_stop(server);
    return rc;
}

void server_give_notice(struct server *server)
{
    atomic_store(&server->stage, STAGE_NOTICE);
}

int server_drain(struct server *server, int timeout_ms)
{
    int64_t deadline_us = clock_now_us() + (int64_t)timeout_ms * 1000;
    const struct timespec pause = clock_timespec(DRAIN_LOOK_US);

    atomic_store(&server->stage, STAGE_REFUSING);
    while (traffic_in_flight() > 0 && clock_now_us() < deadline_us)
        nanosleep(&pause, NULL);
    return traffic_in_flight();
}

void server_stop(struct server *server)
{
    if (server == NULL)
        return;
    if (server->context != NULL)
        mg_stop(server->context);
    watch_stop(server->watch); /* before the entries that it walks */
    desk_pool_free(server->desks);
    free(server);
}
