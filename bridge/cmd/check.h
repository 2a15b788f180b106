/*
 * check.h - what the checks of `check` share
 */
#ifndef CMD_CHECK_H
#define CMD_CHECK_H

#include "base/config.h"
#include "cmd/terminal.h"
#include "event/catalog.h"
#include "event/routes.h"

enum check_result { CHECK_OK, CHECK_WARN, CHECK_FAIL };

struct check {
    struct terminal term;
    const struct config *config;
    struct catalog *catalog; /* NULL: could not be loaded */
    struct routes *routes;   /* NULL: could not be made */
    int warnings;
    int failures;
};

/* One line. `advice`: what to do about it, NULL for nothing. */
void check_tell(struct check *ck, enum check_result result, const char *advice,
                const char *fmt, ...) __attribute__((format(printf, 4, 5)));

/* The spool's directory, in check_spool.c. */
void check_spool(struct check *ck);

/* Brokers and topics, in check_kafka.c. */
void check_kafka(struct check *ck);

#endif
