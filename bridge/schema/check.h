/*
 * check.h - instructions that look at the value itself
 *
 * Each holds or does not; the caller has made sure that the value's type is
 * one that the instruction applies to.
 */
#ifndef SCHEMA_CHECK_H
#define SCHEMA_CHECK_H

#include "schema/evaluate.h"

#define CHECKS(name)                                                           \
    bool name(struct run *run, const struct insn *insn, const json_t *value)

CHECKS(check_const);
CHECKS(check_enum);
CHECKS(check_minimum);
CHECKS(check_maximum);
CHECKS(check_exclusive_minimum);
CHECKS(check_exclusive_maximum);
CHECKS(check_multiple_of);
CHECKS(check_min_length);
CHECKS(check_max_length);
CHECKS(check_format);
CHECKS(check_pattern);
CHECKS(check_min_items);
CHECKS(check_max_items);
CHECKS(check_unique_items);
CHECKS(check_min_properties);
CHECKS(check_max_properties);
CHECKS(check_dependent_required);

#undef CHECKS

#endif
