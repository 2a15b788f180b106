/*
 * check.h - instructions that look at the value itself
 */
#ifndef SCHEMA_CHECK_H
#define SCHEMA_CHECK_H

#include "schema/evaluate.h"

/* Is it one of them, and not of those that hand the value to schemas? */
static inline bool check_is_for(const struct insn *insn)
{
    return insn->op < OP_MEMBERS;
}

/*
 * Whether one of them holds. The value's type is one that it applies to; if
 * it is a string, its text is in run->text.
 */
bool check_claim(struct run *run, const struct insn *insn, const json_t *value);

#endif
