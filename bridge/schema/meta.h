/*
 * meta.h - checking schemas against their metaschemas
 *
 * Errors name document and JSON Pointer. FAULT_CONFIG, FAULT_NOMEM.
 */
#ifndef SCHEMA_META_H
#define SCHEMA_META_H

#include "schema/set.h"

/*
 * Checks a resource, a document or one that is embedded there at `pointer`,
 * against what the draft says of the keywords of its dialect. Resources inside
 * of it that name a dialect themselves are left out: each is checked by its
 * own (Core, section 9.3.3). Whatever comes after this can rely on the form of
 * keywords.
 */
int meta_check_draft(struct schema_set *set, const struct document *document,
                     const char *pointer, const json_t *resource,
                     unsigned dialect, struct fault *why);

/* Checks all resources that name a metaschema of somebody's own against it.
 * In a set that is compiled. */
int meta_check_own(const struct schema_set *set, struct fault *why);

/* The sets that the first of the two has made. */
void meta_release(struct schema_set *set);

#endif
