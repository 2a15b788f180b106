/*
 * metaschemas.h - the draft's metaschemas
 *
 * What keywords look like, as Core (section 8.1.2) and Validation (appendix
 * A) publish it, without titles and comments: the files of metaschemas/,
 * compiled in. "schema.json" is https://json-schema.org/draft/2020-12/schema,
 * any other is under meta/ there, without its suffix.
 */
#ifndef SCHEMA_METASCHEMAS_H
#define SCHEMA_METASCHEMAS_H

#include "base/embedded.h"
#include "base/slice.h"

#define METASCHEMAS_BASE "https://json-schema.org/draft/2020-12/"

enum { METASCHEMAS_URI_MAX = 96 };

extern const struct embedded_file metaschema_files[];
extern const size_t metaschema_files_count;

/* Writes the URI of one. */
void metaschemas_uri(const struct embedded_file *file,
                     char uri[METASCHEMAS_URI_MAX]);

/* NULL: it is none of them. */
const struct embedded_file *metaschemas_find(struct slice uri);

#endif
