/*
 * describe.h - what was expected, in words
 *
 * The texts are made of the schema alone: what a document holds may be
 * personal, and that includes names of members that no schema knows. Only
 * describe_found() shows a value, for those who asked for it.
 *
 * All add to a buffer and return 0, or -1 as buf_add() does.
 */
#ifndef SCHEMA_DESCRIBE_H
#define SCHEMA_DESCRIBE_H

#include "base/buf.h"
#include "schema/program.h"

#define DESCRIBE_EXHAUSTED                                                     \
    "cannot be decided: nested too deeply, or too much work for one document"

/* "must be string or null, is integer" */
int describe_type(struct buf *out, const struct schema *schema,
                  const json_t *value, struct fault *why);

/* For the schema `false`, to which `via` led; NULL: at the root. */
int describe_nothing(struct buf *out, const struct insn *via,
                     struct fault *why);

/* "must have a member …" */
int describe_missing(struct buf *out, struct slice name, struct fault *why);

/* For "anyOf" and "oneOf", of whose alternatives `found` match. */
int describe_choice(struct buf *out, const struct insn *insn, size_t found,
                    struct fault *why);

/* For all other instructions that fail by themselves. */
int describe(struct buf *out, const struct insn *insn, struct fault *why);

/* ", found …"; `text` is what `value` says, if it is a string. */
int describe_found(struct buf *out, struct slice text, const json_t *value,
                   struct fault *why);

#endif
