#include "schema/set.h"

#include "base/buf.h"
#include "base/limits.h"
#include "format/regex.h"
#include "format/uri.h"
#include "schema/compile.h"
#include "schema/meta.h"
#include "schema/names.h"
#include "schema/refer.h"

#include <stdlib.h>

enum { SET_ARENA_BLOCK = 16 * KIB };

void *set_grow(void *items, size_t count, size_t *capacity, size_t size,
               struct fault *why)
{
    size_t wanted = *capacity == 0 ? 16 : 2 * *capacity;
    void *grown;

    if (count < *capacity)
        return items;
    grown = wanted > SIZE_MAX / size ? NULL : realloc(items, wanted * size);
    if (grown == NULL) {
        fault_set(why, FAULT_NOMEM, "cannot allocate the schemas");
        return NULL;
    }
    *capacity = wanted;
    return grown;
}

int schema_set_new(struct schema_set **out,
                   const struct schema_options *options, struct fault *why)
{
    struct schema_set *set = calloc(1, sizeof(*set));

    if (set == NULL)
        return fault_set(why, FAULT_NOMEM, "cannot allocate a schema set");
    set->options = *options;
    set->depth = options->deep ? LIMIT_SCHEMA_DEPTH_MAIN : LIMIT_SCHEMA_DEPTH;
    set->stack = options->deep ? LIMIT_SCHEMA_STACK_MAIN : LIMIT_SCHEMA_STACK;
    set->arena = (struct arena)ARENA_INIT(SET_ARENA_BLOCK, LIMIT_SCHEMA_SET);
    set->index = json_object();
    if (set->index == NULL) {
        schema_set_free(set);
        return fault_set(why, FAULT_NOMEM, "cannot allocate a schema set");
    }
    *out = set;
    return 0;
}

void schema_set_free(struct schema_set *set)
{
    size_t i;

    if (set == NULL)
        return;
    for (i = 0; i < set->regex_count; i++)
        regex_free(set->regexes[i]);
    for (i = 0; i < set->document_count; i++)
        json_decref(set->documents[i]->root);
    meta_release(set);
    json_decref(set->index);
    free(set->regexes);
    free(set->insns);
    free(set->schemas);
    free(set->sources);
    free(set->anchors);
    free(set->mappings);
    free(set->documents);
    arena_release(&set->arena);
    free(set);
}

/* Also refuses what jansson lets pass: a zero byte behind a value. */
json_t *set_parse(const char *name, struct slice text, struct fault *why)
{
    const size_t flags =
        JSON_REJECT_DUPLICATES | JSON_DECODE_ANY | JSON_ALLOW_NUL;
    json_error_t error;
    json_t *root;

    if (text.len == 0 || memchr(text.data, '\0', text.len) != NULL) {
        fault_set(why, FAULT_CONFIG, "%s: %s", name,
                  text.len == 0 ? "is empty" : "contains a zero byte");
        return NULL;
    }
    if (text.len >= 3 && memcmp(text.data, "\xef\xbb\xbf", 3) == 0) {
        fault_set(why, FAULT_CONFIG, "%s: begins with a byte order mark", name);
        return NULL;
    }
    root = json_loadb(text.data, text.len, flags, &error);
    if (root == NULL) {
        /* Where memory fails, jansson often says nothing at all. */
        if (json_error_code(&error) == json_error_out_of_memory ||
            error.text[0] == '\0')
            fault_set(why, FAULT_NOMEM, "cannot allocate schema '%s'", name);
        else
            fault_set(why, FAULT_CONFIG, "%s: line %d, column %d: %s", name,
                      error.line, error.column, error.text);
        return NULL;
    }
    if (!json_is_object(root) && !json_is_boolean(root)) {
        fault_set(why, FAULT_CONFIG,
                  "%s: a schema must be an object or a boolean", name);
        json_decref(root);
        return NULL;
    }
    return root;
}

static int check_uri(const struct schema_set *set, const char *uri,
                     const char *name, struct fault *why)
{
    size_t i;

    if (!uri_is_absolute(slice_of(uri)) || strchr(uri, '#') != NULL)
        return fault_set(why, FAULT_CONFIG,
                         "%s: '%s' is not an absolute URI without a fragment",
                         name, uri);
    for (i = 0; i < set->document_count; i++) {
        if (strcmp(set->documents[i]->uri, uri) == 0)
            return fault_set(why, FAULT_CONFIG, "%s: '%s' is taken by '%s'",
                             name, uri, set->documents[i]->name);
    }
    return 0;
}

int set_add_document(struct schema_set *set, const char *uri, const char *name,
                     json_t *root, bool bundled, struct fault *why)
{
    struct document **documents =
        set_grow(set->documents, set->document_count, &set->document_capacity,
                 sizeof(*documents), why);
    struct document *document = arena_alloc(&set->arena, sizeof(*document));

    if (documents != NULL)
        set->documents = documents;
    if (documents == NULL || document == NULL)
        goto no_memory;
    *document =
        (struct document){.name = arena_copy(&set->arena, name, strlen(name)),
                          .uri = arena_copy(&set->arena, uri, strlen(uri)),
                          .root = root,
                          .bundled = bundled};
    if (document->name == NULL || document->uri == NULL)
        goto no_memory;
    set->documents[set->document_count++] = document;
    return 0;

no_memory:
    json_decref(root);
    return fault_set(why, FAULT_NOMEM, "cannot allocate schema '%s'", name);
}

int schema_set_add(struct schema_set *set, const char *uri, const char *name,
                   struct slice text, struct fault *why)
{
    json_t *root;

    if (set->compiled)
        return fault_set(why, FAULT_CONFIG,
                         "%s: the schemas are compiled already", name);
    if (check_uri(set, uri, name, why) == -1)
        return -1;
    root = set_parse(name, text, why);
    return root == NULL ? -1
                        : set_add_document(set, uri, name, root, false, why);
}

int schema_set_map(struct schema_set *set, const char *base, const char *dir,
                   struct fault *why)
{
    const size_t len = strlen(base);
    size_t dir_len = strlen(dir);
    struct mapping *mappings;
    struct mapping mapping = {
        {NULL, len},
        NULL
    };

    if (!uri_is_absolute(slice_of(base)) || strchr(base, '#') != NULL ||
        base[len - 1] != '/')
        return fault_set(why, FAULT_CONFIG,
                         "'%s' is not an absolute URI that ends in '/'", base);
    while (dir_len > 1 && dir[dir_len - 1] == '/')
        dir_len--;
    mappings = set_grow(set->mappings, set->mapping_count,
                        &set->mapping_capacity, sizeof(*mappings), why);
    if (mappings == NULL)
        return -1;
    set->mappings = mappings;
    mapping.base.data = arena_copy(&set->arena, base, len);
    mapping.dir = arena_copy(&set->arena, dir, dir_len);
    if (mapping.base.data == NULL || mapping.dir == NULL)
        return fault_set(why, FAULT_NOMEM, "cannot allocate a schema folder");
    set->mappings[set->mapping_count++] = mapping;
    return 0;
}

int schema_set_compile(struct schema_set *set, struct fault *why)
{
    if (set->compiled)
        return fault_set(why, FAULT_CONFIG, "the schemas are compiled already");
    if (refer_all(set, why) == -1 || compile_schemas(set, why) == -1)
        return -1;
    set->compiled = true;
    meta_release(set);
    if (meta_check_own(set, why) == -1)
        return -1;
    return 0;
}

long set_number(const struct schema_set *set, struct slice location)
{
    const json_t *number =
        json_object_getn(set->index, location.data, location.len);

    return number == NULL ? -1 : (long)json_integer_value(number);
}

const struct schema *schema_set_find(const struct schema_set *set,
                                     const char *uri)
{
    struct buf location = BUF_INIT(1 * MIB);
    long number = -1;

    if (!set->compiled)
        return NULL;
    /* The usual case needs no memory, so it cannot fail for want of it. */
    if (strpbrk(uri, "#%") == NULL)
        number = set_number(set, slice_of(uri));
    else if (names_locate(&location, slice_of(uri), NULL) == 0)
        number = set_number(set, buf_slice(&location));
    buf_release(&location);
    return number == -1 ? NULL : &set->schemas[number];
}
