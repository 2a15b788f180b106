/*
 * buf.c - a growing buffer with a ceiling
 */
#include "base/buf.h"

#include <errno.h>
#include <fcntl.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { FIRST_CAPACITY = 256 };

int buf_reserve(struct buf *buf, size_t len, struct fault *why)
{
    size_t capacity = buf->capacity == 0 ? FIRST_CAPACITY : buf->capacity;
    char *data;

    if (len > buf->max || buf->len > buf->max - len)
        return fault_set(why, FAULT_TOO_LARGE, "larger than %zu bytes",
                         buf->max);
    if (buf->data != NULL && buf->len + len < buf->capacity)
        return 0;
    while (capacity <= buf->len + len)
        capacity *= 2;
    data = realloc(buf->data, capacity);
    if (data == NULL)
        return fault_set(why, FAULT_NOMEM, "cannot allocate %zu bytes",
                         capacity);
    if (buf->data == NULL)
        data[0] = '\0';
    buf->data = data;
    buf->capacity = capacity;
    return 0;
}

int buf_add(struct buf *buf, const void *data, size_t len, struct fault *why)
{
    if (buf_reserve(buf, len, why) == -1)
        return -1;
    if (len > 0)
        memcpy(buf->data + buf->len, data, len);
    buf->len += len;
    buf->data[buf->len] = '\0';
    return 0;
}

int buf_add_text(struct buf *buf, const char *text, struct fault *why)
{
    return buf_add(buf, text, strlen(text), why);
}

int buf_vaddf(struct buf *buf, struct fault *why, const char *fmt, va_list args)
{
    va_list again;
    int need;

    va_copy(again, args);
    need = vsnprintf(NULL, 0, fmt, again);
    va_end(again);
    if (need < 0)
        return fault_set(why, FAULT_NOMEM, "cannot format a text");
    if (buf_reserve(buf, (size_t)need, why) == -1)
        return -1;
    vsnprintf(buf->data + buf->len, (size_t)need + 1, fmt, args);
    buf->len += (size_t)need;
    return 0;
}

int buf_addf(struct buf *buf, struct fault *why, const char *fmt, ...)
{
    va_list args;
    int rc;

    va_start(args, fmt);
    rc = buf_vaddf(buf, why, fmt, args);
    va_end(args);
    return rc;
}

static int add_json_byte(struct buf *buf, unsigned char c, struct fault *why)
{
    char out[8] = {(char)c};
    size_t len = 1;

    switch (c) {
    case '"':
    case '\\':
        len = (size_t)snprintf(out, sizeof(out), "\\%c", c);
        break;
    case '\n':
        len = (size_t)snprintf(out, sizeof(out), "\\n");
        break;
    case '\r':
        len = (size_t)snprintf(out, sizeof(out), "\\r");
        break;
    case '\t':
        len = (size_t)snprintf(out, sizeof(out), "\\t");
        break;
    default:
        if (c < 0x20)
            len = (size_t)snprintf(out, sizeof(out), "\\u%04x", c);
        break;
    }
    return buf_add(buf, out, len, why);
}

int buf_add_json(struct buf *buf, struct slice text, struct fault *why)
{
    size_t before = buf->len;

    /* all or nothing, as every function here */
    if (buf_add(buf, "\"", 1, why) == -1)
        return -1;
    for (size_t i = 0; i < text.len; i++)
        if (add_json_byte(buf, (unsigned char)text.data[i], why) == -1)
            goto undo;
    if (buf_add(buf, "\"", 1, why) == -1)
        goto undo;
    return 0;

undo:
    buf->len = before;
    buf->data[before] = '\0';
    return -1;
}

int buf_add_base64(struct buf *buf, struct slice data, struct fault *why)
{
    static const char digits[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZ"
                                 "abcdefghijklmnopqrstuvwxyz0123456789+/";
    const size_t len = (data.len + 2) / 3 * 4;
    char *at;

    if (buf_reserve(buf, len + 2, why) == -1)
        return -1;
    at = buf->data + buf->len;
    *at++ = '"';
    for (size_t i = 0; i < data.len; i += 3) {
        const size_t n = data.len - i;
        uint32_t bits = (uint32_t)(unsigned char)data.data[i] << 16;

        if (n > 1)
            bits |= (uint32_t)(unsigned char)data.data[i + 1] << 8;
        if (n > 2)
            bits |= (unsigned char)data.data[i + 2];
        *at++ = digits[bits >> 18];
        *at++ = digits[bits >> 12 & 63];
        *at++ = n > 1 ? digits[bits >> 6 & 63] : '=';
        *at++ = n > 2 ? digits[bits & 63] : '=';
    }
    *at++ = '"';
    *at = '\0';
    buf->len += len + 2;
    return 0;
}

int buf_add_file(struct buf *buf, const char *path, struct fault *why)
{
    size_t before = buf->len;
    int rc = -1;
    int fd;

    fd = open(path, O_RDONLY | O_CLOEXEC);
    if (fd == -1)
        return fault_set_errno(why, FAULT_IO, errno, "cannot open '%s'", path);
    for (;;) {
        char piece[4096];
        ssize_t n = read(fd, piece, sizeof(piece));

        if (n == -1 && errno == EINTR)
            continue;
        if (n == -1) {
            fault_set_errno(why, FAULT_IO, errno, "cannot read '%s'", path);
            break;
        }
        if (n == 0) {
            /* an empty file still has a terminated text */
            rc = buf_add(buf, "", 0, why);
            break;
        }
        if (buf_add(buf, piece, (size_t)n, why) == -1) {
            fault_prefix(why, "cannot read '%s'", path);
            break;
        }
    }
    close(fd);
    if (rc == -1 && buf->data != NULL) {
        buf->len = before;
        buf->data[before] = '\0';
    }
    return rc;
}

struct slice buf_slice(const struct buf *buf)
{
    return (struct slice){buf->data == NULL ? "" : buf->data, buf->len};
}

void buf_clear(struct buf *buf)
{
    buf->len = 0;
    if (buf->data != NULL)
        buf->data[0] = '\0';
}

void buf_release(struct buf *buf)
{
    free(buf->data);
    buf->data = NULL;
    buf->len = 0;
    buf->capacity = 0;
}
