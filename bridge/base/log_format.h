/*
 * log_format.h - how a line of the log is spelled
 *
 * Only log.c uses this; the tests do, because a line with a fixed time can
 * be compared byte for byte. Pure: no I/O, no allocation.
 *
 * Threads: any.
 */
#ifndef BASE_LOG_FORMAT_H
#define BASE_LOG_FORMAT_H

#include "base/limits.h"
#include "base/log.h"

#include <stddef.h>
#include <stdint.h>

/* What a line says. `module` may be NULL: then it is left out. */
struct log_entry {
    enum log_level level;
    int64_t real_ms; /* since 1970 */
    const char *module;
    const char *message;
    const struct log_field *fields;
    size_t count;
};

/*
 * Writes the entry and a newline to `out`, without a NUL, and returns the
 * length. The line is valid UTF-8, has no other control character, and in
 * JSON is one whole object, whatever the values hold. What does not fit is
 * cut, and the line then ends with a field "cut".
 */
size_t log_format_entry(char out[LIMIT_LOG_LINE], enum log_format format,
                        const struct log_entry *entry);

#endif
