/*
 * test_schema.c - sets, names, reports and limits
 *
 * What keywords mean is data, see test_schema_cases.c.
 */
#include "test_schema_support.h"

#include "base/buf.h"
#include "base/limits.h"
#include "format/regex.h"
#include "schema/evaluate.h"

#include <pthread.h>

static const struct schema_options annotate = {.format =
                                                   SCHEMA_FORMAT_ANNOTATE};

static struct schema_set *compiled(const char *text,
                                   const struct schema_options *options)
{
    struct fault why = FAULT_INIT;
    struct schema_set *set = test_set(options);

    if (schema_set_add(set, TEST_URI, "test.json", slice_of(text), &why) ==
            -1 ||
        schema_set_compile(set, &why) == -1)
        fail_msg("%s", why.text);
    return set;
}

static struct schema_scratch *scratch_for(const struct schema_set *set)
{
    struct fault why = FAULT_INIT;
    struct schema_scratch *scratch = NULL;

    assert_int_equal(schema_scratch_new(&scratch, set, &why), 0);
    return scratch;
}

/* ---- documents and names ------------------------------------------------ */

#define NOT_A_SCHEMA "a schema must be an object or a boolean"
#define AT_LINE_2 "line 2, column 6: unexpected token near '}'"
#define TWICE "line 1, column 10: duplicate object key near '\"a\"'"
#define BEHIND_THE_END "line 1, column 4: end of file expected near '{'"
#define NOT_ABSOLUTE " is not an absolute URI without a fragment"
#define TAKEN "'urn:a:old' is taken by 'old.json'"

static void test_refused_documents(void **state)
{
    static const struct {
        const char *uri;
        struct slice text;
        const char *why;
    } rows[] = {
        {TEST_URI,    {"", 0},                   "is empty"                },
        {TEST_URI,    {"{}\0", 3},               "contains a zero byte"    },
        {TEST_URI,    {"[]", 2},                 NOT_A_SCHEMA              },
        {TEST_URI,    {"{\n \"a\":}", 8},        AT_LINE_2                 },
        {TEST_URI,    {"{\"a\":1,\"a\":2}", 13}, TWICE                     },
        {TEST_URI,    {"{} {}", 5},              BEHIND_THE_END            },
        {"main.json", {"{}", 2},                 "'main.json'" NOT_ABSOLUTE},
        {"urn:a:b#",  {"{}", 2},                 "'urn:a:b#'" NOT_ABSOLUTE },
        {"urn:a:old", {"{}", 2},                 TAKEN                     },
    };
    size_t i;

    (void)state;
    for (i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        struct schema_set *set = test_set(&annotate);
        struct fault why = FAULT_INIT;

        assert_int_equal(schema_set_add(set, "urn:a:old", "old.json",
                                        slice_of("true"), &why),
                         0);
        assert_int_equal(
            schema_set_add(set, rows[i].uri, "new.json", rows[i].text, &why),
            -1);
        assert_int_equal(why.kind, FAULT_CONFIG);
        assert_memory_equal(why.text, "new.json: ", 10);
        assert_string_equal(why.text + 10, rows[i].why);
        schema_set_free(set);
    }
}

static void test_find(void **state)
{
    static const struct {
        const char *uri;
        bool found;
    } rows[] = {
        {TEST_URI,                          true },
        {TEST_URI "#",                      true },
        {TEST_URI "#/$defs/a~1b",           true },
        {TEST_URI "#/%24defs/a~1b",         true },
        {TEST_URI "#name",                  true },
        {"https://id.example/",             true },
        {"https://id.example/#name",        true },
        {"https://id.example/#/$defs/a~1b", true },
        {TEST_URI "#/$defs",                false},
        {TEST_URI "#other",                 false},
        {TEST_URI "#/%2",                   false},
        {TEST_URI "/",                      false},
        {"https://id.example",              false},
        {"",                                false},
    };
    struct schema_set *set =
        compiled("{\"$id\": \"https://id.example/\", \"$defs\": {\"a/b\": "
                 "{\"$anchor\": \"name\"}}}",
                 &annotate);
    size_t i;

    (void)state;
    for (i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        if ((schema_set_find(set, rows[i].uri) != NULL) != rows[i].found)
            fail_msg("'%s'", rows[i].uri);
    }
    assert_ptr_equal(schema_set_find(set, TEST_URI),
                     schema_set_find(set, "https://id.example/"));
    schema_set_free(set);
}

static void test_compile_once(void **state)
{
    struct schema_set *set = compiled("{}", &annotate);
    struct fault why = FAULT_INIT;

    (void)state;
    assert_int_equal(schema_set_compile(set, &why), -1);
    fault_clear(&why);
    assert_int_equal(schema_set_add(set, "https://test.example/late",
                                    "late.json", slice_of("{}"), &why),
                     -1);
    schema_set_free(set);
}

static void test_empty_set(void **state)
{
    struct schema_set *set = test_set(&annotate);

    (void)state;
    assert_null(schema_set_find(set, TEST_URI));
    assert_int_equal(schema_set_compile(set, NULL), 0);
    assert_null(schema_set_find(set, TEST_URI));
    schema_set_free(set);
    schema_set_free(NULL);
    schema_scratch_free(NULL);
}

/* ---- reports ------------------------------------------------------------ */

static void test_reveal(void **state)
{
    static const struct schema_options reveal = {.reveal_values = true};
    static const struct {
        const char *document;
        const char *error;
    } rows[] = {
        {"\"a\\nb\"",           "must be 1, found \"a\\nb\""             },
        {"9223372036854775807", "must be 1, found 9223372036854775807"   },
        {"0.1",                 "must be 1, found 0.1"                   },
        {"[1, 2]",              "must be 1, found an array of 2 items"   },
        {"{}",                  "must be 1, found an object of 0 members"},
        {"null",                "must be 1, found null"                  },
    };
    struct schema_set *set = compiled("{\"const\": 1}", &reveal);
    struct schema_scratch *scratch = scratch_for(set);
    size_t i;

    (void)state;
    for (i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        struct arena arena = ARENA_INIT(1024, 1 * MIB);
        json_t *document = test_json(rows[i].document);
        struct schema_report report;

        assert_int_equal(schema_explain(schema_set_find(set, TEST_URI),
                                        document, scratch, &arena, 10, &report,
                                        NULL),
                         0);
        assert_string_equal(report.errors[0].error, rows[i].error);
        json_decref(document);
        arena_release(&arena);
    }
    schema_scratch_free(scratch);
    schema_set_free(set);
}

static void explain_three(size_t max, size_t count, bool more)
{
    struct schema_set *set =
        compiled("{\"required\": [\"a\", \"b\", \"c\"]}", &annotate);
    struct schema_scratch *scratch = scratch_for(set);
    struct arena arena = ARENA_INIT(1024, 1 * MIB);
    json_t *document = test_json("{}");
    struct schema_report report;

    assert_int_equal(schema_explain(schema_set_find(set, TEST_URI), document,
                                    scratch, &arena, max, &report, NULL),
                     0);
    assert_int_equal(report.verdict, SCHEMA_INVALID);
    assert_int_equal(report.count, count);
    assert_int_equal(report.more, more);
    json_decref(document);
    arena_release(&arena);
    schema_scratch_free(scratch);
    schema_set_free(set);
}

static void test_how_many(void **state)
{
    (void)state;
    explain_three(3, 3, false);
    explain_three(2, 2, true);
    explain_three(0, 0, true);
}

static void test_small_arena(void **state)
{
    struct schema_set *set = compiled("{\"minimum\": 1}", &annotate);
    struct schema_scratch *scratch = scratch_for(set);
    struct arena arena = ARENA_INIT(64, 64);
    json_t *document = test_json("0");
    struct fault why = FAULT_INIT;
    struct schema_report report;

    (void)state;
    assert_int_equal(schema_explain(schema_set_find(set, TEST_URI), document,
                                    scratch, &arena, 10, &report, &why),
                     -1);
    assert_int_equal(why.kind, FAULT_NOMEM);
    json_decref(document);
    arena_release(&arena);
    schema_scratch_free(scratch);
    schema_set_free(set);
}

/* ---- limits ------------------------------------------------------------- */

/* [[[…]]], `depth` arrays. */
static json_t *nested(size_t depth)
{
    json_t *json = json_array();

    while (--depth > 0) {
        json_t *outer = json_array();

        json_array_append_new(outer, json);
        json = outer;
    }
    return json;
}

static enum schema_verdict verdict_of(const char *schema,
                                      const json_t *document)
{
    struct schema_set *set = compiled(schema, &annotate);
    struct schema_scratch *scratch = scratch_for(set);
    struct arena arena = ARENA_INIT(4096, 1 * MIB);
    const struct schema *root = schema_set_find(set, TEST_URI);
    enum schema_verdict verdict = schema_check(root, document, scratch);
    struct fault why = FAULT_INIT;
    struct schema_report report;

    assert_int_equal(
        schema_explain(root, document, scratch, &arena, 5, &report, &why), 0);

    assert_int_equal(report.verdict, verdict);
    if (verdict == SCHEMA_EXHAUSTED) {
        assert_int_equal(report.count, 1);
        assert_non_null(strstr(report.errors[0].error, "cannot be decided"));
    }
    arena_release(&arena);
    schema_scratch_free(scratch);
    schema_set_free(set);
    return verdict;
}

static void test_exhausted(void **state)
{
    /* two choices at each level, so 2^60 ways at 60 of them */
    static const char choices[] =
        "{\"anyOf\": ["
        "{\"items\": {\"$ref\": \"#\"}, \"minItems\": 1, \"maxItems\": 1},"
        "{\"items\": {\"$ref\": \"#\"}, \"minItems\": 1}]}";
    static const char list[] = "{\"items\": {\"$ref\": \"#\"}}";
    static const char not_list[] = "{\"not\": {\"items\": {\"$ref\": \"#\"}}}";
    static const char not_five[] =
        "{\"not\": {\"items\": {\"$ref\": \"#\"}, \"minItems\": 5}}";
    static const char any[] =
        "{\"anyOf\": [{\"items\": {\"$ref\": \"#\"}}, true]}";
    static const struct {
        const char *schema;
        size_t depth;
        enum schema_verdict verdict;
    } rows[] = {
        {list,     90,  SCHEMA_VALID    },
        {list,     200, SCHEMA_EXHAUSTED},
        {not_five, 10,  SCHEMA_VALID    },
        /* it does not become valid by "not" or by a choice */
        {not_list, 200, SCHEMA_EXHAUSTED},
        {any,      200, SCHEMA_EXHAUSTED},
        {choices,  60,  SCHEMA_EXHAUSTED},
    };
    size_t i;

    (void)state;
    for (i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        json_t *document = nested(rows[i].depth);

        if (verdict_of(rows[i].schema, document) != rows[i].verdict)
            fail_msg("row %zu", i);
        json_decref(document);
    }
}

static void test_exhausted_pattern(void **state)
{
    char text[64 + 3];
    json_t *document;

    (void)state;
    memset(text, 'a', sizeof(text) - 2);
    text[sizeof(text) - 2] = '!';
    text[sizeof(text) - 1] = '\0';
    document = json_string(text);
    assert_int_equal(verdict_of("{\"pattern\": \"^(a+)+$\"}", document),
                     SCHEMA_EXHAUSTED);
    json_decref(document);
}

static void test_exhausted_equality(void **state)
{
    json_t *document = json_array();

    (void)state;
    json_array_append_new(document, nested(VALUE_DEPTH_MAX + 1));
    json_array_append_new(document, nested(VALUE_DEPTH_MAX + 1));
    assert_int_equal(verdict_of("{\"uniqueItems\": true}", document),
                     SCHEMA_EXHAUSTED);
    json_decref(document);
}

/* Many items in a time that a quadratic search would not meet. */
static void test_many_unique_items(void **state)
{
    json_t *document = json_array();
    json_int_t i;

    (void)state;
    for (i = 0; i < 300000; i++)
        json_array_append_new(document, json_integer(i));
    assert_int_equal(verdict_of("{\"uniqueItems\": true}", document),
                     SCHEMA_VALID);
    json_array_append_new(document, json_real(299999.0));
    assert_int_equal(verdict_of("{\"uniqueItems\": true}", document),
                     SCHEMA_INVALID);
    json_decref(document);
}

/* A chain of references that is longer than any evaluation gets. */
static void test_long_chain(void **state)
{
    struct schema_set *set = test_set(&annotate);
    struct buf text = BUF_INIT(64 * KIB);
    struct fault why = FAULT_INIT;
    int i;

    (void)state;
    buf_add_text(&text, "{\"$ref\": \"#/$defs/0\", \"$defs\": {", NULL);
    for (i = 0; i < LIMIT_SCHEMA_DEPTH; i++)
        buf_addf(&text, NULL, "\"%d\": {\"$ref\": \"#/$defs/%d\"},", i, i + 1);
    buf_addf(&text, NULL, "\"%d\": true}}", i);
    assert_int_equal(
        schema_set_add(set, TEST_URI, "test.json", buf_slice(&text), &why), 0);
    assert_int_equal(schema_set_compile(set, &why), -1);
    assert_non_null(strstr(why.text, "is behind more than 192 schemas"));
    buf_release(&text);
    schema_set_free(set);
}

static void test_version(void **state)
{
    (void)state;
    assert_int_equal(strncmp(regex_version(), "PCRE2 10.", 9), 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_refused_documents),
        cmocka_unit_test(test_find),
        cmocka_unit_test(test_compile_once),
        cmocka_unit_test(test_empty_set),
        cmocka_unit_test(test_reveal),
        cmocka_unit_test(test_how_many),
        cmocka_unit_test(test_small_arena),
        cmocka_unit_test(test_exhausted),
        cmocka_unit_test(test_exhausted_pattern),
        cmocka_unit_test(test_exhausted_equality),
        cmocka_unit_test(test_many_unique_items),
        cmocka_unit_test(test_long_chain),
        cmocka_unit_test(test_version),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
