/*
 * fast_parts.h - what the files of the fast path share
 *
 * Only they include it. Functions that keep more than a few words on the
 * stack, or are called rarely, are kept out of the others' way: NOINLINE.
 */
#ifndef SCHEMA_FAST_PARTS_H
#define SCHEMA_FAST_PARTS_H

#include "schema/evaluate.h"
#include "schema/fast.h"
#include "schema/value.h"

#define NOINLINE __attribute__((noinline))

/* What goes down with a value: two words, so it is passed in registers. */
struct way {
    struct run *run;
    struct marks *marks; /* of the value in hand; NULL: nobody asks */
};

#define HOLDS(name)                                                            \
    bool name(struct way way, const struct insn *insn, const json_t *value)

/* fast_members.c */
HOLDS(fast_members);
HOLDS(fast_names);
HOLDS(fast_unevaluated_members);

/* fast_items.c */
HOLDS(fast_prefix);
HOLDS(fast_items);
HOLDS(fast_contains);
HOLDS(fast_unevaluated_items);

/* fast_here.c: further schemas for the same value */
HOLDS(fast_here);
HOLDS(fast_any_of);
HOLDS(fast_one_of);
HOLDS(fast_not);
HOLDS(fast_if);
HOLDS(fast_dependent_schema);

/* fast_claims.c */
HOLDS(fast_text);
HOLDS(fast_texts);
HOLDS(fast_integer);
HOLDS(fast_length);
HOLDS(fast_lengths);
HOLDS(fast_pattern);
HOLDS(fast_claim);

/* A schema that has claims, and one of whose types the value has. */
bool fast_holds(struct way way, const struct schema *schema,
                const json_t *value);

/* All claims of a schema of that type. */
static inline bool fast_claims_hold(struct way way, const struct schema *schema,
                                    const json_t *value)
{
    const unsigned type = TYPE_BIT(json_typeof(value));
    const struct insn *insn = schema->insns;
    const struct insn *end = insn + schema->count;

    for (; insn < end; insn++)
        if ((insn->fast_applies & type) != 0 && !insn->holds(way, insn, value))
            return false;
    return true;
}

/* A part of the value in hand: what is evaluated there counts for nobody
 * here. */
static inline bool fast_part(struct way way, const struct schema *schema,
                             const json_t *part)
{
    if (!evaluate_has_type(schema, part))
        return false;
    if (schema->count == 0)
        return true;
    way.marks = NULL;
    if (schema->leaf)
        return fast_claims_hold(way, schema, part);
    return fast_holds(way, schema, part);
}

/* The value in hand, by a further schema. */
static inline bool fast_same(struct way way, const struct schema *schema,
                             const json_t *value)
{
    if (!evaluate_has_type(schema, value))
        return false;
    return schema->count == 0 || fast_holds(way, schema, value);
}

#endif
