/*
 * regex.h - regular expressions, as ECMA-262 has them
 *
 * The only door to PCRE2. Expressions search: they match anywhere unless
 * they are anchored. A match costs bounded time and memory, and so do all of
 * a document together; one that would need more is given up, which is an
 * answer of its own.
 *
 * Threads: a struct regex is shared by all, a scratch belongs to one.
 */
#ifndef FORMAT_REGEX_H
#define FORMAT_REGEX_H

#include "base/fault.h"
#include "base/slice.h"

#include <stdbool.h>

struct regex;
struct regex_scratch;

enum regex_answer { REGEX_NO_MATCH, REGEX_MATCH, REGEX_EXHAUSTED };

/*
 * FAULT_CONFIG: not an expression, or one that PCRE2 cannot express; the text
 * says where. FAULT_NOMEM. The caller owns *out.
 */
int regex_new(struct regex **out, struct slice pattern, struct fault *why);
void regex_free(struct regex *regex);

/*
 * Would regex_new() make one of it? *exhausted becomes true, and the answer is
 * no, where memory or the longest pattern that is taken kept it from saying.
 */
bool regex_compiles(struct slice pattern, bool *exhausted);

/*
 * The stack that a match runs on is here, on the heap, because a thread's
 * own may be small. FAULT_NOMEM.
 */
int regex_scratch_new(struct regex_scratch **out, struct fault *why);
void regex_scratch_free(struct regex_scratch *scratch);

/* Another document: what searches in the last one have cost does not count. */
void regex_scratch_reset(struct regex_scratch *scratch);

/* `text` is valid UTF-8. */
enum regex_answer regex_search(const struct regex *regex, struct slice text,
                               struct regex_scratch *scratch);

/* "PCRE2 10.42 ..." */
const char *regex_version(void);

#endif
