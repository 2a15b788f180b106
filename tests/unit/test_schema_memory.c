/*
 * test_schema_memory.c - allocations: none where none may be, and each of
 * the others may fail
 *
 * This program has malloc() and its kin itself, in front of the C library's.
 * With a sanitizer, which does the same, there is nothing to test.
 */
#include "test_schema_support.h"

#include "base/limits.h"
#include "format/format.h"

/*
 * Where memory fails while it parses, jansson goes on without the bytes, and
 * what comes of it is anything; so it is not tested with that.
 */
static bool parsing;

json_t *__real_json_loadb(const char *text, size_t len, size_t flags,
                          json_error_t *error);
json_t *__wrap_json_loadb(const char *text, size_t len, size_t flags,
                          json_error_t *error);

json_t *__wrap_json_loadb(const char *text, size_t len, size_t flags,
                          json_error_t *error)
{
    json_t *json;

    parsing = true;
    json = __real_json_loadb(text, len, flags, error);
    parsing = false;
    return json;
}

#if !TEST_SANITIZED

void *__libc_malloc(size_t size);
void *__libc_calloc(size_t count, size_t size);
void *__libc_realloc(void *old, size_t size);
void __libc_free(void *memory);

static bool counting;
static unsigned long allocations;
static unsigned long failing; /* the number of the one that fails; 0: none */
static long live;             /* pieces that were not freed yet */

static bool may_allocate(void) { return !counting || ++allocations != failing; }

static void *keep(void *memory)
{
    live += memory != NULL;
    return memory;
}

void *malloc(size_t size)
{
    return may_allocate() ? keep(__libc_malloc(size)) : NULL;
}

void *calloc(size_t count, size_t size)
{
    return may_allocate() ? keep(__libc_calloc(count, size)) : NULL;
}

void *realloc(void *old, size_t size)
{
    void *memory;

    if (!may_allocate())
        return NULL;
    memory = __libc_realloc(old, size);
    return old == NULL ? keep(memory) : memory;
}

void free(void *memory)
{
    live -= memory != NULL;
    __libc_free(memory);
}

static void *allocate_for_jansson(size_t size)
{
    return parsing ? keep(__libc_malloc(size)) : malloc(size);
}

static void count_from(unsigned long which_fails)
{
    allocations = 0;
    failing = which_fails;
    counting = true;
}

#define BASE "https://aurix-bridge.example/schemas/"

static const char click[] =
    "{\"event_type\":\"widget.click\",\"event_id\":\"evt_1704200000\","
    "\"timestamp\":\"2024-01-02T12:00:00Z\",\"data\":{\"correlation_id\":"
    "\"wa_123456\",\"click_url\":\"https://example.com/landing\","
    "\"parsed_params\":{\"utm_source\":[\"google\",\"search\"]},"
    "\"ip_address\":\"1.2.3.4\",\"user_agent\":\"Mozilla/5.0\"}}";

/* Keywords that the event schemas do not have; valid, without allocating. */
static const char wide[] =
    "{\"$defs\": {\"t\": {\"type\": [\"integer\", \"string\"]}},"
    "\"patternProperties\": {\"^a+$\": {\"$ref\": \"#/$defs/t\"}},"
    "\"propertyNames\": {\"maxLength\": 9, \"enum\": [\"aa\", \"b\"]},"
    "\"additionalProperties\": {\"uniqueItems\": true, \"contains\": "
    "{\"const\": {\"x\": 1.0}}, \"anyOf\": [false, {\"format\": \"date\"}]},"
    "\"not\": {\"required\": [\"c\"]}, \"if\": {\"minProperties\": 2},"
    "\"then\": {\"oneOf\": [true, false]}}";
static const char wide_document[] =
    "{\"aa\": 1, \"b\": [1, \"a\", {\"x\": 1}, null]}";

static void test_check_allocates_nothing(void **state)
{
    const struct schema_options options = {.format = SCHEMA_FORMAT_ASSERT};
    struct schema_set *set = test_set(&options);
    struct schema_scratch *scratch = NULL;
    const struct schema *envelope, *type, *all;
    json_t *event = test_json(click);
    json_t *document = test_json(wide_document);
    enum schema_verdict verdicts[3];
    void *probe;

    (void)state;
    test_add_folder(set, SCHEMAS_DIR, BASE);
    assert_int_equal(
        schema_set_add(set, TEST_URI, "wide", slice_of(wide), NULL), 0);
    assert_int_equal(schema_set_compile(set, NULL), 0);
    assert_int_equal(schema_scratch_new(&scratch, set, NULL), 0);
    envelope = schema_set_find(set, BASE "envelope.json");
    type = schema_set_find(set, BASE "widget.click.json");
    all = schema_set_find(set, TEST_URI);

    count_from(0);
    verdicts[0] = schema_check(envelope, event, scratch);
    verdicts[1] = schema_check(type, event, scratch);
    verdicts[2] = schema_check(all, document, scratch);
    counting = false;
    assert_int_equal(verdicts[0], SCHEMA_VALID);
    assert_int_equal(verdicts[1], SCHEMA_VALID);
    assert_int_equal(verdicts[2], SCHEMA_VALID);
    assert_int_equal(allocations, 0);

    /* The counter does count, this program's and jansson's. */
    count_from(0);
    probe = json_object();
    counting = false;
    assert_true(allocations > 0);
    json_decref(probe);

    json_decref(document);
    json_decref(event);
    schema_scratch_free(scratch);
    schema_set_free(set);
}

/* What a set can be made of, the schema in hand among it. */
static const struct {
    const char *uri;
    const char *text;
} documents[] = {
    {TEST_URI,                       wide                               },
    {"https://test.example/two",     "{\"items\": {\"$ref\": \"main\"}}"},
    {"https://test.example/three",
     "{\"$ref\": \"https://files.example/envelope.json\"}"              },
    {"https://test.example/dialect",
     "{\"$vocabulary\": {"
     "\"https://json-schema.org/draft/2020-12/vocab/core\": true,"
     "\"https://json-schema.org/draft/2020-12/vocab/applicator\": true,"
     "\"https://json-schema.org/draft/2020-12/vocab/unevaluated\": true},"
     "\"$dynamicAnchor\": \"meta\"}"                                    },
    {"https://test.example/four",
     "{\"$schema\": \"https://test.example/dialect\","
     "\"$dynamicAnchor\": \"four\","
     "\"items\": {\"$dynamicRef\": \"#four\"},"
     "\"$defs\": {\"x\": {\"$id\": \"x\", \"$dynamicAnchor\": \"four\"}},"
     "\"unevaluatedProperties\": false}"                                },
};

static int make_set(struct schema_set **out, struct fault *why)
{
    const struct schema_options options = {.format = SCHEMA_FORMAT_ASSERT,
                                           .reveal_values = true};

    if (schema_set_new(out, &options, why) == -1 ||
        schema_set_map(*out, "https://files.example/", SCHEMAS_DIR, why) == -1)
        return -1;
    for (size_t i = 0; i < sizeof(documents) / sizeof(documents[0]); i++)
        if (schema_set_add(*out, documents[i].uri, "test",
                           slice_of(documents[i].text), why) == -1)
            return -1;
    return schema_set_compile(*out, why);
}

/* From nothing to a report; -1: an allocation failed, and *why says so. */
static int whole_life(const json_t *document, struct fault *why)
{
    struct arena arena = ARENA_INIT(512, 1 * MIB);
    struct schema_scratch *scratch = NULL;
    struct schema_set *set = NULL;
    struct schema_report report;
    int rc = -1;

    if (make_set(&set, why) == -1 ||
        schema_scratch_new(&scratch, set, why) == -1)
        goto done;
    rc = schema_explain(schema_set_find(set, TEST_URI), document, scratch,
                        &arena, 20, &report, why);
    if (rc == 0 && report.count == 0)
        rc = fault_set(why, FAULT_IO, "no error is reported");

done:
    arena_release(&arena);
    schema_scratch_free(scratch);
    schema_set_free(set);
    return rc;
}

static void test_each_allocation_fails(void **state)
{
    json_t *document = test_json("{\"aa\": null, \"b\": [1, 1.0], \"c\": {}}");
    unsigned long which, total, failed = 0;
    struct fault why = FAULT_INIT;

    (void)state;
    json_set_alloc_funcs(allocate_for_jansson, free);
    count_from(0);
    assert_int_equal(whole_life(document, &why), 0);
    counting = false;
    total = allocations;
    assert_true(total > 50);

    for (which = 1; which <= total; which++) {
        const long before = live;
        int rc;

        fault_clear(&why);
        count_from(which);
        rc = whole_life(document, &why);
        counting = false;
        assert_int_equal(live, before);
        if (rc == 0)
            continue; /* PCRE2 has no JIT code then, or a report is shorter */
        failed++;
        if (why.kind != FAULT_NOMEM)
            fail_msg("allocation %lu: %s", which, why.text);
    }
    assert_true(failed > total / 2);
    json_decref(document);
}

/* Texts that are valid, and whether memory is needed to know. */
static const struct {
    const char *format;
    const char *text;
    bool allocates;
} texts[] = {
    {"date-time",             "1990-12-31T23:59:60Z",                 false},
    {"date",                  "1990-12-31",                           false},
    {"time",                  "12:00:00Z",                            false},
    {"duration",              "P1Y2M3DT4H5M6S",                       false},
    {"email",                 "a@example.com",                        false},
    {"idn-email",             "a@example.com",                        false},
    {"idn-email",             "\u00fc@\u00fc.example",                true },
    {"hostname",              "www.example.com",                      false},
    {"hostname",              "xn--fa-hia.example",                   true },
    {"idn-hostname",          "www.example.com",                      false},
    {"idn-hostname",          "fa\u00df.\u05d0",                      true },
    {"ipv4",                  "192.0.2.1",                            false},
    {"ipv6",                  "2001:db8::1",                          false},
    {"uri",                   "http://a:b@[::1]:80/c?d#e",            false},
    {"uri-reference",         "../a?b",                               false},
    {"iri",                   "http://\u00fc/\u00fc",                 false},
    {"iri-reference",         "\u00fc",                               false},
    {"uuid",                  "2eb8aa08-aa98-11ea-b4aa-73b441d16380", false},
    {"uri-template",          "{+a,b*}",                              false},
    {"json-pointer",          "/a~0b",                                false},
    {"relative-json-pointer", "1+2/a",                                false},
    {"regex",                 "^a+$",                                 true },
};

/* What was not found out for lack of memory is told from what is wrong. */
static void test_formats(void **state)
{
    size_t i;

    (void)state;
    for (i = 0; i < sizeof(texts) / sizeof(texts[0]); i++) {
        const struct format *format = format_find(slice_of(texts[i].format));
        struct slice text = slice_of(texts[i].text);
        bool exhausted = false, valid;
        unsigned long which, total;

        count_from(0);
        valid = format_holds(format, text, &exhausted);
        counting = false;
        total = allocations;
        if (!valid || exhausted || (total > 0) != texts[i].allocates)
            fail_msg("%s: %lu allocations", texts[i].format, total);
        for (which = 1; which <= total; which++) {
            exhausted = false;
            count_from(which);
            valid = format_holds(format, text, &exhausted);
            counting = false;
            if (valid == exhausted)
                fail_msg("%s: allocation %lu", texts[i].format, which);
        }
    }
}

#else

static void test_formats(void **state)
{
    (void)state;
    skip();
}

static void test_check_allocates_nothing(void **state)
{
    (void)state;
    skip();
}

static void test_each_allocation_fails(void **state)
{
    (void)state;
    skip();
}

#endif

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_check_allocates_nothing),
        cmocka_unit_test(test_each_allocation_fails),
        cmocka_unit_test(test_formats),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
