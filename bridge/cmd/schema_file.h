/*
 * schema_file.h - a schema of somebody's own, with all that it refers to
 *
 * The file is known under the file URI of its absolute path, and its folder
 * is where relative references lead: to files beside it and below. What else
 * it refers to is mapped to folders, or not there; nothing is ever fetched.
 */
#ifndef CMD_SCHEMA_FILE_H
#define CMD_SCHEMA_FILE_H

#include "base/buf.h"
#include "base/fault.h"
#include "schema/schema.h"

struct schema_file {
    struct schema_set *set;    /* owns all of it */
    const struct schema *root; /* what the file is */
};

/*
 * Loads and compiles. `bases`, ended by NULL, are texts "URI=DIR": what is
 * referred to under the URI, which ends in '/', is a file in the folder.
 * Unknown keywords and formats are annotations, as in the draft, and errors
 * quote values. On success the caller releases *out.
 * FAULT_USAGE: a base is not that. FAULT_IO, FAULT_CONFIG: as in schema.h.
 */
int schema_file_load(struct schema_file *out, const char *path,
                     enum schema_format format, const char *const *bases,
                     struct fault *why);
void schema_file_release(struct schema_file *sf); /* a zeroed one is fine */

/* Adds the file URI of an absolute path. FAULT_NOMEM, FAULT_TOO_LARGE. */
int schema_file_uri(struct buf *out, const char *path, struct fault *why);

#endif
