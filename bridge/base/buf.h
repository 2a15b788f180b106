/*
 * buf.h - a growing buffer with a ceiling
 *
 * Every buffer that grows with what comes from outside has a ceiling, given
 * where it is declared and named in limits.h. The bytes are always followed
 * by a NUL that does not count, so text can be handed to C functions.
 *
 * Ownership: the caller owns the struct, buf_release() frees what it points
 * to. A released buffer is empty and can be used again.
 * Threads: one at a time.
 */
#ifndef BASE_BUF_H
#define BASE_BUF_H

#include "base/fault.h"
#include "base/slice.h"

#include <stdarg.h>
#include <stddef.h>

struct buf {
    char *data; /* NULL until something was added */
    size_t len;
    size_t capacity;
    size_t max; /* ceiling in bytes */
};

#define BUF_INIT(max_bytes) {NULL, 0, 0, (max_bytes)}

/*
 * All of these add at the end and return 0, or -1 with FAULT_TOO_LARGE (past
 * the ceiling) or FAULT_NOMEM; then nothing was added.
 */
int buf_add(struct buf *buf, const void *data, size_t len, struct fault *why);
int buf_add_text(struct buf *buf, const char *text, struct fault *why);
int buf_addf(struct buf *buf, struct fault *why, const char *fmt, ...)
    __attribute__((format(printf, 3, 4)));
int buf_vaddf(struct buf *buf, struct fault *why, const char *fmt, va_list args)
    __attribute__((format(printf, 3, 0)));

/* Adds `text` as a JSON string in quotes, escaped as RFC 8259, section 7. */
int buf_add_json(struct buf *buf, struct slice text, struct fault *why);

/* Adds bytes as base64 in quotes, padded: RFC 4648, section 4. */
int buf_add_base64(struct buf *buf, struct slice data, struct fault *why);

/* Adds a whole file. FAULT_IO: cannot be opened or read; names the path. */
int buf_add_file(struct buf *buf, const char *path, struct fault *why);

/* Makes room for `len` more bytes, to be written at data + len by hand. */
int buf_reserve(struct buf *buf, size_t len, struct fault *why);

struct slice buf_slice(const struct buf *buf);
void buf_clear(struct buf *buf); /* empty, memory kept */
void buf_release(struct buf *buf);

#endif
