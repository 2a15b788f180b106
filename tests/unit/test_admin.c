/*
 * test_admin.c - ops/admin.h, asked as its users ask it, and byte for byte
 */
#include "ops/admin.h"

#include "base/http_client.h"
#include "base/limits.h"
#include "base/log.h"
#include "base/metrics.h"
#include "base/ready.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <unistd.h>

#include <cmocka.h>

#ifndef BRIDGE_VERSION
#define BRIDGE_VERSION "0.0.0"
#endif

enum {
    PATIENCE_MS = 30000 /* only a broken program takes that long */
};

/* Started once: CivetWeb takes its time to stop. */
static struct {
    struct admin *admin;
    struct ready *ready;
    char dir[32];
    char port_file[48];
} world;

static int begin(void **state)
{
    struct admin_options options = {.host = "127.0.0.1",
                                    .port_file = world.port_file};
    struct fault why = FAULT_INIT;

    (void)state;
    signal(SIGPIPE, SIG_IGN); /* as the program does */
    snprintf(world.dir, sizeof(world.dir), "/tmp/test_admin.XXXXXX");
    if (mkdtemp(world.dir) == NULL)
        return -1;
    snprintf(world.port_file, sizeof(world.port_file), "%s/port", world.dir);
    if (admin_start(&world.admin, &options, &why) == -1)
        print_error("%s\n", why.text);
    return world.admin == NULL ? -1 : 0;
}

static int end(void **state)
{
    (void)state;
    admin_stop(world.admin);
    unlink(world.port_file);
    return rmdir(world.dir);
}

static int renew(void **state)
{
    (void)state;
    ready_reset();
    world.ready = ready_register("kafka");
    return 0;
}

static int connect_to_admin(void)
{
    struct sockaddr_in address = {.sin_family = AF_INET,
                                  .sin_port =
                                      htons((uint16_t)admin_port(world.admin)),
                                  .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    struct timeval patience = {.tv_sec = PATIENCE_MS / 1000};
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);

    assert_int_not_equal(fd, -1);
    setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof(patience));
    assert_int_equal(connect(fd, (struct sockaddr *)&address, sizeof(address)),
                     0);
    return fd;
}

/* Sends `request` and reads until the server closes. */
static void exchange(const char *request, struct buf *answer)
{
    int fd = connect_to_admin();
    char piece[4096];
    ssize_t n;

    assert_int_equal(send(fd, request, strlen(request), 0), strlen(request));
    while ((n = recv(fd, piece, sizeof(piece), 0)) > 0)
        assert_int_equal(buf_add(answer, piece, (size_t)n, NULL), 0);
    assert_int_equal(n, 0);
    close(fd);
}

#define HEALTHZ                                                                \
    "HTTP/1.1 200 OK\r\n"                                                      \
    "Content-Type: application/json\r\n"                                       \
    "Content-Length: 15\r\n"                                                   \
    "Cache-Control: no-store\r\n"                                              \
    "Connection: close\r\n"                                                    \
    "\r\n"

#define PROBLEM(status, title, more, length)                                   \
    "HTTP/1.1 " status " " title "\r\n"                                        \
    "Content-Type: application/problem+json\r\n"                               \
    "Content-Length: " length "\r\n"                                           \
    "Cache-Control: no-store\r\n" more "Connection: close\r\n"                 \
    "\r\n"
#define BODY(status, title) "{\"title\":\"" title "\",\"status\":" status "}"
#define NOT_FOUND PROBLEM("404", "Not found", "", "34") BODY("404", "Not found")
#define NOT_ALLOWED                                                            \
    PROBLEM("405", "Method not allowed", "Allow: GET, HEAD\r\n", "43")         \
    BODY("405", "Method not allowed")

static const struct row {
    const char *claim;
    const char *request;
    const char *answer;
} rows[] = {
    {"healthz", "GET /healthz HTTP/1.1\r\nHost: x\r\n\r\n",
     HEALTHZ "{\"status\":\"ok\"}"},
    {"a query changes nothing", "GET /healthz?x=1 HTTP/1.1\r\nHost: x\r\n\r\n",
     HEALTHZ "{\"status\":\"ok\"}"},
    {"the connection is not kept, even if asked for",
     "GET /healthz HTTP/1.1\r\nHost: x\r\nConnection: keep-alive\r\n\r\n", HEALTHZ "{\"status\":\"ok\"}"},
    {"HEAD is GET without the body",
     "HEAD /healthz HTTP/1.1\r\nHost: x\r\n\r\n", HEALTHZ},
    {"a body is not waited for",
     "GET /healthz HTTP/1.1\r\nHost: x\r\nContent-Length: 9\r\n\r\n", HEALTHZ "{\"status\":\"ok\"}"},
    {"other paths", "GET /secret HTTP/1.1\r\nHost: x\r\n\r\n", NOT_FOUND},
    {"a slash behind makes another path",
     "GET /healthz/ HTTP/1.1\r\nHost: x\r\n\r\n", NOT_FOUND},
    {"a path is not decoded", "GET /%68ealthz HTTP/1.1\r\nHost: x\r\n\r\n",
     NOT_FOUND},
    {"no path at all", "GET / HTTP/1.1\r\nHost: x\r\n\r\n", NOT_FOUND},
    {"HEAD of what is not there", "HEAD /secret HTTP/1.1\r\nHost: x\r\n\r\n",
     PROBLEM("404", "Not found", "", "34")},
    {"POST", "POST /healthz HTTP/1.1\r\nHost: x\r\nContent-Length: 2\r\n\r\nhi",
     NOT_ALLOWED},
    {"OPTIONS is a method like others",
     "OPTIONS /metrics HTTP/1.1\r\nHost: x\r\nOrigin: http://x\r\n"
     "Access-Control-Request-Method: GET\r\n\r\n", NOT_ALLOWED},
    {"what the library refuses by itself is a problem as well",
     "GET /healthz HTTP/9.9\r\nHost: x\r\n\r\n", PROBLEM("505", "HTTP version not supported", "", "51")
         BODY("505", "HTTP version not supported")},
};

static void test_rows(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        struct buf answer = BUF_INIT(LIMIT_METRICS_TEXT);

        print_message("  %s\n", rows[i].claim);
        exchange(rows[i].request, &answer);
        assert_string_equal(answer.data == NULL ? "" : answer.data,
                            rows[i].answer);
        buf_release(&answer);
    }
}

/* By the client that the other commands use. */
static int get(const char *path, struct http_answer *answer)
{
    char url[64];
    struct http_request req = {
        .method = "GET", .url = url, .timeout_ms = PATIENCE_MS};
    struct http_client *client = NULL;
    struct fault why = FAULT_INIT;

    snprintf(url, sizeof(url), "http://127.0.0.1:%d%s", admin_port(world.admin),
             path);
    assert_int_equal(http_client_new(&client, &why), 0);
    if (http_client_do(client, &req, answer, &why) == -1)
        fail_msg("%s", why.text);
    http_client_free(client);
    return answer->status;
}

static void test_readyz_follows_the_conditions(void **state)
{
    struct http_answer answer;

    (void)state;
    assert_int_equal(get("/readyz", &answer), 503);
    assert_string_equal(answer.body.data,
                        "{\"status\":\"not ready\",\"checks\":{\"kafka\":"
                        "{\"ok\":false,\"detail\":\"not known yet\"}}}");
    buf_release(&answer.body);

    ready_set(world.ready, true, "fine");
    assert_int_equal(get("/readyz", &answer), 200);
    assert_string_equal(answer.body.data,
                        "{\"status\":\"ready\",\"checks\":{\"kafka\":"
                        "{\"ok\":true,\"detail\":\"fine\"}}}");
    buf_release(&answer.body);

    ready_set(world.ready, false, "gone");
    assert_int_equal(get("/readyz", &answer), 503);
    buf_release(&answer.body);
    /* being alive is another question */
    assert_int_equal(get("/healthz", &answer), 200);
    buf_release(&answer.body);
}

static void test_metrics(void **state)
{
    static const char head[] =
        "HTTP/1.1 200 OK\r\n"
        "Content-Type: text/plain; version=0.0.4; charset=utf-8\r\n";
    struct buf raw = BUF_INIT(LIMIT_METRICS_TEXT);
    struct buf text = BUF_INIT(LIMIT_METRICS_TEXT);
    struct http_answer answer;

    (void)state;
    assert_int_equal(metrics_render(&text, NULL), 0);
    assert_int_equal(get("/metrics", &answer), 200);
    assert_string_equal(answer.body.data, text.data);
    assert_non_null(strstr(answer.body.data,
                           "# TYPE aurix_bridge_build_info gauge\n"
                           "aurix_bridge_build_info{version=\"" BRIDGE_VERSION
                           "\"} 1\n"));
    buf_release(&answer.body);
    buf_release(&text);

    exchange("GET /metrics HTTP/1.1\r\nHost: x\r\n\r\n", &raw);
    assert_memory_equal(raw.data, head, strlen(head));
    buf_release(&raw);
}

/* Many series: more than a socket takes at once. */
static void test_a_long_answer_arrives_whole(void **state)
{
    enum { COUNT = 30000 };
    static struct metric many = {
        .name = "many", .help = "Many.", .type = METRIC_GAUGE};
    static struct metric_series series[COUNT];
    struct buf text = BUF_INIT(LIMIT_METRICS_TEXT);
    struct http_answer answer;

    (void)state;
    metrics_register(&many);
    /* linked by hand: each metric_series_init() would walk the whole list */
    for (size_t i = 0; i < COUNT; i++) {
        snprintf(series[i].labels, sizeof(series[i].labels), "i=\"%060zu\"", i);
        series[i].scale = 1;
        series[i].next = i + 1 < COUNT ? &series[i + 1] : NULL;
    }
    many.series = series;
    assert_int_equal(metrics_render(&text, NULL), 0);
    assert_true(text.len > 2 * MIB);
    assert_int_equal(get("/metrics", &answer), 200);
    assert_int_equal(answer.body.len, text.len);
    assert_memory_equal(answer.body.data, text.data, text.len);
    many.series = NULL;
    buf_release(&answer.body);
    buf_release(&text);
}

/* A metric that does not fit is our bug; it must not look like a success. */
static void test_metrics_that_do_not_fit(void **state)
{
    static char help[LIMIT_METRICS_TEXT];
    static struct metric large = {
        .name = "large", .help = help, .type = METRIC_GAUGE};
    static struct metric_series series;
    struct http_answer answer;

    (void)state;
    memset(help, 'x', sizeof(help) - 1);
    metrics_register(&large);
    metric_series_init(&large, &series, "");
    assert_int_equal(get("/metrics", &answer), 500);
    assert_string_equal(answer.body.data,
                        "{\"title\":\"Internal error\",\"status\":500}");
    buf_release(&answer.body);
    large.series = NULL; /* a family without series is not rendered */
    assert_int_equal(get("/metrics", &answer), 200);
    buf_release(&answer.body);
}

static void test_the_port_is_the_one_in_the_file(void **state)
{
    struct buf text = BUF_INIT(KIB);
    char expected[16];

    (void)state;
    assert_in_range(admin_port(world.admin), 1, 65535);
    snprintf(expected, sizeof(expected), "%d\n", admin_port(world.admin));
    assert_int_equal(buf_add_file(&text, world.port_file, NULL), 0);
    assert_string_equal(text.data, expected);
    buf_release(&text);
}

static const struct refused_row {
    const char *claim;
    const char *host;
    bool same_port; /* as the admin server that runs */
    bool bad_file;
    enum fault_kind kind;
    const char *text[2]; /* all are in the fault's */
} refused_rows[] = {
    {"the port is taken",
     "127.0.0.1",                              true,
     false,                                                  FAULT_IO,
     {"cannot bind the admin server to '127.0.0.1:",
      "is another bridge running? set [admin] port"}                                                     },
    {"the address is not this machine's",
     "192.0.2.1",                              false,
     false,                                                  FAULT_IO,
     {"cannot bind the admin server to '192.0.2.1:0'",
      "set [admin] host and port"}                                                                       },
    {"a second address",
     "127.0.0.1:0,127.0.0.1",                  false,
     false,                                                  FAULT_CONFIG,
     {"not a host", "[admin] host"}                                                                      },
    {"no host",                            "", false, false, FAULT_CONFIG, {"not a host", "[admin] host"}},
    {"a port file that cannot be written",
     "127.0.0.1",                              false,
     true,                                                   FAULT_IO,
     {"'/nonexistent/port'", "No such file"}                                                             },
};

static void test_what_cannot_be_started(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof(refused_rows) / sizeof(refused_rows[0]);
         i++) {
        const struct refused_row *row = &refused_rows[i];
        struct admin_options options = {
            .host = row->host,
            .port = row->same_port ? admin_port(world.admin) : 0,
            .port_file = row->bad_file ? "/nonexistent/port" : NULL};
        struct admin *admin = NULL;
        struct fault why = FAULT_INIT;

        print_message("  %s\n", row->claim);
        assert_int_equal(admin_start(&admin, &options, &why), -1);
        assert_null(admin);
        assert_int_equal(why.kind, row->kind);
        for (size_t t = 0; t < 2; t++)
            if (strstr(why.text, row->text[t]) == NULL)
                fail_msg("'%s' is not in '%s'", row->text[t], why.text);
    }
}

/* Not blocked in CivetWeb's threads, the signal would end this process. */
static void test_its_threads_take_no_signals(void **state)
{
    struct http_answer answer;
    sigset_t set;
    sigset_t before;
    int taken = 0;

    (void)state;
    sigemptyset(&set);
    sigaddset(&set, SIGUSR1);
    pthread_sigmask(SIG_BLOCK, &set, &before);
    assert_int_equal(kill(getpid(), SIGUSR1), 0);
    assert_int_equal(sigwait(&set, &taken), 0);
    assert_int_equal(taken, SIGUSR1);
    pthread_sigmask(SIG_SETMASK, &before, NULL);
    assert_int_equal(get("/healthz", &answer), 200);
    buf_release(&answer.body);
}

static void test_version(void **state)
{
    (void)state;
    assert_int_equal(strncmp(admin_library_version(), "1.", 2), 0);
}

#define TEST(function) cmocka_unit_test_setup(function, renew)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(test_rows),
        TEST(test_readyz_follows_the_conditions),
        TEST(test_metrics),
        TEST(test_a_long_answer_arrives_whole),
        TEST(test_metrics_that_do_not_fit),
        TEST(test_the_port_is_the_one_in_the_file),
        TEST(test_what_cannot_be_started),
        TEST(test_its_threads_take_no_signals),
        TEST(test_version),
    };

    return cmocka_run_group_tests(tests, begin, end);
}
