/*
 * compile_ref.h - keywords that refer to schemas elsewhere
 *
 * As in compile_assert.h. Sources: Core, sections 8.2.3.1 ("$ref") and
 * 8.2.3.2 ("$dynamicRef").
 */
#ifndef SCHEMA_COMPILE_REF_H
#define SCHEMA_COMPILE_REF_H

#include "schema/compile.h"

int compile_ref(struct compiler *c, const json_t *value, struct fault *why);
int compile_dynamic_ref(struct compiler *c, const json_t *value,
                        struct fault *why);

#endif
