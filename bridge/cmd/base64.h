/*
 * base64.h - what others encode in base64
 *
 * RFC 4648, sections 4 and 5: both alphabets, also mixed, with padding or
 * without.
 */
#ifndef CMD_BASE64_H
#define CMD_BASE64_H

#include "base/slice.h"

#include <stdbool.h>
#include <stddef.h>

/* Decodes into `out`, which has room for 3/4 of the text; *len says how much
 * it was. False: it is not base64. */
bool base64_decode(struct slice text, char *out, size_t *len);

#endif
