/*
 * metaschemas.c - the draft's metaschemas
 */
#include "schema/metaschemas.h"

#include <stdio.h>
#include <string.h>

void metaschemas_uri(const struct embedded_file *file,
                     char uri[METASCHEMAS_URI_MAX])
{
    const int len = (int)strcspn(file->name, ".");

    snprintf(uri, METASCHEMAS_URI_MAX, METASCHEMAS_BASE "%s%.*s",
             strcmp(file->name, "schema.json") == 0 ? "" : "meta/", len,
             file->name);
}

const struct embedded_file *metaschemas_find(struct slice uri)
{
    for (size_t i = 0; i < metaschema_files_count; i++) {
        char each[METASCHEMAS_URI_MAX];

        metaschemas_uri(&metaschema_files[i], each);
        if (slice_is(uri, each))
            return &metaschema_files[i];
    }
    return NULL;
}
