/*
 * test_judge.c - whether a document is valid, and if not, why
 */
#include "cmd/judge.h"

#include "base/limits.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static const char *const no_bases[] = {NULL};

static void judge_by(struct judge *jd, const char *schema,
                     enum schema_format format)
{
    const char *tmp = getenv("TMPDIR");
    char path[512];
    struct fault why = FAULT_INIT;
    int fd;
    int rc;

    snprintf(path, sizeof(path), "%s/test_judge.XXXXXX",
             tmp == NULL ? "/tmp" : tmp);
    fd = mkstemp(path);
    assert_int_not_equal(fd, -1);
    assert_int_equal(write(fd, schema, strlen(schema)), strlen(schema));
    close(fd);
    rc = judge_init_schema(jd, path, format, no_bases, &why);
    unlink(path);
    if (rc == -1)
        fail_msg("%s", why.text);
}

static const struct {
    const char *schema;
    const char *document;
    bool valid;
    const char *said; /* the first error, or the reason */
} values[] = {
    {"true",                                                "null",        true,  NULL                        },
    {"false",                                               "null",        false, "nothing is allowed here"   },
    {"{\"maximum\": 5}",                                    "6",           false, "must be at most 5, found 6"},
    {"{\"maximum\": 5}",                                    "5",           true,  NULL                        },
    {"true",                                                "{",           false, "cannot parse it: "         },
    {"true",                                                "",            false, "it is empty"               },
    {"{\"format\": \"email\"}",                             "\"x\"",       false, "email"                     },
    {"{\"format\": \"colour\"}",                            "\"x\"",       true,  NULL                        },
    {"{\"unit\": \"m\"}",                                   "1",           true,  NULL                        },
    {"{\"const\": \"\\u0000\"}",                            "\"\\u0000\"", true,  NULL                        },
    {"{\"items\": {\"$ref\": \"#\"}, \"type\": \"array\"}", "[[[1]]]",     false,
     "must be array, is integer"                                                                              },
};

static void test_values(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof(values) / sizeof(values[0]); i++) {
        struct verdict vd = {.file = "x"};
        struct judge jd;
        const char *said;

        judge_by(&jd, values[i].schema, SCHEMA_FORMAT_ASSERT);
        assert_int_equal(
            judge_document(&jd, slice_of(values[i].document), &vd, NULL), 0);
        if (vd.valid != values[i].valid)
            fail_msg("%s of %s", values[i].document, values[i].schema);
        assert_string_equal(vd.file, "x");
        assert_null(vd.type);
        if (!vd.valid) {
            said = vd.reason != NULL ? vd.reason : vd.report.errors[0].error;
            if (strstr(said, values[i].said) == NULL)
                fail_msg("%s of %s: '%s'", values[i].document, values[i].schema,
                         said);
        }
        judge_release(&jd);
    }
}

static void test_format_annotates(void **state)
{
    struct verdict vd = {0};
    struct judge jd;

    (void)state;
    judge_by(&jd, "{\"format\": \"email\"}", SCHEMA_FORMAT_ANNOTATE);
    assert_int_equal(judge_document(&jd, slice_of("\"x\""), &vd, NULL), 0);
    assert_true(vd.valid);
    judge_release(&jd);
}

/* The pointer to what is wrong would be longer than an error may be. */
static void test_too_long_to_be_told(void **state)
{
    struct buf text = BUF_INIT(16 * MIB);
    struct verdict vd = {.line = 7};
    struct judge jd;

    (void)state;
    judge_by(&jd, "{\"additionalProperties\": false}", SCHEMA_FORMAT_ASSERT);
    assert_int_equal(buf_add_text(&text, "{\"", NULL), 0);
    assert_int_equal(buf_reserve(&text, 8 * MIB, NULL), 0);
    memset(text.data + text.len, 'x', 8 * MIB);
    text.len += 8 * MIB;
    assert_int_equal(buf_add_text(&text, "\": 1}", NULL), 0);
    assert_int_equal(judge_document(&jd, buf_slice(&text), &vd, NULL), 0);
    assert_false(vd.valid);
    assert_int_equal(vd.line, 7);
    assert_int_equal(vd.report.count, 0);
    assert_non_null(strstr(vd.reason, "too long"));

    /* and what is behind it is judged all the same */
    assert_int_equal(judge_document(&jd, slice_of("{}"), &vd, NULL), 0);
    assert_true(vd.valid);
    judge_release(&jd);
    buf_release(&text);
}

static void test_memory_does_not_grow(void **state)
{
    struct verdict vd = {0};
    struct judge jd;
    size_t first;

    (void)state;
    judge_by(&jd, "{\"type\": \"string\"}", SCHEMA_FORMAT_ASSERT);
    assert_int_equal(judge_document(&jd, slice_of("1"), &vd, NULL), 0);
    first = jd.arena.total;
    for (int i = 0; i < 10000; i++) {
        assert_int_equal(judge_document(&jd, slice_of("1"), &vd, NULL), 0);
        assert_int_equal(vd.report.count, 1);
    }
    assert_int_equal(jd.arena.total, first);
    judge_release(&jd);
}

static void test_errors_are_bounded(void **state)
{
    struct buf text = BUF_INIT(MIB);
    struct verdict vd = {0};
    struct judge jd;

    (void)state;
    judge_by(&jd, "{\"items\": {\"type\": \"string\"}}", SCHEMA_FORMAT_ASSERT);
    for (int i = 0; i <= LIMIT_SCHEMA_ERRORS; i++)
        assert_int_equal(buf_addf(&text, NULL, "%c%d", i == 0 ? '[' : ',', i),
                         0);
    assert_int_equal(buf_add_text(&text, "]", NULL), 0);
    assert_int_equal(judge_document(&jd, buf_slice(&text), &vd, NULL), 0);
    assert_int_equal(vd.report.count, LIMIT_SCHEMA_ERRORS);
    assert_true(vd.report.more);
    for (size_t i = 0; i < vd.report.count; i++) {
        char pointer[32];

        snprintf(pointer, sizeof(pointer), "/%zu", i);
        assert_string_equal(vd.report.errors[i].instance_location, pointer);
    }
    judge_release(&jd);
    buf_release(&text);
}

static const struct {
    const char *event;
    bool valid;
    bool unknown;
    const char *said; /* the type, or the first error, or the reason */
} events[] = {
    {"{\"event_type\":\"widget.click\",\"timestamp\":\"2024-01-02T12:00:00Z\","
     "\"data\":{\"correlation_id\":\"O-1\"}}", true,  false, "widget.click"              },
    {"{\"event_type\":\"invoice.paid\",\"timestamp\":\"2024-01-02T12:00:00Z\","
     "\"data\":{}}",                           true,  true,  "invoice.paid"              },
    {"{\"event_type\":\"widget.click\",\"timestamp\":\"2024-01-02T12:00:00Z\","
     "\"data\":{\"correlation_id\":4711}}",    false, false, "must be string, is integer"},
    {"{\"event_type\":\"widget.click\"",            false, false,
     "cannot parse the body: "                                                                },
    {"[]",                                          false, false, "expected an object"        },
};

static void test_events(void **state)
{
    struct judge jd;

    (void)state;
    assert_int_equal(judge_init_events(&jd, NULL, NULL), 0);
    for (size_t i = 0; i < sizeof(events) / sizeof(events[0]); i++) {
        struct verdict vd = {.line = i + 1};
        const char *said;

        assert_int_equal(
            judge_document(&jd, slice_of(events[i].event), &vd, NULL), 0);
        assert_int_equal(vd.valid, events[i].valid);
        assert_int_equal(vd.unknown, events[i].unknown);
        if (vd.valid)
            said = vd.type;
        else
            said = vd.reason != NULL ? vd.reason : vd.report.errors[0].error;
        if (strstr(said, events[i].said) == NULL)
            fail_msg("%s: '%s'", events[i].event, said);
        assert_null(strstr(said, "4711"));
    }
    judge_release(&jd);
}

static void test_what_cannot_begin(void **state)
{
    struct fault why = FAULT_INIT;
    struct judge jd;

    (void)state;
    assert_int_equal(judge_init_events(&jd, "/nonexistent", &why), -1);
    assert_int_equal(why.kind, FAULT_IO);
    judge_release(&jd);
    fault_clear(&why);
    assert_int_equal(judge_init_schema(&jd, "/nonexistent",
                                       SCHEMA_FORMAT_ASSERT, no_bases, &why),
                     -1);
    assert_int_equal(why.kind, FAULT_IO);
    judge_release(&jd);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_values),
        cmocka_unit_test(test_format_annotates),
        cmocka_unit_test(test_too_long_to_be_told),
        cmocka_unit_test(test_memory_does_not_grow),
        cmocka_unit_test(test_errors_are_bounded),
        cmocka_unit_test(test_events),
        cmocka_unit_test(test_what_cannot_begin),
    };

    json_heap_setup();
    return cmocka_run_group_tests(tests, NULL, NULL);
}
