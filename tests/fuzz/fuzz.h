/*
 * fuzz.h - what the fuzzers of schemas share
 */
#ifndef FUZZ_FUZZ_H
#define FUZZ_FUZZ_H

#include "schema/schema.h"

#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define FUZZ_URI "https://test.example/main"

/* Stands between the texts of an input: JSON has it nowhere. */
enum { FUZZ_SEPARATOR = '\f' };

/* An assertion that no build leaves out. */
#define MUST(condition)                                                        \
    do {                                                                       \
        if (!(condition)) {                                                    \
            fprintf(stderr, "%s:%d: not so: %s\n", __FILE__, __LINE__,         \
                    #condition);                                               \
            abort();                                                           \
        }                                                                      \
    } while (0)

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* Takes the text up to the next separator from *rest; false: none is left. */
static inline bool fuzz_take(struct slice *rest, struct slice *text)
{
    const char *end;

    if (rest->data == NULL)
        return false;
    *text = *rest;
    end = rest->len == 0 ? NULL : memchr(rest->data, FUZZ_SEPARATOR, rest->len);
    if (end == NULL) {
        *rest = SLICE_ABSENT;
        return true;
    }
    text->len = (size_t)(end - text->data);
    rest->data += text->len + 1;
    rest->len -= text->len + 1;
    return true;
}

#endif
