/*
 * apply_members.h - instructions about an object's members
 *
 * As those of apply.h.
 */
#ifndef SCHEMA_APPLY_MEMBERS_H
#define SCHEMA_APPLY_MEMBERS_H

#include "schema/evaluate.h"

bool apply_members(struct run *run, const struct insn *insn,
                   const json_t *value);
bool apply_unevaluated_properties(struct run *run, const struct insn *insn,
                                  const json_t *value);

#endif
