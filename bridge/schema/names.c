#include "schema/names.h"

#include "base/limits.h"
#include "format/pointer.h"
#include "format/uri.h"
#include "schema/dialect.h"
#include "schema/keyword.h"
#include "schema/meta.h"

/* A resource that encloses the schema in hand. */
struct scope {
    const struct scope *outer;
    const char *base;
    size_t offset; /* in the walk's pointer */
    uint32_t resource;
    unsigned dialect;
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
    source->dialect = scope->dialect;
    source->resource = scope->resource;
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

static int add_dynamic_anchor(struct walk *walk, const struct scope *scope,
                              const char *name, size_t number,
                              struct fault *why)
{
    struct schema_set *set = walk->set;
    struct dynamic_anchor *anchors =
        set_grow(set->anchors, set->anchor_count, &set->anchor_capacity,
                 sizeof(*anchors), why);

    if (anchors == NULL)
        return -1;
    set->anchors = anchors;
    set->anchors[set->anchor_count++] =
        (struct dynamic_anchor){name, scope->resource, number};
    return 0;
}

/* A plain name is known in the innermost resource, which at the top of a
 * document has two URIs, and so two scopes. */
static int register_anchor(struct walk *walk, const struct scope *scope,
                           const char *name, size_t number, struct fault *why)
{
    const struct scope *each = scope;

    for (; each != NULL && each->offset == scope->offset; each = each->outer)
        if (register_name(walk, each->base, name, number, why) == -1)
            return -1;
    return 0;
}

static int register_anchors(struct walk *walk, const struct scope *scope,
                            const json_t *json, size_t number,
                            struct fault *why)
{
    const char *anchor = json_string_value(json_object_get(json, "$anchor"));
    const char *dynamic =
        json_string_value(json_object_get(json, "$dynamicAnchor"));

    if (anchor != NULL &&
        register_anchor(walk, scope, anchor, number, why) == -1)
        return -1;
    if (dynamic == NULL)
        return 0;
    if ((anchor == NULL || strcmp(dynamic, anchor) != 0) &&
        register_anchor(walk, scope, dynamic, number, why) == -1)
        return -1;
    return add_dynamic_anchor(walk, scope, dynamic, number, why);
}

/* By its own resource, by the one around that, which may hold it, and by the
 * document, from which all can be pointed to. (From others that enclose it, it
 * need not be: Core, section 9.2.1.) */
static int register_schema(struct walk *walk, const struct scope *scope,
                           const json_t *json, struct fault *why)
{
    const struct source *source;
    const struct scope *each;
    size_t number = walk->set->source_count;

    if (add_source(walk, scope, json, why) == -1)
        return -1;
    source = &walk->set->sources[number];
    for (each = scope; each != NULL; each = each->outer) {
        if ((each->offset == scope->offset || each == scope->outer ||
             each->offset == 0) &&
            register_name(walk, each->base, source->pointer + each->offset,
                          number, why) == -1)
            return -1;
    }
    return register_anchors(walk, scope, json, number, why);
}

/* *base becomes the URI that "$id" gives to the schema. */
static int read_id(struct walk *walk, const json_t *id, const char **base,
                   struct fault *why)
{
    struct slice text = {json_string_value(id), json_string_length(id)};
    struct uri parts;
    char *uri;

    if (!uri_is_reference(text))
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

    for (; iter != NULL; iter = json_object_iter_next((json_t *)map, iter)) {
        struct slice key = {json_object_iter_key(iter),
                            json_object_iter_key_len(iter)};

        if (json_is_array(json_object_iter_value(iter)))
            continue; /* names: a dependency */
        if (pointer_add(&walk->pointer, key, why) == -1 ||
            walk_schema(walk, scope, json_object_iter_value(iter), why) == -1)
            return -1;
        pointer_cut(&walk->pointer, before);
    }
    return 0;
}

/* Whether the name may stand there; keyword is NULL if it is none. */
static int check_name(const struct walk *walk, const char *name,
                      const struct keyword *keyword, struct fault *why)
{
    const bool lenient = walk->set->options.unknown == SCHEMA_UNKNOWN_ALLOW;
    const char *meant;

    if (keyword != NULL && (lenient || keyword_successor(name) == NULL))
        return 0;
    if (keyword_is_extension(name))
        return 0;
    meant = keyword_meant(name);
    if (meant == NULL && lenient)
        return 0;
    return fault_set(
        why, FAULT_CONFIG, "%s#%s/%s: unknown keyword%s%s%s",
        walk->document->name, walk->pointer.len == 0 ? "" : walk->pointer.data,
        name, meant == NULL ? "" : ", did you mean '",
        meant == NULL ? "" : meant,
        meant == NULL ? " (annotations of your own begin with 'x-')" : "'?");
}

static int walk_keyword(struct walk *walk, const struct scope *scope,
                        const char *name, const json_t *value,
                        struct fault *why)
{
    const struct keyword *keyword = keyword_find(name);
    size_t before = walk->pointer.len;
    int rc = 0;

    if (check_name(walk, name, keyword, why) == -1)
        return -1;
    if (keyword == NULL || (keyword->vocabulary & scope->dialect) == 0)
        return 0;
    if (pointer_add(&walk->pointer, slice_of(name), why) == -1)
        return -1;
    switch (keyword->holds) {
    case HOLDS_DATA:
        break;
    case HOLDS_SCHEMA:
        rc = walk_schema(walk, scope, value, why);
        break;
    case HOLDS_LIST:
        rc = walk_list(walk, scope, value, why);
        break;
    case HOLDS_MAP:
    case HOLDS_EITHER:
        rc = walk_map(walk, scope, value, why);
        break;
    }
    pointer_cut(&walk->pointer, before);
    return rc;
}

/* What "$schema" says of a resource, which is checked by that. */
static int take_dialect(struct walk *walk, const json_t *resource,
                        unsigned *dialect, struct fault *why)
{
    struct fault cause = FAULT_INIT;

    if (dialect_of(walk->set, json_object_get(resource, "$schema"), dialect,
                   &cause) == -1) {
        refuse_keyword(walk, "$schema", why, cause.text);
        if (why != NULL)
            why->kind = cause.kind;
        return -1;
    }
    if (walk->document->bundled)
        return 0;
    return meta_check_draft(walk->set, walk->document,
                            walk->pointer.len == 0 ? "" : walk->pointer.data,
                            resource, *dialect, why);
}

/* The scope of a schema that is a resource by itself; *inner stays the outer
 * one where it is not. */
static int enter_resource(struct walk *walk, const json_t *json,
                          struct scope *scope, const struct scope **inner,
                          struct fault *why)
{
    const json_t *id = json_object_get(json, "$id");
    const json_t *dialect = json_object_get(json, "$schema");

    if (id == NULL)
        return 0;
    if (read_id(walk, id, &scope->base, why) == -1)
        return -1;
    if (strcmp(scope->base, scope->outer->base) == 0)
        return walk->pointer.len == 0
                   ? 0
                   : refuse_keyword(walk, "$id", why,
                                    "is the name of the schema around it");
    /* at the top it is another name of the document */
    if (walk->pointer.len > 0)
        scope->resource = walk->set->resource_count++;
    /* what the root says was taken before */
    if (dialect != NULL && walk->pointer.len > 0 &&
        take_dialect(walk, json, &scope->dialect, why) == -1)
        return -1;
    *inner = scope;
    return 0;
}

static int walk_schema(struct walk *walk, const struct scope *outer,
                       const json_t *json, struct fault *why)
{
    struct scope scope = {outer, outer->base, walk->pointer.len,
                          outer->resource, outer->dialect};
    const struct scope *inner = outer;
    void *iter = json_object_iter((json_t *)json);

    if (enter_resource(walk, json, &scope, &inner, why) == -1 ||
        register_schema(walk, inner, json, why) == -1)
        return -1;
    for (; iter != NULL; iter = json_object_iter_next((json_t *)json, iter)) {
        if (walk_keyword(walk, inner, json_object_iter_key(iter),
                         json_object_iter_value(iter), why) == -1)
            return -1;
    }
    return 0;
}

int names_index(struct schema_set *set, const struct document *document,
                struct fault *why)
{
    struct walk walk = {set, document, BUF_INIT(2 * MIB)};
    struct scope outermost = {NULL, document->uri, 0, set->resource_count++, 0};
    int rc = take_dialect(&walk, document->root, &outermost.dialect, why);

    if (rc == 0)
        rc = walk_schema(&walk, &outermost, document->root, why);
    buf_release(&walk.pointer);
    return rc;
}
