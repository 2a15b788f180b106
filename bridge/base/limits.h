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
    LIMIT_BODY_MAX = 512 * KIB,          /* fits Kafka's default record limit */
    LIMIT_HEADER_BLOCK = 16 * KIB,       /* request line and headers */
    LIMIT_HEADERS = 64,                  /* CivetWeb silently drops the rest */
    LIMIT_REQUESTS_PER_CONNECTION = 400, /* so that a worker is not one
                                            sender's for ever */
    LIMIT_REPLY = 16 * KIB, /* the longest answer, a list of errors */
    LIMIT_WORKERS_MAX = 4096,

    LIMIT_LANES = 16, /* producers side by side; each has a queue of its own,
                         of 24 MiB unless configured otherwise */

    /* one event */
    LIMIT_JSON_DEPTH = 64,
    LIMIT_PARSE_HEAP = 8 * MIB,        /* of one body */
    LIMIT_PARSE_HEAP_TOTAL = 64 * MIB, /* of all bodies at a time */
    LIMIT_SCHEMA_ERRORS = 20,          /* listed in a 422 */

    /* configuration */
    LIMIT_CONFIG_FILE = 1 * MIB,
    LIMIT_SCHEMA_FILE = 16 * MIB,
    LIMIT_SECRET_FILE = 4 * KIB,
    LIMIT_SECRETS = 32, /* of one source */
    LIMIT_SOURCES = 64,
    LIMIT_ROUTES = 256,

    LIMIT_DESK_ARENA = 4 * MIB, /* what is made for one request: names in it
                                   are copied, and escaped they double */
    LIMIT_POINTER = 1 * KIB,    /* a JSON Pointer that is told */

    /* schemas */
    LIMIT_EVENT_TYPES = 256,        /* that have a schema */
    LIMIT_SCHEMA_SET = 64 * MIB,    /* all of a set, compiled */
    LIMIT_SCHEMA_DEPTH = 192,       /* schemas inside each other, evaluating */
    LIMIT_SCHEMA_STACK = 40 * KIB,  /* that it takes: CivetWeb's threads have
                                       100 KiB */
    LIMIT_SCHEMA_DEPTH_MAIN = 4096, /* on the main thread's stack */
    LIMIT_SCHEMA_STACK_MAIN = 4 * MIB,
    LIMIT_SCHEMA_STEPS = 1 << 24, /* of one evaluation */
    LIMIT_PATTERN = 64 * KIB,     /* a pattern, translated for PCRE2 */
    LIMIT_JIT_STACK = 512 * KIB,  /* of a thread that matches */

    /* consumers */
    LIMIT_BATCH_RECORDS = 500,
    LIMIT_BATCH_BYTES = 8 * MIB, /* of values; one record may pass it */
    LIMIT_SINK_LINE = 16 * MIB,  /* one line of the sink stdout */
    LIMIT_LAG_SERIES = 256,      /* partitions seen in a process's life */

    /* files and standard input of commands: more than any body that is
     * taken, so that the refusal of larger ones can be seen */
    LIMIT_INPUT = 16 * MIB,
    LIMIT_DOCUMENT_HEAP = 512 * MIB, /* of one that is checked, parsed */

    /* logs, metrics, admin */
    LIMIT_LOG_LINE = 2 * KIB,
    LIMIT_LOG_QUEUE = 1 * MIB,
    LIMIT_METRICS_TEXT = 4 * MIB,

    /* clients of our own */
    LIMIT_HTTP_ANSWER = 8 * MIB,
};

#endif
