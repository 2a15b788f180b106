/*
 * schema.h - a compiled JSON Schema validator (draft 2020-12) over jansson
 *
 * Schemas are added to a set as documents under URIs, then compiled once:
 * every reference is resolved, every pattern compiled, every keyword known,
 * or the set is refused with the place. Nothing is ever fetched. From then
 * on the set is immutable and any number of threads may evaluate with it,
 * each with a scratch of its own.
 *
 * Evaluation answers yes or no first and cheaply; schema_explain() runs
 * again, after a no, to say what was wrong and where.
 *
 * All of the draft is implemented; docs/json-schema.md has the few places
 * where it can be read in two ways, and which one was taken.
 *
 * Source: JSON Schema Core and Validation, draft 2020-12.
 */
#ifndef SCHEMA_SCHEMA_H
#define SCHEMA_SCHEMA_H

#include "base/arena.h"
#include "base/fault.h"
#include "base/slice.h"

#include <jansson.h>
#include <stdbool.h>
#include <stddef.h>

struct schema_set;     /* documents, then compiled schemas */
struct schema;         /* one of them; lives as long as its set */
struct schema_scratch; /* what one thread needs to evaluate */

enum schema_format {
    SCHEMA_FORMAT_ANNOTATE, /* the draft's default: "format" never fails */
    SCHEMA_FORMAT_ASSERT
};

/* Keywords, and formats where they are asserted, that the draft has not. */
enum schema_unknown {
    SCHEMA_UNKNOWN_REFUSE, /* all but "x-…": they are mistakes */
    SCHEMA_UNKNOWN_ALLOW   /* as the draft has it, annotations; but what looks
                              like a misspelt one is refused all the same */
};

struct schema_options {
    enum schema_format format;
    enum schema_unknown unknown;
    bool reveal_values; /* error texts may quote what was found */
    bool deep;          /* it is evaluated on the main thread only, whose stack
                           is large, and so as deep as LIMIT_SCHEMA_DEPTH_MAIN
                           rather than LIMIT_SCHEMA_DEPTH */
};

/* ---- building: one thread ---------------------------------------------- */

/* On success the caller owns *out. FAULT_NOMEM. */
int schema_set_new(struct schema_set **out,
                   const struct schema_options *options, struct fault *why);

/* NULL is fine. No thread may be evaluating any more. */
void schema_set_free(struct schema_set *set);

/*
 * Adds a document under its retrieval URI (absolute, without a fragment);
 * its own "$id", if it has one, names it too. `name` stands for it in
 * messages, a file's name usually. Everything is copied.
 * FAULT_CONFIG: not JSON (line and column in the text), neither an object
 * nor a boolean, or the URI is taken.
 */
int schema_set_add(struct schema_set *set, const char *uri, const char *name,
                   struct slice text, struct fault *why);

/*
 * What is referred to under `base` (an absolute URI that ends in '/') is the
 * file of that name in the folder, or below it. A file is read when the set
 * is compiled, and only if something refers to it. Both texts are copied.
 * FAULT_CONFIG: not such a URI. FAULT_NOMEM.
 */
int schema_set_map(struct schema_set *set, const char *base, const char *dir,
                   struct fault *why);

/*
 * Compiles all documents, each checked against its metaschema first. Once,
 * after the last one was added. The draft's own metaschemas are bundled.
 * FAULT_CONFIG: the text names the document, the JSON Pointer of the keyword
 * and what was expected; for a misspelt keyword also the nearest right one.
 * FAULT_IO: a file that is referred to cannot be read.
 */
int schema_set_compile(struct schema_set *set, struct fault *why);

/* NULL if the (compiled) set has no document or anchor under this URI. */
const struct schema *schema_set_find(const struct schema_set *set,
                                     const char *uri);

/* ---- evaluating: any thread -------------------------------------------- */

/* For one thread and this set. Owned by the caller. FAULT_NOMEM. */
int schema_scratch_new(struct schema_scratch **out,
                       const struct schema_set *set, struct fault *why);
void schema_scratch_free(struct schema_scratch *scratch);

enum schema_verdict {
    SCHEMA_VALID,
    SCHEMA_INVALID,
    SCHEMA_EXHAUSTED /* a limit (depth, a pattern's match limit) was reached:
                        the document counts as not valid, and the schema or
                        the document deserves a look */
};

/*
 * The fast path: no reason, and no allocation, unless "uniqueItems" meets an
 * array of more than sixteen items, "unevaluated…" meets thousands, the
 * format is "regex", or a host's name or an email's domain has labels of
 * IDNA ("xn--…", or beyond ASCII), by the formats that look into them.
 * `document` is borrowed; it comes from jansson's parser, so its texts are
 * valid UTF-8.
 */
enum schema_verdict schema_check(const struct schema *schema,
                                 const json_t *document,
                                 struct schema_scratch *scratch);

/* One unit of the specification's "basic" output (Core, section 12). */
struct schema_error {
    const char *instance_location; /* JSON Pointer into the document */
    const char *keyword_location;  /* dynamic path, references included */
    const char *absolute_keyword_location; /* URI of the schema document and
                                              a JSON Pointer fragment */
    const char *keyword;                   /* "required", "maxLength", … */
    const char *error;                     /* what was expected */
};

struct schema_report {
    enum schema_verdict verdict;
    size_t count; /* of `errors` */
    bool more;    /* there were more than asked for */
    struct schema_error *errors;
};

/*
 * Evaluates again and explains, in the order of the document's evaluation,
 * which is always the same for the same input. At most `max` errors.
 * Everything in *report is taken from `arena` and goes with it.
 * FAULT_NOMEM: the arena was too small for even one error.
 */
int schema_explain(const struct schema *schema, const json_t *document,
                   struct schema_scratch *scratch, struct arena *arena,
                   size_t max, struct schema_report *report, struct fault *why);

#endif
