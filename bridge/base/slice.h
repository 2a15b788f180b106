/*
 * slice.h - bytes that somebody else owns
 *
 * A slice says where bytes are and how many. It owns nothing and need not be
 * terminated; data == NULL means "absent", which is not the same as empty.
 */
#ifndef BASE_SLICE_H
#define BASE_SLICE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

struct slice {
    const char *data;
    size_t len;
};

#define SLICE_ABSENT ((struct slice){NULL, 0})

static inline struct slice slice_of(const char *text)
{
    return (struct slice){text, text == NULL ? 0 : strlen(text)};
}

static inline bool slice_is(struct slice s, const char *text)
{
    return s.data != NULL && s.len == strlen(text) &&
           memcmp(s.data, text, s.len) == 0;
}

/* Of at least eight bytes, and at most sixteen: the first and the last eight,
 * which overlap. */
static inline bool slice_same_16(const char *a, const char *b, size_t len)
{
    uint64_t a_first, a_last, b_first, b_last;

    memcpy(&a_first, a, 8);
    memcpy(&b_first, b, 8);
    memcpy(&a_last, a + len - 8, 8);
    memcpy(&b_last, b + len - 8, 8);
    return ((a_first ^ b_first) | (a_last ^ b_last)) == 0;
}

/* Likewise of four to eight. */
static inline bool slice_same_8(const char *a, const char *b, size_t len)
{
    uint32_t a_first, a_last, b_first, b_last;

    memcpy(&a_first, a, 4);
    memcpy(&b_first, b, 4);
    memcpy(&a_last, a + len - 4, 4);
    memcpy(&b_last, b + len - 4, 4);
    return ((a_first ^ b_first) | (a_last ^ b_last)) == 0;
}

/* The same bytes? Names are short, and a call of memcmp() costs more. */
static inline bool slice_same(struct slice a, struct slice b)
{
    const size_t len = a.len;

    if (len != b.len)
        return false;
    if (len > 16)
        return memcmp(a.data, b.data, len) == 0;
    if (len >= 8)
        return slice_same_16(a.data, b.data, len);
    if (len >= 4)
        return slice_same_8(a.data, b.data, len);
    /* of three there are a first, a middle and a last one */
    return len == 0 ||
           (a.data[0] == b.data[0] && a.data[len / 2] == b.data[len / 2] &&
            a.data[len - 1] == b.data[len - 1]);
}

#endif
