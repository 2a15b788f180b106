/*
 * marks.c - which parts of a value were evaluated
 */
#include "schema/marks.h"

#include <stdlib.h>
#include <string.h>

int marks_begin_many(struct marks *marks, struct marks_room *room, size_t count)
{
    const size_t words = count / 64 + 1;

    *marks = (struct marks){.count = count, .words = words};
    marks->allocated = words > MARKS_WORDS - room->used;
    if (marks->allocated) {
        marks->bits = calloc(words, sizeof(marks->bits[0]));
        return marks->bits == NULL ? -1 : 0;
    }
    marks->bits = &room->words[room->used];
    memset(marks->bits, 0, words * sizeof(marks->bits[0]));
    room->used += words;
    return 0;
}

void marks_end_many(struct marks *marks, struct marks_room *room)
{
    if (marks->allocated)
        free(marks->bits);
    else
        room->used -= marks->words;
}
