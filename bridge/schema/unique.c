#include "schema/unique.h"

#include <stdlib.h>
#include <sys/random.h>

enum {
    PAIRWISE_MAX = 16,        /* up to here comparing pairs is cheaper */
    KEPT_SLOTS_MAX = 1 << 12, /* a larger table goes when it was used */
    SLOTS_MAX = 1 << 22       /* four million: far beyond what a body holds */
};

void unique_init(struct unique *unique)
{
    unique->slots = NULL;
    unique->capacity = 0;
    /* Before the kernel's pool is ready an address must do as a seed. */
    if (getrandom(&unique->seed, sizeof(unique->seed), GRND_NONBLOCK) !=
        (ssize_t)sizeof(unique->seed))
        unique->seed = (uint64_t)(uintptr_t)unique;
}

void unique_release(struct unique *unique)
{
    free(unique->slots);
    unique->slots = NULL;
    unique->capacity = 0;
}

static enum value_match check_pairs(const json_t *array, size_t size)
{
    size_t i, j;

    for (i = 1; i < size; i++) {
        for (j = 0; j < i; j++) {
            enum value_match match = value_compare(json_array_get(array, i),
                                                   json_array_get(array, j));

            if (match != VALUE_DIFFERENT)
                return match;
        }
    }
    return VALUE_DIFFERENT;
}

/* An empty table at most half full with `items`. */
static int prepare(struct unique *unique, size_t items)
{
    size_t capacity = 4 * PAIRWISE_MAX;

    while (capacity < 2 * items && capacity < SLOTS_MAX)
        capacity *= 2;
    if (capacity < 2 * items)
        return -1;
    if (capacity > unique->capacity) {
        unique_release(unique);
        unique->slots = calloc(capacity, sizeof(*unique->slots));
        if (unique->slots == NULL)
            return -1;
        unique->capacity = capacity;
        return 0;
    }
    memset(unique->slots, 0, unique->capacity * sizeof(*unique->slots));
    return 0;
}

static enum value_match insert(struct unique *unique, const json_t *item)
{
    size_t mask = unique->capacity - 1, at;
    uint64_t hash;

    if (!value_hash(item, unique->seed, &hash))
        return VALUE_TOO_DEEP;
    for (at = hash & mask; unique->slots[at].item != NULL;
         at = (at + 1) & mask) {
        enum value_match match;

        if (unique->slots[at].hash != hash)
            continue;
        match = value_compare(unique->slots[at].item, item);
        if (match != VALUE_DIFFERENT)
            return match;
    }
    unique->slots[at].hash = hash;
    unique->slots[at].item = item;
    return VALUE_DIFFERENT;
}

enum value_match unique_check(struct unique *unique, const json_t *array)
{
    enum value_match match = VALUE_DIFFERENT;
    size_t i, size = json_array_size(array);

    if (size <= PAIRWISE_MAX)
        return check_pairs(array, size);
    if (prepare(unique, size) == -1)
        return VALUE_TOO_DEEP;
    for (i = 0; i < size && match == VALUE_DIFFERENT; i++)
        match = insert(unique, json_array_get(array, i));
    if (unique->capacity > KEPT_SLOTS_MAX)
        unique_release(unique);
    return match;
}
