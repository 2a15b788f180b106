/*
 * unique.h - are all items of an array different?
 *
 * Few items are compared with each other; many are put into a hash table,
 * whose memory is kept for the next array. So a check of small arrays never
 * allocates, and a large array costs time in proportion to its length.
 */
#ifndef SCHEMA_UNIQUE_H
#define SCHEMA_UNIQUE_H

#include "schema/value.h"

#include <jansson.h>
#include <stddef.h>
#include <stdint.h>

struct unique_slot {
    uint64_t hash;
    const json_t *item; /* NULL: free */
};

struct unique {
    struct unique_slot *slots;
    size_t capacity; /* a power of two, or 0 */
    uint64_t seed;
};

void unique_init(struct unique *unique);
void unique_release(struct unique *unique);

/*
 * VALUE_DIFFERENT: all are. VALUE_EQUAL: two are the same. VALUE_TOO_DEEP:
 * nested too deeply to tell, or there was no memory for the table.
 */
enum value_match unique_check(struct unique *unique, const json_t *array);

#endif
