/*
 * test_schema_library.c - documents that are fetched: schema_set_map(), and
 * the bundled metaschemas
 */
#include "test_schema_support.h"

#include "schema/metaschemas.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#define BASE "http://localhost:1234/"

static const struct schema_options plain = {.format = SCHEMA_FORMAT_ANNOTATE};
static char folder[] = "/tmp/schema_library_XXXXXX";

static void write_file(const char *name, const char *text)
{
    char path[256];
    FILE *file;

    snprintf(path, sizeof(path), "%s/%s", folder, name);
    file = fopen(path, "w");
    assert_non_null(file);
    fputs(text, file);
    fclose(file);
}

static int setup(void **state)
{
    char path[256];

    (void)state;
    if (mkdtemp(folder) == NULL)
        return -1;
    snprintf(path, sizeof(path), "%s/sub", folder);
    if (mkdir(path, 0700) == -1)
        return -1;
    write_file("integer.json", "{\"type\": \"integer\"}");
    write_file("sub/two.json", "{\"$ref\": \"../integer.json\"}");
    write_file("a b.json", "{\"type\": \"null\"}");
    write_file("broken.json", "{");
    write_file(".hidden.json", "true");
    write_file("typo.json", "{\"tpye\": \"null\"}");
    return 0;
}

static int teardown(void **state)
{
    char command[300];

    (void)state;
    snprintf(command, sizeof(command), "rm -r '%s'", folder);
    return system(command);
}

/* A set with a schema that refers there. NULL: refused. */
static struct schema_set *refer(const char *base, const char *reference,
                                struct fault *why)
{
    struct schema_set *set = test_set(&plain);
    char text[512];

    snprintf(text, sizeof(text), "{\"$ref\": \"%s\"}", reference);
    assert_int_equal(schema_set_map(set, base, folder, why), 0);
    if (schema_set_add(set, TEST_URI, "main", slice_of(text), why) == -1 ||
        schema_set_compile(set, why) == -1) {
        schema_set_free(set);
        return NULL;
    }
    return set;
}

static enum schema_verdict judge(const struct schema_set *set,
                                 const char *document)
{
    struct schema_scratch *scratch;
    json_t *json = test_json(document);
    enum schema_verdict verdict;

    assert_int_equal(schema_scratch_new(&scratch, set, NULL), 0);
    verdict = schema_check(schema_set_find(set, TEST_URI), json, scratch);
    schema_scratch_free(scratch);
    json_decref(json);
    return verdict;
}

static void finds(const char *reference, const char *valid, const char *invalid)
{
    struct fault why = FAULT_INIT;
    struct schema_set *set = refer(BASE, reference, &why);

    if (set == NULL)
        fail_msg("%s: %s", reference, why.text);
    assert_int_equal(judge(set, valid), SCHEMA_VALID);
    assert_int_equal(judge(set, invalid), SCHEMA_INVALID);
    schema_set_free(set);
}

static void refuses(const char *reference, enum fault_kind kind,
                    const char *text)
{
    struct fault why = FAULT_INIT;

    assert_null(refer(BASE, reference, &why));
    if (why.kind != kind || strstr(why.text, text) == NULL)
        fail_msg("%s: %s", reference, why.text);
}

static void test_files(void **state)
{
    (void)state;
    finds(BASE "integer.json", "1", "null");
    finds(BASE "sub/two.json", "1", "null");
    finds(BASE "sub/../integer.json", "1", "null");
    finds(BASE "a%20b.json", "null", "1");
}

static void test_refusals(void **state)
{
    (void)state;
    refuses(BASE "none.json", FAULT_CONFIG,
            "main#/$ref: there is no schema at '" BASE "none.json'");
    refuses(BASE ".hidden.json", FAULT_CONFIG, "there is no schema");
    refuses(BASE "sub/%2e%2e/integer.json", FAULT_CONFIG, "there is no schema");
    refuses(BASE "%2Fetc%2Fhostname", FAULT_CONFIG, "there is no schema");
    refuses(BASE "sub%2Ftwo.json%00", FAULT_CONFIG, "there is no schema");
    refuses(BASE, FAULT_CONFIG, "there is no schema");
    refuses("http://localhost:12345/integer.json", FAULT_CONFIG,
            "there is no schema");
    refuses(BASE "integer.json#/nowhere", FAULT_CONFIG, "there is no schema");
    refuses(BASE "broken.json", FAULT_CONFIG, "broken.json: line 1");
    refuses(BASE "typo.json", FAULT_CONFIG,
            "typo.json#/tpye: unknown keyword, did you mean 'type'?");
    refuses(BASE "sub", FAULT_IO, "sub");
}

/* What nothing refers to is not read, be it broken or not. */
static void test_lazy(void **state)
{
    struct fault why = FAULT_INIT;
    struct schema_set *set = refer(BASE, "#", &why);

    (void)state;
    assert_null(set); /* it leads back to itself */
    assert_non_null(strstr(why.text, "leads back"));
    finds(BASE "integer.json#", "1", "null");
}

static void test_bases(void **state)
{
    static const char *const bad[] = {"", "x/", "http://x", "http://x/#/",
                                      "http://x/ y/"};
    struct schema_set *set = test_set(&plain);
    struct fault why = FAULT_INIT;

    (void)state;
    for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
        fault_clear(&why);
        assert_int_equal(schema_set_map(set, bad[i], folder, &why), -1);
        assert_int_equal(why.kind, FAULT_CONFIG);
    }
    /* the longer one is for what is below it */
    assert_int_equal(schema_set_map(set, BASE, "/nowhere", &why), 0);
    assert_int_equal(schema_set_map(set, BASE "x/", folder, &why), 0);
    assert_int_equal(
        schema_set_add(set, TEST_URI, "main",
                       slice_of("{\"$ref\": \"" BASE "x/integer.json\"}"),
                       &why),
        0);
    assert_int_equal(schema_set_compile(set, &why), 0);
    assert_int_equal(judge(set, "1"), SCHEMA_VALID);
    schema_set_free(set);
}

/* Each of the metaschemas is a schema, by the metaschema. */
static void test_metaschemas(void **state)
{
    struct schema_set *set = test_set(&plain);
    struct fault why = FAULT_INIT;

    (void)state;
    assert_int_equal(
        schema_set_add(set, TEST_URI, "main",
                       slice_of("{\"$ref\": \"" METASCHEMAS_BASE "schema\"}"),
                       &why),
        0);
    if (schema_set_compile(set, &why) == -1)
        fail_msg("%s", why.text);
    assert_int_equal(metaschema_files_count, 9);
    for (size_t i = 0; i < metaschema_files_count; i++) {
        json_t *json = test_json(metaschema_files[i].text);
        char uri[METASCHEMAS_URI_MAX];

        metaschemas_uri(&metaschema_files[i], uri);
        assert_string_equal(json_string_value(json_object_get(json, "$id")),
                            uri);
        assert_int_equal(judge(set, metaschema_files[i].text), SCHEMA_VALID);
        json_decref(json);
    }
    assert_int_equal(judge(set, "{\"type\": 1}"), SCHEMA_INVALID);
    schema_set_free(set);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_files),       cmocka_unit_test(test_refusals),
        cmocka_unit_test(test_lazy),        cmocka_unit_test(test_bases),
        cmocka_unit_test(test_metaschemas),
    };

    return cmocka_run_group_tests(tests, setup, teardown);
}
