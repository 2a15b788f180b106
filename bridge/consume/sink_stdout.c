/*
 * sink_stdout.c - events as JSON lines on standard output
 *
 * Lines gather in a buffer and are written when the batch ends, or when the
 * buffer has grown to a good size. Writing early is harmless: the offset
 * follows later, and a line that was written twice is what "at least once"
 * means.
 *
 * Whoever reads may be slow or may have stopped reading, and a write that
 * blocks cannot be told to stop. So we wait for room with poll(), and write
 * no more than what then fits into a pipe at once.
 */
#include "consume/sink.h"

#include "base/buf.h"
#include "base/clock.h"
#include "base/limits.h"
#include "base/utf8.h"
#include "event/json_heap.h"

#include <errno.h>
#include <inttypes.h>
#include <jansson.h>
#include <limits.h>
#include <poll.h>
#include <stdlib.h>
#include <unistd.h>

enum {
    WRITE_EARLY = 256 * 1024, /* bytes gathered */
    LOOK_MS = 100,            /* how often a waiting write looks at `stop` */
    PATIENCE_US = 2000000     /* that a stopping process has with its reader */
};

struct sink {
    const atomic_bool *stop;
    struct buf out;
    struct json_heap *heap;
};

/* ---- writing --------------------------------------------------------------
 */

/* Waits until something can be written, or an error can be met. */
static int wait_for_room(struct sink *sk, int64_t since_us, struct fault *why)
{
    struct pollfd fd = {.fd = STDOUT_FILENO, .events = POLLOUT};

    for (;;) {
        int n = poll(&fd, 1, LOOK_MS);

        if (n > 0)
            return 0;
        if (n == -1 && errno != EINTR)
            return fault_set_errno(why, FAULT_IO, errno,
                                   "cannot wait for standard output");
        if (atomic_load(sk->stop) && clock_now_us() - since_us > PATIENCE_US)
            return fault_set(why, FAULT_STOPPING,
                             "cannot write to standard output: nobody reads "
                             "it");
    }
}

static int stdout_flush(struct sink *sk, struct fault *why)
{
    size_t done = 0;
    int64_t since_us = clock_now_us();

    while (done < sk->out.len) {
        size_t left = sk->out.len - done;
        ssize_t n;

        if (wait_for_room(sk, since_us, why) == -1)
            return -1;
        n = write(STDOUT_FILENO, sk->out.data + done,
                  left < PIPE_BUF ? left : PIPE_BUF);
        if (n == -1 && (errno == EINTR || errno == EAGAIN))
            continue;
        if (n == -1 && errno == EPIPE)
            return fault_set(why, FAULT_IO, "standard output is closed");
        if (n == -1)
            return fault_set_errno(why, FAULT_IO, errno,
                                   "cannot write to standard output");
        done += (size_t)n;
        since_us = clock_now_us();
    }
    buf_clear(&sk->out);
    return 0;
}

/* ---- a line ---------------------------------------------------------------
 */

/*
 * What needs more memory than a body may take when it is parsed counts as not
 * being JSON. A zero byte is looked for here, because jansson would take it
 * for the end.
 */
static bool is_json(struct sink *sk, struct slice value)
{
    bool yes;

    if (value.data == NULL || memchr(value.data, '\0', value.len) != NULL)
        return false;
    json_heap_enter(sk->heap);
    yes = json_heap_load(sk->heap, value,
                         JSON_DECODE_ANY | JSON_DECODE_INT_AS_REAL |
                             JSON_ALLOW_NUL,
                         NULL) != NULL;
    json_heap_leave(sk->heap);
    return yes;
}

static int add_value(struct sink *sk, struct slice value, struct fault *why)
{
    size_t start;

    if (value.data == NULL)
        return buf_add_text(&sk->out, "{\"raw\":null", why);
    if (!is_json(sk, value)) {
        if (buf_add_text(&sk->out, "{\"raw\":", why) == -1)
            return -1;
        return buf_add_base64(&sk->out, value, why);
    }
    if (buf_add_text(&sk->out, "{\"event\":", why) == -1)
        return -1;
    start = sk->out.len;
    if (buf_add(&sk->out, value.data, value.len, why) == -1)
        return -1;
    /* in valid JSON these stand between tokens only */
    for (size_t i = start; i < sk->out.len; i++)
        if (sk->out.data[i] == '\n' || sk->out.data[i] == '\r')
            sk->out.data[i] = ' ';
    return 0;
}

static int add_key(struct sink *sk, struct slice key, struct fault *why)
{
    if (key.data == NULL)
        return buf_add_text(&sk->out, ",\"key\":null", why);
    if (utf8_is(key)) {
        if (buf_add_text(&sk->out, ",\"key\":", why) == -1)
            return -1;
        return buf_add_json(&sk->out, key, why);
    }
    if (buf_add_text(&sk->out, ",\"key_raw\":", why) == -1)
        return -1;
    return buf_add_base64(&sk->out, key, why);
}

/* What follows the value and the key, and the end of the line. */
static int add_place(struct sink *sk, const struct member_record *record,
                     struct fault *why)
{
    struct slice ce_id = record_header(&record->record, "ce_id");

    if (buf_add_text(&sk->out, ",\"topic\":", why) == -1 ||
        buf_add_json(&sk->out, slice_of(record->record.topic), why) == -1 ||
        buf_addf(&sk->out, why,
                 ",\"partition\":%" PRId32 ",\"offset\":%" PRId64 ",\"ce_id\":",
                 record->partition, record->offset) == -1)
        return -1;
    if (utf8_is(ce_id)) {
        if (buf_add_json(&sk->out, ce_id, why) == -1)
            return -1;
    } else if (buf_add_text(&sk->out, "null", why) == -1) {
        return -1;
    }
    return buf_add_text(&sk->out, "}\n", why);
}

static int add_line(struct sink *sk, const struct member_record *record,
                    struct fault *why)
{
    if (add_value(sk, record->record.value, why) == -1 ||
        add_key(sk, record->record.key, why) == -1)
        return -1;
    return add_place(sk, record, why);
}

/* Instead of a line that would be too long, so that it stops nobody. */
static int add_omission(struct sink *sk, const struct member_record *record,
                        struct fault *why)
{
    if (buf_addf(&sk->out, why, "{\"omitted\":%zu,\"key\":null",
                 record->record.value.len) == -1)
        return -1;
    return add_place(sk, record, why);
}

static int stdout_take(struct sink *sk, const struct member_record *record,
                       struct fault *why)
{
    struct fault reason = FAULT_INIT;
    size_t before;

    if (sk->out.len >= WRITE_EARLY && stdout_flush(sk, why) == -1)
        return -1;
    before = sk->out.len;
    if (add_line(sk, record, &reason) == 0)
        return 0;
    sk->out.len = before;
    if (reason.kind == FAULT_TOO_LARGE)
        return add_omission(sk, record, why);
    return fault_set(why, reason.kind, "%s", reason.text);
}

/* ---- open, close ----------------------------------------------------------
 */

static void stdout_close(struct sink *sk)
{
    if (sk == NULL)
        return;
    if (sk->heap != NULL)
        json_heap_free(sk->heap);
    buf_release(&sk->out);
    free(sk);
}

static int stdout_open(struct sink **out, const atomic_bool *stop,
                       struct fault *why)
{
    struct sink *sk = calloc(1, sizeof(*sk));

    if (sk == NULL)
        return fault_set(why, FAULT_NOMEM, "cannot allocate a sink");
    sk->stop = stop;
    sk->out.max = WRITE_EARLY + LIMIT_SINK_LINE;
    if (json_heap_new(&sk->heap, why) == -1) {
        stdout_close(sk);
        return -1;
    }
    *out = sk;
    return 0;
}

const struct sink_type sink_stdout = {
    .name = "stdout",
    .open = stdout_open,
    .take = stdout_take,
    .flush = stdout_flush,
    .close = stdout_close,
};
