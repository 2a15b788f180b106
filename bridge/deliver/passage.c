/*
 * passage.c - one record on its way to Kafka
 */
#include "deliver/passage.h"

#include <stdlib.h>

struct passage *passage_new(struct channel *ch, int64_t hash, struct fault *why)
{
    struct passage *pg = calloc(1, sizeof(*pg));

    if (pg == NULL) {
        fault_set(why, FAULT_NOMEM, "cannot allocate a passage");
        return NULL;
    }
    flight_init(&pg->flight);
    pg->hash = hash;
    pg->partition = channel_partition(ch, hash);
    pg->stripe = channel_stripe(ch, hash);
    return pg;
}

void passage_free(struct passage *pg)
{
    if (pg == NULL)
        return;
    if (pg->roll != NULL)
        roll_remove(pg->roll, pg);
    flight_release(&pg->flight);
    free(pg);
}
