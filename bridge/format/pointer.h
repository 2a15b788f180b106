/*
 * pointer.h - JSON Pointers, as text and inside URI fragments
 *
 * Sources: RFC 6901; RFC 3986, section 2.1 (percent-encoding);
 * draft-bhutton-relative-json-pointer-00.
 */
#ifndef FORMAT_POINTER_H
#define FORMAT_POINTER_H

#include "base/buf.h"
#include "base/slice.h"

#include <stdbool.h>
#include <stddef.h>

/* Adds "/" and the token, with '~' and '/' escaped. As buf_add(). */
int pointer_add(struct buf *pointer, struct slice token, struct fault *why);
int pointer_add_index(struct buf *pointer, size_t index, struct fault *why);

/* Back to the length it had before tokens were added. */
void pointer_cut(struct buf *pointer, size_t len);

/* Is it "" or "/…", with every '~' followed by '0' or '1'? */
bool pointer_is_valid(struct slice text);

/*
 * Is it a number of levels to go up, perhaps a number of items to go on or
 * back ("+1", "-1"), and then a JSON Pointer or "#"? The draft's grammar has
 * no "#" behind "+1", but its text and its examples do.
 */
bool pointer_is_relative(struct slice text);

/*
 * Adds `text` with each %XX replaced by its byte. FAULT_CONFIG: a '%' without
 * two hexadecimal digits.
 */
int pointer_decode(struct buf *out, struct slice text, struct fault *why);

/*
 * Writes `text` as it must stand in a fragment: what is not allowed there is
 * percent-encoded. `out` has room for three times its length.
 */
size_t pointer_encode(char *out, struct slice text);

#endif
