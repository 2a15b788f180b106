/*
 * uri.h - URIs: taken apart, judged, resolved
 *
 * Source: RFC 3986. Names in schemas ("$id", "$ref") are resolved as its
 * section 5.2 has it, and compared as text.
 */
#ifndef SCHEMA_URI_H
#define SCHEMA_URI_H

#include "base/arena.h"
#include "base/slice.h"

#include <stdbool.h>

/* Parts of a text that stays the caller's; an absent part has no data. */
struct uri {
    struct slice scheme;
    struct slice authority;
    struct slice path; /* never absent, may be empty */
    struct slice query;
    struct slice fragment;
};

/* Any text can be taken apart; whether the parts are right is not checked. */
void uri_split(struct slice text, struct uri *out);

/* Does the text follow the grammar of a URI, or of a URI reference? */
bool uri_is_absolute(struct slice text);
bool uri_is_reference(struct slice text);

/*
 * The reference seen from `base`, with its fragment if it has one, as text
 * from the arena. NULL: the arena is exhausted.
 */
char *uri_resolve(struct arena *arena, struct slice base,
                  struct slice reference);

#endif
