/*
 * log.h - what the process says on standard error
 *
 * logfmt, one line an entry: ts, level, mod, a constant msg, then facts as
 * fields. JSON Lines by a setting. Bodies, signatures, secrets and personal
 * data have no place here; sizes, ids of ours and error texts do.
 *
 * A line is formatted by its caller, put into a bounded queue, and written
 * by one thread of the log's own: a blocked or slow standard error never
 * holds up whoever logs. When the queue is full lines are dropped and
 * counted; the count is logged once there is room, and is a metric.
 * Before log_start() and after log_stop() lines are written directly.
 *
 * Threads: every function but start and stop may be called from any thread,
 * also from librdkafka's and CivetWeb's callbacks.
 */
#ifndef BASE_LOG_H
#define BASE_LOG_H

#include "base/fault.h"
#include "base/slice.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum log_level {
    LOG_DEBUG,
    LOG_INFO,
    LOG_WARN,
    LOG_ERROR /* somebody must act */
};

enum log_format { LOG_FORMAT_LOGFMT, LOG_FORMAT_JSON };

/*
 * Starts the writer thread. `fd` is borrowed (2 everywhere but in tests).
 * FAULT_NOMEM, FAULT_IO (no thread).
 */
int log_start(int fd, enum log_level least, enum log_format format,
              struct fault *why);

/*
 * Writes what is queued, for `timeout_ms` at most, and stops the thread. A
 * descriptor that is blocked for good delays it no longer; what is left is
 * dropped and counted.
 */
void log_stop(int timeout_ms);

/* One field of a line; made with the functions below. */
struct log_field {
    const char *name;
    enum { LOG_TEXT, LOG_INT, LOG_FLOAT, LOG_BOOL } type;
    union {
        struct slice text;
        int64_t integer;
        double number;
        bool truth;
    } value;
};

static inline struct log_field log_text(const char *name, const char *value)
{
    return (struct log_field){name, LOG_TEXT, {.text = slice_of(value)}};
}

static inline struct log_field log_slice(const char *name, struct slice value)
{
    return (struct log_field){name, LOG_TEXT, {.text = value}};
}

static inline struct log_field log_int(const char *name, int64_t value)
{
    return (struct log_field){name, LOG_INT, {.integer = value}};
}

static inline struct log_field log_float(const char *name, double value)
{
    return (struct log_field){name, LOG_FLOAT, {.number = value}};
}

static inline struct log_field log_bool(const char *name, bool value)
{
    return (struct log_field){name, LOG_BOOL, {.truth = value}};
}

/*
 * One line. A text value is quoted and escaped where its format needs it;
 * an absent one leaves the field out. A line is cut at LIMIT_LOG_LINE, and
 * then ends with cut=true. Names are ours and are not escaped.
 */
void log_write(enum log_level level, const char *module, const char *message,
               const struct log_field *fields, size_t count);

/* log_line(LOG_WARN, "spool", "spool is filling", log_float("used", 0.83)); */
#define log_line(level, module, ...)                                           \
    LOG_LINE_((level), (module), __VA_ARGS__, LOG_END_)
#define LOG_LINE_(level, module, message, ...)                                 \
    log_write_until_end((level), (module), (message),                          \
                        (const struct log_field[]){__VA_ARGS__})
#define LOG_END_ ((struct log_field){NULL, LOG_BOOL, {.truth = false}})

/* What log_line() expands to: fields up to one without a name. */
void log_write_until_end(enum log_level level, const char *module,
                         const char *message, const struct log_field *fields);

/* Whether a line of this level would be written; for costly fields only. */
bool log_wants(enum log_level level);

/* "debug" | "info" | "warn" | "error"; NULL for anything else. */
const char *log_level_name(enum log_level level);

#endif
