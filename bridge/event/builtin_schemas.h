/*
 * builtin_schemas.h - the files of schemas/, compiled in
 */
#ifndef EVENT_BUILTIN_SCHEMAS_H
#define EVENT_BUILTIN_SCHEMAS_H

#include "base/embedded.h"

extern const struct embedded_file builtin_schemas[];
extern const size_t builtin_schemas_count;

#endif
