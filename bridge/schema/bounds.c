/*
 * bounds.c - schemas whose evaluation needs no counting
 */
#include "schema/bounds.h"

#include <stdlib.h>

/*
 * The most that a light one may lead to. As many schemas are tried on one
 * value at most, which keeps a body of the usual size far below what is
 * allowed; and as deep it goes beyond the depth that is counted.
 */
enum { SIZE_MAX_LIGHT = 256, HEIGHT_MAX = 32 };

enum mark { UNSEEN, OPEN, DONE };

/* All schemas that one leads to, itself among them; those that it leads to
 * by several ways count several times. */
struct extent {
    unsigned char mark;
    unsigned char height;
    unsigned short size; /* 0: more than a light one may have */
};

struct search {
    const struct schema_set *set;
    struct extent *extents; /* one for each schema */
    unsigned depth;
};

static const struct extent *visit(struct search *se,
                                  const struct schema *schema);

/* Adds one that `extent` leads to. */
static void add(struct search *se, struct extent *extent,
                const struct schema *to)
{
    const struct extent *more = visit(se, to);

    if (more->mark == OPEN || more->size == 0 || extent->size == 0 ||
        extent->size + more->size > SIZE_MAX_LIGHT ||
        more->height + 1 > HEIGHT_MAX) {
        extent->size = 0;
        return;
    }
    extent->size = (unsigned short)(extent->size + more->size);
    if (more->height + 1 > extent->height)
        extent->height = (unsigned char)(more->height + 1);
}

static void add_all(struct search *se, struct extent *extent,
                    const struct insn *insn)
{
    if (insn->op == OP_DYNAMIC_REF)
        extent->size = 0;
    if (insn->schema != NULL)
        add(se, extent, insn->schema);
    if (insn->op != OP_ANY_OF && insn->op != OP_ONE_OF)
        return;
    for (uint32_t i = 0; i < insn->count; i++)
        add(se, extent, insn->u.schemas[i]);
}

static const struct extent *visit(struct search *se,
                                  const struct schema *schema)
{
    struct extent *extent = &se->extents[schema - se->set->schemas];

    if (extent->mark != UNSEEN)
        return extent;
    extent->mark = OPEN;
    extent->size = se->depth < se->set->depth; /* this search is bounded, too */
    se->depth++;
    for (uint32_t i = 0; i < schema->count && extent->size > 0; i++)
        add_all(se, extent, &schema->insns[i]);
    se->depth--;
    extent->mark = DONE;
    return extent;
}

int bounds_find(struct schema_set *set, struct fault *why)
{
    struct search se = {
        set, calloc(set->source_count + 1, sizeof(struct extent)), 0};

    if (se.extents == NULL)
        return fault_set(why, FAULT_NOMEM, "cannot allocate the schemas");
    for (size_t i = 0; i < set->source_count; i++) {
        struct schema *schema = &set->schemas[i];

        schema->light = visit(&se, schema)->size > 0 && schema->tracks == 0;
    }
    free(se.extents);
    return 0;
}
