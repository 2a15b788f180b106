/*
 * compile_apply.h - keywords that hold or name other schemas
 *
 * As in compile_assert.h, one function for each. What the schemas themselves
 * look like was checked when they were indexed.
 */
#ifndef SCHEMA_COMPILE_APPLY_H
#define SCHEMA_COMPILE_APPLY_H

#include "schema/compile.h"

#define COMPILES(name)                                                         \
    int name(struct compiler *c, const json_t *value, struct fault *why)

COMPILES(compile_property_names);
COMPILES(compile_prefix_items);
COMPILES(compile_items);
COMPILES(compile_contains);
COMPILES(compile_all_of);
COMPILES(compile_any_of);
COMPILES(compile_one_of);
COMPILES(compile_not);
COMPILES(compile_if);
COMPILES(compile_dependencies);
COMPILES(compile_other_items);
COMPILES(compile_other_members);

#undef COMPILES

#endif
