#include "schema/apply.h"

enum { TARGETS_A_STEP = 16 };

bool apply_names(struct run *run, const struct insn *insn, const json_t *value)
{
    json_t *object = (json_t *)value;
    void *iter = json_object_iter(object);
    bool ok = true;

    for (; iter != NULL; iter = json_object_iter_next(object, iter)) {
        run->name = (struct slice){json_object_iter_key(iter),
                                   json_object_iter_key_len(iter)};
        if (descend(run, insn->schema, &EVALUATE_NAME, insn, run->name.data,
                    run->name.len))
            continue;
        ok = false;
        if (!evaluate_collects(run))
            break;
    }
    return ok;
}

bool apply_prefix(struct run *run, const struct insn *insn, const json_t *value)
{
    const json_t *item = json_array_get(value, insn->u.limit);

    if (item == NULL)
        return true;
    if (run->marks != NULL)
        marks_set_below(run->marks, insn->u.limit + 1);
    return descend(run, insn->schema, item, insn, NULL, insn->u.limit);
}

bool apply_items(struct run *run, const struct insn *insn, const json_t *value)
{
    size_t i, size = json_array_size(value);
    bool ok = true;

    if (run->marks != NULL)
        marks_set_below(run->marks, size);
    for (i = insn->u.limit; i < size; i++) {
        if (descend(run, insn->schema, json_array_get(value, i), insn, NULL, i))
            continue;
        ok = false;
        if (!evaluate_collects(run))
            break;
    }
    return ok;
}

bool apply_unevaluated_items(struct run *run, const struct insn *insn,
                             const json_t *value)
{
    size_t i, size = json_array_size(value);
    bool ok = true;

    for (i = run->marks->below; i < size; i++) {
        if (marks_has(run->marks, i) ||
            descend(run, insn->schema, json_array_get(value, i), insn, NULL, i))
            continue;
        ok = false;
        if (!evaluate_collects(run))
            break;
    }
    marks_set_below(run->marks, size);
    return ok;
}

/* Who asks what was evaluated wants to know of all. */
size_t apply_count(struct run *run, const struct insn *insn,
                   const json_t *array, size_t enough)
{
    size_t i, size = json_array_size(array), found = 0;

    for (i = 0; i < size && (found < enough || run->marks != NULL); i++) {
        if (!descend_quietly(run, insn->schema, json_array_get(array, i), insn,
                             NULL, i))
            continue;
        found++;
        if (run->marks != NULL)
            marks_set(run->marks, i);
    }
    return found;
}

bool apply_contains(struct run *run, const struct insn *insn,
                    const json_t *value)
{
    size_t min = insn[1].u.limit;
    size_t max = insn[2].u.limit;
    size_t found =
        apply_count(run, insn, value, max == SIZE_MAX ? min : max + 1);

    return found >= min && found <= max && !run->exhausted;
}

bool apply_ref(struct run *run, const struct insn *insn, const json_t *value)
{
    return descend_here(run, insn->schema, value, insn, 0);
}

/* Work that goes beyond what one step may cost. */
static void charge(struct run *run, uint32_t steps)
{
    run->steps -= steps < run->steps ? steps : run->steps;
}

/* The one of the outermost resource that evaluation came by (Core, section
 * 8.2.3.2). */
bool apply_dynamic_ref(struct run *run, const struct insn *insn,
                       const json_t *value)
{
    const struct schema *target = NULL;
    uint32_t i, k, last = UINT32_MAX;

    for (i = 0; i < run->depth && target == NULL; i++) {
        const uint32_t resource = run->scratch->trail[i].schema->resource;

        if (resource == last)
            continue;
        last = resource;
        for (k = 0; k < insn->count && target == NULL; k++) {
            if (insn->u.targets[k].resource == resource)
                target = insn->u.targets[k].schema;
        }
        charge(run, insn->count / TARGETS_A_STEP);
    }
    return descend_here(run, target == NULL ? insn->schema : target, value,
                        insn, 0);
}

bool apply_all_of(struct run *run, const struct insn *insn, const json_t *value)
{
    return descend_here(run, insn->schema, value, insn, insn->u.limit);
}

/* Who asks what was evaluated wants to know of all that hold. */
bool apply_any_of(struct run *run, const struct insn *insn, const json_t *value)
{
    bool any = false;
    uint32_t i;

    for (i = 0; i < insn->count && (!any || run->marks != NULL); i++)
        any = descend_branch(run, insn->u.schemas[i], value, insn, i) || any;
    return any && !run->exhausted;
}

bool apply_one_of(struct run *run, const struct insn *insn, const json_t *value)
{
    uint32_t i, matching = 0;

    for (i = 0; i < insn->count && matching < 2; i++)
        matching += descend_branch(run, insn->u.schemas[i], value, insn, i);
    return matching == 1 && !run->exhausted;
}

bool apply_not(struct run *run, const struct insn *insn, const json_t *value)
{
    return !descend_quietly(run, insn->schema, value, insn, NULL, 0) &&
           !run->exhausted;
}

bool apply_if(struct run *run, const struct insn *insn, const json_t *value)
{
    const struct insn *branch =
        descend_branch(run, insn->schema, value, insn, 0) ? insn + 1 : insn + 2;

    if (run->exhausted)
        return false;
    return branch->schema == NULL ||
           descend_here(run, branch->schema, value, branch, 0);
}

bool apply_dependent_schema(struct run *run, const struct insn *insn,
                            const json_t *value)
{
    return json_object_getn(value, insn->key.data, insn->key.len) == NULL ||
           descend_here(run, insn->schema, value, insn, 0);
}
