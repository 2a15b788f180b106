/*
 * fast.c - yes or no, and nothing else
 */
#include "schema/fast.h"

#include "base/limits.h"
#include "format/regex.h"
#include "schema/fast_parts.h"
#include "schema/set.h"

static NOINLINE bool holds_tracking(struct way way, const struct schema *schema,
                                    const json_t *value)
{
    struct marks_room *room = &way.run->scratch->marks;
    struct marks *outer = way.marks;
    struct marks mine;
    bool ok;

    if (marks_begin(&mine, room, evaluate_part_count(value)) == -1) {
        way.run->exhausted = true;
        return false;
    }
    way.marks = &mine;
    ok = fast_claims_hold(way, schema, value);
    if (ok && outer != NULL)
        marks_add(outer, &mine);
    marks_end(&mine, room);
    return ok;
}

bool fast_holds(struct way way, const struct schema *schema,
                const json_t *value)
{
    struct run *run = way.run;
    bool ok;

    if (run->depth == run->scratch->depth || run->steps == 0 ||
        evaluate_stack() < run->floor)
        run->exhausted = true;
    if (run->exhausted)
        return false;
    run->steps--;
    run->depth++;
    if ((schema->tracks & TYPE_BIT(json_typeof(value))) != 0)
        ok = holds_tracking(way, schema, value);
    else
        ok = fast_claims_hold(way, schema, value);
    run->depth--;
    return ok;
}

enum schema_verdict fast_check(const struct schema *schema,
                               const json_t *document,
                               struct schema_scratch *scratch)
{
    struct run run = {.scratch = scratch,
                      .steps = LIMIT_SCHEMA_STEPS,
                      .floor = evaluate_floor(schema->set)};
    const struct way way = {&run, NULL};
    bool ok;

    regex_scratch_reset(scratch->regex);
    ok = fast_same(way, schema->shortcut, document);

    if (run.exhausted)
        return SCHEMA_EXHAUSTED;
    return ok ? SCHEMA_VALID : SCHEMA_INVALID;
}

static bool (*function_of(enum op op))(struct way way, const struct insn *insn,
                                       const json_t *value)
{
    switch (op) {
    case OP_MEMBERS:
        return fast_members;
    case OP_NAMES:
        return fast_names;
    case OP_PREFIX:
        return fast_prefix;
    case OP_ITEMS:
        return fast_items;
    case OP_CONTAINS:
        return fast_contains;
    case OP_REF:
    case OP_ALL_OF:
        return fast_here;
    case OP_ANY_OF:
        return fast_any_of;
    case OP_ONE_OF:
        return fast_one_of;
    case OP_NOT:
        return fast_not;
    case OP_IF:
        return fast_if;
    case OP_DEPENDENT_SCHEMA:
        return fast_dependent_schema;
    case OP_UNEVALUATED_ITEMS:
        return fast_unevaluated_items;
    case OP_UNEVALUATED_PROPERTIES:
        return fast_unevaluated_members;
    case OP_MIN_LENGTH:
    case OP_MAX_LENGTH:
        return fast_length;
    case OP_PATTERN:
        return fast_pattern;
    default:
        return fast_claim;
    }
}

/* One that a double can be, exactly. */
static bool is_small_integer(const json_t *number)
{
    const json_int_t limit = INT64_C(1) << 53;

    return json_is_integer(number) && json_integer_value(number) <= limit &&
           json_integer_value(number) >= -limit;
}

/* By what its constant is. */
static void specialise(struct insn *insn)
{
    if (insn->op == OP_CONST && json_is_string(insn->u.value)) {
        insn->key = value_text(insn->u.value);
        insn->holds = fast_text;
    } else if (insn->op == OP_ENUM && insn->members != NULL) {
        insn->holds = fast_texts;
    } else if (insn->op >= OP_MINIMUM && insn->op <= OP_EXCLUSIVE_MAXIMUM &&
               is_small_integer(insn->u.value)) {
        insn->integer = json_integer_value(insn->u.value);
        insn->holds = fast_integer;
    }
}

void fast_link(struct insn *insns, uint32_t count)
{
    for (uint32_t i = 0; i < count; i++) {
        struct insn *insn = &insns[i];

        insn->fast_applies = insn->applies;
        insn->holds = function_of(insn->op);
        specialise(insn);
        if (insn->op == OP_MAX_LENGTH && i > 0 &&
            insns[i - 1].op == OP_MIN_LENGTH) {
            insns[i - 1].holds = fast_lengths;
            insn->fast_applies = TYPES_NONE;
        }
    }
}
