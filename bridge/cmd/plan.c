/*
 * plan.c - which event is sent when, and over which connection; see plan.h
 *
 * Key k belongs to connection k mod connections.
 */
#include "cmd/plan.h"

enum { SECOND_US = 1000000 };

int64_t plan_total(const struct plan *plan)
{
    return plan->rounds * plan->bodies;
}

int64_t plan_body(const struct plan *plan, int64_t n)
{
    return n % plan->bodies;
}

int64_t plan_key(const struct plan *plan, int64_t n)
{
    return plan->keys == 0 ? -1 : n / plan->bodies % plan->keys;
}

int64_t plan_first(const struct plan *plan, int64_t connection)
{
    return connection < plan->keys ? connection * plan->bodies
                                   : plan_total(plan);
}

int64_t plan_next(const struct plan *plan, int64_t n)
{
    int64_t round = n / plan->bodies;
    int64_t key = plan_key(plan, n);

    if ((n + 1) % plan->bodies != 0)
        return n + 1;
    /* the connection's next key, or its first one again */
    if (key + plan->connections < plan->keys)
        round += plan->connections;
    else
        round += plan->keys - key + key % plan->connections;
    return round * plan->bodies;
}

/* In two parts, which cannot overflow. */
int64_t plan_due_us(const struct plan *plan, int64_t n)
{
    return n / plan->rate * SECOND_US + n % plan->rate * SECOND_US / plan->rate;
}
