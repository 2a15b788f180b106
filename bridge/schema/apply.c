#include "schema/apply.h"

#include "schema/regex.h"

bool apply_member(struct run *run, const struct insn *insn, const json_t *value)
{
    const json_t *member =
        json_object_getn(value, insn->key.data, insn->key.len);

    if (member == NULL)
        return !insn->required;
    return descend(run, insn->schema, member, insn, insn->key.data,
                   insn->key.len);
}

static bool matches(struct run *run, const struct regex *regex,
                    struct slice text)
{
    enum regex_answer answer = regex_search(regex, text, run->scratch->regex);

    if (answer == REGEX_EXHAUSTED)
        run->exhausted = true;
    return answer == REGEX_MATCH;
}

static struct slice key_of(void *iter)
{
    return (struct slice){json_object_iter_key(iter),
                          json_object_iter_key_len(iter)};
}

bool apply_pattern_members(struct run *run, const struct insn *insn,
                           const json_t *value)
{
    json_t *object = (json_t *)value;
    void *iter = json_object_iter(object);
    bool ok = true;

    for (; iter != NULL; iter = json_object_iter_next(object, iter)) {
        struct slice key = key_of(iter);

        if (!matches(run, insn->u.regex, key))
            continue;
        if (descend(run, insn->schema, json_object_iter_value(iter), insn,
                    key.data, key.len))
            continue;
        ok = false;
        if (!evaluate_collects(run))
            break;
    }
    return ok && !run->exhausted;
}

/* Is the member one that another keyword has looked at? */
static bool is_fenced_off(struct run *run, const struct fence *fence,
                          struct slice key)
{
    size_t i;

    if (json_object_getn(fence->named, key.data, key.len) != NULL)
        return true;
    for (i = 0; i < fence->count; i++) {
        if (matches(run, fence->patterns[i], key))
            return true;
    }
    return false;
}

bool apply_additional(struct run *run, const struct insn *insn,
                      const json_t *value)
{
    json_t *object = (json_t *)value;
    void *iter = json_object_iter(object);
    bool ok = true;

    for (; iter != NULL; iter = json_object_iter_next(object, iter)) {
        struct slice key = key_of(iter);

        if (is_fenced_off(run, insn->u.fence, key) ||
            descend(run, insn->schema, json_object_iter_value(iter), insn,
                    key.data, key.len))
            continue;
        ok = false;
        if (!evaluate_collects(run))
            break;
    }
    return ok && !run->exhausted;
}

bool apply_names(struct run *run, const struct insn *insn, const json_t *value)
{
    json_t *object = (json_t *)value;
    void *iter = json_object_iter(object);
    bool ok = true;

    for (; iter != NULL; iter = json_object_iter_next(object, iter)) {
        run->name = key_of(iter);
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

    return item == NULL ||
           descend(run, insn->schema, item, insn, NULL, insn->u.limit);
}

bool apply_items(struct run *run, const struct insn *insn, const json_t *value)
{
    size_t i, size = json_array_size(value);
    bool ok = true;

    for (i = insn->u.limit; i < size; i++) {
        if (descend(run, insn->schema, json_array_get(value, i), insn, NULL, i))
            continue;
        ok = false;
        if (!evaluate_collects(run))
            break;
    }
    return ok;
}

size_t apply_count(struct run *run, const struct insn *insn,
                   const json_t *array, size_t enough)
{
    size_t i, size = json_array_size(array), found = 0;

    for (i = 0; i < size && found < enough; i++) {
        if (descend_quietly(run, insn->schema, json_array_get(array, i), insn,
                            NULL, i))
            found++;
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

    return found >= min && found <= max;
}

bool apply_ref(struct run *run, const struct insn *insn, const json_t *value)
{
    return descend(run, insn->schema, value, insn, NULL, 0);
}

bool apply_all_of(struct run *run, const struct insn *insn, const json_t *value)
{
    return descend(run, insn->schema, value, insn, NULL, insn->u.limit);
}

bool apply_any_of(struct run *run, const struct insn *insn, const json_t *value)
{
    uint32_t i;

    for (i = 0; i < insn->count; i++) {
        if (descend_quietly(run, insn->u.schemas[i], value, insn, NULL, i))
            return true;
    }
    return false;
}

bool apply_one_of(struct run *run, const struct insn *insn, const json_t *value)
{
    uint32_t i, matching = 0;

    for (i = 0; i < insn->count && matching < 2; i++)
        matching +=
            descend_quietly(run, insn->u.schemas[i], value, insn, NULL, i);
    return matching == 1;
}

bool apply_not(struct run *run, const struct insn *insn, const json_t *value)
{
    return !descend_quietly(run, insn->schema, value, insn, NULL, 0);
}

bool apply_if(struct run *run, const struct insn *insn, const json_t *value)
{
    const struct insn *branch =
        descend_quietly(run, insn->schema, value, insn, NULL, 0) ? insn + 1
                                                                 : insn + 2;

    return branch->schema == NULL ||
           descend(run, branch->schema, value, branch, NULL, 0);
}

bool apply_dependent_schema(struct run *run, const struct insn *insn,
                            const json_t *value)
{
    return json_object_getn(value, insn->key.data, insn->key.len) == NULL ||
           descend(run, insn->schema, value, insn, NULL, 0);
}
