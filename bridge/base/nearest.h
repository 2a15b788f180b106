/*
 * nearest.h - the name that was probably meant
 *
 * For "unknown setting 'http.prot', did you mean 'http.port'?".
 */
#ifndef BASE_NEAREST_H
#define BASE_NEAREST_H

#include <stddef.h>

/*
 * Keeps the nearest of the candidates it is shown, by edit distance
 * (insert, delete, replace, swap of neighbours).
 */
struct nearest {
    const char *wanted; /* borrowed */
    const char *best;   /* borrowed; NULL: nothing near enough yet */
    size_t distance;
};

void nearest_init(struct nearest *nearest, const char *wanted);
void nearest_offer(struct nearest *nearest, const char *candidate);

#endif
