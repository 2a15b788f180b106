/*
 * apply.h - instructions that hand the value, or parts of it, to schemas
 *
 * One function for each. Those that need all of their parts to hold go on
 * after a failure if failures are collected. Once the run is exhausted none
 * holds, so that it ends.
 */
#ifndef SCHEMA_APPLY_H
#define SCHEMA_APPLY_H

#include "schema/evaluate.h"

#define APPLIES(name)                                                          \
    bool name(struct run *run, const struct insn *insn, const json_t *value)

APPLIES(apply_names);
APPLIES(apply_prefix);
APPLIES(apply_items);
APPLIES(apply_contains);
APPLIES(apply_ref);
APPLIES(apply_dynamic_ref);
APPLIES(apply_all_of);
APPLIES(apply_any_of);
APPLIES(apply_one_of);
APPLIES(apply_not);
APPLIES(apply_if);
APPLIES(apply_dependent_schema);
APPLIES(apply_unevaluated_items);

#undef APPLIES

/* How many items "contains" finds, up to `enough`. */
size_t apply_count(struct run *run, const struct insn *insn,
                   const json_t *array, size_t enough);

#endif
