/*
 * dialect.h - the vocabularies that a schema is written in
 *
 * Source: Core, section 8.1. A keyword of a vocabulary that the metaschema
 * does not list is an annotation like any that is not known.
 */
#ifndef SCHEMA_DIALECT_H
#define SCHEMA_DIALECT_H

#include "base/fault.h"

#include <jansson.h>
#include <stddef.h>

struct schema_set;

enum vocabulary {
    VOCABULARY_CORE = 1 << 0,
    VOCABULARY_APPLICATOR = 1 << 1,
    VOCABULARY_UNEVALUATED = 1 << 2,
    VOCABULARY_VALIDATION = 1 << 3,
    VOCABULARY_META_DATA = 1 << 4,
    VOCABULARY_FORMAT_ANNOTATION = 1 << 5,
    VOCABULARY_FORMAT_ASSERTION = 1 << 6,
    VOCABULARY_CONTENT = 1 << 7,

    VOCABULARY_FORMAT =
        VOCABULARY_FORMAT_ANNOTATION | VOCABULARY_FORMAT_ASSERTION,
    DIALECT_DRAFT = 0xff & ~VOCABULARY_FORMAT_ASSERTION
};

#define DIALECT_URI "https://json-schema.org/draft/2020-12/schema"
#define DIALECT_VOCABULARY_URI "https://json-schema.org/draft/2020-12/vocab/"

/* Is it the draft's own "$schema", with or without an empty fragment? */
bool dialect_is_draft(const char *uri);

/*
 * The vocabularies of the metaschema that the value of "$schema" names; NULL:
 * there is no "$schema". FAULT_CONFIG: the text says what is wrong with the
 * value, without a place. FAULT_IO, FAULT_NOMEM.
 */
int dialect_of(struct schema_set *set, const json_t *uri, unsigned *dialect,
               struct fault *why);

/* The last part of a vocabulary's URI, and its metaschema's; NULL behind the
 * last one. */
const char *dialect_name(size_t number);

#endif
