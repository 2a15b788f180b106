/*
 * format.h - the formats that can be asserted
 *
 * Sources: RFC 3339 (date-time, date, time), RFC 3986 (uri, uri-reference),
 * RFC 5321 (email, in ASCII), RFC 4122 (uuid), RFC 6901 (json-pointer);
 * address.h for ipv4 and ipv6.
 */
#ifndef SCHEMA_FORMAT_H
#define SCHEMA_FORMAT_H

#include "base/slice.h"

#include <stdbool.h>

struct format {
    const char *name;
    bool (*holds)(struct slice text);
    const char *expected; /* "must be a valid …" */
};

/* NULL: there is no such format, or it is not implemented. */
const struct format *format_find(struct slice name);

/* The nearest name of those that are implemented, or NULL. */
const char *format_meant(const char *name);

#endif
