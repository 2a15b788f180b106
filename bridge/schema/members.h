/*
 * members.h - the names that a schema knows of an object's members
 *
 * "properties", "patternProperties", "additionalProperties" and "required"
 * are one instruction, which goes through the members of an object once.
 * Behind it follow those that it sends the members on by: an OP_MEMBER for
 * each of "properties", in the order in which they are numbered here, an
 * OP_PATTERN_MEMBERS for each pattern, and an OP_ADDITIONAL if there is one.
 */
#ifndef SCHEMA_MEMBERS_H
#define SCHEMA_MEMBERS_H

#include "base/arena.h"
#include "base/slice.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct members_name {
    struct slice name;
    uint32_t hash;
    bool required;
};

struct members {
    uint32_t count;          /* of names */
    uint32_t property_count; /* of these, the first ones: of "properties" */
    uint32_t required_count;
    uint32_t pattern_count;
    bool additional; /* has an OP_ADDITIONAL */
    uint32_t mask;   /* of `slots` */
    uint32_t *slots; /* by hash: a name's number plus one; 0: free */
    struct members_name names[];
};

enum { MEMBERS_NONE = UINT32_MAX };

/* With room for so many names, none of which is there. NULL: no memory. */
struct members *members_new(struct arena *arena, size_t max);

/* Its number, new or not. */
uint32_t members_add(struct members *members, struct slice name);

/* The number of a name, or MEMBERS_NONE. */
uint32_t members_number(const struct members *members, struct slice name);

/* The same, with a number that is tried first. */
static inline uint32_t members_find(const struct members *members,
                                    struct slice name, uint32_t guess)
{
    if (guess < members->count && slice_same(members->names[guess].name, name))
        return guess;
    return members->count == 0 ? (uint32_t)MEMBERS_NONE
                               : members_number(members, name);
}

#endif
