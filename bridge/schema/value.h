/*
 * value.h - JSON values as the draft compares them
 *
 * json_equal() tells 1 from 1.0, so it is of no use here. Both functions
 * recurse, so both give up beyond VALUE_DEPTH_MAX levels.
 */
#ifndef SCHEMA_VALUE_H
#define SCHEMA_VALUE_H

#include "base/slice.h"

#include <jansson.h>
#include <stdbool.h>
#include <stdint.h>

enum { VALUE_DEPTH_MAX = 128 };

enum value_match { VALUE_DIFFERENT, VALUE_EQUAL, VALUE_TOO_DEEP };

/* The text of a JSON string, which may contain NUL. */
static inline struct slice value_text(const json_t *string)
{
    return (struct slice){json_string_value(string),
                          json_string_length(string)};
}

enum value_match value_compare(const json_t *a, const json_t *b);

/*
 * Equal values have equal hashes; `seed` makes it costly to find others that
 * have. False: too deep.
 */
bool value_hash(const json_t *value, uint64_t seed, uint64_t *out);

/* That of a string with this text. */
uint64_t value_hash_text(struct slice text, uint64_t seed);

#endif
