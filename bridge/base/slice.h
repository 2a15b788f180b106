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

/* Of at least as many bytes as a word has, and at most two: the first and the
 * last ones, which overlap. */
static inline bool slice_same_words(const char *a, const char *b, size_t len)
{
    uint64_t a_first, a_last, b_first, b_last;
    const size_t last = len - sizeof(a_last);

    memcpy(&a_first, a, sizeof(a_first));
    memcpy(&b_first, b, sizeof(b_first));
    memcpy(&a_last, a + last, sizeof(a_last));
    memcpy(&b_last, b + last, sizeof(b_last));
    return ((a_first ^ b_first) | (a_last ^ b_last)) == 0;
}

/* The same bytes? Names are short, and a call of memcmp() costs more. */
static inline bool slice_same(struct slice a, struct slice b)
{
    if (a.len != b.len)
        return false;
    if (a.len > 2 * sizeof(uint64_t))
        return memcmp(a.data, b.data, a.len) == 0;
    if (a.len >= sizeof(uint64_t))
        return slice_same_words(a.data, b.data, a.len);
    for (size_t i = 0; i < a.len; i++)
        if (a.data[i] != b.data[i])
            return false;
    return true;
}

#endif
