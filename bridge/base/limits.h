/*
 * limits.h - every ceiling in one place
 *
 * Memory is bounded because each thing that could grow has its limit here,
 * or a setting whose range ends at one that is here.
 */
#ifndef BASE_LIMITS_H
#define BASE_LIMITS_H

enum {
    KIB = 1024,
    MIB = 1024 * KIB,

    /* HTTP */
    LIMIT_BODY_DEFAULT = 64 * KIB,
    LIMIT_BODY_MAX = 512 * KIB,      /* fits Kafka's default record limit */
    LIMIT_HEADER_BLOCK = 16 * KIB,   /* request line and headers */
    LIMIT_HEADERS = 64,              /* CivetWeb silently drops the rest */
    LIMIT_REQUESTS_PER_CONNECTION = 400, /* keeps unread answers below a
                                            socket's buffer */
    LIMIT_REPLY = 16 * KIB,          /* the longest answer, a list of errors */
    LIMIT_WORKERS_MAX = 4096,

    /* one event */
    LIMIT_JSON_DEPTH = 64,
    LIMIT_PARSE_HEAP = 8 * MIB,        /* of one body */
    LIMIT_PARSE_HEAP_TOTAL = 64 * MIB, /* of all bodies at a time */
    LIMIT_SCHEMA_ERRORS = 20,          /* listed in a 422 */

    /* configuration */
    LIMIT_CONFIG_FILE = 1 * MIB,
    LIMIT_SCHEMA_FILE = 1 * MIB,
    LIMIT_SECRET_FILE = 4 * KIB,
    LIMIT_SECRETS = 32, /* of one source */
    LIMIT_SOURCES = 64,
    LIMIT_ROUTES = 256,

    /* logs, metrics, admin */
    LIMIT_LOG_LINE = 2 * KIB,
    LIMIT_LOG_QUEUE = 1 * MIB,
    LIMIT_METRICS_TEXT = 4 * MIB,

    /* clients of our own */
    LIMIT_HTTP_ANSWER = 8 * MIB,
};

#endif
