/*
 * utf8.h - is it text?
 *
 * Source: RFC 3629, section 4.
 *
 * Threads: any.
 */
#ifndef BASE_UTF8_H
#define BASE_UTF8_H

#include "base/slice.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Length of the well-formed sequence at `s`, of which `left` bytes (at least
 * one) are there; 0: there is none. */
size_t utf8_length(const unsigned char *s, size_t left);

/* The character that such a sequence of `len` bytes stands for. */
static inline uint32_t utf8_code_point(const unsigned char *s, size_t len)
{
    uint32_t c = len == 1 ? s[0] : s[0] & (0x7fu >> len);
    size_t i;

    for (i = 1; i < len; i++)
        c = c << 6 | (s[i] & 0x3fu);
    return c;
}

/* Whether all of it is well-formed. Nothing is; what is absent is not. */
bool utf8_is(struct slice text);

/* Whether the sequence is C0, DEL or C1, all of which terminals obey. */
static inline bool utf8_is_control(const unsigned char *s, size_t len)
{
    if (len == 1)
        return s[0] < 0x20 || s[0] == 0x7f;
    return len == 2 && s[0] == 0xc2 && s[1] < 0xa0;
}

#endif
