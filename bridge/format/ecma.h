/*
 * ecma.h - from ECMA-262's regular expressions to PCRE2's
 *
 * JSON Schema means ECMA-262 with the "u" flag. PCRE2 reads most of it the
 * same way; what it reads differently is rewritten here, and what only PCRE2
 * (or no one) understands is refused, so that a pattern means the same in
 * every implementation or is not accepted.
 *
 *   .            any but LF, CR, U+2028, U+2029
 *   \s \S        with NBSP, U+FEFF and Unicode's spaces
 *   \v           U+000B, not a class
 *   \uD83D\uDE00 one character
 *   \p{Letter}   by its short name, \p{L}
 *   \12          a backreference, never octal
 *   { } ]        literal where they cannot be anything else
 *
 * Source: ECMA-262, section 22.2.1 (Patterns).
 */
#ifndef FORMAT_ECMA_H
#define FORMAT_ECMA_H

#include "base/buf.h"
#include "base/fault.h"
#include "base/slice.h"

/*
 * Adds the translation of `pattern` to *out. FAULT_CONFIG: refused, and the
 * text says what and at which byte. FAULT_TOO_LARGE, FAULT_NOMEM.
 */
int ecma_translate(struct buf *out, struct slice pattern, struct fault *why);

#endif
