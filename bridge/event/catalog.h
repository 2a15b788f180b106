/*
 * catalog.h - the event schemas, by event type
 *
 * A folder of JSON Schema files: a file's stem is its event type
 * ("widget.click.json"), "envelope.json" applies to every type. Without a
 * folder the schemas that are compiled in are used.
 *
 * Threads: loaded once, immutable, shared; each thread has its scratch.
 */
#ifndef EVENT_CATALOG_H
#define EVENT_CATALOG_H

#include "base/arena.h"
#include "base/fault.h"
#include "base/slice.h"
#include "event/event.h"
#include "schema/schema.h"

#include <stddef.h>

struct catalog;

/*
 * Loads and compiles. `dir` NULL: the built-in schemas.
 * FAULT_IO, FAULT_CONFIG: names the file, the JSON Pointer and what was
 * expected; also when envelope.json is missing.
 */
int catalog_load(struct catalog **out, const char *dir, struct fault *why);
void catalog_free(struct catalog *catalog); /* NULL is fine */

/* Types that have a schema, without the envelope; sorted by name. */
size_t catalog_type_count(const struct catalog *catalog);
const char *catalog_type(const struct catalog *catalog, size_t index);

/* The index of a type, -1 for one without a schema. */
int catalog_find(const struct catalog *catalog, struct slice type);

/* What a thread needs to check events. */
int catalog_scratch_new(struct schema_scratch **out,
                        const struct catalog *catalog, struct fault *why);

/*
 * Checks an event against the envelope, then against its type's schema if
 * it has one. FAULT_SCHEMA: *report, made in `arena`, has up to
 * LIMIT_SCHEMA_ERRORS errors (the envelope's, or else the type's) and the
 * text is a sentence about the first, without values. FAULT_UNDECIDED: a limit
 * was reached before it was known (it does not count as valid); the same.
 * FAULT_NOMEM.
 */
int catalog_check(const struct catalog *catalog, const struct event *event,
                  struct schema_scratch *scratch, struct arena *arena,
                  struct schema_report *report, struct fault *why);

#endif
