/*
 * Schemas and documents as files.
 *
 * tests/data/schema/cases/X.json is an array of
 *   {"about": …, "schema": …, "documents": {URI: schema}, "format": true,
 *    "cases": [{"data": …, "errors": [[instance, keyword], …]}]}
 * where "documents" are further ones, "format" asserts formats, and a case
 * without "errors" is valid. All errors are expected, in this order. Behind
 * the keyword an error may have its text, its keyword's location and that
 * keyword's absolute location.
 *
 * tests/data/schema/refused/X.json is an array of
 *   {"schema": …, "why": …}
 * with the text that the refusal has; "..." at its end stands for words that
 * are PCRE2's own.
 */
#include "test_schema_support.h"

#include "schema/peek.h"

static unsigned failures, claims;

static void complain(const char *file, const char *about, size_t number,
                     const char *what)
{
    failures++;
    print_error("%s: %s, case %zu: %s\n", file, about, number, what);
}

/* Only what `wanted` has is compared; an error that is not expected differs. */
static bool is_like(const struct schema_error *error, const json_t *wanted)
{
    const char *const texts[] = {error->instance_location, error->keyword,
                                 error->error, error->keyword_location,
                                 error->absolute_keyword_location};
    size_t i, count = json_array_size(wanted);

    for (i = 0; i < count && i < 5; i++) {
        if (strcmp(json_string_value(json_array_get(wanted, i)), texts[i]) != 0)
            return false;
    }
    return count >= 2;
}

static void compare(const char *file, const char *about, size_t number,
                    const struct schema_report *report, const json_t *expected)
{
    size_t i;

    if ((report->verdict == SCHEMA_VALID) != (json_array_size(expected) == 0))
        complain(file, about, number, "wrong verdict");
    if (report->count != json_array_size(expected))
        complain(file, about, number, "wrong number of errors");
    for (i = 0; i < report->count; i++) {
        const struct schema_error *error = &report->errors[i];

        if (is_like(error, json_array_get(expected, i)))
            continue;
        complain(file, about, number, "another error than expected:");
        print_error("    '%s' %s: %s\n    %s %s\n", error->instance_location,
                    error->keyword, error->error, error->keyword_location,
                    error->absolute_keyword_location);
    }
}

static void run_case(const char *file, const char *about, size_t number,
                     const struct schema *schema,
                     struct schema_scratch *scratch, const json_t *item)
{
    struct arena arena = ARENA_INIT(4096, 1 << 20);
    const json_t *data = json_object_get(item, "data");
    const bool direct = peek_direct;
    struct fault why = FAULT_INIT;
    struct schema_report report;

    claims++;
    if (schema_explain(schema, data, scratch, &arena, 50, &report, &why) == -1)
        fail_msg("%s", why.text);
    compare(file, about, number, &report, json_object_get(item, "errors"));
    if (schema_check(schema, data, scratch) != report.verdict)
        complain(file, about, number, "check and explain disagree");
    peek_direct = false;
    if (schema_check(schema, data, scratch) != report.verdict)
        complain(file, about, number, "a check by jansson's calls disagrees");
    peek_direct = direct;
    arena_release(&arena);
}

static struct schema_set *compile_group(const json_t *group, struct fault *why)
{
    struct schema_options options = {.format = SCHEMA_FORMAT_ANNOTATE};
    json_t *documents = json_object_get(group, "documents");
    struct schema_set *set;
    const char *uri;
    json_t *json;

    if (json_is_true(json_object_get(group, "format")))
        options.format = SCHEMA_FORMAT_ASSERT;
    set = test_set(&options);
    json_object_foreach(documents, uri, json)
    {
        if (test_add(set, uri, json, why) == -1)
            return set;
    }
    if (test_add(set, TEST_URI, json_object_get(group, "schema"), why) == 0)
        schema_set_compile(set, why);
    return set;
}

static void run_group(const char *file, const json_t *group)
{
    const char *about = json_string_value(json_object_get(group, "about"));
    const json_t *cases = json_object_get(group, "cases");
    struct fault why = FAULT_INIT;
    struct schema_set *set = compile_group(group, &why);
    struct schema_scratch *scratch = NULL;
    size_t i;

    if (why.kind != FAULT_NONE)
        fail_msg("%s: %s: %s", file, about, why.text);
    assert_int_equal(schema_scratch_new(&scratch, set, &why), 0);
    for (i = 0; i < json_array_size(cases); i++)
        run_case(file, about, i, schema_set_find(set, TEST_URI), scratch,
                 json_array_get(cases, i));
    schema_scratch_free(scratch);
    schema_set_free(set);
}

static void run_file(const char *path, const char *name)
{
    json_t *groups = test_json_file(path);
    size_t i;

    for (i = 0; i < json_array_size(groups); i++)
        run_group(name, json_array_get(groups, i));
    json_decref(groups);
}

static void test_cases(void **state)
{
    (void)state;
    failures = claims = 0;
    test_each_file(TEST_DATA_DIR "/schema/cases", run_file);
    print_message("%u claims\n", claims);
    assert_true(claims > 0);
    assert_int_equal(failures, 0);
}

static bool is_text(const char *text, const char *wanted)
{
    size_t len = strlen(wanted);

    if (len > 3 && strcmp(wanted + len - 3, "...") == 0)
        return strncmp(text, wanted, len - 3) == 0 && strlen(text) > len - 3;
    return strcmp(text, wanted) == 0;
}

static void refuse_file(const char *path, const char *name)
{
    json_t *groups = test_json_file(path);
    size_t i;

    for (i = 0; i < json_array_size(groups); i++) {
        const json_t *group = json_array_get(groups, i);
        const char *wanted = json_string_value(json_object_get(group, "why"));
        struct fault why = FAULT_INIT;
        struct schema_set *set = compile_group(group, &why);

        claims++;
        if (why.kind != FAULT_CONFIG || !is_text(why.text, wanted)) {
            failures++;
            print_error("%s, %zu: expected '%s'\n    but got '%s'\n", name, i,
                        wanted, why.text);
        }
        schema_set_free(set);
        /* likewise for one who does not ask why */
        schema_set_free(compile_group(group, NULL));
    }
    json_decref(groups);
}

static void test_refused(void **state)
{
    (void)state;
    failures = claims = 0;
    test_each_file(TEST_DATA_DIR "/schema/refused", refuse_file);
    print_message("%u claims\n", claims);
    assert_true(claims > 0);
    assert_int_equal(failures, 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_cases),
        cmocka_unit_test(test_refused),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
