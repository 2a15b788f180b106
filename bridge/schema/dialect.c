/*
 * dialect.c - the vocabularies that a schema is written in
 */
#include "schema/dialect.h"

#include "schema/library.h"
#include "schema/set.h"

#include <string.h>

/* In the order of their bits. */
static const char *const names[] = {
    "core",      "applicator",        "unevaluated",      "validation",
    "meta-data", "format-annotation", "format-assertion", "content",
};

enum { NAMES = sizeof(names) / sizeof(names[0]) };

const char *dialect_name(size_t number)
{
    return number < NAMES ? names[number] : NULL;
}

bool dialect_is_draft(const char *uri)
{
    const size_t len = strlen(DIALECT_URI);

    return strncmp(uri, DIALECT_URI, len) == 0 &&
           (uri[len] == '\0' || strcmp(uri + len, "#") == 0);
}

/* 0: it is not known. */
static unsigned vocabulary_of(const char *uri)
{
    const size_t len = strlen(DIALECT_VOCABULARY_URI);

    if (strncmp(uri, DIALECT_VOCABULARY_URI, len) != 0)
        return 0;
    for (size_t i = 0; i < NAMES; i++)
        if (strcmp(uri + len, names[i]) == 0)
            return 1u << i;
    return 0;
}

/* Of a metaschema; without "$vocabulary" it is taken to extend the draft. */
static int read_vocabularies(const json_t *metaschema, unsigned *dialect,
                             struct fault *why)
{
    const json_t *list = json_object_get(metaschema, "$vocabulary");
    void *iter = json_object_iter((json_t *)list);

    *dialect = list == NULL ? DIALECT_DRAFT : VOCABULARY_CORE;
    for (; iter != NULL; iter = json_object_iter_next((json_t *)list, iter)) {
        const char *uri = json_object_iter_key(iter);
        const unsigned vocabulary = vocabulary_of(uri);

        if (vocabulary == 0 && json_is_true(json_object_iter_value(iter)))
            return fault_set(why, FAULT_CONFIG,
                             "its metaschema requires the vocabulary '%s', "
                             "which is not known",
                             uri);
        *dialect |= vocabulary;
    }
    return 0;
}

int dialect_of(struct schema_set *set, const json_t *uri, unsigned *dialect,
               struct fault *why)
{
    struct document *metaschema;
    struct slice text = {json_string_value(uri), json_string_length(uri)};

    *dialect = DIALECT_DRAFT;
    if (uri == NULL)
        return 0;
    if (text.data == NULL)
        return fault_set(why, FAULT_CONFIG, "must be a URI");
    if (dialect_is_draft(text.data))
        return 0;
    if (text.len > 0 && text.data[text.len - 1] == '#')
        text.len--;
    if (library_find(set, text, &metaschema, why) == -1)
        return -1;
    if (metaschema == NULL)
        return fault_set(why, FAULT_CONFIG,
                         "must be '" DIALECT_URI "', or name a metaschema "
                         "that is there");
    return read_vocabularies(metaschema->root, dialect, why);
}
