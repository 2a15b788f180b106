/*
 * compile_assert.h - keywords that look at the value itself
 *
 * Each function reads the value of one keyword and adds its instruction, or
 * refuses the value with FAULT_CONFIG.
 */
#ifndef SCHEMA_COMPILE_ASSERT_H
#define SCHEMA_COMPILE_ASSERT_H

#include "schema/compile.h"

#define COMPILES(name)                                                         \
    int name(struct compiler *c, const json_t *value, struct fault *why)

COMPILES(compile_type);
COMPILES(compile_const);
COMPILES(compile_enum);
COMPILES(compile_minimum);
COMPILES(compile_maximum);
COMPILES(compile_exclusive_minimum);
COMPILES(compile_exclusive_maximum);
COMPILES(compile_multiple_of);
COMPILES(compile_min_length);
COMPILES(compile_max_length);
COMPILES(compile_min_items);
COMPILES(compile_max_items);
COMPILES(compile_min_properties);
COMPILES(compile_max_properties);
COMPILES(compile_format);
COMPILES(compile_pattern);
COMPILES(compile_unique_items);

#undef COMPILES

#endif
