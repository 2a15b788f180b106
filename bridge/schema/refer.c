/*
 * refer.c - fetching what is referred to
 */
#include "schema/refer.h"

#include "format/uri.h"
#include "schema/dialect.h"
#include "schema/library.h"
#include "schema/names.h"

#include <string.h>

static int index_document(struct schema_set *set, struct document *document,
                          struct fault *why)
{
    if (document->indexed)
        return 0;
    document->indexed = true;
    return names_index(set, document, why);
}

/* The document that a reference leads to. */
static int fetch(struct schema_set *set, const char *base,
                 const json_t *reference, struct fault *why)
{
    const struct slice text = {json_string_value(reference),
                               json_string_length(reference)};
    struct document *document;
    char *uri;

    if (!json_is_string(reference) || !uri_is_reference(text))
        return 0;
    uri = uri_resolve(&set->arena, slice_of(base), text);
    if (uri == NULL)
        return fault_set(why, FAULT_NOMEM, "cannot allocate the schemas");
    uri[strcspn(uri, "#")] = '\0';
    if (set_number(set, slice_of(uri)) != -1)
        return 0;
    if (library_find(set, slice_of(uri), &document, why) == -1)
        return -1;
    return document == NULL ? 0 : index_document(set, document, why);
}

/* The metaschema that a document names will be needed to check it. */
static int fetch_metaschema(struct schema_set *set,
                            const struct document *document, struct fault *why)
{
    const json_t *uri = json_object_get(document->root, "$schema");

    if (!json_is_string(uri) || dialect_is_draft(json_string_value(uri)))
        return 0;
    return fetch(set, document->uri, uri, why);
}

int refer_all(struct schema_set *set, struct fault *why)
{
    size_t done = 0, known = 0;

    /* both grow meanwhile */
    while (known < set->document_count || done < set->source_count) {
        for (; known < set->document_count; known++) {
            if (index_document(set, set->documents[known], why) == -1 ||
                fetch_metaschema(set, set->documents[known], why) == -1)
                return -1;
        }
        for (; done < set->source_count; done++) {
            const char *base = set->sources[done].base;
            const json_t *json = set->sources[done].json;

            if (fetch(set, base, json_object_get(json, "$ref"), why) == -1 ||
                fetch(set, base, json_object_get(json, "$dynamicRef"), why) ==
                    -1)
                return -1;
        }
    }
    return 0;
}
