/*
 * fault.h - why something did not work
 *
 * A function that can fail returns 0 or -1 and fills a struct fault: a kind
 * for code to branch on, a text for the person who reads the log. One table,
 * in fault.c, gives each kind its name (the label in metrics and logs), its
 * HTTP status and whether trying again can help, so that no caller invents
 * its own.
 *
 * Texts run lower case, failed action first, values quoted:
 * "cannot open '/x': No such file or directory". They never carry a secret,
 * a body, or anything else that came in a request.
 *
 * Threads: a struct fault belongs to one thread at a time.
 */
#ifndef BASE_FAULT_H
#define BASE_FAULT_H

#include <stdbool.h>

enum fault_kind {
    FAULT_NONE = 0,

    /* the process and what surrounds it */
    FAULT_NOMEM,
    FAULT_IO,      /* a file, a socket, a disk */
    FAULT_CONFIG,  /* a setting, a schema or a secret is not usable */
    FAULT_USAGE,   /* the command line is wrong */
    FAULT_BUSY,    /* another process has it */
    FAULT_FULL,    /* no room: a limit of ours, or the disk */
    FAULT_CORRUPT, /* a file is damaged, or is something else */
    FAULT_NEWER,   /* a newer program made the file */

    /* the request as HTTP */
    FAULT_BAD_REQUEST,
    FAULT_NOT_FOUND,
    FAULT_METHOD,
    FAULT_TIMEOUT, /* the request did not arrive in time */
    FAULT_LENGTH_REQUIRED,
    FAULT_TOO_LARGE,
    FAULT_HEADERS_TOO_LARGE,
    FAULT_VERSION, /* an HTTP version other than 1.0 and 1.1 */

    /* the request as an event */
    FAULT_SIGNATURE,
    FAULT_PARSE,
    FAULT_SCHEMA,
    FAULT_UNDECIDED, /* by its schema: a limit was reached before */

    /* Kafka */
    FAULT_REFUSED,     /* for the record's own sake: trying again is vain */
    FAULT_UNAVAILABLE, /* not confirmed in time, or nowhere to put it */
    FAULT_STOPPING,    /* the process is on its way down */
    FAULT_KAFKA,       /* any other error of a Kafka client */

    FAULT_KINDS /* how many there are */
};

enum { FAULT_TEXT_MAX = 384 };

struct fault {
    enum fault_kind kind;
    char text[FAULT_TEXT_MAX]; /* cut, and still terminated, where longer */
};

#define FAULT_INIT {FAULT_NONE, ""}

/* What the table knows of a kind. */
struct fault_class {
    const char *name;  /* a metric label: lower case, underscores */
    int http_status;   /* what the sender gets; 500 where it never gets it */
    const char *title; /* RFC 9457 "title": the status in words, as no
                          "type" of our own is given */
    bool retry;        /* the very same thing can work later */
};

/* Never NULL; an unknown kind gets the entry of FAULT_IO. */
const struct fault_class *fault_class(enum fault_kind kind);

/*
 * Records a fault. The first one wins: a fault that is already set is left
 * as it is, so that a cause is not covered by its consequences. `why` may be
 * NULL where the caller does not care. Always returns -1, to be returned.
 */
int fault_set(struct fault *why, enum fault_kind kind, const char *fmt, ...)
    __attribute__((format(printf, 3, 4)));

/* The same with ": " and the text of errno value `err` behind it. */
int fault_set_errno(struct fault *why, enum fault_kind kind, int err,
                    const char *fmt, ...) __attribute__((format(printf, 4, 5)));

/* Puts "prefix: " in front of the text; nothing if no fault is set. */
void fault_prefix(struct fault *why, const char *fmt, ...)
    __attribute__((format(printf, 2, 3)));

/* Back to FAULT_NONE, to be used again. */
void fault_clear(struct fault *why);

#endif
