/*
 * names.h - which schemas there are, and what they are called
 *
 * Walks the documents where the draft puts schemas, and nowhere else: an
 * "$id" inside "const", "enum" or an annotation is data. On the way it knows
 * every keyword or refuses it.
 *
 * A schema can be reached under each resource that encloses it, and at the
 * top of a document under its retrieval URI as well as its "$id".
 */
#ifndef SCHEMA_NAMES_H
#define SCHEMA_NAMES_H

#include "base/buf.h"
#include "schema/set.h"

/*
 * Adds the schemas of a document to set->sources and set->index, having
 * checked its form. FAULT_CONFIG, FAULT_NOMEM, and what dialect_of() has.
 */
int names_index(struct schema_set *set, const struct document *document,
                struct fault *why);

/*
 * Adds the form in which the index knows an absolute URI: the fragment
 * percent-decoded, and no '#' where it is empty. FAULT_CONFIG: it cannot be
 * decoded.
 */
int names_locate(struct buf *location, struct slice uri, struct fault *why);

#endif
