/*
 * explain.h - from failures to errors that people can read
 *
 * While an evaluation runs with an explanation, it reports each failed claim
 * here, and the trail in its scratch tells where that was. A keyword that
 * only passes its values on ("properties", "$ref", "allOf") has no error of
 * its own, those of the schemas behind it say all there is to say. Where a
 * choice failed ("anyOf", "oneOf") its own error is followed by those of the
 * alternatives.
 */
#ifndef SCHEMA_EXPLAIN_H
#define SCHEMA_EXPLAIN_H

#include "base/buf.h"
#include "schema/evaluate.h"

struct explanation {
    struct schema_report *report;
    struct arena *arena;
    size_t max;      /* errors wanted */
    bool reveal;     /* values may be shown */
    struct buf text; /* to build one text in, again and again */
    struct fault fault;
};

/* The value has none of the types that `schema` allows. */
void explain_type(struct run *run, const struct schema *schema,
                  const json_t *value);

/* The value in hand has no member of that name. */
void explain_missing(struct run *run, struct slice name);

/* The instruction `insn` of `schema` does not hold. */
void explain_failure(struct run *run, const struct schema *schema,
                     const struct insn *insn, const json_t *value);

#endif
