/*
 * fast.h - yes or no, and nothing else
 *
 * The same instructions as evaluate.h runs, without a trail: where one fails
 * all is over. It decides what can be decided without a call by itself, sends
 * a value only to those alternatives that its form leaves open, and leaves
 * the rest to the functions of check.h. A set with dynamic references has no
 * fast path, because these depend on the trail.
 */
#ifndef SCHEMA_FAST_H
#define SCHEMA_FAST_H

#include "schema/evaluate.h"

enum schema_verdict fast_check(const struct schema *schema,
                               const json_t *document,
                               struct schema_scratch *scratch);

#endif
