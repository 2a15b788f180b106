/*
 * test_places.c - locations that lead somewhere, and such as do not
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "places.h"

#define MAIN "https://test.example/main"
#define OTHER "https://test.example/folder/other"
#define META "https://json-schema.org/draft/2020-12/"

static const char schema_text[] =
    "{\"type\": \"object\","
    " \"properties\": {\"a/b~c\": {\"minimum\": 1}, \"no\": false,"
    "                  \"100%\": {\"maximum\": 2}},"
    " \"allOf\": [{\"$id\": \"folder/other\", \"not\": {\"$id\": \"#x\"}},"
    "             {\"pattern\": \"x\"}]}";

static const char document_text[] =
    "{\"\": [10, {\"a/b~c\": null}], \"m~n\": 1, \"01\": true}";

static const struct {
    const char *instance;
    const char *absolute;
    const char *keyword;
    bool leads;
} claims[] = {
    {"",            MAIN "#/type",                           "type",    true },
    {"/",           MAIN "#/type",                           "type",    true },
    {"//0",         MAIN "#/type",                           "type",    true },
    {"//1/a~1b~0c", MAIN "#/type",                           "type",    true },
    {"/m~0n",       MAIN "#/type",                           "type",    true },
    {"/01",         MAIN "#/type",                           "type",    true },

    /* into the document */
    {"x",           MAIN "#/type",                           "type",    false},
    {"/x",          MAIN "#/type",                           "type",    false},
    {"//2",         MAIN "#/type",                           "type",    false},
    {"//01",        MAIN "#/type",                           "type",    false},
    {"//-",         MAIN "#/type",                           "type",    false},
    {"///",         MAIN "#/type",                           "type",    false},
    {"//0x",        MAIN "#/type",                           "type",    false},
    {"/m~n",        MAIN "#/type",                           "type",    false},
    {"/m~",         MAIN "#/type",                           "type",    false},
    {"/m~0n/",      MAIN "#/type",                           "type",    false},

    /* into the schema */
    {"",            MAIN "#/properties/a~1b~0c/minimum",     "minimum", true },
    {"",            MAIN "#/properties/100%25/maximum",      "maximum", true },
    {"",            MAIN "#/allOf/1/pattern",                "pattern", true },
    {"",            MAIN "#/allOf/0/not",                    "not",     true },
    {"",            OTHER "#/not",                           "not",     true },
    {"",            MAIN "#/properties/no",                  "x",       true },
    {"",            META "schema#/type",                     "type",    true },
    {"",            META "meta/core#/properties/$defs/type", "type",    true },
    {"",            MAIN "#/allOf/2/pattern",                "pattern", false},
    {"",            MAIN "#/properties/a/b~c/minimum",       "minimum", false},
    {"",            MAIN "#/properties/100%/maximum",        "maximum", false},
    {"",            MAIN "#type",                            "type",    false},
    {"",            MAIN "#/type/",                          "type",    false},
    {"",            MAIN "/type",                            "type",    false},
    {"",            "#/type",                                "type",    false},
    {"",            OTHER "#/type",                          "type",    false},
    {"",            OTHER "/#/not",                          "not",     false},
    {"",            META "schema#/pattern",                  "pattern", false},

    /* to the keyword */
    {"",            MAIN "#",                                "type",    false},
    {"",            MAIN "#/properties",                     "type",    false},
    {"",            MAIN "#/properties/a~1b~0c",             "minimum", false},
    {"",            MAIN "#/allOf/1/pattern",                "type",    false},
};

static json_t *parse(const char *text)
{
    json_error_t error;
    json_t *json = json_loads(text, JSON_DECODE_ANY, &error);

    if (json == NULL)
        fail_msg("%s: %s", text, error.text);
    return json;
}

static void test_claims(void **state)
{
    struct places metaschemas = PLACES_INIT(NULL);
    struct places places = PLACES_INIT(&metaschemas);
    json_t *schema = parse(schema_text);
    json_t *document = parse(document_text);
    struct fault why = FAULT_INIT;
    unsigned failures = 0;
    size_t i;

    (void)state;
    assert_int_equal(places_add_metaschemas(&metaschemas, &why), 0);
    assert_int_equal(places_add(&places, MAIN, schema, &why), 0);
    for (i = 0; i < sizeof(claims) / sizeof(claims[0]); i++) {
        struct schema_error error = {.instance_location = claims[i].instance,
                                     .absolute_keyword_location =
                                         claims[i].absolute,
                                     .keyword = claims[i].keyword};
        struct fault found = FAULT_INIT;
        int rc = places_check(&places, document, &error, &found);

        if ((rc == 0) == claims[i].leads)
            continue;
        failures++;
        print_error("'%s', '%s', %s: %s\n", claims[i].instance,
                    claims[i].absolute, claims[i].keyword,
                    rc == 0 ? "leads somewhere" : found.text);
    }
    assert_int_equal(failures, 0);
    json_decref(schema);
    json_decref(document);
    places_release(&places);
    places_release(&metaschemas);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_claims),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
