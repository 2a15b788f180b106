#include "schema/evaluate.h"
#include "base/limits.h"

#include "format/regex.h"
#include "schema/apply.h"
#include "schema/apply_members.h"
#include "schema/check.h"
#include "schema/explain.h"
#include "schema/fast.h"
#include "schema/number.h"
#include "schema/set.h"
#include "schema/value.h"

#include <stdlib.h>

const json_t EVALUATE_NAME = {JSON_STRING, (size_t)-1};

static bool (*const applies[OP_COUNT])(struct run *run, const struct insn *insn,
                                       const json_t *value) = {
    [OP_MEMBERS] = apply_members,
    [OP_NAMES] = apply_names,
    [OP_PREFIX] = apply_prefix,
    [OP_ITEMS] = apply_items,
    [OP_CONTAINS] = apply_contains,
    [OP_REF] = apply_ref,
    [OP_DYNAMIC_REF] = apply_dynamic_ref,
    [OP_ALL_OF] = apply_all_of,
    [OP_ANY_OF] = apply_any_of,
    [OP_ONE_OF] = apply_one_of,
    [OP_NOT] = apply_not,
    [OP_IF] = apply_if,
    [OP_DEPENDENT_SCHEMA] = apply_dependent_schema,
    [OP_UNEVALUATED_ITEMS] = apply_unevaluated_items,
    [OP_UNEVALUATED_PROPERTIES] = apply_unevaluated_properties,
};

struct slice evaluate_text(const struct run *run, const json_t *string)
{
    return string == &EVALUATE_NAME ? run->name : value_text(string);
}

static bool needs_all(const struct insn *insn)
{
    return insn->op == OP_UNEVALUATED_ITEMS ||
           insn->op == OP_UNEVALUATED_PROPERTIES;
}

static bool claims_hold(struct run *run, const struct schema *schema,
                        const json_t *value)
{
    const struct insn *insn = run->insns + schema->first;
    const struct insn *end = insn + schema->count;
    const unsigned type = TYPE_BIT(json_typeof(value));
    bool ok = true;

    if (type == TYPES_STRING)
        run->text = evaluate_text(run, value);
    for (; insn < end; insn++) {
        if ((insn->applies & type) == 0)
            continue;
        /* what a failed claim would have evaluated is not known */
        if (!ok && needs_all(insn))
            continue;
        if (check_is_for(insn) ? check_claim(run, insn, value)
                               : applies[insn->op](run, insn, value))
            continue;
        ok = false;
        if (!evaluate_collects(run))
            return false;
        explain_failure(run, schema, insn, value);
    }
    return ok;
}

/* The schema wants to know what was evaluated, and its neighbours' affairs are
 * none of its own. */
static bool claims_hold_tracking(struct run *run, const struct schema *schema,
                                 const json_t *value)
{
    struct marks *outer = run->marks;
    struct marks mine;
    bool ok;

    if (marks_begin(&mine, &run->scratch->marks, evaluate_part_count(value)) ==
        -1) {
        run->exhausted = true;
        return false;
    }
    run->marks = &mine;
    ok = claims_hold(run, schema, value);
    run->marks = outer;
    if (ok && outer != NULL)
        marks_add(outer, &mine);
    marks_end(&mine, &run->scratch->marks);
    return ok;
}

static bool judge(struct run *run, const struct schema *schema,
                  const json_t *value)
{
    if (!evaluate_has_type(schema, value)) {
        /* Whatever else is wrong follows from this. */
        if (evaluate_collects(run))
            explain_type(run, schema, value);
        return false;
    }
    if ((schema->tracks & TYPE_BIT(json_typeof(value))) != 0)
        return claims_hold_tracking(run, schema, value);
    return claims_hold(run, schema, value);
}

static bool enter(struct run *run, const struct schema *schema,
                  const json_t *value, const struct insn *via, const char *key,
                  size_t at)
{
    const uint32_t depth = run->depth;
    bool ok;

    if (!run->traced)
        schema = schema->shortcut;
    if (depth == run->scratch->depth || evaluate_stack() < run->floor ||
        run->steps == 0)
        run->exhausted = true;
    if (run->exhausted)
        return false;
    run->steps--;
    run->depth = depth + 1;
    if (run->traced)
        run->scratch->trail[depth] = (struct step){schema, via, key, at};
    ok = judge(run, schema, value);
    run->depth = depth;
    return ok;
}

bool descend_into(struct run *run, const struct schema *schema,
                  const json_t *value, const struct insn *via, const char *key,
                  size_t at)
{
    struct marks *marks = run->marks;
    bool ok;

    run->marks = NULL;
    ok = enter(run, schema, value, via, key, at);
    run->marks = marks;
    return ok;
}

bool descend_quietly(struct run *run, const struct schema *schema,
                     const json_t *value, const struct insn *via,
                     const char *key, size_t at)
{
    bool ok;

    run->quiet++;
    ok = descend(run, schema, value, via, key, at);
    run->quiet--;
    return ok;
}

bool descend_here(struct run *run, const struct schema *schema,
                  const json_t *value, const struct insn *via, size_t at)
{
    return enter(run, schema, value, via, NULL, at);
}

bool descend_branch(struct run *run, const struct schema *schema,
                    const json_t *value, const struct insn *via, size_t at)
{
    struct marks *outer = run->marks;
    struct marks mine;
    bool ok;

    if (outer == NULL)
        return descend_quietly(run, schema, value, via, NULL, at);
    if (marks_begin(&mine, &run->scratch->marks, outer->count) == -1) {
        run->exhausted = true;
        return false;
    }
    run->marks = &mine;
    run->quiet++;
    ok = enter(run, schema, value, via, NULL, at);
    run->quiet--;
    run->marks = outer;
    if (ok)
        marks_add(outer, &mine);
    marks_end(&mine, &run->scratch->marks);
    return ok;
}

enum schema_verdict evaluate(const struct schema *schema,
                             const json_t *document,
                             struct schema_scratch *scratch,
                             struct explanation *explain)
{
    struct run run = {.scratch = scratch,
                      .explain = explain,
                      .insns = schema->set->insns,
                      .floor = evaluate_floor(schema->set),
                      .traced = explain != NULL || schema->set->dynamic,
                      .steps = LIMIT_SCHEMA_STEPS};
    bool ok;

    regex_scratch_reset(scratch->regex);
    ok = enter(&run, schema, document, NULL, NULL, 0);

    if (run.exhausted)
        return SCHEMA_EXHAUSTED;
    return ok ? SCHEMA_VALID : SCHEMA_INVALID;
}

enum schema_verdict schema_check(const struct schema *schema,
                                 const json_t *document,
                                 struct schema_scratch *scratch)
{
    return schema->set->dynamic ? evaluate(schema, document, scratch, NULL)
                                : fast_check(schema, document, scratch);
}

int schema_scratch_new(struct schema_scratch **out,
                       const struct schema_set *set, struct fault *why)
{
    struct schema_scratch *scratch =
        calloc(1, sizeof(*scratch) + set->depth * sizeof(scratch->trail[0]));

    if (scratch == NULL)
        return fault_set(why, FAULT_NOMEM, "cannot allocate a scratch");
    scratch->depth = set->depth;
    unique_init(&scratch->unique);
    if (regex_scratch_new(&scratch->regex, why) == -1) {
        schema_scratch_free(scratch);
        return -1;
    }
    *out = scratch;
    return 0;
}

void schema_scratch_free(struct schema_scratch *scratch)
{
    if (scratch == NULL)
        return;
    regex_scratch_free(scratch->regex);
    unique_release(&scratch->unique);
    free(scratch);
}
