/*
 * set.h - the inside of a schema set
 *
 * A set is filled in steps, each with a file of its own: documents are added
 * (set.c, library.c), each is checked against its metaschema (meta.c), its
 * subschemas and names are indexed (names.c), documents that it refers to are
 * fetched (refer.c), and each subschema is compiled (compile.c). The index
 * maps every absolute location of a schema, a URI, or one with '#' and a JSON
 * Pointer or an anchor behind it, to the schema's number.
 */
#ifndef SCHEMA_SET_H
#define SCHEMA_SET_H

#include "base/arena.h"
#include "schema/program.h"
#include "schema/schema.h"

struct meta;

struct document {
    const char *name; /* in messages */
    const char *uri;  /* where it was retrieved, or would have been */
    json_t *root;     /* constants of the instructions point into it */
    bool bundled;     /* one of the draft's metaschemas */
    bool indexed;
};

/* Where the documents of a URI space are. */
struct mapping {
    struct slice base;
    const char *dir;
};

/* A "$dynamicAnchor". */
struct dynamic_anchor {
    const char *name;
    uint32_t resource;
    size_t number; /* of the schema */
};

/* What is known of a subschema before it is compiled. */
struct source {
    const json_t *json;
    const struct document *document;
    unsigned dialect;    /* VOCABULARY_… that it is written in */
    uint32_t resource;   /* the number of its resource */
    const char *base;    /* URI of its resource */
    const char *pointer; /* from the document's root */
    size_t offset;       /* in `pointer`, where the resource begins */
};

struct schema_set {
    struct schema_options options;
    struct arena arena; /* texts, tables; all that is freed with the set */
    bool compiled;
    bool dynamic;       /* has an OP_DYNAMIC_REF */
    unsigned depth;     /* how deep an evaluation may go */
    size_t stack;       /* bytes of it that an evaluation may take */
    struct meta *metas; /* metaschemas, while it is compiled: meta.c */

    struct document **documents;
    size_t document_count, document_capacity;
    struct mapping *mappings;
    size_t mapping_count, mapping_capacity;

    struct source *sources; /* one for each schema, same order */
    size_t source_count, source_capacity;
    json_t *index; /* location -> number of the source */
    uint32_t resource_count;
    struct dynamic_anchor *anchors;
    size_t anchor_count, anchor_capacity;

    struct schema *schemas;
    struct insn *insns;
    size_t insn_count, insn_capacity;

    struct regex **regexes;
    size_t regex_count, regex_capacity;
};

/*
 * Makes room for one more in a growing array. Returns it, possibly moved, or
 * NULL with FAULT_NOMEM; then the array is as it was.
 */
void *set_grow(void *items, size_t count, size_t *capacity, size_t size,
               struct fault *why);

/* Adds a parsed document, which it takes, whatever comes of it. */
int set_add_document(struct schema_set *set, const char *uri, const char *name,
                     json_t *root, bool bundled, struct fault *why);

/* A schema's text as JSON. NULL: FAULT_CONFIG, FAULT_NOMEM. */
json_t *set_parse(const char *name, struct slice text, struct fault *why);

/* The number behind a location, or -1. */
long set_number(const struct schema_set *set, struct slice location);

#endif
