#include "schema/names.h"

#include "base/limits.h"
#include "schema/keyword.h"
#include "schema/pointer.h"
#include "schema/uri.h"

/* A resource that encloses the schema in hand. */
struct scope {
    const struct scope *outer;
    const char *base;
    size_t offset; /* in the walk's pointer */
};

struct walk {
    struct schema_set *set;
    const struct document *document;
    struct buf pointer; /* from the document's root */
};

static int walk_schema(struct walk *walk, const struct scope *outer,
                       const json_t *json, struct fault *why);

static int refuse(const struct walk *walk, struct fault *why, const char *what)
{
    return fault_set(why, FAULT_CONFIG, "%s#%s: %s", walk->document->name,
                     walk->pointer.len == 0 ? "" : walk->pointer.data, what);
}

/* The same for a keyword of the schema in hand. */
static int refuse_keyword(struct walk *walk, const char *keyword,
                          struct fault *why, const char *what)
{
    size_t before = walk->pointer.len;

    if (pointer_add(&walk->pointer, slice_of(keyword), why) == -1)
        return -1;
    refuse(walk, why, what);
    pointer_cut(&walk->pointer, before);
    return -1;
}

int names_locate(struct buf *location, struct slice uri, struct fault *why)
{
    struct uri parts;

    uri_split(uri, &parts);
    if (parts.fragment.data != NULL)
        uri.len -= parts.fragment.len + 1;
    if (buf_add(location, uri.data, uri.len, why) == -1)
        return -1;
    if (parts.fragment.len == 0)
        return 0;
    if (buf_add(location, "#", 1, why) == -1)
        return -1;
    return pointer_decode(location, parts.fragment, why);
}

/* Puts `number` behind a location, which can have one schema only. */
static int register_name(struct walk *walk, const char *base,
                         const char *fragment, size_t number, struct fault *why)
{
    struct buf name = BUF_INIT(2 * MIB);
    json_t *value = json_integer((json_int_t)number);
    int rc = -1;

    if (buf_addf(&name, why, "%s%s%s", base, *fragment == '\0' ? "" : "#",
                 fragment) == -1)
        goto done;
    if (set_number(walk->set, buf_slice(&name)) != -1) {
        fault_set(why, FAULT_CONFIG, "%s#%s: the name '%s' is taken",
                  walk->document->name,
                  walk->pointer.len == 0 ? "" : walk->pointer.data, name.data);
        goto done;
    }
    rc = json_object_setn_nocheck(walk->set->index, name.data, name.len, value);
    if (rc == -1)
        fault_set(why, FAULT_NOMEM, "cannot allocate the schemas");

done:
    json_decref(value);
    buf_release(&name);
    return rc;
}

static int add_source(struct walk *walk, const struct scope *scope,
                      const json_t *json, struct fault *why)
{
    struct schema_set *set = walk->set;
    struct source *sources, *source;

    sources = set_grow(set->sources, set->source_count, &set->source_capacity,
                       sizeof(*sources), why);
    if (sources == NULL)
        return -1;
    set->sources = sources;
    source = &sources[set->source_count];
    source->json = json;
    source->document = walk->document;
    source->base = scope->base;
    source->offset = scope->offset;
    source->pointer = arena_copy(
        &set->arena, walk->pointer.len == 0 ? "" : walk->pointer.data,
        walk->pointer.len);
    if (source->pointer == NULL)
        return fault_set(why, FAULT_NOMEM, "cannot allocate the schemas");
    set->source_count++;
    return 0;
}

/* Under every enclosing resource; an anchor under the innermost only. */
static int register_schema(struct walk *walk, const struct scope *scope,
                           const json_t *json, struct fault *why)
{
    const struct source *source;
    const struct scope *each;
    const char *anchor = json_string_value(json_object_get(json, "$anchor"));
    size_t number = walk->set->source_count;

    if (add_source(walk, scope, json, why) == -1)
        return -1;
    source = &walk->set->sources[number];
    for (each = scope; each != NULL; each = each->outer) {
        if (register_name(walk, each->base, source->pointer + each->offset,
                          number, why) == -1)
            return -1;
        if (anchor != NULL && each->offset == scope->offset &&
            register_name(walk, each->base, anchor, number, why) == -1)
            return -1;
    }
    return 0;
}

/* XML's NCName, which the draft refers to, in ASCII. */
static bool is_anchor(const json_t *json)
{
    const char *text = json_string_value(json);
    const char *rest = "-._0123456789"
                       "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ";

    if (text == NULL || strlen(text) != json_string_length(json))
        return false;
    return *text != '\0' && strchr("-.0123456789", *text) == NULL &&
           strspn(text, rest) == strlen(text);
}

/* *base becomes the URI that "$id" gives to the schema. */
static int read_id(struct walk *walk, const json_t *id, const char **base,
                   struct fault *why)
{
    struct slice text = {json_string_value(id), json_string_length(id)};
    struct uri parts;
    char *uri;

    if (!json_is_string(id) || !uri_is_reference(text))
        return refuse_keyword(walk, "$id", why, "must be a URI reference");
    uri_split(text, &parts);
    if (parts.fragment.len > 0)
        return refuse_keyword(
            walk, "$id", why,
            "must not have a fragment; '$anchor' is for that");
    uri = uri_resolve(&walk->set->arena, slice_of(*base), text);
    if (uri == NULL)
        return fault_set(why, FAULT_NOMEM, "cannot allocate the schemas");
    uri[strcspn(uri, "#")] = '\0';
    *base = uri;
    return 0;
}

static int walk_list(struct walk *walk, const struct scope *scope,
                     const json_t *list, struct fault *why)
{
    size_t i, before = walk->pointer.len;

    if (!json_is_array(list) || json_array_size(list) == 0)
        return refuse(walk, why, "must be an array of at least one schema");
    for (i = 0; i < json_array_size(list); i++) {
        if (pointer_add_index(&walk->pointer, i, why) == -1 ||
            walk_schema(walk, scope, json_array_get(list, i), why) == -1)
            return -1;
        pointer_cut(&walk->pointer, before);
    }
    return 0;
}

static int walk_map(struct walk *walk, const struct scope *scope,
                    const json_t *map, struct fault *why)
{
    void *iter = json_object_iter((json_t *)map);
    size_t before = walk->pointer.len;

    if (!json_is_object(map))
        return refuse(walk, why, "must be an object whose values are schemas");
    for (; iter != NULL; iter = json_object_iter_next((json_t *)map, iter)) {
        struct slice key = {json_object_iter_key(iter),
                            json_object_iter_key_len(iter)};

        if (pointer_add(&walk->pointer, key, why) == -1 ||
            walk_schema(walk, scope, json_object_iter_value(iter), why) == -1)
            return -1;
        pointer_cut(&walk->pointer, before);
    }
    return 0;
}

static int refuse_unknown(const struct walk *walk, const char *name,
                          struct fault *why)
{
    const char *meant = keyword_meant(name);

    fault_set(
        why, FAULT_CONFIG, "%s#%s/%s: unknown keyword%s%s%s",
        walk->document->name, walk->pointer.len == 0 ? "" : walk->pointer.data,
        name, meant == NULL ? "" : ", did you mean '",
        meant == NULL ? "" : meant,
        meant == NULL ? " (annotations of your own begin with 'x-')" : "'?");
    return -1;
}

static int walk_keyword(struct walk *walk, const struct scope *scope,
                        const char *name, const json_t *value,
                        struct fault *why)
{
    const struct keyword *keyword = keyword_find(name);
    size_t before = walk->pointer.len;
    int rc = 0;

    if (keyword == NULL)
        return keyword_is_extension(name) ? 0 : refuse_unknown(walk, name, why);
    if (pointer_add(&walk->pointer, slice_of(name), why) == -1)
        return -1;
    switch (keyword->holds) {
    case HOLDS_DATA:
        break;
    case HOLDS_SCHEMA:
        rc = walk_schema(walk, scope, value, why);
        break;
    case HOLDS_SCHEMA_LIST:
        rc = walk_list(walk, scope, value, why);
        break;
    case HOLDS_SCHEMA_MAP:
        rc = walk_map(walk, scope, value, why);
        break;
    case HOLDS_NOTHING_YET:
        rc = refuse(walk, why, "this keyword is not implemented");
        break;
    }
    pointer_cut(&walk->pointer, before);
    return rc;
}

static int walk_schema(struct walk *walk, const struct scope *outer,
                       const json_t *json, struct fault *why)
{
    struct scope scope = {outer, outer->base, walk->pointer.len};
    const struct scope *inner = outer;
    const json_t *id = json_object_get(json, "$id");
    const json_t *anchor = json_object_get(json, "$anchor");
    void *iter = json_object_iter((json_t *)json);

    if (!json_is_object(json) && !json_is_boolean(json))
        return refuse(walk, why, "must be a schema: an object or a boolean");
    if (anchor != NULL && !is_anchor(anchor))
        return refuse_keyword(walk, "$anchor", why,
                              "must be a name: a letter or '_', then letters, "
                              "digits, '-', '_' and '.'");
    if (id != NULL) {
        if (read_id(walk, id, &scope.base, why) == -1)
            return -1;
        if (strcmp(scope.base, outer->base) != 0)
            inner = &scope;
        else if (walk->pointer.len > 0)
            return refuse_keyword(walk, "$id", why,
                                  "is the name of the schema around it");
    }
    if (register_schema(walk, inner, json, why) == -1)
        return -1;
    for (; iter != NULL; iter = json_object_iter_next((json_t *)json, iter)) {
        if (walk_keyword(walk, inner, json_object_iter_key(iter),
                         json_object_iter_value(iter), why) == -1)
            return -1;
    }
    return 0;
}

int names_index(struct schema_set *set, struct fault *why)
{
    struct walk walk = {set, NULL, BUF_INIT(2 * MIB)};
    size_t i;
    int rc = 0;

    for (i = 0; i < set->document_count && rc == 0; i++) {
        struct scope outermost = {NULL, set->documents[i].uri, 0};

        walk.document = &set->documents[i];
        pointer_cut(&walk.pointer, 0);
        rc = walk_schema(&walk, &outermost, walk.document->root, why);
    }
    buf_release(&walk.pointer);
    return rc;
}
