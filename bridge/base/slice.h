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

#endif
