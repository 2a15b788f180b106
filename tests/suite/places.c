#include "places.h"

#include "base/buf.h"
#include "base/limits.h"
#include "format/pointer.h"
#include "format/uri.h"
#include "schema/metaschemas.h"

#include <dirent.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

struct place {
    struct place *next;
    const char *uri; /* without a fragment */
    const json_t *json;
};

/* ---- what there is --------------------------------------------------------
 */

static int add_place(struct places *places, const char *uri, const json_t *json,
                     struct fault *why)
{
    struct place *place = arena_alloc(&places->arena, sizeof(*place));

    if (place == NULL)
        return fault_set(why, FAULT_NOMEM, "cannot allocate a place");
    place->uri = arena_copy(&places->arena, uri, strcspn(uri, "#"));
    if (place->uri == NULL)
        return fault_set(why, FAULT_NOMEM, "cannot allocate a place");
    place->json = json;
    place->next = places->first;
    places->first = place;
    return 0;
}

/*
 * Every "$id" counts, even where it is data: a name too many does no harm,
 * as each place under a name is tried.
 */
static int add_ids(struct places *places, const char *base, const json_t *json,
                   struct fault *why)
{
    const char *id = json_string_value(json_object_get(json, "$id"));
    const char *name;
    json_t *member;
    size_t i;

    if (id != NULL) {
        base = uri_resolve(&places->arena, slice_of(base), slice_of(id));
        if (base == NULL)
            return fault_set(why, FAULT_NOMEM, "cannot resolve '%s'", id);
        if (add_place(places, base, json, why) == -1)
            return -1;
    }
    json_object_foreach((json_t *)json, name, member)
    {
        if (add_ids(places, base, member, why) == -1)
            return -1;
    }
    json_array_foreach(json, i, member)
    {
        if (add_ids(places, base, member, why) == -1)
            return -1;
    }
    return 0;
}

int places_add(struct places *places, const char *uri, json_t *document,
               struct fault *why)
{
    if (places->documents == NULL)
        places->documents = json_array();
    if (json_array_append(places->documents, document) == -1)
        return fault_set(why, FAULT_NOMEM, "cannot keep '%s'", uri);
    if (add_place(places, uri, document, why) == -1)
        return -1;
    return add_ids(places, uri, document, why);
}

/* Takes `json`, which may be NULL: then `error` says why. */
static int add_read(struct places *places, const char *uri, json_t *json,
                    const json_error_t *error, struct fault *why)
{
    int rc;

    if (json == NULL)
        return fault_set(why, FAULT_CONFIG, "%s:%d: %s", uri, error->line,
                         error->text);
    rc = places_add(places, uri, json, why);
    json_decref(json);
    return rc;
}

static int add_entry(struct places *places, const char *base, const char *dir,
                     const char *name, struct fault *why)
{
    const char *path = arena_printf(&places->arena, "%s/%s", dir, name);
    const char *uri = arena_printf(&places->arena, "%s%s", base, name);
    const char *below = arena_printf(&places->arena, "%s%s/", base, name);
    const char *suffix = strrchr(name, '.');
    json_error_t error;

    if (path == NULL || uri == NULL || below == NULL)
        return fault_set(why, FAULT_NOMEM, "cannot name '%s'", name);
    if (suffix == NULL)
        return places_add_folder(places, below, path, why);
    if (strcmp(suffix, ".json") != 0) /* "." and "..", too */
        return 0;
    return add_read(
        places, uri,
        json_load_file(path, JSON_DECODE_ANY | JSON_ALLOW_NUL, &error), &error,
        why);
}

int places_add_folder(struct places *places, const char *base, const char *dir,
                      struct fault *why)
{
    struct dirent **entries;
    int i, count = scandir(dir, &entries, NULL, alphasort);
    int rc = 0;

    if (count == -1)
        return fault_set_errno(why, FAULT_IO, errno, "cannot read '%s'", dir);
    for (i = 0; i < count; i++) {
        if (rc == 0)
            rc = add_entry(places, base, dir, entries[i]->d_name, why);
        free(entries[i]);
    }
    free(entries);
    return rc;
}

int places_add_metaschemas(struct places *places, struct fault *why)
{
    char uri[METASCHEMAS_URI_MAX];
    json_error_t error;
    size_t i;

    for (i = 0; i < metaschema_files_count; i++) {
        const struct embedded_file *file = &metaschema_files[i];

        metaschemas_uri(file, uri);
        if (add_read(places, uri, json_loadb(file->text, file->len, 0, &error),
                     &error, why) == -1)
            return -1;
    }
    return 0;
}

void places_release(struct places *places)
{
    json_decref(places->documents);
    arena_release(&places->arena);
}

/* ---- what leads to it ------------------------------------------------------
 */

/* NULL: no such item. */
static const json_t *item_at(const json_t *array, const char *token)
{
    char *end;
    unsigned long index = strtoul(token, &end, 10);

    if (strspn(token, "0123456789") != strlen(token) || *token == '\0' ||
        (*token == '0' && token[1] != '\0') || *end != '\0')
        return NULL;
    return json_array_get(array, index);
}

/* Undoes the escapes of one token; false: there is one that is none. */
static bool unescape(char *token)
{
    char *to = token;

    for (; *token != '\0'; token++) {
        if (*token != '~') {
            *to++ = *token;
            continue;
        }
        token++;
        if (*token != '0' && *token != '1')
            return false;
        *to++ = *token == '0' ? '~' : '/';
    }
    *to = '\0';
    return true;
}

/* NULL: it leads nowhere. */
static const json_t *follow(const json_t *json, const char *pointer)
{
    char token[4096];

    while (json != NULL && *pointer != '\0') {
        size_t len = strcspn(pointer + 1, "/");

        if (*pointer != '/' || len >= sizeof(token))
            return NULL;
        memcpy(token, pointer + 1, len);
        token[len] = '\0';
        pointer += 1 + len;
        if (!unescape(token))
            return NULL;
        json = json_is_array(json) ? item_at(json, token)
                                   : json_object_get(json, token);
    }
    return json;
}

/*
 * The keyword itself is where the pointer leads, or else the schema `false`,
 * which has none.
 */
static bool is_keyword(const json_t *json, const char *pointer,
                       const char *keyword)
{
    const char *last = strrchr(pointer, '/');

    if (json == NULL)
        return false;
    return json_is_false(json) ||
           (last != NULL && strcmp(last + 1, keyword) == 0);
}

static bool leads_somewhere(const struct places *places,
                            const struct schema_error *error,
                            const char *pointer)
{
    const char *uri = error->absolute_keyword_location;
    size_t len = strcspn(uri, "#");
    const struct place *place;

    for (; places != NULL; places = places->more) {
        for (place = places->first; place != NULL; place = place->next) {
            if (strlen(place->uri) == len &&
                memcmp(place->uri, uri, len) == 0 &&
                is_keyword(follow(place->json, pointer), pointer,
                           error->keyword))
                return true;
        }
    }
    return false;
}

int places_check(const struct places *places, const json_t *document,
                 const struct schema_error *error, struct fault *why)
{
    struct buf pointer = BUF_INIT(MIB);
    const char *fragment = strchr(error->absolute_keyword_location, '#');
    int rc = 0;

    if (follow(document, error->instance_location) == NULL)
        rc = fault_set(why, FAULT_SCHEMA, "instanceLocation '%s' leads nowhere",
                       error->instance_location);
    else if (fragment == NULL ||
             pointer_decode(&pointer, slice_of(fragment + 1), NULL) == -1 ||
             !leads_somewhere(places, error,
                              pointer.data == NULL ? "" : pointer.data))
        rc = fault_set(why, FAULT_SCHEMA,
                       "absoluteKeywordLocation '%s' leads nowhere",
                       error->absolute_keyword_location);
    buf_release(&pointer);
    return rc;
}
