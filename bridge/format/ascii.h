/*
 * ascii.h - characters of ASCII, whatever the locale
 *
 * Sources: RFC 5234, appendix B.1 (ALPHA, DIGIT, HEXDIG, in either case);
 * RFC 3986, section 2.1 (percent-encoding).
 */
#ifndef FORMAT_ASCII_H
#define FORMAT_ASCII_H

#include "base/slice.h"

#include <stdbool.h>

static inline bool ascii_is_digit(char c) { return c >= '0' && c <= '9'; }

static inline bool ascii_is_alpha(char c)
{
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
}

static inline bool ascii_is_alnum(char c)
{
    return ascii_is_alpha(c) || ascii_is_digit(c);
}

/* What a hexadecimal digit counts, or -1. */
static inline int ascii_hex(char c)
{
    if (ascii_is_digit(c))
        return c - '0';
    if (c >= 'a' && c <= 'f')
        return c - 'a' + 10;
    if (c >= 'A' && c <= 'F')
        return c - 'A' + 10;
    return -1;
}

/* Is it one of these characters? NUL is none. */
static inline bool ascii_is_one_of(char c, const char *these)
{
    return c != '\0' && strchr(these, c) != NULL;
}

/* Does it begin with "%XX"? */
static inline bool ascii_is_triplet(struct slice text)
{
    return text.len >= 3 && text.data[0] == '%' &&
           ascii_hex(text.data[1]) != -1 && ascii_hex(text.data[2]) != -1;
}

#endif
