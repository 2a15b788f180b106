/*
 * reply.c - an answer, whole, as it goes out in one write
 *
 * The body is composed behind a gap that is left for the head, because the
 * head has to say how long the body is.
 */
#include "ingest/reply.h"

#include "base/clock.h"
#include "base/limits.h"

#include <stdio.h>
#include <string.h>

enum { HEAD_ROOM = 320, RETRY_AFTER_S = 5 };

/* The date is written over the one here. */
#define RECEIVED_HEAD                                                          \
    "HTTP/1.1 200 OK\r\nDate: Thu, 01 Jan 1970 00:00:00 GMT\r\n"               \
    "Content-Type: application/json\r\nContent-Length: 21\r\n"
#define RECEIVED_BODY "{\"status\":\"received\"}"

static const char received_keep[] =
    RECEIVED_HEAD "Connection: keep-alive\r\n\r\n" RECEIVED_BODY;
static const char received_close[] =
    RECEIVED_HEAD "Connection: close\r\n\r\n" RECEIVED_BODY;

enum { DATE_AT = 23 };

_Static_assert(sizeof(RECEIVED_BODY) - 1 == 21, "Content-Length is wrong");
_Static_assert(sizeof("HTTP/1.1 200 OK\r\nDate: ") - 1 == DATE_AT,
               "the date is elsewhere");

static void out_of_memory(struct reply *reply)
{
    static const char text[] =
        "HTTP/1.1 503 Service Unavailable\r\nContent-Length: 0\r\n"
        "Retry-After: 5\r\nConnection: close\r\n\r\n";

    reply->status = 503;
    reply->text = text;
    reply->len = sizeof(text) - 1;
}

int reply_received(struct reply *reply, struct buf *buf, int64_t real_ms,
                   bool close, struct fault *why)
{
    char date[CLOCK_HTTP_DATE_SIZE];

    buf_clear(buf);
    if (buf_add_text(buf, close ? received_close : received_keep, why) == -1)
        return -1;
    memcpy(buf->data + DATE_AT, date, clock_http_date(real_ms, date));
    reply->status = 200;
    reply->text = buf->data;
    reply->len = buf->len;
    return 0;
}

static const char *reason_of(int status)
{
    switch (status) {
    case 200:
        return "OK";
    case 400:
        return "Bad Request";
    case 401:
        return "Unauthorized";
    case 404:
        return "Not Found";
    case 405:
        return "Method Not Allowed";
    case 408:
        return "Request Timeout";
    case 411:
        return "Length Required";
    case 413:
        return "Content Too Large";
    case 422:
        return "Unprocessable Content";
    case 431:
        return "Request Header Fields Too Large";
    case 503:
        return "Service Unavailable";
    case 505:
        return "HTTP Version Not Supported";
    default:
        return "Internal Server Error";
    }
}

static int add_error(struct buf *buf, const struct schema_error *error)
{
    bool told = strlen(error->instance_location) <= LIMIT_POINTER;

    if (buf_add_text(buf, told ? "{\"pointer\":" : "{", NULL) == -1 ||
        (told &&
         (buf_add_json(buf, slice_of(error->instance_location), NULL) == -1 ||
          buf_add_text(buf, ",", NULL) == -1)) ||
        buf_add_text(buf, "\"keyword\":", NULL) == -1 ||
        buf_add_json(buf, slice_of(error->keyword), NULL) == -1 ||
        buf_add_text(buf, ",\"detail\":", NULL) == -1 ||
        buf_add_json(buf, slice_of(error->error), NULL) == -1 ||
        buf_add_text(buf, "}", NULL) == -1)
        return -1;
    return 0;
}

/* As many errors as fit; the list is closed properly in any case. */
static int add_errors(struct buf *buf, const struct schema_report *report)
{
    const size_t tail = 64; /* for what closes list and body */
    size_t max = buf->max;

    if (buf_add_text(buf, ",\"errors\":[", NULL) == -1)
        return -1;
    buf->max = max - tail;
    for (size_t i = 0; i < report->count; i++) {
        size_t before = buf->len;

        if ((i > 0 && buf_add_text(buf, ",", NULL) == -1) ||
            add_error(buf, &report->errors[i]) == -1) {
            buf->len = before;
            buf->data[before] = '\0';
            break;
        }
    }
    buf->max = max;
    return buf_add_text(buf, "]", NULL);
}

static int add_body(struct buf *buf, const struct reply_problem *problem,
                    int status)
{
    const struct fault_class *class = fault_class(problem->why->kind);

    if (buf_addf(buf, NULL, "{\"title\":\"%s\",\"status\":%d,\"detail\":",
                 class->title, status) == -1 ||
        buf_add_json(buf, slice_of(problem->why->text), NULL) == -1)
        return -1;
    if (problem->report != NULL && problem->report->count > 0 &&
        add_errors(buf, problem->report) == -1)
        return -1;
    return buf_add_text(buf, "}", NULL);
}

/* The head, at most HEAD_ROOM bytes, with its length. */
static size_t compose_head(char out[HEAD_ROOM],
                           const struct reply_problem *problem, int status,
                           size_t body_len)
{
    char date[CLOCK_HTTP_DATE_SIZE];
    char extra[64] = "";
    int n;

    clock_http_date(clock_real_ms(), date);
    if (problem->allow != NULL)
        snprintf(extra, sizeof(extra), "Allow: %s\r\n", problem->allow);
    else if (status == 503)
        snprintf(extra, sizeof(extra), "Retry-After: %d\r\n", RETRY_AFTER_S);
    n = snprintf(out, HEAD_ROOM,
                 "HTTP/1.1 %d %s\r\nDate: %s\r\n"
                 "Content-Type: application/problem+json\r\n"
                 "Content-Length: %zu\r\n%sConnection: %s\r\n\r\n",
                 status, reason_of(status), date, body_len, extra,
                 problem->close ? "close" : "keep-alive");
    return (size_t)n;
}

void reply_problem(struct reply *reply, struct buf *buf,
                   const struct reply_problem *problem)
{
    int status = problem->status != 0
                     ? problem->status
                     : fault_class(problem->why->kind)->http_status;
    char head[HEAD_ROOM];
    size_t head_len;
    size_t body_len;

    buf_clear(buf);
    if (buf_reserve(buf, HEAD_ROOM, NULL) == -1)
        goto no_memory;
    buf->len = HEAD_ROOM;
    if (add_body(buf, problem, status) == -1)
        goto no_memory;
    body_len = buf->len - HEAD_ROOM;
    head_len = compose_head(head, problem, status, body_len);
    memcpy(buf->data + HEAD_ROOM - head_len, head, head_len);
    reply->status = status;
    reply->text = buf->data + HEAD_ROOM - head_len;
    reply->len = head_len + (problem->head ? 0 : body_len);
    return;

no_memory:
    out_of_memory(reply);
}
