/*
 * plain.h - regular expressions that need no engine
 *
 * Most expressions in schemas are a row of characters and classes, anchored
 * at the beginning: "^[A-Z]{3}-[0-9]{4}$". They are matched by going through
 * the text once. What has a choice to make (alternatives, groups, a class that
 * runs into what follows), and what is not ASCII, is not plain.
 */
#ifndef FORMAT_PLAIN_H
#define FORMAT_PLAIN_H

#include "base/slice.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum { PLAIN_ITEMS = 24 };

/* So many characters of a set. */
struct plain_item {
    uint64_t set[2]; /* ASCII, a bit each */
    uint32_t min, max;
};

struct plain {
    bool to_the_end; /* "$" */
    uint32_t count;
    struct plain_item items[PLAIN_ITEMS];
};

/* False: it is not plain, or no expression at all. */
bool plain_parse(struct plain *plain, struct slice pattern);

/* `text` is valid UTF-8. */
bool plain_matches(const struct plain *plain, struct slice text);

#endif
