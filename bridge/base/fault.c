/*
 * fault.c - kinds of failure, and what each means to the outside
 */
#include "base/fault.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

static const struct fault_class classes[FAULT_KINDS] = {
    [FAULT_NONE] = {"none",              200, "OK",                         false},
    [FAULT_NOMEM] = {"no_memory",         503, "Service unavailable",        true },
    [FAULT_IO] = {"io",                500, "Internal error",             false},
    [FAULT_CONFIG] = {"config",            500, "Internal error",             false},
    [FAULT_USAGE] = {"usage",             500, "Internal error",             false},
    [FAULT_BUSY] = {"busy",              503, "Service unavailable",        true },
    [FAULT_FULL] = {"full",              503, "Service unavailable",        true },
    [FAULT_CORRUPT] = {"corrupt",           500, "Internal error",             false},
    [FAULT_NEWER] = {"newer",             500, "Internal error",             false},

    [FAULT_BAD_REQUEST] = {"bad_request",       400, "Bad request",                false},
    [FAULT_NOT_FOUND] = {"not_found",         404, "Not found",                  false},
    [FAULT_METHOD] = {"method",            405, "Method not allowed",         false},
    [FAULT_TIMEOUT] = {"timeout",           408, "Request timeout",            true },
    [FAULT_LENGTH_REQUIRED] = {"length_required",   411, "Length required",
                    false                                                        },
    [FAULT_TOO_LARGE] = {"too_large",         413, "Content too large",          false},
    [FAULT_HEADERS_TOO_LARGE] = {"headers_too_large", 431,
                    "Request header fields too large",                      false},
    [FAULT_VERSION] = {"version",           505, "HTTP version not supported", false},

    [FAULT_SIGNATURE] = {"signature",         401, "Unauthorized",               false},
    [FAULT_PARSE] = {"parse",             400, "Bad request",                false},
    [FAULT_SCHEMA] = {"schema",            422, "Unprocessable content",      false},
    [FAULT_UNDECIDED] = {"undecided",         422, "Unprocessable content",      false},

    [FAULT_REFUSED] = {"refused",           503, "Service unavailable",        false},
    [FAULT_UNAVAILABLE] = {"unavailable",       503, "Service unavailable",        true },
    [FAULT_STOPPING] = {"stopping",          503, "Service unavailable",        true },
    [FAULT_KAFKA] = {"kafka",             503, "Service unavailable",        true },
};

const struct fault_class *fault_class(enum fault_kind kind)
{
    if ((unsigned)kind >= FAULT_KINDS)
        kind = FAULT_IO;
    return &classes[kind];
}

int fault_set(struct fault *why, enum fault_kind kind, const char *fmt, ...)
{
    va_list args;

    if (why == NULL || why->kind != FAULT_NONE)
        return -1;
    why->kind = kind;
    va_start(args, fmt);
    vsnprintf(why->text, sizeof(why->text), fmt, args);
    va_end(args);
    return -1;
}

int fault_set_errno(struct fault *why, enum fault_kind kind, int err,
                    const char *fmt, ...)
{
    char reason[128] = "";
    va_list args;
    size_t used;

    if (why == NULL || why->kind != FAULT_NONE)
        return -1;
    why->kind = kind;
    va_start(args, fmt);
    vsnprintf(why->text, sizeof(why->text), fmt, args);
    va_end(args);
    used = strlen(why->text);
    /* GNU strerror_r: may or may not use the buffer */
    snprintf(why->text + used, sizeof(why->text) - used, ": %s",
             strerror_r(err, reason, sizeof(reason)));
    return -1;
}

void fault_prefix(struct fault *why, const char *fmt, ...)
{
    char old[FAULT_TEXT_MAX];
    va_list args;
    size_t used;

    if (why == NULL || why->kind == FAULT_NONE)
        return;
    memcpy(old, why->text, sizeof(old));
    va_start(args, fmt);
    vsnprintf(why->text, sizeof(why->text), fmt, args);
    va_end(args);
    used = strlen(why->text);
    snprintf(why->text + used, sizeof(why->text) - used, ": %s", old);
}

void fault_clear(struct fault *why)
{
    why->kind = FAULT_NONE;
    why->text[0] = '\0';
}
