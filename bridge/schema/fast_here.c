/*
 * fast_here.c - further schemas for the same value, on the fast path
 */
#include "schema/choice.h"
#include "schema/fast_parts.h"

bool fast_here(struct way way, const struct insn *insn, const json_t *value)
{
    return fast_same(way, insn->schema->shortcut, value);
}

static NOINLINE bool branch_holds_tracking(struct way way,
                                           const struct schema *schema,
                                           const json_t *value)
{
    struct marks_room *room = &way.run->scratch->marks;
    struct marks *outer = way.marks;
    struct marks mine;
    bool ok;

    if (marks_begin(&mine, room, outer->count) == -1) {
        way.run->exhausted = true;
        return false;
    }
    way.marks = &mine;
    ok = fast_same(way, schema, value);
    if (ok)
        marks_add(outer, &mine);
    marks_end(&mine, room);
    return ok;
}

/* One that may fail: what it evaluates counts if it holds. */
static inline bool branch_holds(struct way way, const struct schema *schema,
                                const json_t *value)
{
    if (way.marks == NULL)
        return fast_same(way, schema, value);
    return evaluate_has_type(schema, value) &&
           (schema->count == 0 || branch_holds_tracking(way, schema, value));
}

/* The one alternative that is open, or NULL. */
static const struct schema *only_open(const struct insn *insn,
                                      const json_t *object,
                                      const struct choice_signs *signs)
{
    const struct schema *only = NULL;

    for (uint32_t i = 0; i < insn->count; i++) {
        const struct schema *schema = insn->u.schemas[i]->shortcut;

        if (!choice_is_open(&insn->choice->alternatives[i], signs) ||
            !evaluate_has_type(schema, object))
            continue;
        if (only != NULL)
            return NULL;
        only = schema;
    }
    return only;
}

/* How many alternatives hold, up to `enough`; all of them count if somebody
 * asks what was evaluated. `signs` are the object's, whose form leaves only
 * some of them open; NULL: all are. */
static inline uint32_t count_alternatives(struct way way,
                                          const struct insn *insn,
                                          const json_t *value, uint32_t enough,
                                          const struct choice_signs *signs)
{
    uint32_t found = 0;

    for (uint32_t i = 0; i < insn->count; i++) {
        if ((signs != NULL &&
             !choice_is_open(&insn->choice->alternatives[i], signs)) ||
            !branch_holds(way, insn->u.schemas[i]->shortcut, value)) {
            if (way.run->exhausted)
                return 0;
            continue;
        }
        found++;
        if (found == enough && way.marks == NULL)
            break;
    }
    return found;
}

static NOINLINE uint32_t open_alternatives(struct way way,
                                           const struct insn *insn,
                                           const json_t *object,
                                           uint32_t enough)
{
    struct choice_signs signs;

    choice_look(insn->choice, object, &signs);
    if (way.marks != NULL) {
        const struct schema *only = only_open(insn, object, &signs);

        /* if it fails all fails, so its marks need no set of their own */
        if (only != NULL)
            return fast_same(way, only, object);
    }
    return count_alternatives(way, insn, object, enough, &signs);
}

static inline uint32_t alternatives(struct way way, const struct insn *insn,
                                    const json_t *value, uint32_t enough)
{
    if (insn->choice != NULL && json_is_object(value))
        return open_alternatives(way, insn, value, enough);
    return count_alternatives(way, insn, value, enough, NULL);
}

bool fast_any_of(struct way way, const struct insn *insn, const json_t *value)
{
    return alternatives(way, insn, value, 1) > 0 && !way.run->exhausted;
}

bool fast_one_of(struct way way, const struct insn *insn, const json_t *value)
{
    return alternatives(way, insn, value, 2) == 1 && !way.run->exhausted;
}

bool fast_not(struct way way, const struct insn *insn, const json_t *value)
{
    way.marks = NULL;
    return !fast_same(way, insn->schema->shortcut, value) &&
           !way.run->exhausted;
}

bool fast_if(struct way way, const struct insn *insn, const json_t *value)
{
    const struct schema *next = branch_holds(way, insn->schema->shortcut, value)
                                    ? insn[1].schema
                                    : insn[2].schema;

    if (way.run->exhausted)
        return false;
    return next == NULL || fast_same(way, next->shortcut, value);
}

bool fast_dependent_schema(struct way way, const struct insn *insn,
                           const json_t *value)
{
    return json_object_getn(value, insn->key.data, insn->key.len) == NULL ||
           fast_same(way, insn->schema->shortcut, value);
}
