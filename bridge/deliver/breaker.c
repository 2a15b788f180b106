/*
 * breaker.c - is it worth waiting for Kafka?
 */
#include "deliver/breaker.h"

bool breaker_confirmed(struct breaker *br, int64_t now_us)
{
    atomic_store(&br->confirmed_us, now_us);
    /* looking first: a store for each event would make the workers' cores
     * fight for the line */
    return atomic_load(&br->open) && atomic_exchange(&br->open, false);
}

/*
 * A confirmation that comes between the two steps may find the breaker
 * closed and leave it to be opened. The next one closes it again, and there is
 * one to come: this record is not confirmed yet.
 */
bool breaker_missed(struct breaker *br, int64_t sent_us)
{
    if (atomic_load(&br->confirmed_us) >= sent_us)
        return false;
    return !atomic_exchange(&br->open, true);
}

bool breaker_trip(struct breaker *br)
{
    return !atomic_exchange(&br->open, true);
}

bool breaker_reset(struct breaker *br)
{
    return atomic_exchange(&br->open, false);
}

bool breaker_is_open(struct breaker *br) { return atomic_load(&br->open); }
