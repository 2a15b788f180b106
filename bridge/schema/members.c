/*
 * members.c - names that a schema knows, found quickly
 */
#include "schema/members.h"

#include <string.h>

enum { BITS_MIN = 2, FACTORS = 64 };

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
    members->max = (uint32_t)max;
    members->shift = 32 - bits;
    members->mask = (UINT32_C(1) << bits) - 1;
    members->slots =
        arena_alloc(arena, (members->mask + 1) * sizeof(members->slots[0]));
    if (members->slots == NULL)
        return NULL;
    members_ready(members);
    return members;
}

/* One after the other: an author has few, and this is done once. */
uint32_t members_add(struct members *members, struct slice name)
{
    uint32_t number = 0;

    while (number < members->count &&
           !slice_same(members->names[number].name, name))
        number++;
    if (number == members->count)
        members->names[members->count++] =
            (struct members_name){name, NULL, false};
    return number;
}

/* Fills the table. How many names are not where their hash wants them. */
static uint32_t fill(struct members *members)
{
    uint32_t astray = 0;

    memset(members->slots, 0, (members->mask + 1) * sizeof(members->slots[0]));
    for (uint32_t i = 0; i < members->count; i++) {
        uint32_t at = members_hash(members, members->names[i].name);

        if (members->slots[at] != 0)
            astray++;
        while (members->slots[at] != 0)
            at = (at + 1) & members->mask;
        members->slots[at] = i + 1;
    }
    return astray;
}

/* Tries some factors, and takes the best. */
void members_ready(struct members *members)
{
    uint32_t factor = 0x9e3779b1u, best = factor, fewest = UINT32_MAX;

    for (int i = 0; i < FACTORS && fewest > 0; i++) {
        uint32_t astray;

        members->factor = factor;
        astray = fill(members);
        if (astray < fewest) {
            fewest = astray;
            best = factor;
        }
        factor = (factor * 0x85ebca6bu + 0xc2b2ae35u) | 1;
    }
    members->factor = best;
    fill(members);
}
