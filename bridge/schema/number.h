/*
 * number.h - JSON numbers, compared exactly
 *
 * jansson has two kinds, int64 and double. The draft knows only numbers: 1
 * equals 1.0, and converting an int64 to double to compare would make 2^53
 * equal to 2^53 + 1. Nothing here rounds.
 */
#ifndef SCHEMA_NUMBER_H
#define SCHEMA_NUMBER_H

#include <jansson.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Negative, zero or positive, as `a` is less than, equal to, above `b`. */
int number_compare(const json_t *a, const json_t *b);

/* Is it an integer, however it was written? */
bool number_is_whole(const json_t *number);

/* The same number has the same bits, whichever kind jansson holds it as. */
uint64_t number_bits(const json_t *number);

/*
 * Reads the count that a keyword like "maxItems" has; one too large for any
 * count is as large as possible. -1: not a whole number, or negative.
 */
int number_count(const json_t *number, size_t *out);

enum { NUMBER_TEXT_MAX = 40 };

/* As it was written, or shorter: the digits that tell it from others. */
void number_print(const json_t *number, char text[NUMBER_TEXT_MAX]);

/*
 * A number as people wrote it, digits * 10^exponent. "multipleOf": 0.01
 * means the decimal, which no double is, so division is done on these.
 */
struct decimal {
    uint64_t digits; /* the sign does not matter to divisibility */
    int exponent;
};

void decimal_of(const json_t *number, struct decimal *out);

/* Is `a` a whole multiple of `b`, which is not zero? */
bool decimal_divides(const struct decimal *b, const struct decimal *a);

#endif
