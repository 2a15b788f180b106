/*
 * library.h - the documents of a set, and those that it can fetch
 *
 * A document is found under the URI that it was added with, under the "$id"
 * at its top, in the folder that its URI is mapped to, and, if it is one of
 * the draft's metaschemas, in this program. Nothing comes from anywhere else.
 */
#ifndef SCHEMA_LIBRARY_H
#define SCHEMA_LIBRARY_H

#include "schema/set.h"

/*
 * The document with this URI, which has no fragment. NULL: there is none.
 * FAULT_CONFIG, FAULT_IO: there is a file, and it is not usable. FAULT_NOMEM.
 */
int library_find(struct schema_set *set, struct slice uri,
                 struct document **out, struct fault *why);

#endif
