/*
 * catalog.c - the event schemas, by event type
 *
 * Every file becomes a document of one schema set, under BASE_URI and its
 * name, so that a file can refer to another by name ("$ref":
 * "envelope.json"), and its "$id", where it has one, agrees with that.
 */
#include "event/catalog.h"

#include "base/buf.h"
#include "base/limits.h"
#include "event/builtin_schemas.h"

#include <dirent.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#define BASE_URI "https://aurix-bridge.example/schemas/"
#define ENVELOPE "envelope.json"
#define SUFFIX ".json"

struct type {
    const char *name;
    size_t len;
    const char *file;
    const struct schema *schema;
};

struct catalog {
    struct schema_set *set;
    struct arena arena;       /* the names */
    const char *envelope_uri; /* until compiled; NULL: there is none */
    const struct schema *envelope;
    size_t count;
    struct type types[LIMIT_EVENT_TYPES];
};

/* ---- names -------------------------------------------------------------- */

static bool is_unreserved(char c)
{
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') ||
           (c >= '0' && c <= '9') || strchr("-._~", c) != NULL;
}

/* A file's name can hold anything but '/': RFC 3986, section 2.1. */
static char *make_uri(struct arena *arena, const char *file)
{
    static const char digits[] = "0123456789ABCDEF";
    const size_t base_len = strlen(BASE_URI);
    char *uri = arena_alloc(arena, base_len + 3 * strlen(file) + 1);
    char *at = uri;

    if (uri == NULL)
        return NULL;
    memcpy(at, BASE_URI, base_len);
    at += base_len;
    for (; *file != '\0'; file++) {
        unsigned char c = (unsigned char)*file;

        if (is_unreserved(*file)) {
            *at++ = *file;
        } else {
            *at++ = '%';
            *at++ = digits[c >> 4];
            *at++ = digits[c & 15];
        }
    }
    *at = '\0';
    return uri;
}

/* Hidden files are not ours: an editor's, or Kubernetes' bookkeeping. */
static int is_schema_file(const struct dirent *entry)
{
    const char *file = entry->d_name;
    size_t len = strlen(file);

    return file[0] != '.' && len > strlen(SUFFIX) &&
           strcmp(file + len - strlen(SUFFIX), SUFFIX) == 0;
}

/* ---- loading ------------------------------------------------------------ */

static int no_memory(struct fault *why)
{
    return fault_set(why, FAULT_NOMEM, "cannot allocate the event schemas");
}

static int add_type(struct catalog *catalog, const char *file,
                    struct fault *why)
{
    struct type *type;

    if (catalog->count == LIMIT_EVENT_TYPES)
        return fault_set(why, FAULT_CONFIG,
                         "more than %d event types have a schema",
                         LIMIT_EVENT_TYPES);
    type = &catalog->types[catalog->count];
    type->len = strlen(file) - strlen(SUFFIX);
    type->name = arena_copy(&catalog->arena, file, type->len);
    type->file = arena_copy(&catalog->arena, file, strlen(file));
    if (type->name == NULL || type->file == NULL)
        return no_memory(why);
    catalog->count++;
    return 0;
}

static int add_schema(struct catalog *catalog, const char *file,
                      struct slice text, struct fault *why)
{
    char *uri = make_uri(&catalog->arena, file);

    if (uri == NULL)
        return no_memory(why);
    if (schema_set_add(catalog->set, uri, file, text, why) == -1)
        return -1;
    if (strcmp(file, ENVELOPE) == 0) {
        catalog->envelope_uri = uri;
        return 0;
    }
    return add_type(catalog, file, why);
}

static int add_builtin(struct catalog *catalog, struct fault *why)
{
    for (size_t i = 0; i < builtin_schemas_count; i++) {
        const struct embedded_file *schema = &builtin_schemas[i];

        if (add_schema(catalog, schema->name,
                       (struct slice){schema->text, schema->len}, why) == -1)
            return -1;
    }
    return 0;
}

static int add_file(struct catalog *catalog, const char *dir, const char *file,
                    struct fault *why)
{
    struct buf path = BUF_INIT(4 * KIB);
    struct buf text = BUF_INIT(LIMIT_SCHEMA_FILE);
    struct fault cause = FAULT_INIT;
    int rc = -1;

    if (buf_addf(&path, &cause, "%s/%s", dir, file) == -1 ||
        buf_add_file(&text, path.data, &cause) == -1) {
        /* too large is what a request is; a schema is not usable */
        if (cause.kind == FAULT_TOO_LARGE)
            cause.kind = FAULT_CONFIG;
        fault_set(why, cause.kind, "%s", cause.text);
        goto done;
    }
    rc = add_schema(catalog, file, buf_slice(&text), why);

done:
    buf_release(&text);
    buf_release(&path);
    return rc;
}

/* In the order of the names, so that of two faults it is always the same one
 * that is told. */
static int add_dir(struct catalog *catalog, const char *dir, struct fault *why)
{
    struct dirent **entries = NULL;
    int count = scandir(dir, &entries, is_schema_file, alphasort);
    int rc = 0;

    if (count == -1)
        return fault_set_errno(why, FAULT_IO, errno, "cannot open '%s'", dir);
    for (int i = 0; i < count; i++) {
        if (rc == 0)
            rc = add_file(catalog, dir, entries[i]->d_name, why);
        free(entries[i]);
    }
    free(entries);
    return rc;
}

static int by_name(const void *a, const void *b)
{
    const struct type *left = a;
    const struct type *right = b;

    return strcmp(left->name, right->name);
}

static int compile(struct catalog *catalog, struct fault *why)
{
    if (catalog->envelope_uri == NULL)
        return fault_set(why, FAULT_CONFIG, "there is no '%s'", ENVELOPE);
    if (schema_set_compile(catalog->set, why) == -1)
        return -1;
    catalog->envelope = schema_set_find(catalog->set, catalog->envelope_uri);
    qsort(catalog->types, catalog->count, sizeof(catalog->types[0]), by_name);
    for (size_t i = 0; i < catalog->count; i++) {
        struct type *type = &catalog->types[i];
        char *uri = make_uri(&catalog->arena, type->file);

        if (uri == NULL)
            return no_memory(why);
        type->schema = schema_set_find(catalog->set, uri);
    }
    return 0;
}

int catalog_load(struct catalog **out, const char *dir, struct fault *why)
{
    const struct schema_options options = {.format = SCHEMA_FORMAT_ASSERT};
    const struct arena empty = ARENA_INIT(4 * KIB, 1 * MIB);
    struct catalog *catalog = calloc(1, sizeof(*catalog));
    int rc = -1;

    if (catalog == NULL)
        return no_memory(why);
    catalog->arena = empty;
    if (schema_set_new(&catalog->set, &options, why) == -1)
        goto done;
    if (dir == NULL)
        rc = add_builtin(catalog, why);
    else
        rc = add_dir(catalog, dir, why);
    if (rc == 0)
        rc = compile(catalog, why);
    if (rc == -1)
        goto done;
    *out = catalog;
    catalog = NULL; /* handed over */

done:
    if (rc == -1)
        fault_prefix(why, "cannot load the event schemas from %s%s%s",
                     dir == NULL ? "the program" : "'", dir == NULL ? "" : dir,
                     dir == NULL ? "" : "'");
    catalog_free(catalog);
    return rc;
}

void catalog_free(struct catalog *catalog)
{
    if (catalog == NULL)
        return;
    schema_set_free(catalog->set);
    arena_release(&catalog->arena);
    free(catalog);
}

/* ---- using -------------------------------------------------------------- */

size_t catalog_type_count(const struct catalog *catalog)
{
    return catalog->count;
}

const char *catalog_type(const struct catalog *catalog, size_t index)
{
    return catalog->types[index].name;
}

int catalog_find(const struct catalog *catalog, struct slice type)
{
    for (size_t i = 0; i < catalog->count; i++)
        if (catalog->types[i].len == type.len && type.data != NULL &&
            memcmp(catalog->types[i].name, type.data, type.len) == 0)
            return (int)i;
    return -1;
}

int catalog_scratch_new(struct schema_scratch **out,
                        const struct catalog *catalog, struct fault *why)
{
    return schema_scratch_new(out, catalog->set, why);
}

/* The text names the schema and what it expects, nothing of the event. */
static int reject(const struct schema *schema, const char *file,
                  const struct event *event, struct schema_scratch *scratch,
                  struct arena *arena, struct schema_report *report,
                  struct fault *why)
{
    const char *expected = "it does not match";

    if (schema_explain(schema, event->json, scratch, arena, LIMIT_SCHEMA_ERRORS,
                       report, why) == -1)
        return -1;
    if (report->count > 0)
        expected = report->errors[0].error;
    if (report->verdict == SCHEMA_EXHAUSTED)
        return fault_set(why, FAULT_UNDECIDED,
                         "checking the event against '%s' takes more than is "
                         "allowed",
                         file);
    return fault_set(why, FAULT_SCHEMA, "the event breaks '%s': %s", file,
                     expected);
}

int catalog_check(const struct catalog *catalog, const struct event *event,
                  struct schema_scratch *scratch, struct arena *arena,
                  struct schema_report *report, struct fault *why)
{
    const struct type *type;
    int index;

    *report = (struct schema_report){.verdict = SCHEMA_VALID};
    if (schema_check(catalog->envelope, event->json, scratch) != SCHEMA_VALID)
        return reject(catalog->envelope, ENVELOPE, event, scratch, arena,
                      report, why);
    index = catalog_find(catalog, event->type);
    if (index == -1)
        return 0;
    type = &catalog->types[index];
    if (schema_check(type->schema, event->json, scratch) != SCHEMA_VALID)
        return reject(type->schema, type->file, event, scratch, arena, report,
                      why);
    return 0;
}
