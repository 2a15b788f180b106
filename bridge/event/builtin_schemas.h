/*
 * builtin_schemas.h - the files of schemas/, compiled in
 *
 * So that the bare binary works anywhere. The definitions are generated at
 * build time.
 */
#ifndef EVENT_BUILTIN_SCHEMAS_H
#define EVENT_BUILTIN_SCHEMAS_H

#include <stddef.h>

struct builtin_schema {
    const char *name; /* the file's: "widget.click.json" */
    const char *text; /* terminated; the NUL does not count */
    size_t len;
};

extern const struct builtin_schema builtin_schemas[];
extern const size_t builtin_schema_count;

#endif
