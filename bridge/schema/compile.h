/*
 * compile.h - from subschemas to instructions
 *
 * compile_schemas() goes through the indexed schemas and calls, for each
 * keyword present, the function that keyword.c has for it. Those functions
 * are in compile_assert.c (claims about the value itself), compile_apply.c
 * (claims by other schemas), compile_members.c and compile_ref.c, and use what
 * is declared here. What a keyword's value looks like was checked against the
 * metaschema.
 */
#ifndef SCHEMA_COMPILE_H
#define SCHEMA_COMPILE_H

#include "schema/set.h"

struct compiler {
    struct schema_set *set;
    const struct source *source; /* the schema in hand */
    struct schema *schema;       /* what becomes of it */
    const char *keyword;         /* the keyword in hand */
    bool has_members;            /* OP_MEMBERS is there */
};

/* Fills set->schemas and set->insns. FAULT_CONFIG, FAULT_NOMEM. */
int compile_schemas(struct schema_set *set, struct fault *why);

/* ---- for the functions of the keywords --------------------------------- */

/* "document#/pointer/keyword: what is wrong". Returns -1. */
int compile_refuse(const struct compiler *c, struct fault *why, const char *fmt,
                   ...) __attribute__((format(printf, 3, 4)));

/*
 * Adds an instruction of the keyword in hand, for values of the types in
 * `applies`. The pointer is good until the next is added. NULL: FAULT_NOMEM.
 */
struct insn *compile_emit(struct compiler *c, enum op op, unsigned applies,
                          struct fault *why);

/*
 * The schema under the keyword in hand, or under `token` in it. It is there,
 * the index was made from the same documents. NULL: FAULT_NOMEM.
 */
const struct schema *compile_child(const struct compiler *c,
                                   const struct slice *token,
                                   struct fault *why);

/* Likewise for each of an array of schemas. */
const struct schema *compile_child_at(const struct compiler *c, size_t index,
                                      struct fault *why);

/* The same for a keyword beside the one in hand. */
const struct schema *compile_sibling(const struct compiler *c,
                                     const char *keyword, struct fault *why);

/* A regular expression that lives with the set. FAULT_CONFIG, FAULT_NOMEM. */
const struct regex *compile_regex(struct compiler *c, struct slice pattern,
                                  struct fault *why);

/* An instruction that hands its values to `schema`; NULL is passed on. */
struct insn *compile_emit_schema(struct compiler *c, enum op op,
                                 unsigned applies, const struct schema *schema,
                                 struct fault *why);

/* The value of another keyword of the schema in hand, or NULL: it is not
 * there, or none of its vocabularies. */
const json_t *compile_beside(const struct compiler *c, const char *keyword);

/* Memory that lives with the set. NULL: FAULT_NOMEM. */
void *compile_alloc(const struct compiler *c, size_t size, struct fault *why);

#endif
