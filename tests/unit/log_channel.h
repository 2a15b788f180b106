/*
 * log_channel.h - what the tests of the log share: a pipe it writes to, and
 * ways to look at what came out
 */
#ifndef UNIT_LOG_CHANNEL_H
#define UNIT_LOG_CHANNEL_H

#include "base/buf.h"
#include "base/clock.h"
#include "base/limits.h"
#include "base/log.h"
#include "base/metrics.h"

#include <poll.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

enum {
    DEADLINE_MS = 30000 /* only a broken program takes that long */
};

static const char drops_line[] = "msg=\"log lines were dropped\"";

struct channel {
    int in; /* the log writes here */
    int out;
    struct buf text; /* what was read so far */
    int64_t lines;   /* in it */
};

/* For cmocka's setup and teardown. */
static inline int channel_open(void **state)
{
    static struct channel ch;
    int ends[2];

    metrics_reset();
    signal(SIGPIPE, SIG_IGN); /* as the program does */
    if (pipe(ends) == -1)
        return -1;
    ch = (struct channel){ends[1], ends[0], BUF_INIT(64 * MIB), 0};
    *state = &ch;
    return 0;
}

static inline int channel_close(void **state)
{
    struct channel *ch = *state;

    log_stop(0);
    if (ch->in != -1)
        close(ch->in);
    if (ch->out != -1)
        close(ch->out);
    buf_release(&ch->text);
    metrics_reset();
    return 0;
}

static inline void start(int fd, enum log_level least, enum log_format format)
{
    struct fault why = FAULT_INIT;

    assert_int_equal(log_start(fd, least, format, &why), 0);
}

/* Reads once, waiting for `wait_ms`. False: nothing came, or the end did. */
static inline bool read_some(struct channel *ch, int wait_ms)
{
    struct pollfd pfd = {.fd = ch->out, .events = POLLIN};
    char piece[4096];
    ssize_t n;

    if (poll(&pfd, 1, wait_ms) != 1)
        return false;
    n = read(ch->out, piece, sizeof(piece));
    if (n <= 0)
        return false;
    assert_int_equal(buf_add(&ch->text, piece, (size_t)n, NULL), 0);
    for (ssize_t i = 0; i < n; i++)
        ch->lines += piece[i] == '\n';
    return true;
}

static inline void read_until(struct channel *ch, const char *wanted)
{
    int64_t deadline_us = clock_now_us() + DEADLINE_MS * INT64_C(1000);
    size_t from = 0;

    for (;;) {
        if (ch->text.data != NULL &&
            strstr(ch->text.data + from, wanted) != NULL)
            return;
        /* not the same megabytes again and again */
        if (ch->text.len > from + 8192)
            from = ch->text.len - 8192;
        if (clock_now_us() > deadline_us)
            fail_msg("'%s' was not written", wanted);
        read_some(ch, 100);
    }
}

/* Reads what is there, without waiting. */
static inline void read_rest(struct channel *ch)
{
    while (read_some(ch, 0))
        ;
}

/*
 * Where `what` is next, from `at` on; NULL: nowhere. Not strstr(), which
 * under a sanitizer looks for the end of all the text at each call.
 */
static const char *next(const struct buf *text, const char *at,
                        const char *what)
{
    if (at == NULL)
        return NULL;
    return memmem(at, (size_t)(text->data + text->len - at), what,
                  strlen(what));
}

static inline int64_t count_lines(const struct buf *text, const char *with)
{
    int64_t count = 0;

    for (const char *at = next(text, text->data, with); at != NULL;
         at = next(text, at + 1, with))
        count++;
    return count;
}

/* The metric's value; the log must have been started since the reset. */
static inline int64_t dropped(void)
{
    static const char name[] = "\naurix_bridge_log_dropped_total ";
    struct buf out = BUF_INIT(LIMIT_METRICS_TEXT);
    const char *at;
    int64_t value;

    assert_int_equal(metrics_render(&out, NULL), 0);
    at = strstr(out.data, name);
    assert_non_null(at);
    value = strtoll(at + strlen(name), NULL, 10);
    buf_release(&out);
    return value;
}

static inline void wait_for_drops(int64_t wanted)
{
    int64_t deadline_us = clock_now_us() + DEADLINE_MS * INT64_C(1000);

    while (dropped() < wanted) {
        assert_true(clock_now_us() < deadline_us);
        poll(NULL, 0, 1);
    }
}

/* The sum of all "log lines were dropped". */
static inline int64_t told(const struct buf *text)
{
    int64_t sum = 0;

    for (const char *at = next(text, text->data, drops_line); at != NULL;
         at = next(text, at + 1, drops_line)) {
        const char *number = next(text, at, " dropped=");

        if (number == NULL || next(text, number, "\n") == NULL)
            break; /* the rest of it is still to be read */
        sum += strtoll(number + strlen(" dropped="), NULL, 10);
    }
    return sum;
}

#endif
