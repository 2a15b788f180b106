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

static int make(struct schema_set **out, struct fault *why)
{
    const struct schema_options options = {.unknown = SCHEMA_UNKNOWN_ALLOW,
                                           .reveal_values = true,
                                           .depth = LIMIT_SCHEMA_DEPTH_MAIN};
    struct schema_set *set;

    if (schema_set_new(&set, &options, why) == -1)
        return -1;
    for (size_t i = 0; i < metaschema_files_count; i++) {
        const struct embedded_file *file = &metaschema_files[i];
        char uri[METASCHEMAS_URI_MAX];
        json_t *root;

        metaschemas_uri(file, uri);
        root = set_parse(uri, (struct slice){file->text, file->len}, why);
        if (root == NULL ||
            set_add_document(set, uri, uri, root, true, why) == -1)
            goto fail;
    }
    if (schema_set_compile(set, why) == -1)
        goto fail;
    *out = set;
    return 0;

fail:
    schema_set_free(set);
    return -1;
}

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

static int refuse(const struct document *document,
                  const struct schema_report *report, struct fault *why)
{
    const struct schema_error *error = choose(report);

    if (report->verdict == SCHEMA_EXHAUSTED || report->count == 0)
        return fault_set(why, FAULT_CONFIG, "%s: is nested too deeply",
                         document->name);
    return fault_set(why, FAULT_CONFIG, "%s#%s: %s", document->name,
                     error->instance_location, error->error);
}

static int check(const struct schema *metaschema,
                 const struct document *document, struct fault *why)
{
    struct arena arena = ARENA_INIT(4 * KIB, ERRORS_ROOM);
    struct schema_scratch *scratch;
    struct schema_report report;
    int rc;

    if (schema_scratch_new(&scratch, metaschema->set, why) == -1)
        return -1;
    rc = 0;
    if (schema_check(metaschema, document->root, scratch) != SCHEMA_VALID) {
        rc = schema_explain(metaschema, document->root, scratch, &arena, ERRORS,
                            &report, why);
        if (rc == 0)
            rc = refuse(document, &report, why);
    }
    schema_scratch_free(scratch);
    arena_release(&arena);
    return rc;
}

int meta_check_draft(struct schema_set *set, const struct document *document,
                     struct fault *why)
{
    struct fault cause = FAULT_INIT;
    unsigned dialect;
    const char *name;

    if (set->meta == NULL && make(&set->meta, why) == -1)
        return -1;
    if (dialect_of(set, json_object_get(document->root, "$schema"), &dialect,
                   &cause) == -1)
        return fault_set(why, cause.kind, "%s#/$schema: %s", document->name,
                         cause.text);
    if (dialect == DIALECT_DRAFT)
        return check(schema_set_find(set->meta, DIALECT_URI), document, why);
    for (size_t i = 0; (name = dialect_name(i)) != NULL; i++) {
        char uri[METASCHEMAS_URI_MAX];

        if ((dialect >> i & 1) == 0)
            continue;
        snprintf(uri, sizeof(uri), METASCHEMAS_BASE "meta/%s", name);
        if (check(schema_set_find(set->meta, uri), document, why) == -1)
            return -1;
    }
    return 0;
}

int meta_check_own(const struct schema_set *set,
                   const struct document *document, struct fault *why)
{
    const char *uri =
        json_string_value(json_object_get(document->root, "$schema"));
    const struct schema *metaschema;

    if (uri == NULL || dialect_is_draft(uri))
        return 0;
    metaschema = schema_set_find(set, uri);
    return metaschema == NULL ? 0 : check(metaschema, document, why);
}
