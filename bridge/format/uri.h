/*
 * uri.h - URIs: taken apart, judged, resolved; IRIs: judged
 *
 * Sources: RFC 3986; RFC 3987 for IRIs. Names in schemas ("$id", "$ref") are
 * resolved as section 5.2 of the former has it, and compared as text.
 */
#ifndef FORMAT_URI_H
#define FORMAT_URI_H

#include "base/arena.h"
#include "base/slice.h"

#include <stdbool.h>
#include <stdint.h>

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

/* Of an IRI, or of an IRI reference? */
bool uri_is_iri(struct slice text);
bool uri_is_iri_reference(struct slice text);

/* RFC 3987, section 2.2: what IRIs have beyond ASCII. */
bool uri_is_ucschar(uint32_t c);
bool uri_is_iprivate(uint32_t c);

/*
 * The reference seen from `base`, with its fragment if it has one, as text
 * from the arena. NULL: the arena is exhausted.
 */
char *uri_resolve(struct arena *arena, struct slice base,
                  struct slice reference);

#endif
