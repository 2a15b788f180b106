/*
 * link.h - what can be known only once all schemas are compiled
 *
 * Where a schema is nothing but a reference, evaluation goes straight to what
 * that leads to; instructions get what saves them a way.
 */
#ifndef SCHEMA_LINK_H
#define SCHEMA_LINK_H

#include "schema/set.h"

/* The set has no circles. FAULT_NOMEM. */
int link_schemas(struct schema_set *set, struct fault *why);

#endif
