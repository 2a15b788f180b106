#include "schema/number.h"

#include <float.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

__extension__ typedef unsigned __int128 u128;

static const double TWO_63 = 9223372036854775808.0;

static int sign_of(double d) { return (d > 0) - (d < 0); }

/* An int64 against a double, without letting either become the other. */
static int compare_mixed(int64_t i, double d)
{
    double whole;
    int64_t w;

    if (d >= TWO_63)
        return -1;
    if (d < -TWO_63)
        return 1;
    whole = trunc(d);
    w = (int64_t)whole; /* exact: it is whole and within range */
    if (i != w)
        return i < w ? -1 : 1;
    return sign_of(whole - d);
}

int number_compare(const json_t *a, const json_t *b)
{
    if (json_is_integer(a) && json_is_integer(b)) {
        json_int_t x = json_integer_value(a);
        json_int_t y = json_integer_value(b);

        return (x > y) - (x < y);
    }
    if (json_is_integer(a))
        return compare_mixed(json_integer_value(a), json_real_value(b));
    if (json_is_integer(b))
        return -compare_mixed(json_integer_value(b), json_real_value(a));
    return (json_real_value(a) > json_real_value(b)) -
           (json_real_value(a) < json_real_value(b));
}

bool number_is_whole(const json_t *number)
{
    double d;

    if (json_is_integer(number))
        return true;
    d = json_real_value(number);
    return isfinite(d) && trunc(d) == d;
}

uint64_t number_bits(const json_t *number)
{
    uint64_t bits;
    double d;

    if (json_is_integer(number))
        return (uint64_t)json_integer_value(number);
    d = json_real_value(number);
    if (number_is_whole(number) && d >= -TWO_63 && d < TWO_63)
        return (uint64_t)(int64_t)d; /* -0.0 becomes 0 here as well */
    memcpy(&bits, &d, sizeof(bits));
    return bits;
}

int number_count(const json_t *number, size_t *out)
{
    double d;

    if (!json_is_number(number) || !number_is_whole(number))
        return -1;
    if (json_is_integer(number)) {
        if (json_integer_value(number) < 0)
            return -1;
        *out = (size_t)json_integer_value(number);
        return 0;
    }
    d = json_real_value(number);
    if (d < 0)
        return -1;
    *out = d >= TWO_63 ? SIZE_MAX : (size_t)d;
    return 0;
}

/*
 * How many digits it takes until a decimal reads back as `d`: those that were
 * written, unless they were more than a double can tell apart.
 */
static int digits_of(double d)
{
    char text[NUMBER_TEXT_MAX];
    int digits;

    /* a subnormal one has fewer than the fifteen that others can keep */
    for (digits = fabs(d) < DBL_MIN ? 1 : 15; digits < 17; digits++) {
        snprintf(text, sizeof(text), "%.*g", digits, d);
        if (strtod(text, NULL) == d)
            break;
    }
    return digits;
}

void number_print(const json_t *number, char text[NUMBER_TEXT_MAX])
{
    double d = json_real_value(number);

    if (json_is_integer(number))
        snprintf(text, NUMBER_TEXT_MAX, "%" JSON_INTEGER_FORMAT,
                 json_integer_value(number));
    else
        snprintf(text, NUMBER_TEXT_MAX, "%.*g", digits_of(d), d);
}

void decimal_of(const json_t *number, struct decimal *out)
{
    char text[NUMBER_TEXT_MAX];
    const char *p;
    double d;

    out->digits = 0;
    out->exponent = 0;
    if (json_is_integer(number)) {
        json_int_t i = json_integer_value(number);

        out->digits = i < 0 ? 0 - (uint64_t)i : (uint64_t)i;
        return;
    }
    d = fabs(json_real_value(number));
    snprintf(text, sizeof(text), "%.*e", digits_of(d) - 1, d);
    for (p = text; *p != '\0' && *p != 'e'; p++) {
        if (*p == '.')
            continue;
        out->digits = out->digits * 10 + (uint64_t)(*p - '0');
        if (p > text)
            out->exponent--;
    }
    if (*p == 'e')
        out->exponent += (int)strtol(p + 1, NULL, 10);
}

/* (digits * 10^power) mod `modulus`, without ever forming the product. */
static uint64_t scaled_remainder(uint64_t digits, int power, uint64_t modulus)
{
    u128 result = digits % modulus;
    u128 ten = 10 % modulus;

    for (; power > 0; power >>= 1) {
        if ((power & 1) != 0)
            result = result * ten % modulus;
        ten = ten * ten % modulus;
    }
    return (uint64_t)result;
}

bool decimal_divides(const struct decimal *b, const struct decimal *a)
{
    int shift = a->exponent - b->exponent;
    u128 divisor = b->digits;

    if (a->digits == 0)
        return true;
    if (shift >= 0)
        return scaled_remainder(a->digits, shift, b->digits) == 0;
    for (; shift < 0; shift++) {
        divisor *= 10;
        if (divisor > a->digits)
            return false; /* more than `a` itself cannot divide it */
    }
    return a->digits % (uint64_t)divisor == 0;
}
