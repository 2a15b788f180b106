/*
 * passage.c - one record on its way to Kafka
 */
#include "deliver/passage.h"

#include <stdlib.h>

struct passage *passage_new(struct partition *pt, struct stripe *stripe,
                            struct fault *why)
{
    struct passage *pg = calloc(1, sizeof(*pg));

    if (pg == NULL) {
        fault_set(why, FAULT_NOMEM, "cannot allocate a passage");
        return NULL;
    }
    flight_init(&pg->flight);
    pg->partition = pt;
    pg->stripe = stripe;
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
