/*
 * keyword.h - every keyword of the draft, in one table
 *
 * The table says where a keyword holds further schemas, and which function
 * turns it into instructions. Its order is the order of evaluation: cheap
 * claims come first, so that most invalid values are refused quickly.
 *
 * A keyword without a function asserts nothing.
 */
#ifndef SCHEMA_KEYWORD_H
#define SCHEMA_KEYWORD_H

#include "base/fault.h"

#include <jansson.h>
#include <stdbool.h>
#include <stddef.h>

struct compiler; /* compile.h */

enum keyword_holds {
    HOLDS_DATA,   /* no schema */
    HOLDS_SCHEMA, /* one */
    HOLDS_LIST,   /* an array of them, not empty */
    HOLDS_MAP,    /* an object of them */
    HOLDS_EITHER  /* an object of them, or of arrays of names */
};

struct keyword {
    const char *name;
    unsigned vocabulary; /* that has it: enum vocabulary */
    enum keyword_holds holds;
    int (*compile)(struct compiler *c, const json_t *value, struct fault *why);
};

/* In the order of evaluation; ended by a keyword without a name. */
extern const struct keyword keywords[];

/* NULL: no such keyword. */
const struct keyword *keyword_find(const char *name);

/* "x-…" is an annotation whatever it holds. */
bool keyword_is_extension(const char *name);

/* What the draft has instead of a keyword of an older one. NULL: it is none.
 * Some of those are in the table all the same, as they are in the draft's
 * metaschema. */
const char *keyword_successor(const char *name);

/*
 * The keyword that a wrong name probably stands for: a successor, or the
 * nearest spelling. NULL: no idea.
 */
const char *keyword_meant(const char *name);

#endif
