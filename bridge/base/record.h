/*
 * record.h - one Kafka record, as plain data
 *
 * What event/ makes, deliver/ and kafka/ carry. Nothing in it is owned: all
 * of it lives as long as whatever it was made from, usually a request.
 */
#ifndef BASE_RECORD_H
#define BASE_RECORD_H

#include "base/slice.h"

#include <stddef.h>

enum { RECORD_HEADERS_MAX = 20 };

struct record_header {
    const char *name;
    struct slice value;
};

struct record {
    const char *topic;
    struct slice key;   /* absent: a null key */
    struct slice value; /* never absent: an empty body is an empty value,
                           not a tombstone */
    size_t header_count;
    struct record_header headers[RECORD_HEADERS_MAX];
};

/*
 * Adds a header. An absent value adds nothing, so that callers can pass what
 * may not be known. More than RECORD_HEADERS_MAX is our own bug.
 */
void record_add_header(struct record *record, const char *name,
                       struct slice value);

/* The value of the first header `name`, absent if there is none. */
struct slice record_header(const struct record *record, const char *name);

#endif
