/*
 * compile_members.c - keywords that name an object's members
 */
#include "schema/compile_members.h"

#include "base/buf.h"
#include "base/limits.h"
#include "format/pointer.h"
#include "schema/members.h"
#include "schema/value.h"

static struct slice iter_key(void *iter)
{
    return (struct slice){json_object_iter_key(iter),
                          json_object_iter_key_len(iter)};
}

static void add_required(struct members *members, const json_t *names)
{
    for (size_t i = 0; i < json_array_size(names); i++) {
        uint32_t number =
            members_add(members, value_text(json_array_get(names, i)));

        members->names[number].required = true;
        members->required_count++;
    }
}

static struct members *gather(struct compiler *c, struct fault *why)
{
    json_t *properties = (json_t *)compile_beside(c, "properties");
    const json_t *required = compile_beside(c, "required");
    void *iter = json_object_iter(properties);
    struct members *members =
        members_new(&c->set->arena,
                    json_object_size(properties) + json_array_size(required));

    if (members == NULL) {
        fault_set(why, FAULT_NOMEM, "cannot allocate the schemas");
        return NULL;
    }
    for (; iter != NULL; iter = json_object_iter_next(properties, iter))
        members_add(members, iter_key(iter));
    members->property_count = members->count;
    add_required(members, required);
    members_ready(members);
    return members;
}

/* A fault has the place of the pattern, not of the keyword. */
static const struct regex *
compile_pattern_of(struct compiler *c, struct slice pattern, struct fault *why)
{
    struct buf place = BUF_INIT(2 * MIB);
    const char *keyword = c->keyword;
    const struct regex *regex = NULL;

    if (buf_add_text(&place, keyword, why) == 0 &&
        pointer_add(&place, pattern, why) == 0) {
        c->keyword = place.data;
        regex = compile_regex(c, pattern, why);
        c->keyword = keyword;
    }
    buf_release(&place);
    return regex;
}

/* One for each schema under the keyword; it never runs by itself. */
static int emit_each(struct compiler *c, const char *keyword, enum op op,
                     struct fault *why)
{
    json_t *map = (json_t *)compile_beside(c, keyword);
    void *iter = json_object_iter(map);

    c->keyword = keyword;
    for (; iter != NULL; iter = json_object_iter_next(map, iter)) {
        const struct slice key = iter_key(iter);
        const struct regex *regex = NULL;
        struct insn *insn;

        if (op == OP_PATTERN_MEMBERS) {
            regex = compile_pattern_of(c, key, why);
            if (regex == NULL)
                return -1;
        }
        insn = compile_emit_schema(c, op, TYPES_NONE,
                                   compile_child(c, &key, why), why);
        if (insn == NULL)
            return -1;
        insn->key = key;
        insn->u.regex = regex;
    }
    return 0;
}

static int emit_additional(struct compiler *c, struct fault *why)
{
    c->keyword = "additionalProperties";
    return compile_emit_schema(c, OP_ADDITIONAL, TYPES_NONE,
                               compile_child(c, NULL, why), why) == NULL
               ? -1
               : 0;
}

int compile_members(struct compiler *c, const json_t *value, struct fault *why)
{
    struct members *members;
    struct insn *insn;

    (void)value;
    if (c->has_members)
        return 0;
    c->has_members = true;
    members = gather(c, why);
    insn =
        members == NULL ? NULL : compile_emit(c, OP_MEMBERS, TYPES_OBJECT, why);
    if (insn == NULL)
        return -1;
    insn->members = members;
    members->pattern_count =
        (uint32_t)json_object_size(compile_beside(c, "patternProperties"));
    members->additional = compile_beside(c, "additionalProperties") != NULL;
    if (emit_each(c, "properties", OP_MEMBER, why) == -1 ||
        emit_each(c, "patternProperties", OP_PATTERN_MEMBERS, why) == -1)
        return -1;
    return members->additional ? emit_additional(c, why) : 0;
}
