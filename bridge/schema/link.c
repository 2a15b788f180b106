/*
 * link.c - what can be known only once all schemas are compiled
 */
#include "schema/link.h"

#include "schema/bounds.h"
#include "schema/choice.h"
#include "schema/fast.h"
#include "schema/members.h"
#include "schema/peek.h"

/* Where a schema that is nothing but a reference leads to; NULL: it is not. */
static const struct schema *leads_to(const struct schema_set *set,
                                     const struct schema *schema)
{
    if (schema->count != 1 || schema->types != TYPES_ANY ||
        set->insns[schema->first].op != OP_REF)
        return NULL;
    return set->insns[schema->first].schema;
}

/* All on the way there get the same shortcut, so no way is gone twice. */
static void take_shortcut(struct schema_set *set, struct schema *schema)
{
    const struct schema *end = schema, *next;

    while (end->shortcut == NULL && (next = leads_to(set, end)) != NULL)
        end = next;
    if (end->shortcut != NULL)
        end = end->shortcut;
    while (schema->shortcut == NULL) {
        next = leads_to(set, schema);
        schema->shortcut = end;
        if (schema == end)
            break;
        schema = &set->schemas[next - set->schemas];
    }
}

static void link_schema(const struct schema_set *set, struct schema *schema)
{
    schema->insns = &set->insns[schema->first];
    fast_link(&set->insns[schema->first], schema->count);
}

static void link_members(const struct insn *insn)
{
    struct members *members = insn->members;

    for (uint32_t i = 0; i < members->property_count; i++)
        members->names[i].schema = insn[1 + i].schema->shortcut;
}

int link_schemas(struct schema_set *set, struct fault *why)
{
    peek_init();
    for (size_t i = 0; i < set->source_count; i++) {
        take_shortcut(set, &set->schemas[i]);
        link_schema(set, &set->schemas[i]);
    }
    for (size_t i = 0; i < set->insn_count; i++) {
        struct insn *insn = &set->insns[i];

        if (insn->op == OP_MEMBERS)
            link_members(insn);
        if ((insn->op == OP_ANY_OF || insn->op == OP_ONE_OF) &&
            choice_new(&insn->choice, &set->arena, insn, set->insns) == -1)
            return fault_set(why, FAULT_NOMEM, "cannot allocate the schemas");
    }
    return bounds_find(set, why);
}
