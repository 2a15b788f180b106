/*
 * fuzz_schema_check.c - any document against any schema
 *
 * An input is a schema and a document. schema_check() and schema_explain()
 * have to agree, and each error of a report has to lead somewhere.
 */
#include "fuzz.h"

enum { MANY = 40, FEW = 2, ROOM = 4 << 20 };

/* The next token of a JSON Pointer, unescaped, from behind its '/'. */
static const char *take_token(const char *pointer, char *token)
{
    for (; *pointer != '\0' && *pointer != '/'; pointer++) {
        if (*pointer != '~') {
            *token++ = *pointer;
            continue;
        }
        pointer++;
        MUST(*pointer == '0' || *pointer == '1');
        *token++ = *pointer == '0' ? '~' : '/';
    }
    *token = '\0';
    return pointer;
}

static const json_t *child_of(const json_t *json, const char *token)
{
    char *end;
    size_t i;

    if (json_is_object(json))
        return json_object_get(json, token);
    i = strtoul(token, &end, 10);
    MUST(*token != '\0' && *end == '\0');
    return json_array_get(json, i);
}

static void check_pointer(const json_t *document, const char *pointer)
{
    char *token = malloc(strlen(pointer) + 1);

    MUST(token != NULL);
    while (*pointer != '\0') {
        MUST(*pointer == '/');
        pointer = take_token(pointer + 1, token);
        document = child_of(document, token);
        MUST(document != NULL);
    }
    free(token);
}

static void check_error(const json_t *document,
                        const struct schema_error *error)
{
    check_pointer(document, error->instance_location);
    MUST(*error->keyword_location == '\0' || *error->keyword_location == '/');
    MUST(strchr(error->absolute_keyword_location, '#') != NULL);
    MUST(strstr(error->keyword_location, error->keyword) != NULL ||
         *error->keyword_location == '\0');
    MUST(*error->error != '\0');
}

static size_t explain(const struct schema *schema, const json_t *document,
                      struct schema_scratch *scratch, size_t max,
                      enum schema_verdict expected)
{
    struct arena arena = ARENA_INIT(4096, ROOM);
    struct schema_report report;
    struct fault why = FAULT_INIT;

    MUST(schema_explain(schema, document, scratch, &arena, max, &report,
                        &why) == 0);
    MUST(report.verdict == expected);
    MUST((report.count == 0) == (expected == SCHEMA_VALID));
    MUST(report.count <= max);
    MUST(!report.more || report.count > 0);
    for (size_t i = 0; i < report.count; i++)
        check_error(document, &report.errors[i]);
    arena_release(&arena);
    return report.count;
}

static void judge(const struct schema_set *set, const json_t *document)
{
    const struct schema *schema = schema_set_find(set, FUZZ_URI);
    struct schema_scratch *scratch;
    enum schema_verdict verdict;
    size_t many, few;

    MUST(schema != NULL);
    MUST(schema_scratch_new(&scratch, set, NULL) == 0);
    verdict = schema_check(schema, document, scratch);
    many = explain(schema, document, scratch, MANY, verdict);
    few = explain(schema, document, scratch, FEW, verdict);
    MUST(few == (many < FEW ? many : FEW));
    MUST(schema_check(schema, document, scratch) == verdict);
    schema_scratch_free(scratch);
}

static void run(struct slice schema, const json_t *document,
                enum schema_format format)
{
    const struct schema_options options = {.format = format,
                                           .unknown = SCHEMA_UNKNOWN_ALLOW};
    struct schema_set *set;

    MUST(schema_set_new(&set, &options, NULL) == 0);
    if (schema_set_add(set, FUZZ_URI, "schema", schema, NULL) == 0 &&
        schema_set_compile(set, NULL) == 0)
        judge(set, document);
    schema_set_free(set);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct slice rest = {(const char *)data, size};
    struct slice schema, text;
    json_t *document;

    if (size == 0 || !fuzz_take(&rest, &schema) || !fuzz_take(&rest, &text))
        return 0;
    document =
        json_loadb(text.data, text.len, JSON_DECODE_ANY | JSON_ALLOW_NUL, NULL);
    if (document == NULL)
        return 0;
    run(schema, document, SCHEMA_FORMAT_ASSERT);
    json_decref(document);
    return 0;
}
