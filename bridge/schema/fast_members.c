/*
 * fast_members.c - claims about an object's members, on the fast path
 */
#include "schema/fast_parts.h"
#include "schema/members.h"
#include "schema/peek.h"

enum outcome { FAILED, HOLDS_UNSEEN, HOLDS_SEEN };

/*
 * By the patterns that its name matches, and if there are none, and no
 * property of that name (`seen`), by what is for the others.
 */
static NOINLINE enum outcome other(struct way way, const struct insn *insn,
                                   struct slice key, const json_t *member,
                                   bool seen)
{
    const struct members *members = insn->members;
    const struct insn *via = insn + 1 + members->property_count;
    const struct insn *additional = via + members->pattern_count;

    for (; via < additional; via++) {
        if (!evaluate_matches(way.run, via->u.regex, key))
            continue;
        seen = true;
        if (!fast_part(way, via->schema->shortcut, member))
            return FAILED;
    }
    if (way.run->exhausted)
        return FAILED;
    if (!seen && members->additional)
        return fast_part(way, additional->schema->shortcut, member) ? HOLDS_SEEN
                                                                    : FAILED;
    return seen ? HOLDS_SEEN : HOLDS_UNSEEN;
}

/* There are only names that are known, and nobody asks for more. */
static NOINLINE bool plain_members(struct way way,
                                   const struct members *members,
                                   const json_t *object)
{
    peek_iter iter = peek_first(object);
    uint32_t next = 0, required = 0;

    for (; iter != NULL; iter = peek_next(object, iter)) {
        const uint32_t number = members_find(members, peek_key(iter), next);
        const struct members_name *name;

        if (number == MEMBERS_NONE)
            continue;
        name = &members->names[number];
        next = number + 1;
        required += name->required;
        if (name->schema != NULL &&
            !fast_part(way, name->schema, peek_value(iter)))
            return false;
    }
    return required == members->required_count;
}

static NOINLINE bool all_members(struct way way, const struct insn *insn,
                                 const json_t *object)
{
    const struct members *members = insn->members;
    peek_iter iter = peek_first(object);
    uint32_t next = 0, required = 0;

    for (size_t at = 0; iter != NULL; at++) {
        const struct slice key = peek_key(iter);
        const json_t *member = peek_value(iter);
        const uint32_t number = members_find(members, key, next);
        enum outcome outcome = HOLDS_UNSEEN;

        if (number != MEMBERS_NONE) {
            const struct members_name *name = &members->names[number];

            next = number + 1;
            required += name->required;
            if (name->schema != NULL)
                outcome =
                    fast_part(way, name->schema, member) ? HOLDS_SEEN : FAILED;
        }
        if (outcome != FAILED &&
            (members->pattern_count > 0 ||
             (members->additional && outcome == HOLDS_UNSEEN)))
            outcome = other(way, insn, key, member, outcome == HOLDS_SEEN);
        if (outcome == FAILED)
            return false;
        if (way.marks != NULL && outcome == HOLDS_SEEN)
            marks_set(way.marks, at);
        iter = peek_next(object, iter);
    }
    return required == members->required_count;
}

/* There are far fewer names than members. */
static NOINLINE bool known_members(struct way way,
                                   const struct members *members,
                                   const json_t *object)
{
    for (uint32_t i = 0; i < members->count; i++) {
        const struct members_name *name = &members->names[i];
        const json_t *member =
            json_object_getn(object, name->name.data, name->name.len);

        if (member == NULL) {
            if (name->required)
                return false;
        } else if (name->schema != NULL &&
                   !fast_part(way, name->schema, member)) {
            return false;
        }
    }
    return true;
}

bool fast_members(struct way way, const struct insn *insn, const json_t *value)
{
    const struct members *members = insn->members;

    if (members->pattern_count > 0 || members->additional || way.marks != NULL)
        return all_members(way, insn, value);
    if (members_are_few(members, peek_object_size(value)))
        return known_members(way, members, value);
    return plain_members(way, members, value);
}

bool fast_names(struct way way, const struct insn *insn, const json_t *value)
{
    const struct schema *schema = insn->schema->shortcut;
    peek_iter iter = peek_first(value);

    for (; iter != NULL; iter = peek_next(value, iter)) {
        way.run->name = peek_key(iter);
        if (!fast_part(way, schema, &EVALUATE_NAME))
            return false;
    }
    return true;
}

bool fast_unevaluated_members(struct way way, const struct insn *insn,
                              const json_t *value)
{
    const struct schema *schema = insn->schema->shortcut;
    peek_iter iter;

    if (marks_are_all(way.marks))
        return true;
    iter = peek_first(value);
    for (size_t at = 0; iter != NULL; at++) {
        if (!marks_has(way.marks, at) &&
            !fast_part(way, schema, peek_value(iter)))
            return false;
        iter = peek_next(value, iter);
    }
    marks_set_below(way.marks, peek_object_size(value));
    return true;
}
