/*
 * constants.c - the values of an "enum", found quickly
 */
#include "schema/constants.h"

#include <string.h>
#include <sys/random.h>

static bool is_same(const struct constant *constant, uint64_t hash,
                    const json_t *value, struct slice text)
{
    if (constant->hash != hash)
        return false;
    if (json_is_string(value))
        return json_is_string(constant->value) &&
               slice_same(value_text(constant->value), text);
    return value_compare(constant->value, value) == VALUE_EQUAL;
}

/* Where it is, or would be. */
static size_t place_of(const struct constants *constants, uint64_t hash,
                       const json_t *value, struct slice text)
{
    size_t at = hash & constants->mask;

    while (constants->slots[at].value != NULL &&
           !is_same(&constants->slots[at], hash, value, text))
        at = (at + 1) & constants->mask;
    return at;
}

static bool hash_of(const struct constants *constants, const json_t *value,
                    struct slice text, uint64_t *hash)
{
    if (!json_is_string(value))
        return value_hash(value, constants->seed, hash);
    *hash = value_hash_text(text, constants->seed);
    return true;
}

struct constants *constants_new(struct arena *arena, const json_t *values)
{
    const size_t count = json_array_size(values);
    struct constants *constants;
    size_t size = 4;

    while (size < 2 * count)
        size *= 2;
    constants = arena_alloc(arena, sizeof(*constants) +
                                       size * sizeof(constants->slots[0]));
    if (constants == NULL)
        return NULL;
    memset(constants->slots, 0, size * sizeof(constants->slots[0]));
    constants->mask = size - 1;
    /* before the kernel's pool is ready an address must do as a seed */
    if (getrandom(&constants->seed, sizeof(constants->seed), GRND_NONBLOCK) !=
        (ssize_t)sizeof(constants->seed))
        constants->seed = (uint64_t)(uintptr_t)constants;
    for (size_t i = 0; i < count; i++) {
        const json_t *value = json_array_get(values, i);
        const struct slice text =
            json_is_string(value) ? value_text(value) : SLICE_ABSENT;
        uint64_t hash;

        if (hash_of(constants, value, text, &hash))
            constants->slots[place_of(constants, hash, value, text)] =
                (struct constant){hash, value};
    }
    return constants;
}

enum value_match constants_find(const struct constants *constants,
                                const json_t *value, struct slice text)
{
    uint64_t hash;

    if (!hash_of(constants, value, text, &hash))
        return VALUE_TOO_DEEP;
    return constants->slots[place_of(constants, hash, value, text)].value ==
                   NULL
               ? VALUE_DIFFERENT
               : VALUE_EQUAL;
}
