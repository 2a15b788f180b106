/*
 * nearest.c - the name that was probably meant
 *
 * Optimal string alignment: the edit distance in which two neighbours may
 * change places for the price of one, and no piece is edited twice. The
 * names compared are ours, so they are short; what a user typed is not, and
 * whatever is longer than NAME_MAX_LEN is like nothing we know.
 */
#include "base/nearest.h"

#include <string.h>

enum { NAME_MAX_LEN = 95 };

static size_t least(size_t a, size_t b) { return a < b ? a : b; }

static size_t distance(const char *a, size_t a_len, const char *b, size_t b_len)
{
    /* the row in work and the two above it */
    size_t rows[3][NAME_MAX_LEN + 1];
    size_t *row = rows[0], *up = rows[1], *up_up = rows[2];

    for (size_t j = 0; j <= b_len; j++)
        row[j] = j;
    for (size_t i = 1; i <= a_len; i++) {
        size_t *oldest = up_up;

        up_up = up;
        up = row;
        row = oldest;
        row[0] = i;
        for (size_t j = 1; j <= b_len; j++) {
            size_t replaced = up[j - 1] + (a[i - 1] != b[j - 1]);

            row[j] = least(replaced, least(up[j], row[j - 1]) + 1);
            if (i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1])
                row[j] = least(row[j], up_up[j - 2] + 1);
        }
    }
    return row[b_len];
}

/* A third of the name may be wrong, but never more than three places. */
static size_t tolerance(size_t len)
{
    if (len < 6)
        return 1;
    return least(len / 3, 3);
}

void nearest_init(struct nearest *nearest, const char *wanted)
{
    nearest->wanted = wanted;
    nearest->best = NULL;
    nearest->distance = 0;
}

void nearest_offer(struct nearest *nearest, const char *candidate)
{
    size_t wanted_len = strlen(nearest->wanted);
    size_t candidate_len = strlen(candidate);
    size_t d;

    if (wanted_len > NAME_MAX_LEN || candidate_len > NAME_MAX_LEN)
        return;
    d = distance(nearest->wanted, wanted_len, candidate, candidate_len);
    if (d > tolerance(wanted_len))
        return;
    if (nearest->best == NULL || d < nearest->distance) {
        nearest->best = candidate;
        nearest->distance = d;
    }
}
