/*
 * choice.h - which alternatives a value leaves open
 *
 * The alternatives of "anyOf" and "oneOf" often are forms of an object that a
 * member tells apart: its "type", say, which is another constant in each.
 * Then those with another constant need not be tried.
 */
#ifndef SCHEMA_CHOICE_H
#define SCHEMA_CHOICE_H

#include "base/arena.h"
#include "schema/members.h"
#include "schema/program.h"

struct choice {
    struct slice tag; /* the member's name */
    /* For each alternative the texts that it allows there; NULL: others, too.
     */
    const struct members *texts[];
};

/* The value's member of that name. */
struct choice_tag {
    bool known;        /* it is there */
    struct slice text; /* absent: it is no string */
};

/* For an OP_ANY_OF or OP_ONE_OF, once the shortcuts of all schemas are there.
 * *out is NULL if no member tells its alternatives apart. -1: no memory. */
int choice_new(const struct choice **out, struct arena *arena,
               const struct insn *insn, const struct insn *insns);

/* `choice` may be NULL. */
struct choice_tag choice_read(const struct choice *choice, const json_t *value);

/* False: the alternative certainly does not hold. */
static inline bool choice_is_open(const struct choice *choice, uint32_t number,
                                  struct choice_tag tag)
{
    if (!tag.known || choice->texts[number] == NULL)
        return true;
    return tag.text.data != NULL &&
           members_find(choice->texts[number], tag.text, 0) != MEMBERS_NONE;
}

#endif
