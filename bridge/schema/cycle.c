#include "schema/cycle.h"

#include "schema/evaluate.h"

#include <stdlib.h>

enum mark {
    UNSEEN,
    OPEN, /* on the way from the start to here */
    DONE
};

struct search {
    const struct schema_set *set;
    unsigned char *marks; /* enum mark, one for each schema */
    unsigned depth;
    struct fault *why;
};

static int visit(struct search *search, const struct schema *schema);

/* Follows one edge of the instruction `insn` of `from`. */
static int follow(struct search *search, const struct schema *from,
                  const struct insn *insn, const struct schema *to)
{
    const struct schema_set *set = search->set;
    const struct source *source = &set->sources[from - set->schemas];

    if (search->marks[to - set->schemas] == OPEN)
        return fault_set(search->why, FAULT_CONFIG,
                         "%s#%s/%s: leads back to itself for the same value",
                         source->document->name, source->pointer,
                         insn->keyword);
    return visit(search, to);
}

static bool keeps_the_value(const struct insn *insn)
{
    switch (insn->op) {
    case OP_REF:
    case OP_ALL_OF:
    case OP_NOT:
    case OP_IF:
    case OP_THEN:
    case OP_ELSE:
    case OP_DEPENDENT_SCHEMA:
        return insn->schema != NULL;
    default:
        return false;
    }
}

static int follow_all(struct search *search, const struct schema *schema,
                      const struct insn *insn)
{
    uint32_t i;

    if (keeps_the_value(insn))
        return follow(search, schema, insn, insn->schema);
    if (insn->op != OP_ANY_OF && insn->op != OP_ONE_OF)
        return 0;
    for (i = 0; i < insn->count; i++) {
        if (follow(search, schema, insn, insn->u.schemas[i]) == -1)
            return -1;
    }
    return 0;
}

/* No evaluation would get to the end of it, nor should this recursion. */
static int refuse_depth(const struct search *search,
                        const struct schema *schema)
{
    const struct source *source =
        &search->set->sources[schema - search->set->schemas];

    return fault_set(search->why, FAULT_CONFIG,
                     "%s#%s: is behind more than %u schemas for the same value",
                     source->document->name, source->pointer,
                     search->set->depth);
}

static int visit(struct search *search, const struct schema *schema)
{
    unsigned char *mark = &search->marks[schema - search->set->schemas];
    uint32_t i;

    if (*mark == DONE)
        return 0;
    if (search->depth == search->set->depth)
        return refuse_depth(search, schema);
    search->depth++;
    *mark = OPEN;
    for (i = 0; i < schema->count; i++) {
        if (follow_all(search, schema,
                       &search->set->insns[schema->first + i]) == -1)
            return -1;
    }
    *mark = DONE;
    search->depth--;
    return 0;
}

int cycle_check(const struct schema_set *set, struct fault *why)
{
    struct search search = {set, calloc(set->source_count + 1, 1), 0, why};
    size_t i;
    int rc = 0;

    if (search.marks == NULL)
        return fault_set(why, FAULT_NOMEM, "cannot allocate the schemas");
    for (i = 0; i < set->source_count && rc == 0; i++)
        rc = visit(&search, &set->schemas[i]);
    free(search.marks);
    return rc;
}
