/*
 * choice.h - which alternatives a value leaves open
 *
 * The alternatives of "anyOf" and "oneOf" often are forms of an object that a
 * member tells apart: its "type", say, which is another constant in each.
 * Then those with another constant need not be tried. Nor need one that allows
 * no members but those it names, if the object's first is none of them.
 */
#ifndef SCHEMA_CHOICE_H
#define SCHEMA_CHOICE_H

#include "base/arena.h"
#include "schema/members.h"
#include "schema/program.h"

struct alternative {
    const struct members *texts; /* that the tag can be; NULL: others, too */
    const struct members *only;  /* it has no others; NULL: it may have */
};

struct choice {
    struct slice tag; /* the name of the member that tells; absent: none does */
    struct alternative alternatives[];
};

/* What is looked at of an object. */
struct choice_signs {
    bool tagged;        /* it has the tag */
    struct slice text;  /* the tag's; absent: it is no string */
    struct slice first; /* the first member's name; absent: it has none */
};

/* For an OP_ANY_OF or OP_ONE_OF, once the shortcuts of all schemas are there.
 * *out is NULL if nothing tells its alternatives apart. -1: no memory. */
int choice_new(const struct choice **out, struct arena *arena,
               const struct insn *insn, const struct insn *insns);

void choice_look(const struct choice *choice, const json_t *object,
                 struct choice_signs *signs);

/* False: the alternative certainly does not hold. */
static inline bool choice_is_open(const struct alternative *alternative,
                                  const struct choice_signs *signs)
{
    if (alternative->texts != NULL && signs->tagged &&
        (signs->text.data == NULL ||
         members_find(alternative->texts, signs->text, 0) == MEMBERS_NONE))
        return false;
    return alternative->only == NULL || signs->first.data == NULL ||
           members_find(alternative->only, signs->first, 0) != MEMBERS_NONE;
}

#endif
