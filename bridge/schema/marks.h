/*
 * marks.h - which parts of a value were evaluated
 *
 * For "unevaluatedItems" and "unevaluatedProperties" (Core, section 11): one
 * mark for each member of an object, in the order of its iteration, or item
 * of an array. A schema that has such a keyword makes a set of marks for its
 * value; all that looks at the same value on its behalf leaves its marks
 * there, and a part of it that may fail leaves them in a set of its own,
 * which is added only if it holds.
 *
 * Sets are made and dropped as a stack. One of few parts holds its marks
 * itself; usual others are in the scratch; where more is needed it is
 * allocated.
 */
#ifndef SCHEMA_MARKS_H
#define SCHEMA_MARKS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum { MARKS_WORDS = 256 };

/* Of a thread: room for sets. Zero is the right beginning. */
struct marks_room {
    size_t used; /* words */
    uint64_t words[MARKS_WORDS];
};

struct marks {
    size_t count; /* of parts */
    size_t below; /* the parts below this one are marked, all of them */
    uint64_t *bits;
    uint64_t few; /* of up to 64 parts */
    size_t words;
    bool allocated;
};

int marks_begin_many(struct marks *marks, struct marks_room *room,
                     size_t count);
void marks_end_many(struct marks *marks, struct marks_room *room);

/* *marks stays where it is until its end. -1: there is no memory. */
static inline int marks_begin(struct marks *marks, struct marks_room *room,
                              size_t count)
{
    if (count > 64)
        return marks_begin_many(marks, room, count);
    marks->count = count;
    marks->below = 0;
    marks->bits = &marks->few;
    marks->few = 0;
    marks->words = 1;
    return 0;
}

static inline void marks_end(struct marks *marks, struct marks_room *room)
{
    if (marks->bits != &marks->few)
        marks_end_many(marks, room);
}

static inline void marks_set(struct marks *marks, size_t part)
{
    marks->bits[part / 64] |= UINT64_C(1) << part % 64;
}

static inline void marks_set_below(struct marks *marks, size_t end)
{
    if (end > marks->below)
        marks->below = end;
}

static inline bool marks_has(const struct marks *marks, size_t part)
{
    return part < marks->below ||
           (marks->bits[part / 64] >> part % 64 & 1) != 0;
}

/* The first parts, as a word. */
static inline uint64_t marks_low(size_t parts)
{
    return parts >= 64 ? UINT64_MAX : (UINT64_C(1) << parts) - 1;
}

/* Are all parts marked? False also means: they are too many to tell quickly. */
static inline bool marks_are_all(const struct marks *marks)
{
    if (marks->below >= marks->count)
        return true;
    return marks->bits == &marks->few &&
           ((marks->few | marks_low(marks->below)) & marks_low(marks->count)) ==
               marks_low(marks->count);
}

/* Adds what `more` has, a set of the same value. */
static inline void marks_add(struct marks *marks, const struct marks *more)
{
    marks_set_below(marks, more->below);
    for (size_t i = 0; i < marks->words; i++)
        marks->bits[i] |= more->bits[i];
}

#endif
