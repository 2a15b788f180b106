/*
 * cycle.h - schemas that would go round for ever
 *
 * A schema may refer to itself for a part of the value, which gets smaller
 * each time. Where it comes back to itself for the very same value, no
 * document could ever be judged; such a set is refused.
 */
#ifndef SCHEMA_CYCLE_H
#define SCHEMA_CYCLE_H

#include "schema/set.h"

/* FAULT_CONFIG names a reference on the circle. FAULT_NOMEM. */
int cycle_check(const struct schema_set *set, struct fault *why);

#endif
