/*
 * routes.h - which topic an event type goes to
 *
 * A list of patterns, '*' standing for any characters; the first match wins.
 * A type without a schema goes to the topic for others whatever the list
 * says: the other topics hold validated events only.
 *
 * Threads: immutable once made.
 */
#ifndef EVENT_ROUTES_H
#define EVENT_ROUTES_H

#include "base/config.h"
#include "base/fault.h"
#include "base/slice.h"

#include <stdbool.h>
#include <stddef.h>

struct routes;

/* Copies. `other` is for types without a schema and for types that no
 * pattern matches. FAULT_NOMEM. */
int routes_new(struct routes **out, const struct config_pairs *patterns,
               const char *other, struct fault *why);
void routes_free(struct routes *routes); /* NULL is fine */

/* Never NULL; the text belongs to `routes`. */
const char *routes_topic(const struct routes *routes, struct slice type,
                         bool has_schema);

/* Every topic that an event can be routed to, each once. */
size_t routes_topic_count(const struct routes *routes);
const char *routes_topic_at(const struct routes *routes, size_t index);

#endif
