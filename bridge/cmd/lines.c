/*
 * lines.c - a stream line by line; see lines.h
 */
#include "cmd/lines.h"

#include "base/limits.h"

#include <errno.h>
#include <inttypes.h>
#include <string.h>
#include <unistd.h>

enum { PIECE = 256 * KIB };

void lines_init(struct lines *ln, int fd, FILE *said, size_t max)
{
    /* A line that has its most, and the piece in which it ends. */
    *ln = (struct lines){.fd = fd,
                         .said = said,
                         .held = BUF_INIT(max + (size_t)2 * PIECE),
                         .max = max};
}

void lines_release(struct lines *ln) { buf_release(&ln->held); }

/* Reads a piece behind what is left, which moves to the front. */
static int read_piece(struct lines *ln, struct fault *why)
{
    struct buf *held = &ln->held;
    ssize_t got;

    if (ln->at > 0) {
        held->len -= ln->at;
        memmove(held->data, held->data + ln->at, held->len);
        ln->at = 0;
    }
    if (buf_reserve(held, PIECE, why) == -1)
        return -1;
    /* A reader who has gone away wants no more to be read. */
    if (ln->said != NULL && fflush(ln->said) != 0)
        return fault_set_errno(why, FAULT_IO, errno,
                               "cannot write standard output");
    do
        got = read(ln->fd, held->data + held->len, PIECE);
    while (got == -1 && errno == EINTR);
    if (got == -1)
        return fault_set_errno(why, FAULT_IO, errno,
                               "cannot read standard input");
    held->len += (size_t)got;
    ln->ended = got == 0;
    return 0;
}

static int take(struct lines *ln, size_t len, size_t ending, struct slice *out,
                struct fault *why)
{
    bool passed = ln->passing;

    *out = (struct slice){buf_slice(&ln->held).data + ln->at, len};
    ln->at += len + ending;
    ln->number++;
    ln->passing = false;
    if (passed || len > ln->max)
        return fault_set(why, FAULT_TOO_LARGE,
                         "line %" PRIu64 ": more than %zu bytes", ln->number,
                         ln->max);
    return 1;
}

int lines_next(struct lines *ln, struct slice *out, struct fault *why)
{
    size_t seen = 0; /* of this line */

    for (;;) {
        size_t left = ln->held.len - ln->at;
        const char *line = buf_slice(&ln->held).data + ln->at;
        const char *end =
            left > seen ? memchr(line + seen, '\n', left - seen) : NULL;

        if (end != NULL)
            return take(ln, (size_t)(end - line), 1, out, why);
        if (ln->ended)
            return left == 0 && !ln->passing ? 0 : take(ln, left, 0, out, why);
        seen = left;
        if (seen > ln->max) {
            ln->passing = true;
            ln->at = ln->held.len;
            seen = 0;
        }
        if (read_piece(ln, why) == -1)
            return -1;
    }
}
