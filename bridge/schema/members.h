/*
 * members.h - names that a schema knows, found quickly
 *
 * "properties", "patternProperties", "additionalProperties" and "required"
 * are one instruction, which goes through the members of an object once.
 * Behind it follow those that it sends the members on by: an OP_MEMBER for
 * each of "properties", in the order in which they are numbered here, an
 * OP_PATTERN_MEMBERS for each pattern, and an OP_ADDITIONAL if there is one.
 *
 * The texts of an "enum" are such names, too.
 */
#ifndef SCHEMA_MEMBERS_H
#define SCHEMA_MEMBERS_H

#include "base/arena.h"
#include "base/slice.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct schema;

struct members_name {
    struct slice name;
    const struct schema *schema; /* of "properties", once linked; or NULL */
    bool required;
};

struct members {
    uint32_t count;          /* of names */
    uint32_t property_count; /* of these, the first ones: of "properties" */
    uint32_t required_count;
    uint32_t pattern_count;
    bool additional; /* has an OP_ADDITIONAL */
    bool whole;      /* the hash is of whole names: a few bytes do not do */
    uint32_t factor; /* of the hash */
    uint32_t shift;
    uint32_t mask;   /* of `slots` */
    uint32_t *slots; /* by hash: a name's number plus one; 0: free */
    struct members_name names[];
};

enum { MEMBERS_NONE = UINT32_MAX };

/* With room for so many names, none of which is there. NULL: no memory. */
struct members *members_new(struct arena *arena, size_t max);

/* Its number, new or not. Before members_ready(). */
uint32_t members_add(struct members *members, struct slice name);

/* All names are there: now they can be found. */
void members_ready(struct members *members);

/* Of all of the name. */
uint32_t members_hash_whole(const struct members *members, struct slice name);

/*
 * Names of a schema are few and its author's, so that a few bytes tell them
 * apart, and no document can make it slow: the table does not grow with it.
 */
static inline uint32_t members_hash(const struct members *members,
                                    struct slice name)
{
    const unsigned char *text = (const unsigned char *)name.data;
    uint32_t bits = (uint32_t)name.len;

    if (members->whole)
        return members_hash_whole(members, name);
    if (name.len > 0)
        bits += (uint32_t)text[0] << 8 | (uint32_t)text[name.len / 2] << 16 |
                (uint32_t)text[name.len - 1] << 24;
    return bits * members->factor >> members->shift;
}

/* The number of a name, or MEMBERS_NONE. `guess` is tried first. */
static inline uint32_t members_find(const struct members *members,
                                    struct slice name, uint32_t guess)
{
    uint32_t at, number;

    if (guess < members->count && slice_same(members->names[guess].name, name))
        return guess;
    at = members_hash(members, name);
    while ((number = members->slots[at]) != 0) {
        if (slice_same(members->names[number - 1].name, name))
            return number - 1;
        at = (at + 1) & members->mask;
    }
    return MEMBERS_NONE;
}

/* Are they so few beside the `size` members of an object that it is cheaper to
 * look each of them up? Where others matter, too, it is not. */
static inline bool members_are_few(const struct members *members, size_t size)
{
    enum { LOOKUP_COST = 2 }; /* in members that are passed */

    return members->pattern_count == 0 && !members->additional &&
           size > LOOKUP_COST * (size_t)members->count;
}

#endif
