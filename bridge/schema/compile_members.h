/*
 * compile_members.h - keywords that name an object's members
 *
 * As in compile_assert.h. It stands for "required", "properties",
 * "patternProperties" and "additionalProperties", and does all of them when
 * it is called for the first.
 */
#ifndef SCHEMA_COMPILE_MEMBERS_H
#define SCHEMA_COMPILE_MEMBERS_H

#include "schema/compile.h"

int compile_members(struct compiler *c, const json_t *value, struct fault *why);

#endif
