#include "schema/compile_apply.h"

#include "schema/number.h"

/* The frequent case: one schema, straight under the keyword. */
static int emit_child(struct compiler *c, enum op op, unsigned applies,
                      struct fault *why)
{
    const struct schema *schema = compile_child(c, NULL, why);

    return compile_emit_schema(c, op, applies, schema, why) == NULL ? -1 : 0;
}

int compile_property_names(struct compiler *c, const json_t *value,
                           struct fault *why)
{
    (void)value;
    return emit_child(c, OP_NAMES, TYPES_OBJECT, why);
}

/* One instruction for each schema of an array; they count from zero. */
static int emit_each(struct compiler *c, enum op op, unsigned applies,
                     const json_t *list, struct fault *why)
{
    size_t i;

    for (i = 0; i < json_array_size(list); i++) {
        struct insn *insn = compile_emit_schema(
            c, op, applies, compile_child_at(c, i, why), why);

        if (insn == NULL)
            return -1;
        insn->u.limit = i;
    }
    return 0;
}

int compile_prefix_items(struct compiler *c, const json_t *value,
                         struct fault *why)
{
    return emit_each(c, OP_PREFIX, TYPES_ARRAY, value, why);
}

int compile_items(struct compiler *c, const json_t *value, struct fault *why)
{
    struct insn *insn = compile_emit_schema(c, OP_ITEMS, TYPES_ARRAY,
                                            compile_child(c, NULL, why), why);

    (void)value;
    if (insn == NULL)
        return -1;
    insn->u.limit = json_array_size(compile_beside(c, "prefixItems"));
    return 0;
}

static int emit_contains_limit(struct compiler *c, enum op op,
                               const char *keyword, size_t otherwise,
                               struct fault *why)
{
    const json_t *value = compile_beside(c, keyword);
    struct insn *insn = compile_emit(c, op, TYPES_NONE, why);

    if (insn == NULL)
        return -1;
    insn->u.limit = otherwise;
    if (value != NULL && number_count(value, &insn->u.limit) == 0)
        insn->keyword = keyword;
    return 0;
}

/* Its two limits follow it; "contains" alone means at least one. */
int compile_contains(struct compiler *c, const json_t *value, struct fault *why)
{
    (void)value;
    if (emit_child(c, OP_CONTAINS, TYPES_ARRAY, why) == -1 ||
        emit_contains_limit(c, OP_MIN_CONTAINS, "minContains", 1, why) == -1)
        return -1;
    return emit_contains_limit(c, OP_MAX_CONTAINS, "maxContains", SIZE_MAX,
                               why);
}

int compile_all_of(struct compiler *c, const json_t *value, struct fault *why)
{
    return emit_each(c, OP_ALL_OF, TYPES_ANY, value, why);
}

/* One instruction that chooses among the schemas of an array. */
static int emit_choice(struct compiler *c, enum op op, const json_t *list,
                       struct fault *why)
{
    size_t i, count = json_array_size(list);
    const struct schema **schemas =
        compile_alloc(c, count * sizeof(const struct schema *), why);
    struct insn *insn;

    if (schemas == NULL)
        return -1;
    for (i = 0; i < count; i++) {
        schemas[i] = compile_child_at(c, i, why);
        if (schemas[i] == NULL)
            return -1;
    }
    insn = compile_emit(c, op, TYPES_ANY, why);
    if (insn == NULL)
        return -1;
    insn->u.schemas = schemas;
    insn->count = (uint32_t)count;
    return 0;
}

int compile_any_of(struct compiler *c, const json_t *value, struct fault *why)
{
    return emit_choice(c, OP_ANY_OF, value, why);
}

int compile_one_of(struct compiler *c, const json_t *value, struct fault *why)
{
    return emit_choice(c, OP_ONE_OF, value, why);
}

int compile_not(struct compiler *c, const json_t *value, struct fault *why)
{
    (void)value;
    return emit_child(c, OP_NOT, TYPES_ANY, why);
}

static int emit_branch(struct compiler *c, enum op op, const char *keyword,
                       struct fault *why)
{
    struct insn *insn = compile_emit(c, op, TYPES_NONE, why);

    if (insn == NULL)
        return -1;
    insn->keyword = keyword;
    if (compile_beside(c, keyword) == NULL)
        return 0;
    insn->schema = compile_sibling(c, keyword, why);
    return insn->schema == NULL ? -1 : 0;
}

/* Its two branches follow it; "then" and "else" alone mean nothing. */
int compile_if(struct compiler *c, const json_t *value, struct fault *why)
{
    (void)value;
    if (emit_child(c, OP_IF, TYPES_ANY, why) == -1 ||
        emit_branch(c, OP_THEN, "then", why) == -1)
        return -1;
    return emit_branch(c, OP_ELSE, "else", why);
}

static struct insn *emit_dependency(struct compiler *c, struct slice name,
                                    const json_t *value, struct fault *why)
{
    struct insn *insn;

    if (!json_is_array(value))
        return compile_emit_schema(c, OP_DEPENDENT_SCHEMA, TYPES_OBJECT,
                                   compile_child(c, &name, why), why);
    insn = compile_emit(c, OP_DEPENDENT_REQUIRED, TYPES_OBJECT, why);
    if (insn != NULL)
        insn->u.value = value;
    return insn;
}

/* On schemas, or on names, or, as older drafts had it, on either. */
int compile_dependencies(struct compiler *c, const json_t *value,
                         struct fault *why)
{
    void *iter = json_object_iter((json_t *)value);

    for (; iter != NULL; iter = json_object_iter_next((json_t *)value, iter)) {
        const struct slice name = {json_object_iter_key(iter),
                                   json_object_iter_key_len(iter)};
        struct insn *insn =
            emit_dependency(c, name, json_object_iter_value(iter), why);

        if (insn == NULL)
            return -1;
        insn->key = name;
    }
    return 0;
}

/* The schema needs to know what all of its other claims have evaluated. */
static int emit_unevaluated(struct compiler *c, enum op op, unsigned applies,
                            struct fault *why)
{
    c->schema->tracks |= (uint16_t)applies;
    return emit_child(c, op, applies, why);
}

int compile_other_items(struct compiler *c, const json_t *value,
                        struct fault *why)
{
    (void)value;
    return emit_unevaluated(c, OP_UNEVALUATED_ITEMS, TYPES_ARRAY, why);
}

int compile_other_members(struct compiler *c, const json_t *value,
                          struct fault *why)
{
    (void)value;
    return emit_unevaluated(c, OP_UNEVALUATED_PROPERTIES, TYPES_OBJECT, why);
}
