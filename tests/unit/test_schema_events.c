/*
 * The schemas of schemas/, against events as files.
 *
 * tests/data/events/valid/X.json is an event that is valid.
 * tests/data/events/invalid/X.json is {"event": …, "errors": [{"pointer": …,
 * "keyword": …}]}: the errors of envelope.json, then those of the file of the
 * event's type, if there is one.
 */
#include "test_schema_support.h"

#define BASE "https://aurix-bridge.example/schemas/"

static struct schema_set *set;
static struct schema_scratch *scratch;
static const struct schema *envelope;

static int setup(void **state)
{
    const struct schema_options options = {.format = SCHEMA_FORMAT_ASSERT};
    struct fault why = FAULT_INIT;

    (void)state;
    set = test_set(&options);
    test_add_folder(set, SCHEMAS_DIR, BASE);
    if (schema_set_compile(set, &why) == -1 ||
        schema_scratch_new(&scratch, set, &why) == -1) {
        print_error("%s\n", why.text);
        return -1;
    }
    envelope = schema_set_find(set, BASE "envelope.json");
    return envelope == NULL ? -1 : 0;
}

static int teardown(void **state)
{
    (void)state;
    schema_scratch_free(scratch);
    schema_set_free(set);
    return 0;
}

/* NULL: an unknown type, which the envelope alone describes. */
static const struct schema *schema_of(const json_t *event)
{
    const char *type = json_string_value(json_object_get(event, "event_type"));
    char uri[512];

    if (type == NULL)
        return NULL;
    snprintf(uri, sizeof(uri), BASE "%s.json", type);
    return schema_set_find(set, uri);
}

/* How many errors `schema` finds; they are compared with expected[first…]. */
static size_t compare(const char *name, const struct schema *schema,
                      const json_t *event, const json_t *expected, size_t first)
{
    struct arena arena = ARENA_INIT(4096, 1 << 20);
    struct fault why = FAULT_INIT;
    struct schema_report report;
    size_t i, count;

    if (schema_explain(schema, event, scratch, &arena, 50, &report, &why) == -1)
        fail_msg("%s", why.text);
    assert_int_equal(schema_check(schema, event, scratch), report.verdict);
    for (i = 0; i < report.count; i++) {
        const struct schema_error *error = &report.errors[i];
        json_t *wanted = json_array_get(expected, first + i);
        const char *pointer = NULL, *keyword = NULL;

        json_unpack(wanted, "{s:s, s:s}", "pointer", &pointer, "keyword",
                    &keyword);
        if (pointer == NULL || strcmp(pointer, error->instance_location) != 0 ||
            keyword == NULL || strcmp(keyword, error->keyword) != 0)
            fail_msg("%s: '%s' %s: %s", name, error->instance_location,
                     error->keyword, error->error);
    }
    count = report.count;
    arena_release(&arena);
    return count;
}

static size_t compare_both(const char *name, const json_t *event,
                           const json_t *expected)
{
    const struct schema *schema = schema_of(event);
    size_t count = compare(name, envelope, event, expected, 0);

    if (schema != NULL)
        count += compare(name, schema, event, expected, count);
    return count;
}

static void accept_file(const char *path, const char *name)
{
    json_t *event = test_json_file(path);

    assert_int_equal(compare_both(name, event, NULL), 0);
    assert_true(strncmp(name, "unknown", 7) == 0 || schema_of(event) != NULL);
    json_decref(event);
}

static void test_valid(void **state)
{
    (void)state;
    test_each_file(TEST_DATA_DIR "/events/valid", accept_file);
}

static void refuse_file(const char *path, const char *name)
{
    json_t *file = test_json_file(path);
    const json_t *expected = json_object_get(file, "errors");
    size_t count = compare_both(name, json_object_get(file, "event"), expected);

    if (count == 0 || count != json_array_size(expected))
        fail_msg("%s: %zu errors instead of %zu", name, count,
                 json_array_size(expected));
    json_decref(file);
}

static void test_invalid(void **state)
{
    (void)state;
    test_each_file(TEST_DATA_DIR "/events/invalid", refuse_file);
}

static unsigned examples;

/* The examples anywhere in `schema`, by that very subschema. */
static void check_examples(const json_t *schema, const char *uri)
{
    json_t *list = json_object_get(schema, "examples");
    json_t *properties = json_object_get(schema, "properties");
    const struct schema *compiled = schema_set_find(set, uri);
    const char *key;
    char inner[1024];
    json_t *child;
    size_t i;

    assert_non_null(compiled);
    for (i = 0; i < json_array_size(list); i++, examples++) {
        if (schema_check(compiled, json_array_get(list, i), scratch) !=
            SCHEMA_VALID)
            fail_msg("%s: example %zu", uri, i);
    }
    json_object_foreach(properties, key, child)
    {
        snprintf(inner, sizeof(inner), "%s%s/properties/%s", uri,
                 strchr(uri, '#') == NULL ? "#" : "", key);
        check_examples(child, inner);
    }
}

static void check_file(const char *path, const char *name)
{
    json_t *schema = test_json_file(path);
    const char *type = NULL;
    char uri[512], stem[512];
    size_t i;

    snprintf(uri, sizeof(uri), BASE "%s", name);
    assert_string_equal(json_string_value(json_object_get(schema, "$id")), uri);
    assert_non_null(json_object_get(schema, "title"));
    assert_non_null(json_object_get(schema, "description"));
    assert_true(json_array_size(json_object_get(schema, "examples")) > 0);
    check_examples(schema, uri);

    /* The file's name is the type that it describes. */
    json_unpack(schema, "{s:{s:{s:s}}}", "properties", "event_type", "const",
                &type);
    snprintf(stem, sizeof(stem), "%.*s", (int)(strlen(name) - 5), name);
    assert_string_equal(type == NULL ? "envelope" : type, stem);

    /* And examples of whole events are complete: the envelope agrees. */
    for (i = 0; i < json_array_size(json_object_get(schema, "examples")); i++)
        assert_int_equal(
            schema_check(envelope,
                         json_array_get(json_object_get(schema, "examples"), i),
                         scratch),
            SCHEMA_VALID);
    json_decref(schema);
}

static void test_schemas(void **state)
{
    (void)state;
    test_each_file(SCHEMAS_DIR, check_file);
    assert_true(examples > 20);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_schemas),
        cmocka_unit_test(test_valid),
        cmocka_unit_test(test_invalid),
    };

    return cmocka_run_group_tests(tests, setup, teardown);
}
