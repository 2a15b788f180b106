/*
 * test_schema.c - sets, names, reports and limits
 *
 * What keywords mean is data, see test_schema_cases.c.
 */
#include "test_schema_support.h"

#include "base/limits.h"
#include "schema/evaluate.h"

#include <pthread.h>

static const struct schema_options annotate = {SCHEMA_FORMAT_ANNOTATE, false};

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

static void test_refused_documents(void **state)
{
    static const struct {
        const char *uri;
        struct slice text;
        const char *why;
    } rows[] = {
        {TEST_URI,                   {"", 0},     "new.json: is empty"            },
        {TEST_URI,                   {"{}\0", 3}, "new.json: contains a zero byte"},
        {TEST_URI,
         {"[]", 2},
         "new.json: a schema must be an object or a boolean"                      },
        {TEST_URI,
         {"{\n \"a\":}", 8},
         "new.json: line 2, column 6: unexpected token near '}'"                  },
        {TEST_URI,
         {"{\"type\":1,\"type\":2}", 19},
         "new.json: line 1, column 16: duplicate object key near '\"type\"'"      },
        {TEST_URI,
         {"{} {}", 5},
         "new.json: line 1, column 4: end of file expected near '{'"              },
        {"main.json",
         {"{}", 2},
         "new.json: 'main.json' is not an absolute URI without a fragment"        },
        {TEST_URI "#",
         {"{}", 2},
         "new.json: '" TEST_URI "#' is not an absolute URI without a fragment"    },
        {"https://test.example/old",
         {"{}", 2},
         "new.json: 'https://test.example/old' is taken by 'old.json'"            },
    };
    size_t i;

    (void)state;
    for (i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        struct schema_set *set = test_set(&annotate);
        struct fault why = FAULT_INIT;

        assert_int_equal(schema_set_add(set, "https://test.example/old",
                                        "old.json", slice_of("true"), &why),
                         0);
        assert_int_equal(
            schema_set_add(set, rows[i].uri, "new.json", rows[i].text, &why),
            -1);
        assert_int_equal(why.kind, FAULT_CONFIG);
        assert_string_equal(why.text, rows[i].why);
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

static void test_missing_folder(void **state)
{
    struct schema_set *set = test_set(&annotate);
    struct fault why = FAULT_INIT;

    (void)state;
    assert_int_equal(schema_set_add_dir(set, TEST_DATA_DIR "/no such folder",
                                        "https://test.example/", &why),
                     -1);
    assert_int_equal(why.kind, FAULT_IO);
    assert_non_null(strstr(why.text, "no such folder"));
    schema_set_free(set);
}

/* ---- reports ------------------------------------------------------------ */

static const struct {
    const char *schema;
    const char *document;
    const char *instance;
    const char *keyword_location;
    const char *absolute;
    const char *error;
} texts[] = {
    {"{\"type\": [\"string\", \"null\"]}",                              "1",                        "",            "/type",                              TEST_URI "#/type",
     "must be string or null, is integer"                                                                                                                                                                                          },
    {"{\"type\": \"integer\"}",                                         "1.5",                      "",            "/type",                              TEST_URI "#/type",
     "must be integer, is number"                                                                                                                                                                                                  },
    {"{\"type\": [\"number\", \"object\"]}",                            "[]",                       "",            "/type",
     TEST_URI "#/type",                                                                                                                                                                        "must be object or number, is array"},
    {"{\"const\": \"a\"}",                                              "\"secret\"",               "",            "/const",                             TEST_URI "#/const",
     "must be \"a\""                                                                                                                                                                                                               },
    {"{\"const\": [1]}",                                                "1",                        "",            "/const",                             TEST_URI "#/const",
     "must be the constant that the schema has"                                                                                                                                                                                    },
    {"{\"enum\": [\"a\", 0.1, null]}",                                  "2",                        "",            "/enum",                              TEST_URI "#/enum",
     "must be one of \"a\", 0.1, null"                                                                                                                                                                                             },
    {"{\"enum\": [1,2,3,4,5,6,7,8,9]}",                                 "0",                        "",            "/enum",                              TEST_URI "#/enum",
     "must be one of the schema's 9 values"                                                                                                                                                                                        },
    {"{\"minimum\": 1.5}",                                              "1",                        "",            "/minimum",                           TEST_URI "#/minimum",
     "must be at least 1.5"                                                                                                                                                                                                        },
    {"{\"multipleOf\": 0.01}",                                          "0.001",                    "",            "/multipleOf",
     TEST_URI "#/multipleOf",                                                                                                                                                                  "must be a multiple of 0.01"        },
    {"{\"minLength\": 1}",                                              "\"\"",                     "",            "/minLength",                         TEST_URI "#/minLength",
     "must have at least 1 character"                                                                                                                                                                                              },
    {"{\"maxItems\": 2}",                                               "[1,2,3]",                  "",            "/maxItems",                          TEST_URI "#/maxItems",
     "must have at most 2 items"                                                                                                                                                                                                   },
    {"{\"pattern\": \"^a\"}",                                           "\"secret\"",               "",            "/pattern",
     TEST_URI "#/pattern",                                                                                                                                                                     "must match the pattern ^a"         },
    {"{\"uniqueItems\": true}",                                         "[\"secret\", \"secret\"]", "",            "/uniqueItems",
     TEST_URI "#/uniqueItems",                                                                                                                                                                 "must not have the same item twice" },
    {"{\"properties\": {\"a/b\": {\"items\": {\"maximum\": 1}}}}",
     "{\"a/b\": [0, 2]}",                                                                           "/a~1b/1",     "/properties/a~1b/items/maximum",
     TEST_URI "#/properties/a~1b/items/maximum",                                                                                                                                               "must be at most 1"                 },
    {"{\"required\": [\"a\"], \"properties\": {\"a\": true}}",          "{}",                       "",
     "/required",                                                                                                                                        TEST_URI "#/required",                "must have a member \"a\""          },
    {"{\"dependentRequired\": {\"a\": [\"b\"]}}",                       "{\"a\": 1}",               "",
     "/dependentRequired",                                                                                                                               TEST_URI "#/dependentRequired",
     "must have the members \"b\" where it has \"a\""                                                                                                                                                                              },
    {"{\"additionalProperties\": false}",                               "{\"secret\": 1}",          "/secret",
     "/additionalProperties",                                                                                                                            TEST_URI "#/additionalProperties",
     "no further members are allowed"                                                                                                                                                                                              },
    {"{\"propertyNames\": {\"maxLength\": 2}}",                         "{\"secret\": 1}",          "/secret",
     "/propertyNames/maxLength",                                                                                                                         TEST_URI "#/propertyNames/maxLength",
     "must have at most 2 characters"                                                                                                                                                                                              },
    {"{\"patternProperties\": {\"^\xc3\xbc \": {\"type\": \"null\"}}}",
     "{\"\xc3\xbc 1\": 1}",                                                                         "/\xc3\xbc 1", "/patternProperties/^\xc3\xbc /type",
     TEST_URI "#/patternProperties/%5E%C3%BC%20/type",
     "must be null, is integer"                                                                                                                                                                                                    },
    {"{\"$defs\": {\"x\": {\"$id\": \"sub\", \"minimum\": 1}}, \"items\": "
     "{\"allOf\": [true, {\"$ref\": \"sub\"}]}}",                  "[0]",                      "/0",          "/items/allOf/1/$ref/minimum",
     "https://test.example/sub#/minimum",                                                                                                                                                      "must be at least 1"                },
    {"{\"if\": true, \"then\": {\"prefixItems\": [false]}}",            "[1]",                      "/0",
     "/then/prefixItems/0",                                                                                                                              TEST_URI "#/then/prefixItems/0",
     "no further items are allowed"                                                                                                                                                                                                },
    {"{\"contains\": {\"const\": 1}, \"minContains\": 2}",              "[1]",                      "",
     "/minContains",                                                                                                                                     TEST_URI "#/minContains",
     "must have at least 2 matching items"                                                                                                                                                                                         },
    {"{\"oneOf\": [true, true]}",                                       "1",                        "",            "/oneOf",                             TEST_URI "#/oneOf",
     "must match exactly one of 2 alternatives, matches several"                                                                                                                                                                   },
    {"{\"not\": {}}",                                                   "1",                        "",            "/not",                               TEST_URI "#/not",
     "must not match the schema under \"not\""                                                                                                                                                                                     },
    {"{\"dependentSchemas\": {\"a~\": false}}",                         "{\"a~\": 1}",              "",
     "/dependentSchemas/a~0",                                                                                                                            TEST_URI "#/dependentSchemas/a~0",
     "nothing is allowed here"                                                                                                                                                                                                     },
};

static void test_texts(void **state)
{
    size_t i;

    (void)state;
    for (i = 0; i < sizeof(texts) / sizeof(texts[0]); i++) {
        struct schema_set *set = compiled(texts[i].schema, &annotate);
        struct schema_scratch *scratch = scratch_for(set);
        struct arena arena = ARENA_INIT(1024, 1 * MIB);
        json_t *document = test_json(texts[i].document);
        struct fault why = FAULT_INIT;
        struct schema_report report;

        assert_int_equal(schema_explain(schema_set_find(set, TEST_URI),
                                        document, scratch, &arena, 10, &report,
                                        &why),
                         0);
        assert_int_equal(report.verdict, SCHEMA_INVALID);
        assert_int_equal(report.count, 1);
        assert_false(report.more);
        assert_string_equal(report.errors[0].error, texts[i].error);
        assert_string_equal(report.errors[0].instance_location,
                            texts[i].instance);
        assert_string_equal(report.errors[0].keyword_location,
                            texts[i].keyword_location);
        assert_string_equal(report.errors[0].absolute_keyword_location,
                            texts[i].absolute);
        json_decref(document);
        arena_release(&arena);
        schema_scratch_free(scratch);
        schema_set_free(set);
    }
}

static void test_reveal(void **state)
{
    static const struct schema_options reveal = {SCHEMA_FORMAT_ANNOTATE, true};
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
    static const struct {
        const char *schema;
        size_t depth;
        enum schema_verdict verdict;
    } rows[] = {
        /* one schema for each level */
        {"{\"items\": {\"$ref\": \"#\"}, \"type\": \"array\"}",                          90,
         SCHEMA_VALID                                                                                         },
        {"{\"items\": {\"$ref\": \"#\"}, \"type\": \"array\"}",                          200,
         SCHEMA_EXHAUSTED                                                                                     },
        /* what is exhausted does not become valid by "not" or a choice */
        {"{\"not\": {\"items\": {\"$ref\": \"#\"}, \"minItems\": 5}}",                   10,
         SCHEMA_VALID                                                                                         },
        {"{\"not\": {\"items\": {\"$ref\": \"#\"}}}",                                    200, SCHEMA_EXHAUSTED},
        {"{\"anyOf\": [{\"items\": {\"$ref\": \"#\"}}, true]}",                          200,
         SCHEMA_EXHAUSTED                                                                                     },
        /* two choices at each of 60 levels: 2^60 ways */
        {"{\"anyOf\": [{\"items\": {\"$ref\": \"#\"}, \"maxItems\": 1, "
         "\"minItems\": 1}, {\"items\": {\"$ref\": \"#\"}, \"minItems\": 1}]}", 60,  SCHEMA_EXHAUSTED},
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

/* ---- small stacks ------------------------------------------------------- */

static void *run_deep(void *arg)
{
    json_t *document = arg;
    struct schema_set *set = compiled(
        "{\"anyOf\": [false, {\"items\": {\"$ref\": \"#\"}, \"minItems\": 1}], "
        "\"properties\": {\"a\": {\"pattern\": \"^(a|b(c|d)*)*$\"}}}",
        &annotate);
    struct schema_scratch *scratch = scratch_for(set);
    struct arena arena = ARENA_INIT(4096, 1 * MIB);
    const struct schema *root = schema_set_find(set, TEST_URI);
    struct schema_report report;

    assert_int_equal(schema_check(root, document, scratch), SCHEMA_INVALID);
    assert_int_equal(
        schema_explain(root, document, scratch, &arena, 500, &report, NULL), 0);
    assert_int_equal(report.verdict, SCHEMA_INVALID);
    arena_release(&arena);
    schema_scratch_free(scratch);
    schema_set_free(set);
    return NULL;
}

/*
 * As deep as it goes: three schemas a level. A worker has 100 KiB, of which
 * the server and what it called before have taken a part.
 */
static void test_small_stack(void **state)
{
    pthread_attr_t attributes;
    pthread_t thread;
    json_t *document;

    (void)state;
    if (TEST_SANITIZED)
        skip();
    document = nested(EVALUATE_DEPTH_MAX / 3 - 1);
    pthread_attr_init(&attributes);
    assert_int_equal(pthread_attr_setstacksize(&attributes, 64 * KIB), 0);
    assert_int_equal(pthread_create(&thread, &attributes, run_deep, document),
                     0);
    pthread_join(thread, NULL);
    pthread_attr_destroy(&attributes);
    json_decref(document);
}

static void test_version(void **state)
{
    (void)state;
    assert_int_equal(strncmp(schema_regex_version(), "PCRE2 10.", 9), 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_refused_documents),
        cmocka_unit_test(test_find),
        cmocka_unit_test(test_compile_once),
        cmocka_unit_test(test_empty_set),
        cmocka_unit_test(test_missing_folder),
        cmocka_unit_test(test_texts),
        cmocka_unit_test(test_reveal),
        cmocka_unit_test(test_how_many),
        cmocka_unit_test(test_small_arena),
        cmocka_unit_test(test_exhausted),
        cmocka_unit_test(test_exhausted_pattern),
        cmocka_unit_test(test_exhausted_equality),
        cmocka_unit_test(test_many_unique_items),
        cmocka_unit_test(test_small_stack),
        cmocka_unit_test(test_version),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
