/*
 * meta.c - checking schemas against their metaschemas
 */
#include "schema/meta.h"

#include "base/limits.h"
#include "schema/dialect.h"
#include "schema/metaschemas.h"

#include <stdio.h>
#include <string.h>

enum {
    ERRORS = 16, /* looked at */
    ERRORS_ROOM = 256 * KIB
};

#define ROOT_URI "https://json-schema.org/draft/2020-12/dialect"

/* The metaschemas, compiled, with one for a dialect on top. */
struct meta {
    struct meta *next;
    unsigned dialect;
    struct schema_set *set;
    const struct schema *root;
};

/* ---- the metaschema of a dialect ------------------------------------------
 */

static int add_bundled(struct schema_set *set, struct fault *why)
{
    for (size_t i = 0; i < metaschema_files_count; i++) {
        const struct embedded_file *file = &metaschema_files[i];
        char uri[METASCHEMAS_URI_MAX];
        json_t *root;

        metaschemas_uri(file, uri);
        root = set_parse(uri, (struct slice){file->text, file->len}, why);
        if (root == NULL ||
            set_add_document(set, uri, uri, root, true, why) == -1)
            return -1;
    }
    return 0;
}

/* All of its vocabularies together, so that schemas inside schemas are looked
 * at by all of them. */
static int add_root(struct schema_set *set, unsigned dialect, struct fault *why)
{
    json_t *root = json_pack("{s:s, s:[s, s], s:[]}", "$dynamicAnchor", "meta",
                             "type", "object", "boolean", "allOf");
    json_t *all = json_object_get(root, "allOf");
    int rc = root == NULL ? -1 : 0;
    const char *name;

    for (size_t i = 0; rc == 0 && (name = dialect_name(i)) != NULL; i++) {
        char uri[METASCHEMAS_URI_MAX];

        if ((dialect >> i & 1) == 0)
            continue;
        snprintf(uri, sizeof(uri), METASCHEMAS_BASE "meta/%s", name);
        rc = json_array_append_new(all, json_pack("{s:s}", "$ref", uri));
    }
    if (rc == -1) {
        json_decref(root);
        return fault_set(why, FAULT_NOMEM, "cannot allocate a metaschema");
    }
    return set_add_document(set, ROOT_URI, ROOT_URI, root, true, why);
}

static int make(struct meta *meta, struct fault *why)
{
    const struct schema_options options = {
        .unknown = SCHEMA_UNKNOWN_ALLOW, .reveal_values = true, .deep = true};
    const bool draft = meta->dialect == DIALECT_DRAFT;

    if (schema_set_new(&meta->set, &options, why) == -1)
        return -1;
    if (add_bundled(meta->set, why) == -1 ||
        (!draft && add_root(meta->set, meta->dialect, why) == -1) ||
        schema_set_compile(meta->set, why) == -1)
        return -1;
    meta->root = schema_set_find(meta->set, draft ? DIALECT_URI : ROOT_URI);
    return 0;
}

/* NULL: it cannot be made. */
static const struct schema *metaschema_of(struct schema_set *set,
                                          unsigned dialect, struct fault *why)
{
    struct meta *meta = set->metas;

    while (meta != NULL && meta->dialect != dialect)
        meta = meta->next;
    if (meta != NULL)
        return meta->root;
    meta = arena_alloc(&set->arena, sizeof(*meta));
    if (meta == NULL) {
        fault_set(why, FAULT_NOMEM, "cannot allocate a metaschema");
        return NULL;
    }
    *meta = (struct meta){set->metas, dialect, NULL, NULL};
    set->metas = meta;
    return make(meta, why) == -1 ? NULL : meta->root;
}

void meta_release(struct schema_set *set)
{
    for (struct meta *meta = set->metas; meta != NULL; meta = meta->next)
        schema_set_free(meta->set);
    set->metas = NULL;
}

/* ---- what is wrong --------------------------------------------------------
 */

/* Of an alternative: how near it is to what was meant. */
static size_t nearness(const struct schema_error *error)
{
    return 2 * strlen(error->instance_location) +
           (strcmp(error->keyword, "type") != 0);
}

/*
 * The first error; but that none of several alternatives holds helps nobody,
 * so then it is the one of the alternative that came furthest, and whose kind
 * the value has.
 */
static const struct schema_error *choose(const struct schema_report *report)
{
    const struct schema_error *best = &report->errors[0];

    if (strcmp(best->keyword, "anyOf") != 0)
        return best;
    for (size_t i = 1; i < report->count; i++) {
        const struct schema_error *each = &report->errors[i];

        if (strncmp(each->instance_location,
                    report->errors[0].instance_location,
                    strlen(report->errors[0].instance_location)) != 0)
            break;
        if (best == &report->errors[0] || nearness(each) >= nearness(best))
            best = each;
    }
    return best;
}

static int refuse(const struct document *document, const char *pointer,
                  const struct schema_report *report, struct fault *why)
{
    const struct schema_error *error = choose(report);

    if (report->verdict == SCHEMA_EXHAUSTED || report->count == 0)
        return fault_set(why, FAULT_CONFIG, "%s#%s: is nested too deeply",
                         document->name, pointer);
    return fault_set(why, FAULT_CONFIG, "%s#%s%s: %s", document->name, pointer,
                     error->instance_location, error->error);
}

static int check(const struct schema *metaschema,
                 const struct document *document, const char *pointer,
                 const json_t *resource, struct fault *why)
{
    struct arena arena = ARENA_INIT(4 * KIB, ERRORS_ROOM);
    struct schema_scratch *scratch;
    struct schema_report report;
    int rc = 0;

    if (schema_scratch_new(&scratch, metaschema->set, why) == -1)
        return -1;
    if (schema_check(metaschema, resource, scratch) != SCHEMA_VALID) {
        rc = schema_explain(metaschema, resource, scratch, &arena, ERRORS,
                            &report, why);
        if (rc == 0)
            rc = refuse(document, pointer, &report, why);
    }
    schema_scratch_free(scratch);
    arena_release(&arena);
    return rc;
}

/* ---- resources ------------------------------------------------------------
 */

/* Does it name its dialect? One in data is taken for one, too; there it does
 * not matter what stands for it. */
static bool has_dialect(const json_t *json)
{
    return json_is_string(json_object_get(json, "$id")) &&
           json_is_string(json_object_get(json, "$schema"));
}

static bool contains_others(const json_t *json)
{
    void *iter = json_object_iter((json_t *)json);

    for (size_t i = 0; i < json_array_size(json); i++) {
        const json_t *item = json_array_get(json, i);

        if (has_dialect(item) || contains_others(item))
            return true;
    }
    for (; iter != NULL; iter = json_object_iter_next((json_t *)json, iter)) {
        const json_t *value = json_object_iter_value(iter);

        if (has_dialect(value) || contains_others(value))
            return true;
    }
    return false;
}

/* A copy, with `true` in place of such ones inside. NULL: no memory. */
static json_t *without_others(const json_t *json, bool is_root)
{
    json_t *copy;

    if (!is_root && has_dialect(json))
        return json_true();
    if (json_is_array(json)) {
        copy = json_array();
        for (size_t i = 0; i < json_array_size(json); i++)
            if (json_array_append_new(
                    copy, without_others(json_array_get(json, i), false)) == -1)
                goto no_memory;
    } else if (json_is_object(json)) {
        void *iter = json_object_iter((json_t *)json);

        copy = json_object();
        for (; iter != NULL; iter = json_object_iter_next((json_t *)json, iter))
            if (json_object_setn_new_nocheck(
                    copy, json_object_iter_key(iter),
                    json_object_iter_key_len(iter),
                    without_others(json_object_iter_value(iter), false)) == -1)
                goto no_memory;
    } else {
        copy = json_incref((json_t *)json);
    }
    return copy;

no_memory:
    json_decref(copy);
    return NULL;
}

int meta_check_draft(struct schema_set *set, const struct document *document,
                     const char *pointer, const json_t *resource,
                     unsigned dialect, struct fault *why)
{
    const struct schema *metaschema = metaschema_of(set, dialect, why);
    json_t *copy;
    int rc;

    if (metaschema == NULL)
        return -1;
    if (!contains_others(resource))
        return check(metaschema, document, pointer, resource, why);
    copy = without_others(resource, true);
    if (copy == NULL)
        return fault_set(why, FAULT_NOMEM, "cannot copy schema '%s'",
                         document->name);
    rc = check(metaschema, document, pointer, copy, why);
    json_decref(copy);
    return rc;
}

int meta_check_own(const struct schema_set *set, struct fault *why)
{
    for (size_t i = 0; i < set->source_count; i++) {
        const struct source *source = &set->sources[i];
        const char *uri =
            json_string_value(json_object_get(source->json, "$schema"));
        const struct schema *metaschema;

        if (uri == NULL || dialect_is_draft(uri) ||
            (source->pointer[0] != '\0' && !has_dialect(source->json)))
            continue;
        metaschema = schema_set_find(set, uri);
        if (metaschema != NULL &&
            check(metaschema, source->document, source->pointer, source->json,
                  why) == -1)
            return -1;
    }
    return 0;
}
