/*
 * fast.c - yes or no, and nothing else
 */
#include "schema/fast.h"

#include "base/limits.h"
#include "schema/check.h"
#include "schema/choice.h"
#include "schema/members.h"
#include "schema/regex.h"
#include "schema/set.h"
#include "schema/value.h"

/* What goes down with a value: two words, so it is passed in registers. */
struct way {
    struct run *run;
    struct marks *marks; /* of the value in hand; NULL: nobody asks */
};

/* The value has one of the schema's types. */
static bool holds(struct way way, const struct schema *schema,
                  const json_t *value);

static inline bool holds_type(const struct schema *schema, const json_t *value)
{
    return evaluate_has_type(schema, value);
}

static bool leaf_holds(struct run *run, const struct schema *schema,
                       const json_t *value)
{
    const struct insn *insn = schema->insns;
    const struct insn *end = insn + schema->count;
    const unsigned type = TYPE_BIT(json_typeof(value));

    if (type == TYPES_STRING)
        run->text = evaluate_text(run, value);
    for (; insn < end; insn++)
        if ((insn->applies & type) != 0 && !check_claim(run, insn, value))
            return false;
    return true;
}

/* Of a part of the value in hand: what is evaluated there counts for nobody
 * here. */
static inline bool part_holds(struct way way, const struct schema *schema,
                              const json_t *part)
{
    if (!holds_type(schema, part))
        return false;
    if (schema->count == 0)
        return true;
    if (schema->leaf)
        return leaf_holds(way.run, schema, part);
    way.marks = NULL;
    return holds(way, schema, part);
}

static inline bool here_holds(struct way way, const struct schema *schema,
                              const json_t *value)
{
    schema = schema->shortcut;
    return holds_type(schema, value) && holds(way, schema, value);
}

/* ---- members ------------------------------------------------------------ */

static inline struct slice key_of(void *iter)
{
    return (struct slice){json_object_iter_key(iter),
                          json_object_iter_key_len(iter)};
}

static bool matches(struct run *run, const struct regex *regex,
                    struct slice text)
{
    enum regex_answer answer = regex_search(regex, text, run->scratch->regex);

    if (answer == REGEX_EXHAUSTED)
        run->exhausted = true;
    return answer == REGEX_MATCH;
}

/* By the patterns that its name matches, and if there are none, and no
 * property of that name, by what is for the others. */
static bool other_holds(struct way way, const struct insn *insn,
                        struct slice key, const json_t *member, bool *seen)
{
    const struct members *members = insn->members;
    const struct insn *via = insn + 1 + members->property_count;
    const struct insn *additional = via + members->pattern_count;

    for (; via < additional; via++) {
        if (!matches(way.run, via->u.regex, key))
            continue;
        *seen = true;
        if (!part_holds(way, via->schema->shortcut, member))
            return false;
    }
    if (way.run->exhausted)
        return false;
    if (*seen || !members->additional)
        return true;
    *seen = true;
    return part_holds(way, additional->schema->shortcut, member);
}

static bool all_members_hold(struct way way, const struct insn *insn,
                             json_t *object)
{
    const struct members *members = insn->members;
    const bool others = members->pattern_count > 0 || members->additional;
    void *iter = json_object_iter(object);
    uint32_t next = 0, required = 0;

    for (size_t at = 0; iter != NULL; at++) {
        const struct slice key = key_of(iter);
        const uint32_t number = members_find(members, key, next);
        bool seen = false;

        if (number != MEMBERS_NONE) {
            const struct members_name *name = &members->names[number];

            next = number + 1;
            required += name->required;
            seen = name->schema != NULL;
            if (seen &&
                !part_holds(way, name->schema, json_object_iter_value(iter)))
                return false;
        }
        if (others &&
            !other_holds(way, insn, key, json_object_iter_value(iter), &seen))
            return false;
        if (way.marks != NULL && seen)
            marks_set(way.marks, at);
        iter = json_object_iter_next(object, iter);
    }
    return required == members->required_count;
}

/* There are far fewer names than members. */
static bool known_members_hold(struct way way, const struct members *members,
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
                   !part_holds(way, name->schema, member)) {
            return false;
        }
    }
    return true;
}

static bool members_hold(struct way way, const struct insn *insn,
                         const json_t *object)
{
    const struct members *members = insn->members;

    if (members_are_few(members, json_object_size(object)) && way.marks == NULL)
        return known_members_hold(way, members, object);
    return all_members_hold(way, insn, (json_t *)object);
}

static bool names_hold(struct way way, const struct insn *insn,
                       const json_t *value)
{
    json_t *object = (json_t *)value;
    void *iter = json_object_iter(object);

    for (; iter != NULL; iter = json_object_iter_next(object, iter)) {
        way.run->name = key_of(iter);
        if (!part_holds(way, insn->schema->shortcut, &EVALUATE_NAME))
            return false;
    }
    return true;
}

static bool unevaluated_members_hold(struct way way, const struct insn *insn,
                                     const json_t *value)
{
    json_t *object = (json_t *)value;
    void *iter = json_object_iter(object);

    for (size_t at = 0; iter != NULL; at++) {
        if (!marks_has(way.marks, at) &&
            !part_holds(way, insn->schema->shortcut,
                        json_object_iter_value(iter)))
            return false;
        iter = json_object_iter_next(object, iter);
    }
    marks_set_below(way.marks, json_object_size(value));
    return true;
}

/* ---- items -------------------------------------------------------------- */

static bool prefix_holds(struct way way, const struct insn *insn,
                         const json_t *value)
{
    const json_t *item = json_array_get(value, insn->u.limit);

    if (item == NULL)
        return true;
    if (way.marks != NULL)
        marks_set_below(way.marks, insn->u.limit + 1);
    return part_holds(way, insn->schema->shortcut, item);
}

static bool items_hold(struct way way, const struct insn *insn,
                       const json_t *value)
{
    const struct schema *schema = insn->schema->shortcut;
    const size_t size = json_array_size(value);

    if (way.marks != NULL)
        marks_set_below(way.marks, size);
    for (size_t i = insn->u.limit; i < size; i++)
        if (!part_holds(way, schema, json_array_get(value, i)))
            return false;
    return true;
}

static bool unevaluated_items_hold(struct way way, const struct insn *insn,
                                   const json_t *value)
{
    const size_t size = json_array_size(value);

    for (size_t i = way.marks->below; i < size; i++)
        if (!marks_has(way.marks, i) &&
            !part_holds(way, insn->schema->shortcut, json_array_get(value, i)))
            return false;
    marks_set_below(way.marks, size);
    return true;
}

/* Who asks what was evaluated wants to know of all. */
static bool contains_holds(struct way way, const struct insn *insn,
                           const json_t *value)
{
    const size_t min = insn[1].u.limit, max = insn[2].u.limit;
    const size_t enough = max == SIZE_MAX ? min : max + 1;
    const size_t size = json_array_size(value);
    size_t found = 0;

    for (size_t i = 0; i < size && (found < enough || way.marks != NULL); i++) {
        if (!part_holds(way, insn->schema->shortcut, json_array_get(value, i)))
            continue;
        found++;
        if (way.marks != NULL)
            marks_set(way.marks, i);
    }
    return found >= min && found <= max;
}

/* ---- further schemas for the same value -----------------------------------
 */

/* One that may fail: what it evaluates counts if it holds. */
static bool branch_holds(struct way way, const struct schema *schema,
                         const json_t *value)
{
    struct marks *outer = way.marks;
    struct marks mine;
    bool ok;

    if (!holds_type(schema, value))
        return false;
    if (outer == NULL)
        return holds(way, schema, value);
    if (marks_begin(&mine, &way.run->scratch->marks, outer->count) == -1) {
        way.run->exhausted = true;
        return false;
    }
    way.marks = &mine;
    ok = holds(way, schema, value);
    if (ok)
        marks_add(outer, &mine);
    marks_end(&mine, &way.run->scratch->marks);
    return ok;
}

/* How many alternatives hold, up to `enough`; if somebody asks what was
 * evaluated, all of them count. */
static uint32_t alternatives(struct way way, const struct insn *insn,
                             const json_t *value, uint32_t enough)
{
    const struct choice_tag tag = choice_read(insn->choice, value);
    uint32_t found = 0;

    for (uint32_t i = 0; i < insn->count; i++) {
        if (!choice_is_open(insn->choice, i, tag) ||
            !branch_holds(way, insn->u.schemas[i]->shortcut, value))
            continue;
        found++;
        if (found == enough && way.marks == NULL)
            break;
    }
    return found;
}

static bool not_holds(struct way way, const struct insn *insn,
                      const json_t *value)
{
    way.marks = NULL;
    return !here_holds(way, insn->schema, value);
}

static bool branches_hold(struct way way, const struct insn *insn,
                          const json_t *value)
{
    const struct schema *next = branch_holds(way, insn->schema->shortcut, value)
                                    ? insn[1].schema
                                    : insn[2].schema;

    return next == NULL || here_holds(way, next, value);
}

static bool dependent_holds(struct way way, const struct insn *insn,
                            const json_t *value)
{
    return json_object_getn(value, insn->key.data, insn->key.len) == NULL ||
           here_holds(way, insn->schema, value);
}

/* ---- claims ---------------------------------------------------------------
 */

static bool apply(struct way way, const struct insn *insn, const json_t *value)
{
    switch (insn->op) {
    case OP_MEMBERS:
        return members_hold(way, insn, value);
    case OP_NAMES:
        return names_hold(way, insn, value);
    case OP_PREFIX:
        return prefix_holds(way, insn, value);
    case OP_ITEMS:
        return items_hold(way, insn, value);
    case OP_CONTAINS:
        return contains_holds(way, insn, value);
    case OP_ANY_OF:
        return alternatives(way, insn, value, 1) > 0;
    case OP_ONE_OF:
        return alternatives(way, insn, value, 2) == 1;
    case OP_NOT:
        return not_holds(way, insn, value);
    case OP_IF:
        return branches_hold(way, insn, value);
    case OP_DEPENDENT_SCHEMA:
        return dependent_holds(way, insn, value);
    case OP_UNEVALUATED_ITEMS:
        return unevaluated_items_hold(way, insn, value);
    case OP_UNEVALUATED_PROPERTIES:
        return unevaluated_members_hold(way, insn, value);
    default: /* OP_REF, OP_ALL_OF */
        return here_holds(way, insn->schema, value);
    }
}

static inline bool claims_hold(struct way way, const struct schema *schema,
                               const json_t *value, unsigned type)
{
    const struct insn *insn = schema->insns;
    const struct insn *end = insn + schema->count;

    if (type == TYPES_STRING)
        way.run->text = evaluate_text(way.run, value);
    for (; insn < end; insn++) {
        if ((insn->applies & type) == 0)
            continue;
        if (check_is_for(insn) ? !check_claim(way.run, insn, value)
                               : !apply(way, insn, value))
            return false;
    }
    return true;
}

static bool claims_hold_tracking(struct way way, const struct schema *schema,
                                 const json_t *value, unsigned type)
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
    ok = claims_hold(way, schema, value, type);
    if (ok && outer != NULL)
        marks_add(outer, &mine);
    marks_end(&mine, room);
    return ok;
}

static bool holds(struct way way, const struct schema *schema,
                  const json_t *value)
{
    const unsigned type = TYPE_BIT(json_typeof(value));
    struct run *run = way.run;
    bool ok;

    if (run->depth == run->scratch->depth || run->steps == 0)
        run->exhausted = true;
    if (run->exhausted)
        return false;
    run->steps--;
    run->depth++;
    ok = (schema->tracks & type) != 0
             ? claims_hold_tracking(way, schema, value, type)
             : claims_hold(way, schema, value, type);
    run->depth--;
    return ok;
}

enum schema_verdict fast_check(const struct schema *schema,
                               const json_t *document,
                               struct schema_scratch *scratch)
{
    struct run run = {.scratch = scratch, .steps = LIMIT_SCHEMA_STEPS};
    const struct way way = {&run, NULL};
    const bool ok = here_holds(way, schema, document);

    if (run.exhausted)
        return SCHEMA_EXHAUSTED;
    return ok ? SCHEMA_VALID : SCHEMA_INVALID;
}
