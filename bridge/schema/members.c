/*
 * members.c - the names that a schema knows of an object's members
 */
#include "schema/members.h"

#include <string.h>

/*
 * Names of a schema are few and its author's, so that a few bytes tell them
 * apart, and no document can make it slow: the table does not grow with it.
 */
static uint32_t hash_of(struct slice name)
{
    const unsigned char *text = (const unsigned char *)name.data;
    uint32_t hash = (uint32_t)name.len * 0x9e3779b1u;

    if (name.len == 0)
        return hash;
    hash ^= text[0] * 0x85ebca6bu;
    hash ^= text[name.len / 2] * 0xc2b2ae35u;
    hash ^= text[name.len - 1] * 0x27d4eb2fu;
    return hash ^ hash >> 15;
}

/* Where it is in `slots`, or would be. */
static uint32_t slot_of(const struct members *members, struct slice name,
                        uint32_t hash)
{
    uint32_t at = hash & members->mask;

    while (members->slots[at] != 0) {
        const struct members_name *known =
            &members->names[members->slots[at] - 1];

        if (known->hash == hash && slice_same(known->name, name))
            break;
        at = (at + 1) & members->mask;
    }
    return at;
}

struct members *members_new(struct arena *arena, size_t max)
{
    uint32_t size = 4;
    struct members *members;

    if (max > UINT32_MAX / 8)
        return NULL;
    while (size < 2 * max)
        size *= 2;
    members =
        arena_alloc(arena, sizeof(*members) + max * sizeof(members->names[0]));
    if (members == NULL)
        return NULL;
    memset(members, 0, sizeof(*members));
    members->mask = size - 1;
    members->slots = arena_alloc(arena, size * sizeof(members->slots[0]));
    if (members->slots == NULL)
        return NULL;
    memset(members->slots, 0, size * sizeof(members->slots[0]));
    return members;
}

uint32_t members_add(struct members *members, struct slice name)
{
    const uint32_t hash = hash_of(name);
    const uint32_t at = slot_of(members, name, hash);

    if (members->slots[at] == 0) {
        members->names[members->count] =
            (struct members_name){name, hash, false};
        members->slots[at] = ++members->count;
    }
    return members->slots[at] - 1;
}

uint32_t members_number(const struct members *members, struct slice name)
{
    const uint32_t at = slot_of(members, name, hash_of(name));

    return members->slots[at] == 0 ? MEMBERS_NONE : members->slots[at] - 1;
}
