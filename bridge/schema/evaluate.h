/*
 * evaluate.h - running instructions over a document
 *
 * descend() judges one value by one schema; the instructions' own functions
 * (check.c, apply.c) call it for parts of the value and for further schemas.
 * With `explain` failures are collected (explain.c). Without it it stops at the
 * first one; that is for sets with dynamic references, for the others there is
 * fast.h.
 *
 * Threads have little stack, so the recursion carries as little as it can:
 * the trail that led here, of which errors are made, is in the scratch. The
 * depth is bounded, and so is the number of values looked at, lest a schema
 * of nested choices take for ever.
 */
#ifndef SCHEMA_EVALUATE_H
#define SCHEMA_EVALUATE_H

#include "format/regex.h"
#include "schema/marks.h"
#include "schema/number.h"
#include "schema/program.h"
#include "schema/schema.h"
#include "schema/set.h"
#include "schema/unique.h"

struct explanation; /* explain.h */

/* One schema on the way from the document's root to the value in hand. */
struct step {
    const struct schema *schema;
    const struct insn *via; /* who sent us here; NULL at the root */
    const char *key;        /* the member, or NULL */
    size_t at;              /* its key's length; else an array's index */
};

struct schema_scratch {
    struct regex_scratch *regex;
    struct unique unique;
    struct marks_room marks;
    unsigned depth; /* steps in the trail */
    struct step trail[];
};

struct run {
    struct schema_scratch *scratch;
    struct explanation *explain; /* NULL: yes or no is enough */
    const struct insn *insns;
    uint32_t depth;  /* of the trail */
    uint32_t steps;  /* left */
    uint32_t quiet;  /* above zero: a failure here need not be one */
    uintptr_t floor; /* the stack does not go below it */
    bool traced; /* the trail is wanted: for errors, or dynamic references */
    bool exhausted;
    struct slice name;   /* what EVALUATE_NAME stands for */
    struct slice text;   /* of the value in hand, if it is a string */
    struct marks *marks; /* of the value in hand; NULL: nobody asks */
};

/*
 * Stands for a member's name while "propertyNames" looks at it, because a
 * json_t of its own would have to be allocated.
 */
extern const json_t EVALUATE_NAME;

/* The text of a string, or of the name. */
struct slice evaluate_text(const struct run *run, const json_t *string);

/* Are failures collected here, so that all of them are wanted? */
static inline bool evaluate_collects(const struct run *run)
{
    return run->explain != NULL && run->quiet == 0;
}

/* What could not be found out does not match, and the run knows. */
static inline bool evaluate_matches(struct run *run, const struct regex *regex,
                                    struct slice text)
{
    const enum regex_answer answer =
        regex_search(regex, text, run->scratch->regex);

    if (answer == REGEX_EXHAUSTED)
        run->exhausted = true;
    return answer == REGEX_MATCH;
}

/* Stacks grow down wherever this runs. */
static inline uintptr_t evaluate_stack(void)
{
    return (uintptr_t)__builtin_frame_address(0);
}

static inline uintptr_t evaluate_floor(const struct schema_set *set)
{
    const uintptr_t here = evaluate_stack();

    return here > set->stack ? here - set->stack : 0;
}

static inline bool evaluate_has_type(const struct schema *schema,
                                     const json_t *value)
{
    if ((schema->types & TYPE_BIT(json_typeof(value))) != 0)
        return true;
    return (schema->types & TYPES_WHOLE_REAL) != 0 && json_is_real(value) &&
           number_is_whole(value);
}

/* How many members or items. */
static inline size_t evaluate_part_count(const json_t *value)
{
    return json_is_array(value) ? json_array_size(value)
                                : json_object_size(value);
}

bool descend_into(struct run *run, const struct schema *schema,
                  const json_t *value, const struct insn *via, const char *key,
                  size_t at);

/*
 * Judges `value`, a part of the one in hand, by `schema`, to which the
 * instruction `via` led by way of a member (`key`, `at` its length) or an
 * array's index (`key` NULL).
 */
static inline bool descend(struct run *run, const struct schema *schema,
                           const json_t *value, const struct insn *via,
                           const char *key, size_t at)
{
    if (!run->traced)
        schema = schema->shortcut;
    if (schema->count == 0 && run->explain == NULL)
        return evaluate_has_type(schema, value);
    return descend_into(run, schema, value, via, key, at);
}

/* The same where failure is no error by itself, so nothing is collected. */
bool descend_quietly(struct run *run, const struct schema *schema,
                     const json_t *value, const struct insn *via,
                     const char *key, size_t at);

/* Judges the value in hand by a further schema, the `at`th of several. What
 * that evaluates counts here. */
bool descend_here(struct run *run, const struct schema *schema,
                  const json_t *value, const struct insn *via, size_t at);

/* The same for one that may fail. What it evaluates counts if it holds. */
bool descend_branch(struct run *run, const struct schema *schema,
                    const json_t *value, const struct insn *via, size_t at);

/* From the root. `explain` may be NULL. */
enum schema_verdict evaluate(const struct schema *schema,
                             const json_t *document,
                             struct schema_scratch *scratch,
                             struct explanation *explain);

#endif
