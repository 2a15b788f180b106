/*
 * test_reply.c - ingest/reply.h
 */
#include "ingest/reply.h"

#include "base/limits.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* Checks the frame: Content-Length is what follows the empty line. */
static const char *body_of(const struct reply *reply)
{
    const char *end = memmem(reply->text, reply->len, "\r\n\r\n", 4);
    const char *length =
        memmem(reply->text, reply->len, "Content-Length: ", 16);

    assert_non_null(end);
    assert_non_null(length);
    assert_int_equal(strtol(length + 16, NULL, 10),
                     reply->text + reply->len - (end + 4));
    return end + 4;
}

static bool has(const struct reply *reply, const char *line)
{
    return memmem(reply->text, reply->len, line, strlen(line)) != NULL;
}

static void test_received(void **state)
{
    struct buf buf = BUF_INIT(LIMIT_REPLY);
    struct reply reply;

    (void)state;
    assert_int_equal(reply_received(&reply, &buf, 784111777042, false, NULL),
                     0);
    assert_int_equal(reply.status, 200);
    assert_memory_equal(reply.text, "HTTP/1.1 200 OK\r\n", 17);
    assert_string_equal(body_of(&reply), "{\"status\":\"received\"}");
    assert_true(has(&reply, "\r\nDate: Sun, 06 Nov 1994 08:49:37 GMT\r\n"));
    assert_true(has(&reply, "\r\nConnection: keep-alive\r\n"));
    assert_int_equal(reply_received(&reply, &buf, 0, true, NULL), 0);
    assert_true(has(&reply, "\r\nConnection: close\r\n"));
    assert_string_equal(body_of(&reply), "{\"status\":\"received\"}");
    buf_release(&buf);
}

static const struct row {
    enum fault_kind kind;
    const char *status_line;
    const char *header; /* one that must be there */
} rows[] = {
    {FAULT_BAD_REQUEST,       "HTTP/1.1 400 Bad Request\r\n",                "Connection: close"},
    {FAULT_SIGNATURE,         "HTTP/1.1 401 Unauthorized\r\n",               "Date: "           },
    {FAULT_NOT_FOUND,         "HTTP/1.1 404 Not Found\r\n",                  "Date: "           },
    {FAULT_METHOD,            "HTTP/1.1 405 Method Not Allowed\r\n",         "Allow: POST"      },
    {FAULT_TIMEOUT,           "HTTP/1.1 408 Request Timeout\r\n",            "Date: "           },
    {FAULT_LENGTH_REQUIRED,   "HTTP/1.1 411 Length Required\r\n",            "Date: "           },
    {FAULT_TOO_LARGE,         "HTTP/1.1 413 Content Too Large\r\n",          "Date: "           },
    {FAULT_SCHEMA,            "HTTP/1.1 422 Unprocessable Content\r\n",      "Date: "           },
    {FAULT_HEADERS_TOO_LARGE,
     "HTTP/1.1 431 Request Header Fields Too Large\r\n",                     "Date: "           },
    {FAULT_UNAVAILABLE,       "HTTP/1.1 503 Service Unavailable\r\n",
     "Retry-After: 5"                                                                           },
    {FAULT_STOPPING,          "HTTP/1.1 503 Service Unavailable\r\n",        "Retry-After: 5"   },
    {FAULT_NOMEM,             "HTTP/1.1 503 Service Unavailable\r\n",        "Retry-After: 5"   },
    {FAULT_VERSION,           "HTTP/1.1 505 HTTP Version Not Supported\r\n", "Date: "           },
    {FAULT_IO,                "HTTP/1.1 500 Internal Server Error\r\n",      "Date: "           },
};

static void test_problems(void **state)
{
    struct buf buf = BUF_INIT(LIMIT_REPLY);

    (void)state;
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        const struct fault why = {rows[i].kind, "why \"so\""};
        const struct reply_problem problem = {
            .why = &why,
            .close = true,
            .allow = rows[i].kind == FAULT_METHOD ? "POST" : NULL};
        struct reply reply;
        json_t *json;

        reply_problem(&reply, &buf, &problem);
        assert_memory_equal(reply.text, rows[i].status_line,
                            strlen(rows[i].status_line));
        assert_true(has(&reply, rows[i].header));
        assert_true(has(&reply, "Content-Type: application/problem+json\r\n"));
        json = json_loads(body_of(&reply), 0, NULL);
        assert_non_null(json);
        assert_string_equal(json_string_value(json_object_get(json, "detail")),
                            "why \"so\"");
        assert_int_equal(json_integer_value(json_object_get(json, "status")),
                         reply.status);
        json_decref(json);
    }
    buf_release(&buf);
}

static void test_head_has_no_body(void **state)
{
    const struct fault why = {FAULT_NOT_FOUND, "nothing here"};
    const struct reply_problem problem = {.why = &why, .head = true};
    struct buf buf = BUF_INIT(LIMIT_REPLY);
    struct reply reply;

    (void)state;
    reply_problem(&reply, &buf, &problem);
    assert_memory_equal(reply.text + reply.len - 4, "\r\n\r\n", 4);
    assert_false(has(&reply, "Content-Length: 0"));
    buf_release(&buf);
}

static void test_status_can_be_another(void **state)
{
    const struct fault why = {FAULT_SCHEMA, "not by its schema"};
    const struct reply_problem problem = {.why = &why, .status = 200};
    struct buf buf = BUF_INIT(LIMIT_REPLY);
    struct reply reply;

    (void)state;
    reply_problem(&reply, &buf, &problem);
    assert_memory_equal(reply.text, "HTTP/1.1 200 OK\r\n", 17);
    assert_non_null(strstr(body_of(&reply), "\"status\":200"));
    buf_release(&buf);
}

/* More errors than fit: as many as do, and still JSON. */
static void test_errors(void **state)
{
    static char long_text[1000];
    struct schema_error errors[40];
    const struct schema_report report = {
        .verdict = SCHEMA_INVALID, .count = 40, .errors = errors};
    const struct fault why = {FAULT_SCHEMA, "first"};
    const struct reply_problem problem = {.why = &why, .report = &report};
    struct buf buf = BUF_INIT(LIMIT_REPLY);
    struct reply reply;
    json_t *json, *list;

    (void)state;
    memset(long_text, 'x', sizeof(long_text) - 1);
    for (size_t i = 0; i < 40; i++)
        errors[i] = (struct schema_error){.instance_location = "/data/a~1b",
                                          .keyword = "type",
                                          .error = long_text};
    reply_problem(&reply, &buf, &problem);
    assert_int_equal(reply.status, 422);
    json = json_loads(body_of(&reply), 0, NULL);
    assert_non_null(json);
    list = json_object_get(json, "errors");
    assert_in_range(json_array_size(list), 2, 39);
    assert_string_equal(
        json_string_value(json_object_get(json_array_get(list, 1), "pointer")),
        "/data/a~1b");
    json_decref(json);
    buf_release(&buf);
}

static void test_no_room_at_all(void **state)
{
    const struct fault why = {FAULT_SIGNATURE, "Invalid signature"};
    const struct reply_problem problem = {.why = &why};
    struct buf buf = BUF_INIT(10);
    struct reply reply;

    (void)state;
    reply_problem(&reply, &buf, &problem);
    assert_int_equal(reply.status, 503);
    assert_string_equal(body_of(&reply), "");
    buf_release(&buf);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_received),
        cmocka_unit_test(test_problems),
        cmocka_unit_test(test_head_has_no_body),
        cmocka_unit_test(test_status_can_be_another),
        cmocka_unit_test(test_errors),
        cmocka_unit_test(test_no_room_at_all),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
