/*
 * apply_members.c - instructions about an object's members
 */
#include "schema/apply_members.h"

#include "schema/explain.h"
#include "schema/members.h"

static struct slice key_of(void *iter)
{
    return (struct slice){json_object_iter_key(iter),
                          json_object_iter_key_len(iter)};
}

static bool goes(struct run *run, const struct insn *via, struct slice key,
                 const json_t *member)
{
    return descend(run, via->schema, member, via, key.data, key.len);
}

/* By all patterns that the name matches, and if there are none by what is for
 * the others. Sets *seen if any schema has looked at it. */
static bool others_hold(struct run *run, const struct insn *insn,
                        struct slice key, const json_t *member, bool *seen)
{
    const struct members *members = insn->members;
    const struct insn *via = insn + 1 + members->property_count;
    const struct insn *additional = via + members->pattern_count;
    bool ok = true;

    for (; via < additional; via++) {
        if (!evaluate_matches(run, via->u.regex, key))
            continue;
        *seen = true;
        ok = goes(run, via, key, member) && ok;
    }
    if (!*seen && members->additional) {
        *seen = true;
        ok = goes(run, additional, key, member) && ok;
    }
    return ok;
}

/* `number`: its name's, or MEMBERS_NONE; `at`: its place in the object. */
static bool member_holds(struct run *run, const struct insn *insn,
                         uint32_t number, struct slice key,
                         const json_t *member, size_t at)
{
    const struct members *members = insn->members;
    bool seen = number < members->property_count;
    bool ok = !seen || goes(run, insn + 1 + number, key, member);

    if (members->pattern_count > 0 || members->additional)
        ok = others_hold(run, insn, key, member, &seen) && ok;
    if (seen && run->marks != NULL)
        marks_set(run->marks, at);
    return ok;
}

static void explain_absent(struct run *run, const struct members *members,
                           const json_t *value)
{
    for (uint32_t i = 0; i < members->count && run->explain != NULL; i++) {
        struct slice name = members->names[i].name;

        if (members->names[i].required &&
            json_object_getn(value, name.data, name.len) == NULL)
            explain_missing(run, name);
    }
}

/* Through all members of the object. Documents often have them in the
 * schema's order, so the next name is the first guess. */
static bool all_hold(struct run *run, const struct insn *insn,
                     const json_t *value)
{
    const struct members *members = insn->members;
    json_t *object = (json_t *)value;
    void *iter = json_object_iter(object);
    uint32_t next = 0, required = 0;
    bool ok = true;

    for (size_t at = 0; iter != NULL; at++) {
        const struct slice key = key_of(iter);
        const uint32_t number = members_find(members, key, next);

        if (number != MEMBERS_NONE) {
            next = number + 1;
            required += members->names[number].required;
        }
        if (!member_holds(run, insn, number, key, json_object_iter_value(iter),
                          at)) {
            ok = false;
            if (!evaluate_collects(run))
                return false;
        }
        iter = json_object_iter_next(object, iter);
    }
    if (required == members->required_count)
        return ok && !run->exhausted;
    if (evaluate_collects(run))
        explain_absent(run, members, value);
    return false;
}

/* Through the names that the schema has: there are far fewer. */
static bool known_ones_hold(struct run *run, const struct insn *insn,
                            const json_t *value)
{
    const struct members *members = insn->members;

    for (uint32_t i = 0; i < members->count; i++) {
        const struct slice name = members->names[i].name;
        const json_t *member = json_object_getn(value, name.data, name.len);

        if (member == NULL ? members->names[i].required
                           : i < members->property_count &&
                                 !goes(run, insn + 1 + i, name, member))
            return false;
    }
    return true;
}

bool apply_members(struct run *run, const struct insn *insn,
                   const json_t *value)
{
    if (members_are_few(insn->members, json_object_size(value)) &&
        run->marks == NULL && !evaluate_collects(run))
        return known_ones_hold(run, insn, value);
    return all_hold(run, insn, value);
}

bool apply_unevaluated_properties(struct run *run, const struct insn *insn,
                                  const json_t *value)
{
    json_t *object = (json_t *)value;
    void *iter = json_object_iter(object);
    bool ok = true;

    for (size_t at = 0; iter != NULL; at++) {
        if (!marks_has(run->marks, at) &&
            !goes(run, insn, key_of(iter), json_object_iter_value(iter))) {
            ok = false;
            if (!evaluate_collects(run))
                return false;
        }
        iter = json_object_iter_next(object, iter);
    }
    marks_set_below(run->marks, json_object_size(value));
    return ok;
}
