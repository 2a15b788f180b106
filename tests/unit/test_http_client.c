/*
 * test_http_client.c - base/http_client.h, against a server that says what a
 * row of the table tells it to
 */
#include "base/http_client.h"

#include "base/limits.h"
#include "http_script.h"

#include <signal.h>
#include <stdio.h>

enum {
    PATIENCE_MS = 30000 /* only a broken program takes that long */
};

#define OK_RESPONSE "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nhi"

static const char *const two_headers[] = {"X-One: 1",
                                          "content-type: text/plain", NULL};

static const struct row {
    const char *claim;
    const char *method;
    const char *const *headers;
    const char *body; /* NULL: none */
    const char *response;
    int status;
    const char *answer;      /* the body */
    const char *begins;      /* the request as the server saw it */
    const char *contains;    /* NULL: nothing in particular */
    const char *contains_no; /* whatever the case of its letters */
} rows[] = {
    {"GET",                          "GET",    NULL,        NULL,        OK_RESPONSE,                       200, "hi",
     "GET /path?q=1 HTTP/1.1\r\n",                                                                                                                     "\r\nHost: ",                                   "Content-"            },
    {"the program is named",         "GET",    NULL,        NULL,        OK_RESPONSE,                       200, "hi",  "GET ",
     "\r\nUser-Agent: aurix-bridge/",                                                                                                                                                                  "\r\nUser-Agent: curl"},
    {"POST sends its body as it is", "POST",   NULL,        "{\"a\":1}", OK_RESPONSE,
     200,                                                                                                        "hi",  "POST /path?q=1 HTTP/1.1\r\n", "\r\n\r\n{\"a\":1}",                            "Expect:"             },
    {"POST invents no type",         "POST",   NULL,        "x",         OK_RESPONSE,                       200, "hi",  "POST ",
     "Content-Length: 1\r\n",                                                                                                                                                                          "Content-Type:"       },
    {"headers are the caller's",     "POST",   two_headers, "x",         OK_RESPONSE,                       200,
     "hi",                                                                                                              "POST ",                       "\r\nX-One: 1\r\ncontent-type: text/plain\r\n",
     "form-urlencoded"                                                                                                                                                                                                       },
    {"POST with an empty body",      "POST",   NULL,        "",          OK_RESPONSE,                       200, "hi",
     "POST ",                                                                                                                                          "\r\nContent-Length: 0\r\n",                    "Transfer-Encoding:"  },
    {"POST without a body",          "POST",   NULL,        NULL,        OK_RESPONSE,                       200, "hi",  "POST ",
     "\r\nContent-Length: 0\r\n",                                                                                                                                                                      "Transfer-Encoding:"  },
    {"PUT",                          "PUT",    NULL,        "abc",       OK_RESPONSE,                       200, "hi",
     "PUT /path?q=1 HTTP/1.1\r\n",                                                                                                                     "Content-Length: 3\r\n",                        "Expect:"             },
    {"PUT without a body",           "PUT",    NULL,        NULL,        OK_RESPONSE,                       200, "hi",  "PUT ",
     "\r\nContent-Length: 0\r\n",                                                                                                                                                                      "Transfer-Encoding:"  },
    {"DELETE",                       "DELETE", NULL,        NULL,        OK_RESPONSE,                       200, "hi",
     "DELETE /path?q=1 HTTP/1.1\r\n",                                                                                                                  NULL,                                           "Content-"            },
    {"HEAD has no body to wait for", "HEAD",   NULL,        NULL,
     "HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\n",                                                        200, "",
     "HEAD /path?q=1 HTTP/1.1\r\n",                                                                                                                    NULL,                                           "Content-"            },
    {"an empty answer",              "GET",    NULL,        NULL,        "HTTP/1.1 204 No Content\r\n\r\n",
     204,                                                                                                        "",    "GET ",                        NULL,                                           NULL                  },
    {"an answer in chunks",          "GET",    NULL,        NULL,
     "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n"
     "2\r\nab\r\n1\r\nc\r\n0\r\n\r\n",                                                                      200, "abc", "GET ",                        NULL,                                           NULL                  },
    {"with a line behind the last",  "GET",    NULL,        NULL,
     "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n"
     "2\r\nab\r\n0\r\nX-Sum: 1\r\n\r\n",                                                                    200, "ab",  "GET ",                        NULL,                                           NULL                  },
    {"an answer behind another",     "GET",    NULL,        NULL,
     "HTTP/1.1 103 Early Hints\r\nX-A: 1\r\n\r\n" OK_RESPONSE,                                              200, "hi",
     "GET ",                                                                                                                                           NULL,                                           NULL                  },
    {"a redirect is not followed",   "GET",    NULL,        NULL,
     "HTTP/1.1 302 Found\r\nLocation: /other\r\nContent-Length: 0\r\n\r\n",                                 302,
     "",                                                                                                                "GET /path?q=1 ",              NULL,                                           "/other"              },
    {"404 is an answer",             "GET",    NULL,        NULL,
     "HTTP/1.1 404 Not Found\r\nContent-Length: 2\r\n\r\nno",                                               404, "no",  "GET ",
     NULL,                                                                                                                                                                                             NULL                  },
    {"so is 500",                    "POST",   NULL,        "x",
     "HTTP/1.1 500 Oops\r\nContent-Length: 2\r\n\r\nno",                                                    500, "no",  "POST ",
     NULL,                                                                                                                                                                                             NULL                  },
};

static struct slice body_of(const char *text)
{
    return text == NULL ? SLICE_ABSENT : slice_of(text);
}

static int ask(struct http_client *client, const struct row *row,
               struct http_answer *answer, struct fault *why)
{
    char url[64];
    struct http_request req = {.method = row->method,
                               .url = url,
                               .headers = row->headers,
                               .body = body_of(row->body),
                               .timeout_ms = PATIENCE_MS};

    snprintf(url, sizeof(url), "http://127.0.0.1:%d/path?q=1", server.port);
    return http_client_do(client, &req, answer, why);
}

static void check_request(const struct row *row)
{
    const char *request;

    pthread_mutex_lock(&server.lock);
    request = server.request.data;
    assert_non_null(request);
    assert_memory_equal(request, row->begins, strlen(row->begins));
    if (row->contains != NULL)
        assert_non_null(strstr(request, row->contains));
    if (row->contains_no != NULL)
        assert_null(strcasestr(request, row->contains_no));
    pthread_mutex_unlock(&server.lock);
}

static void test_rows(void **state)
{
    struct http_client *client = *state;

    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        const struct row *row = &rows[i];
        const struct script script = {.response = row->response};
        struct http_answer answer;
        struct fault why = FAULT_INIT;

        print_message("  %s\n", row->claim);
        server_open(&script);
        if (ask(client, row, &answer, &why) == -1)
            fail_msg("%s", why.text);
        assert_int_equal(answer.status, row->status);
        assert_true(slice_is(buf_slice(&answer.body), row->answer));
        assert_true(answer.elapsed_us >= 0);
        check_request(row);
        buf_release(&answer.body);
        server_close();
    }
}

static void test_a_connection_is_kept(void **state)
{
    struct http_client *client = *state;
    const struct script script = {.response = OK_RESPONSE};

    server_open(&script);
    for (size_t i = 0; i < 3; i++) {
        struct http_answer answer;

        assert_int_equal(ask(client, &rows[i], &answer, NULL), 0);
        buf_release(&answer.body);
    }
    pthread_mutex_lock(&server.lock);
    assert_int_equal(server.connections, 1);
    pthread_mutex_unlock(&server.lock);
    server_close();
}

/* From 1 MiB on, libcurl would wait a second for a "100 Continue". */
static void test_a_large_body_waits_for_nothing(void **state)
{
    static char body[2 * MIB];
    struct http_client *client = *state;
    const struct script script = {.response = OK_RESPONSE};
    const struct row post = {.method = "POST",
                             .body = body,
                             .begins = "POST /path?q=1 HTTP/1.1\r\n",
                             .contains = "\r\n\r\nxxx",
                             .contains_no = "Expect:"};
    struct http_answer answer;

    memset(body, 'x', sizeof(body) - 1);
    server_open(&script);
    assert_int_equal(ask(client, &post, &answer, NULL), 0);
    buf_release(&answer.body);
    check_request(&post);
    pthread_mutex_lock(&server.lock);
    assert_true(server.request.len > sizeof(body) - 1);
    pthread_mutex_unlock(&server.lock);
    server_close();
}

/* What one request set is not left to the next one. */
static void test_nothing_is_left_to_the_next_request(void **state)
{
    struct http_client *client = *state;
    const struct script script = {.response = OK_RESPONSE};
    const struct row post = {
        .method = "POST", .headers = two_headers, .body = "secret"};
    struct http_answer answer;

    server_open(&script);
    assert_int_equal(ask(client, &post, &answer, NULL), 0);
    buf_release(&answer.body);
    assert_int_equal(ask(client, &rows[0], &answer, NULL), 0);
    buf_release(&answer.body);
    check_request(&rows[0]);
    pthread_mutex_lock(&server.lock);
    assert_null(strstr(server.request.data, "X-One"));
    pthread_mutex_unlock(&server.lock);
    server_close();
}

static void test_loopback_goes_through_no_proxy(void **state)
{
    struct http_client *client = *state;
    const struct script script = {.response = OK_RESPONSE};
    struct http_answer answer;

    server_open(&script);
    setenv("http_proxy", "http://127.0.0.1:1", 1);
    assert_int_equal(ask(client, &rows[0], &answer, NULL), 0);
    unsetenv("http_proxy");
    buf_release(&answer.body);
    server_close();
}

static const struct failing_row {
    const char *claim;
    const char *url; /* %d: the server's port */
    struct script script;
    int timeout_ms;
    enum fault_kind kind;
    const char *text; /* is in the fault's */
} failing_rows[] = {
    {"nobody listens",
     "http://127.0.0.1:1/x",                                 {NULL, 0, false},
     PATIENCE_MS, FAULT_IO,
     "cannot connect to 'http://127.0.0.1:1/x'"},
    {"a fault does not show what is secret",
     "http://user:secret@127.0.0.1:1/x?token=secret#secret", {NULL, 0, false},
     PATIENCE_MS, FAULT_IO,
     "cannot connect to 'http://127.0.0.1:1/x'"},
    {"the server hangs up without an answer",
     "http://127.0.0.1:%d/x",                                {"", 0, true},
     PATIENCE_MS, FAULT_IO,
     "the exchange with 'http://127.0.0.1:"    },
    {"the server hangs up within an answer",
     "http://127.0.0.1:%d/x",                                {"HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nshort", 0, true},
     PATIENCE_MS, FAULT_IO,
     "the exchange with 'http://127.0.0.1:"    },
    {"the server hangs up within the headers",
     "http://127.0.0.1:%d/x",                                {"HTTP/1.1 200 OK\r\nContent-Le", 0, true},
     PATIENCE_MS, FAULT_IO,
     "the exchange with 'http://127.0.0.1:"    },
    {"the server hangs up behind the first line",
     "http://127.0.0.1:%d/x",                                {"HTTP/1.1 200 OK\r\n", 0, true},
     PATIENCE_MS, FAULT_IO,
     "ended within its headers"                },
    {"the server hangs up within the second answer",
     "http://127.0.0.1:%d/x",                                {"HTTP/1.1 103 Early Hints\r\n\r\nHTTP/1.1 200 OK\r\n", 0, true},
     PATIENCE_MS, FAULT_IO,
     "ended within its headers"                },
    {"what answers does not speak HTTP",
     "http://127.0.0.1:%d/x",                                {"220 ready\r\n", 0, true},
     PATIENCE_MS, FAULT_IO,
     "the exchange with 'http://127.0.0.1:"    },
    {"no answer in time",
     "http://127.0.0.1:%d/x",                                {NULL, 0, false},
     50,          FAULT_TIMEOUT,
     "within 50 ms"                            },
    {"no complete answer in time",
     "http://127.0.0.1:%d/x",                                {"HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nshort", 0, false},
     50,          FAULT_TIMEOUT,
     "within 50 ms"                            },
    {"an answer that is too large",
     "http://127.0.0.1:%d/x",                                {"HTTP/1.1 200 OK\r\n\r\n", LIMIT_HTTP_ANSWER + 1, true},
     PATIENCE_MS, FAULT_IO,
     "larger than 8388608 bytes"               },
    {"not http",
     "ftp://127.0.0.1/secret?secret",                        {NULL, 0, false},
     PATIENCE_MS, FAULT_CONFIG,
     "cannot use 'ftp://127.0.0.1/"            },
    {"a file is not for us",
     "file:///etc/passwd",                                   {NULL, 0, false},
     PATIENCE_MS, FAULT_CONFIG,
     "cannot use"                              },
    {"no URL",
     "not a URL",                                            {NULL, 0, false},
     PATIENCE_MS, FAULT_CONFIG,
     "cannot use a URL"                        },
    {"no scheme",
     "127.0.0.1/x",                                          {NULL, 0, false},
     PATIENCE_MS, FAULT_CONFIG,
     "cannot use a URL"                        },
};

static void fail_once(struct http_client *client, const struct failing_row *row)
{
    char port[16];
    struct buf url = BUF_INIT(KIB);
    const char *hole = strstr(row->url, "%d");
    struct http_request req = {.method = "GET", .timeout_ms = row->timeout_ms};
    struct http_answer answer;
    struct fault why = FAULT_INIT;

    snprintf(port, sizeof(port), "%d", server.port);
    assert_int_equal(
        buf_add(&url, row->url,
                hole == NULL ? strlen(row->url) : (size_t)(hole - row->url),
                NULL),
        0);
    if (hole != NULL) {
        assert_int_equal(buf_add_text(&url, port, NULL), 0);
        assert_int_equal(buf_add_text(&url, hole + 2, NULL), 0);
    }
    req.url = url.data;
    assert_int_equal(http_client_do(client, &req, &answer, &why), -1);
    assert_int_equal(why.kind, row->kind);
    if (strstr(why.text, row->text) == NULL)
        fail_msg("'%s' is not in '%s'", row->text, why.text);
    if (strstr(row->url, "user:") != NULL)
        assert_null(strstr(why.text, "secret"));
    assert_null(answer.body.data);
    if (row->kind == FAULT_IO)
        assert_int_equal(answer.connected,
                         strstr(row->text, "cannot connect") == NULL);
    buf_release(&url);
}

static void test_failures(void **state)
{
    struct http_client *client = *state;

    for (size_t i = 0; i < sizeof(failing_rows) / sizeof(failing_rows[0]);
         i++) {
        print_message("  %s\n", failing_rows[i].claim);
        server_open(&failing_rows[i].script);
        fail_once(client, &failing_rows[i]);
        server_close();
    }
}

/* The largest answer there may be. */
static void test_an_answer_of_the_size_of_the_limit(void **state)
{
    struct http_client *client = *state;
    const struct script script = {"HTTP/1.1 200 OK\r\n\r\n", LIMIT_HTTP_ANSWER,
                                  true};
    struct http_answer answer;

    server_open(&script);
    assert_int_equal(ask(client, &rows[0], &answer, NULL), 0);
    assert_int_equal(answer.body.len, LIMIT_HTTP_ANSWER);
    buf_release(&answer.body);
    server_close();
}

static void test_version(void **state)
{
    (void)state;
    assert_int_equal(
        strncmp(http_client_library_version(), "libcurl/", strlen("libcurl/")),
        0);
}

static int setup(void **state)
{
    struct http_client *client;

    if (http_client_new(&client, NULL) == -1)
        return -1;
    *state = client;
    return 0;
}

static int teardown(void **state)
{
    http_client_free(*state);
    return 0;
}

#define TEST(function)                                                         \
    cmocka_unit_test_setup_teardown(function, setup, teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(test_rows),
        TEST(test_a_connection_is_kept),
        TEST(test_a_large_body_waits_for_nothing),
        TEST(test_nothing_is_left_to_the_next_request),
        TEST(test_loopback_goes_through_no_proxy),
        TEST(test_failures),
        TEST(test_an_answer_of_the_size_of_the_limit),
        TEST(test_version),
    };

    signal(SIGPIPE, SIG_IGN); /* as the program does */
    return cmocka_run_group_tests(tests, NULL, NULL);
}
