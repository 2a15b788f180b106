/*
 * link.c - what can be known only once all schemas are compiled
 */
#include "schema/link.h"

#include "schema/choice.h"
#include "schema/fast.h"
#include "schema/members.h"

static void link_schema(const struct schema_set *set, struct schema *schema)
{
    const struct schema *to = schema;

    while (to->count == 1 && to->types == TYPES_ANY &&
           set->insns[to->first].op == OP_REF)
        to = set->insns[to->first].schema;
    schema->shortcut = to;
    schema->insns = &set->insns[schema->first];
    fast_link(&set->insns[schema->first], schema->count);
    schema->leaf = true;
    for (uint32_t i = 0; i < schema->count; i++)
        schema->leaf = schema->leaf && schema->insns[i].op < OP_MEMBERS;
}

static void link_members(const struct insn *insn)
{
    struct members *members = insn->members;

    for (uint32_t i = 0; i < members->property_count; i++)
        members->names[i].schema = insn[1 + i].schema->shortcut;
}

int link_schemas(struct schema_set *set, struct fault *why)
{
    for (size_t i = 0; i < set->source_count; i++)
        link_schema(set, &set->schemas[i]);
    for (size_t i = 0; i < set->insn_count; i++) {
        struct insn *insn = &set->insns[i];

        if (insn->op == OP_MEMBERS)
            link_members(insn);
        if ((insn->op == OP_ANY_OF || insn->op == OP_ONE_OF) &&
            choice_new(&insn->choice, &set->arena, insn, set->insns) == -1)
            return fault_set(why, FAULT_NOMEM, "cannot allocate the schemas");
    }
    return 0;
}
