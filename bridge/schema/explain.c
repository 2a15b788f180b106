#include "schema/explain.h"

#include "base/limits.h"
#include "format/pointer.h"
#include "schema/apply.h"
#include "schema/describe.h"
#include "schema/set.h"

enum {
    TEXT_MAX = 4 * MIB /* keys of a document can be long, and are repeated */
};

/* Moves the text that was built into the arena. NULL: FAULT_NOMEM. */
static const char *keep(struct explanation *ex)
{
    const char *text = ex->text.len == 0 ? "" : ex->text.data;
    const char *kept = arena_copy(ex->arena, text, ex->text.len);

    if (kept == NULL)
        fault_set(&ex->fault, FAULT_NOMEM, "no room for the schema's errors");
    buf_clear(&ex->text);
    return kept;
}

static bool leads_to_item(const struct insn *via)
{
    return via->op == OP_PREFIX || via->op == OP_ITEMS ||
           via->op == OP_CONTAINS || via->op == OP_UNEVALUATED_ITEMS;
}

static const char *instance_location(const struct run *run)
{
    struct explanation *ex = run->explain;
    uint32_t i;

    for (i = 1; i < run->depth; i++) {
        const struct step *step = &run->scratch->trail[i];
        int rc = 0;

        if (step->key != NULL)
            rc = pointer_add(&ex->text, (struct slice){step->key, step->at},
                             &ex->fault);
        else if (leads_to_item(step->via))
            rc = pointer_add_index(&ex->text, step->at, &ex->fault);
        if (rc == -1)
            return NULL;
    }
    return keep(ex);
}

/* The keyword of a step, and what it chose within that. */
static int add_keyword(struct explanation *ex, const struct step *step)
{
    const struct insn *via = step->via;

    if (pointer_add(&ex->text, slice_of(via->keyword), &ex->fault) == -1)
        return -1;
    switch (via->op) {
    case OP_MEMBER:
    case OP_PATTERN_MEMBERS:
    case OP_DEPENDENT_SCHEMA:
        return pointer_add(&ex->text, via->key, &ex->fault);
    case OP_PREFIX:
    case OP_ALL_OF:
    case OP_ANY_OF:
    case OP_ONE_OF:
        return pointer_add_index(&ex->text, step->at, &ex->fault);
    default:
        return 0;
    }
}

static const char *keyword_location(const struct run *run, const char *keyword)
{
    struct explanation *ex = run->explain;
    uint32_t i;

    for (i = 1; i < run->depth; i++) {
        if (add_keyword(ex, &run->scratch->trail[i]) == -1)
            return NULL;
    }
    if (keyword != NULL &&
        pointer_add(&ex->text, slice_of(keyword), &ex->fault) == -1)
        return NULL;
    return keep(ex);
}

static const char *absolute_location(struct explanation *ex,
                                     const struct schema *schema,
                                     const char *keyword)
{
    struct slice pointer = slice_of(schema->pointer);

    if (buf_addf(&ex->text, &ex->fault, "%s#", schema->base) == -1 ||
        buf_reserve(&ex->text, 3 * pointer.len, &ex->fault) == -1)
        return NULL;
    ex->text.len += pointer_encode(ex->text.data + ex->text.len, pointer);
    if (keyword != NULL &&
        buf_addf(&ex->text, &ex->fault, "/%s", keyword) == -1)
        return NULL;
    return keep(ex);
}

/*
 * Adds an error whose text was built. A NULL `keyword` means that the schema
 * as a whole refuses the value; the keyword that led to it stands for it.
 */
static void add_error(struct run *run, const struct schema *schema,
                      const char *keyword, const char *text)
{
    struct explanation *ex = run->explain;
    const struct step *here = &run->scratch->trail[run->depth - 1];
    struct schema_error error;

    error.error = text;
    error.instance_location = instance_location(run);
    error.keyword_location = keyword_location(run, keyword);
    error.absolute_keyword_location = absolute_location(ex, schema, keyword);
    error.keyword = keyword;
    if (keyword == NULL)
        error.keyword = here->via == NULL ? "false" : here->via->keyword;
    if (ex->fault.kind == FAULT_NONE)
        ex->report->errors[ex->report->count++] = error;
}

/*
 * Is there room for one more error? If not, the rest of the run is only
 * about the verdict, as it is once the arena has no room for more.
 */
static bool has_room(struct run *run)
{
    struct explanation *ex = run->explain;

    if (ex->report->count < ex->max && ex->fault.kind == FAULT_NONE)
        return true;
    ex->report->more = true;
    run->explain = NULL;
    return false;
}

void explain_type(struct run *run, const struct schema *schema,
                  const json_t *value)
{
    struct explanation *ex = run->explain;
    const struct step *here = &run->scratch->trail[run->depth - 1];
    const char *text;

    if (!has_room(run))
        return;
    if (schema->types == TYPES_NONE)
        describe_nothing(&ex->text, here->via, &ex->fault);
    else
        describe_type(&ex->text, schema, value, &ex->fault);
    text = keep(ex);
    add_error(run, schema, schema->types == TYPES_NONE ? NULL : "type", text);
}

/* Which instruction is to blame; its keyword is the error's. */
static const struct insn *culprit(struct run *run, const struct insn *insn,
                                  const json_t *value)
{
    size_t min;

    if (insn->op != OP_CONTAINS)
        return insn;
    min = insn[1].u.limit;
    return apply_count(run, insn, value, min) < min ? insn + 1 : insn + 2;
}

/* Are there errors already, from the schemas that the value was handed to? */
static bool is_told(const struct insn *insn)
{
    switch (insn->op) {
    case OP_MEMBERS:
    case OP_NAMES:
    case OP_PREFIX:
    case OP_ITEMS:
    case OP_REF:
    case OP_DYNAMIC_REF:
    case OP_ALL_OF:
    case OP_IF:
    case OP_DEPENDENT_SCHEMA:
    case OP_UNEVALUATED_ITEMS:
    case OP_UNEVALUATED_PROPERTIES:
        return true;
    default:
        return false;
    }
}

/* How many alternatives match, up to two. */
static size_t matching(struct run *run, const struct insn *insn,
                       const json_t *value)
{
    size_t found = 0;
    uint32_t i;

    for (i = 0; i < insn->count && found < 2; i++)
        found += descend_quietly(run, insn->u.schemas[i], value, insn, NULL, i);
    return found;
}

static void explain_choice(struct run *run, const struct schema *schema,
                           const struct insn *insn, const json_t *value)
{
    struct explanation *ex = run->explain;
    size_t found = matching(run, insn, value);
    uint32_t i;

    describe_choice(&ex->text, insn, found, &ex->fault);
    add_error(run, schema, insn->keyword, keep(ex));
    if (found > 0)
        return;
    for (i = 0; i < insn->count && run->explain != NULL; i++)
        descend(run, insn->u.schemas[i], value, insn, NULL, i);
}

void explain_missing(struct run *run, struct slice name)
{
    struct explanation *ex = run->explain;

    if (!has_room(run))
        return;
    describe_missing(&ex->text, name, &ex->fault);
    add_error(run, run->scratch->trail[run->depth - 1].schema, "required",
              keep(ex));
}

void explain_failure(struct run *run, const struct schema *schema,
                     const struct insn *insn, const json_t *value)
{
    struct explanation *ex = run->explain;
    const char *text;

    if (!run->exhausted && is_told(insn))
        return;
    if (!has_room(run))
        return;
    if (run->exhausted) {
        /* Once: everything further up fails for this alone. */
        buf_add_text(&ex->text, DESCRIBE_EXHAUSTED, &ex->fault);
        add_error(run, schema, insn->keyword, keep(ex));
        run->explain = NULL;
        return;
    }
    if (insn->op == OP_ANY_OF || insn->op == OP_ONE_OF) {
        explain_choice(run, schema, insn, value);
        return;
    }
    insn = culprit(run, insn, value);
    describe(&ex->text, insn, &ex->fault);
    if (ex->reveal)
        describe_found(&ex->text, evaluate_text(run, value), value, &ex->fault);
    text = keep(ex);
    add_error(run, schema, insn->keyword, text);
}

int schema_explain(const struct schema *schema, const json_t *document,
                   struct schema_scratch *scratch, struct arena *arena,
                   size_t max, struct schema_report *report, struct fault *why)
{
    struct explanation ex = {.report = report,
                             .arena = arena,
                             .max = max,
                             .reveal = schema->set->options.reveal_values,
                             .text = BUF_INIT(TEXT_MAX),
                             .fault = FAULT_INIT};

    memset(report, 0, sizeof(*report));
    report->errors = arena_alloc(arena, (max + 1) * sizeof(*report->errors));
    if (report->errors == NULL)
        return fault_set(why, FAULT_NOMEM, "no room for the schema's errors");
    report->verdict = evaluate(schema, document, scratch, &ex);
    /* it counts more, and so may stop where the quick way came to an end */
    if (report->verdict == SCHEMA_EXHAUSTED) {
        report->verdict = schema_check(schema, document, scratch);
        if (report->verdict == SCHEMA_VALID)
            report->count = 0;
    }
    buf_release(&ex.text);
    if (ex.fault.kind == FAULT_NONE)
        return 0;
    report->more = true;
    return report->count > 0 ? 0
                             : fault_set(why, FAULT_NOMEM, "%s", ex.fault.text);
}
