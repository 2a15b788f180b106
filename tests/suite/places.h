/*
 * places.h - do the locations that an error has lead anywhere?
 *
 * Knows the schema documents that a test can end in (its own, the suite's
 * remotes, the draft's metaschemas), each under its URI and under every
 * "$id" in it. How a location is followed is written anew here, on purpose:
 * this judges what bridge/schema/ says.
 *
 * Sources: RFC 6901; JSON Schema Core, section 12.3.
 * Threads: one.
 */
#ifndef SUITE_PLACES_H
#define SUITE_PLACES_H

#include "base/arena.h"
#include "base/fault.h"
#include "schema/schema.h"

#include <jansson.h>

struct place;

struct places {
    struct arena arena;
    struct place *first;
    const struct places *more; /* looked through afterwards; may be NULL */
    json_t *documents;         /* NULL, or an array that keeps them */
};

#define PLACES_INIT(others) {ARENA_INIT(4096, 1 << 24), NULL, (others), NULL}

/* Adds a document, which is kept. FAULT_NOMEM. */
int places_add(struct places *places, const char *uri, json_t *document,
               struct fault *why);

/* Adds each *.json in and below a folder. FAULT_IO, FAULT_CONFIG. */
int places_add_folder(struct places *places, const char *base, const char *dir,
                      struct fault *why);

/* Adds the metaschemas that are compiled in. */
int places_add_metaschemas(struct places *places, struct fault *why);

void places_release(struct places *places);

/* FAULT_SCHEMA: which of the error's locations leads nowhere. */
int places_check(const struct places *places, const json_t *document,
                 const struct schema_error *error, struct fault *why);

#endif
