/*
 * choice.c - which alternatives a value leaves open
 */
#include "schema/choice.h"

#include "schema/value.h"

struct search {
    struct arena *arena;
    const struct insn *insns;
    const struct insn *choice; /* the instruction that chooses */
};

/* What it says of an object's members, or NULL. */
static const struct insn *members_of(const struct search *se,
                                     const struct schema *schema)
{
    schema = schema->shortcut;
    for (uint32_t i = 0; i < schema->count; i++)
        if (se->insns[schema->first + i].op == OP_MEMBERS)
            return &se->insns[schema->first + i];
    return NULL;
}

/* The instruction that leaves a value only certain texts, or NULL. */
static const struct insn *texts_insn(const struct search *se,
                                     const struct schema *schema)
{
    schema = schema->shortcut;
    for (uint32_t i = 0; i < schema->count; i++) {
        const struct insn *insn = &se->insns[schema->first + i];

        if ((insn->op == OP_CONST && json_is_string(insn->u.value)) ||
            (insn->op == OP_ENUM && insn->members != NULL))
            return insn;
    }
    return NULL;
}

/* The same for the member `tag` of alternative `number`. */
static const struct insn *tag_insn(const struct search *se, uint32_t number,
                                   struct slice tag)
{
    const struct insn *members = members_of(se, se->choice->u.schemas[number]);
    uint32_t at;

    if (members == NULL)
        return NULL;
    at = members_find(members->members, tag, 0);
    return at < members->members->property_count
               ? texts_insn(se, members[1 + at].schema)
               : NULL;
}

static uint32_t told_by(const struct search *se, struct slice tag)
{
    uint32_t count = 0;

    for (uint32_t i = 0; i < se->choice->count; i++)
        count += tag_insn(se, i, tag) != NULL;
    return count;
}

/* The member that tells most of the alternatives apart; absent: none tells
 * two. The names are tried that one of the first has: there can be thousands.
 */
static struct slice find_tag(const struct search *se)
{
    enum { FIRST_ONES = 8 };
    struct slice best = SLICE_ABSENT;
    uint32_t most = 1;

    for (uint32_t i = 0; i < se->choice->count && i < FIRST_ONES; i++) {
        const struct insn *insn = members_of(se, se->choice->u.schemas[i]);

        for (uint32_t k = 0; insn != NULL && k < insn->members->property_count;
             k++) {
            const struct slice name = insn->members->names[k].name;
            uint32_t told;

            if (texts_insn(se, insn[1 + k].schema) == NULL)
                continue;
            told = told_by(se, name);
            if (told > most) {
                most = told;
                best = name;
            }
        }
    }
    return best;
}

/* NULL: no memory. */
static const struct members *texts_of(const struct search *se,
                                      const struct insn *insn)
{
    struct members *texts;

    if (insn->op == OP_ENUM)
        return insn->members;
    texts = members_new(se->arena, 1);
    if (texts != NULL) {
        members_add(texts, value_text(insn->u.value));
        members_ready(texts);
    }
    return texts;
}

/* The names, if the alternative is for objects that have no others. */
static const struct members *only_names(const struct search *se,
                                        const struct schema *schema)
{
    const struct insn *insn = members_of(se, schema);
    const struct members *members;

    if (insn == NULL)
        return NULL;
    members = insn->members;
    if (!members->additional || members->pattern_count > 0 ||
        insn[1 + members->property_count].schema->types != TYPES_NONE)
        return NULL;
    /* what is required and has no schema could be there */
    return members->count == members->property_count ? members : NULL;
}

static int fill(const struct search *se, struct choice *choice)
{
    for (uint32_t i = 0; i < se->choice->count; i++) {
        struct alternative *alternative = &choice->alternatives[i];
        const struct insn *from = NULL;

        if (choice->tag.data != NULL)
            from = tag_insn(se, i, choice->tag);
        alternative->texts = from == NULL ? NULL : texts_of(se, from);
        if (from != NULL && alternative->texts == NULL)
            return -1;
        alternative->only = only_names(se, se->choice->u.schemas[i]);
    }
    return 0;
}

static bool is_any_closed(const struct search *se)
{
    for (uint32_t i = 0; i < se->choice->count; i++)
        if (only_names(se, se->choice->u.schemas[i]) != NULL)
            return true;
    return false;
}

int choice_new(const struct choice **out, struct arena *arena,
               const struct insn *insn, const struct insn *insns)
{
    const struct search se = {arena, insns, insn};
    const struct slice tag = find_tag(&se);
    struct choice *choice;

    *out = NULL;
    if (tag.data == NULL && !is_any_closed(&se))
        return 0;
    choice = arena_alloc(
        arena, sizeof(*choice) + insn->count * sizeof(choice->alternatives[0]));
    if (choice == NULL)
        return -1;
    choice->tag = tag;
    if (fill(&se, choice) == -1)
        return -1;
    *out = choice;
    return 0;
}

void choice_look(const struct choice *choice, const json_t *object,
                 struct choice_signs *signs)
{
    void *first = json_object_iter((json_t *)object);
    const json_t *tag;

    *signs = (struct choice_signs){false, SLICE_ABSENT, SLICE_ABSENT};
    if (first == NULL)
        return;
    signs->first = (struct slice){json_object_iter_key(first),
                                  json_object_iter_key_len(first)};
    if (choice->tag.data == NULL)
        return;
    tag = json_object_getn(object, choice->tag.data, choice->tag.len);
    signs->tagged = tag != NULL;
    if (json_is_string(tag))
        signs->text = value_text(tag);
}
