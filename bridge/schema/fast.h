/*
 * fast.h - yes or no, and nothing else
 *
 * The same instructions as evaluate.h runs, without a trail: where one fails
 * all is over. Each has a function that does it, to which it points once it
 * is linked. A value is sent only to those alternatives that its form leaves
 * open. A set with dynamic references has no fast path, because these depend
 * on the trail.
 */
#ifndef SCHEMA_FAST_H
#define SCHEMA_FAST_H

#include "schema/evaluate.h"

enum schema_verdict fast_check(const struct schema *schema,
                               const json_t *document,
                               struct schema_scratch *scratch);

/* Gives the instructions of a compiled schema their functions. */
void fast_link(struct insn *insns, uint32_t count);

#endif
