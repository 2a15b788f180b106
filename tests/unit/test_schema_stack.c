/*
 * test_schema_stack.c - evaluation ends before a small stack does
 *
 * A worker of the server has 100 KiB, of which the server, and what it called
 * before, have taken a part.
 */
#include "test_schema_support.h"

#include "base/buf.h"
#include "base/limits.h"

#include <pthread.h>

enum { STACK = 64 * KIB, DEEPER = 1500 };

/* Each keeps something else on the stack, once a level or more often. */
static const struct {
    const char *schema;
    const char *open; /* of one level */
    const char *close;
    enum schema_verdict verdict; /* of so many levels that it must give up */
} rows[] = {
    {"{\"anyOf\": [false, {\"items\": {\"$ref\": \"#\"}, \"minItems\": 1}],"
     "\"properties\": {\"a\": {\"pattern\": \"^(a|b(c|d)*)*$\"}}}", "[",        "]", SCHEMA_EXHAUSTED},
    {"{\"unevaluatedProperties\": {\"$ref\": \"#\"}, \"oneOf\": ["
     "{\"properties\": {\"t\": {\"const\": \"u\"}}, \"required\": [\"t\"]},"
     "{\"properties\": {\"t\": {\"const\": \"v\"}}, \"required\": [\"t\"]},"
     "{\"not\": {\"required\": [\"t\"]}}]}",                        "{\"a\": ", "}", SCHEMA_EXHAUSTED},
    {"{\"oneOf\": [{\"properties\": {\"a\": {\"$ref\": \"#\"}},"
     "\"unevaluatedProperties\": false}, {\"type\": \"string\"}],"
     "\"unevaluatedProperties\": false}",                           "{\"a\": ", "}", SCHEMA_EXHAUSTED},
    {"{\"if\": {\"type\": \"object\"}, \"then\": {\"additionalProperties\":"
     "{\"$ref\": \"#\"}, \"unevaluatedProperties\": false},"
     "\"patternProperties\": {\"^b\": {\"$ref\": \"#\"}}}",         "{\"b\": ", "}", SCHEMA_EXHAUSTED},
    {"{\"$dynamicAnchor\": \"n\", \"contains\": {\"$dynamicRef\": \"#n\"},"
     "\"$defs\": {\"o\": {\"$id\": \"o\", \"$dynamicAnchor\": \"n\"}},"
     "\"unevaluatedItems\": false}",                                "[",        "]", SCHEMA_EXHAUSTED},
};

struct job {
    const struct schema *schema;
    const json_t *document;
    struct schema_scratch *scratch;
    struct arena arena;
    enum schema_verdict checked;
    struct schema_report report;
    int rc;
};

static void *run(void *arg)
{
    struct job *job = arg;

    job->checked = schema_check(job->schema, job->document, job->scratch);
    job->rc = schema_explain(job->schema, job->document, job->scratch,
                             &job->arena, 50, &job->report, NULL);
    return NULL;
}

static json_t *nested(const char *open, const char *close)
{
    struct buf text = BUF_INIT(1 * MIB);
    json_t *json;

    for (int i = 0; i < DEEPER; i++)
        assert_int_equal(buf_add_text(&text, open, NULL), 0);
    assert_int_equal(buf_add_text(&text, "\"\"", NULL), 0);
    for (int i = 0; i < DEEPER; i++)
        assert_int_equal(buf_add_text(&text, close, NULL), 0);
    json = test_json(text.data);
    buf_release(&text);
    return json;
}

static void on_small_stack(struct job *job)
{
    pthread_attr_t attributes;
    pthread_t thread;

    pthread_attr_init(&attributes);
    assert_int_equal(pthread_attr_setstacksize(&attributes, STACK), 0);
    assert_int_equal(pthread_create(&thread, &attributes, run, job), 0);
    pthread_join(thread, NULL);
    pthread_attr_destroy(&attributes);
}

static void test_small_stack(void **state)
{
    const struct schema_options options = {.unknown = SCHEMA_UNKNOWN_REFUSE};

    (void)state;
    if (TEST_SANITIZED)
        skip(); /* what a sanitizer keeps on the stack is not ours */
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        struct schema_set *set = test_set(&options);
        struct job job = {.arena = ARENA_INIT(4096, 1 << 24)};
        struct fault why = FAULT_INIT;
        json_t *document = nested(rows[i].open, rows[i].close);

        if (schema_set_add(set, TEST_URI, "test", slice_of(rows[i].schema),
                           &why) == -1 ||
            schema_set_compile(set, &why) == -1 ||
            schema_scratch_new(&job.scratch, set, &why) == -1)
            fail_msg("%zu: %s", i, why.text);
        job.schema = schema_set_find(set, TEST_URI);
        job.document = document;
        on_small_stack(&job);
        assert_int_equal(job.checked, rows[i].verdict);
        assert_int_equal(job.rc, 0);
        assert_int_equal(job.report.verdict, rows[i].verdict);
        arena_release(&job.arena);
        schema_scratch_free(job.scratch);
        schema_set_free(set);
        json_decref(document);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_small_stack),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
