/*
 * meta.h - checking schemas against their metaschemas
 *
 * Errors name document and JSON Pointer. FAULT_CONFIG, FAULT_NOMEM.
 */
#ifndef SCHEMA_META_H
#define SCHEMA_META_H

#include "schema/set.h"

/* Against the draft's metaschemas of the vocabularies that the document is
 * written in. Whatever comes after this can rely on the form of keywords. */
int meta_check_draft(struct schema_set *set, const struct document *document,
                     struct fault *why);

/* Against a metaschema of its own, if it names one: in the compiled set. */
int meta_check_own(const struct schema_set *set,
                   const struct document *document, struct fault *why);

#endif
