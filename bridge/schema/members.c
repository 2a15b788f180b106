/*
 * members.c - names that a schema knows, found quickly
 */
#include "schema/members.h"

#include <string.h>

enum {
    BITS_MIN = 2,
    FACTORS = 64, /* tried, where the names are few */
    FEW = 64
};

struct members *members_new(struct arena *arena, size_t max)
{
    uint32_t bits = BITS_MIN;
    struct members *members;

    if (max > UINT32_MAX / 16)
        return NULL;
    while (UINT32_C(1) << bits < 3 * max)
        bits++;
    members =
        arena_alloc(arena, sizeof(*members) + max * sizeof(members->names[0]));
    if (members == NULL)
        return NULL;
    memset(members, 0, sizeof(*members));
    members->shift = 32 - bits;
    members->mask = (UINT32_C(1) << bits) - 1;
    members->slots =
        arena_alloc(arena, (members->mask + 1) * sizeof(members->slots[0]));
    if (members->slots == NULL)
        return NULL;
    members_ready(members);
    return members;
}

/* FNV-1a, spread once more: of the table's size only some bits count. */
uint32_t members_hash_whole(const struct members *members, struct slice name)
{
    uint32_t hash = 0x811c9dc5u;

    for (size_t i = 0; i < name.len; i++)
        hash = (hash ^ (unsigned char)name.data[i]) * 0x01000193u;
    return (hash ^ hash >> 15) * 0x9e3779b1u >> members->shift;
}

/* Until all are there the table has them by their whole names. */
uint32_t members_add(struct members *members, struct slice name)
{
    uint32_t at = members_hash_whole(members, name);

    while (members->slots[at] != 0) {
        if (slice_same(members->names[members->slots[at] - 1].name, name))
            return members->slots[at] - 1;
        at = (at + 1) & members->mask;
    }
    members->names[members->count] = (struct members_name){name, NULL, false};
    members->slots[at] = ++members->count;
    return members->slots[at] - 1;
}

/* Fills the table; how many names are not where their hash wants them. More
 * than `most`: it is left as it is. */
static uint32_t fill(struct members *members, uint32_t most)
{
    uint32_t astray = 0;

    memset(members->slots, 0, (members->mask + 1) * sizeof(members->slots[0]));
    for (uint32_t i = 0; i < members->count; i++) {
        uint32_t at = members_hash(members, members->names[i].name);

        while (members->slots[at] != 0) {
            if (++astray > most)
                return astray;
            at = (at + 1) & members->mask;
        }
        members->slots[at] = i + 1;
    }
    return astray;
}

/* Few names can have places of their own, by some factor or other. Of many
 * some are astray; if they are too many, whole names are looked at. */
void members_ready(struct members *members)
{
    uint32_t factor = 0x9e3779b1u, best = factor, fewest = UINT32_MAX;
    const uint32_t most = members->count;
    const int factors = members->count <= FEW ? FACTORS : 1;

    members->whole = false;
    for (int i = 0; i < factors && fewest > 0; i++) {
        uint32_t astray;

        members->factor = factor;
        astray = fill(members, most);
        if (astray < fewest) {
            fewest = astray;
            best = factor;
        }
        factor = (factor * 0x85ebca6bu + 0xc2b2ae35u) | 1;
    }
    members->factor = best;
    members->whole = fewest > most;
    fill(members, UINT32_MAX);
}
