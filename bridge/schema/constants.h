/*
 * constants.h - the values of an "enum", found quickly
 *
 * For those that are many, and not all texts.
 */
#ifndef SCHEMA_CONSTANTS_H
#define SCHEMA_CONSTANTS_H

#include "base/arena.h"
#include "schema/value.h"

#include <jansson.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct constant {
    uint64_t hash;
    const json_t *value; /* NULL: free */
};

struct constants {
    uint64_t seed;
    size_t mask;
    struct constant slots[];
};

/* Values that are nested too deeply to be compared are left out: nothing is
 * equal to them. NULL: no memory. */
struct constants *constants_new(struct arena *arena, const json_t *values);

/* Is it one of them? A string has its text in `text`. */
enum value_match constants_find(const struct constants *constants,
                                const json_t *value, struct slice text);

#endif
