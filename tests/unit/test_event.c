/*
 * test_event.c - event/event.h
 *
 * What a body is taken for is data: tests/data/event/CASE/body and expect,
 * a line for each member that is not absent. What depends on sizes, on a
 * clock's rules or on failing memory is here.
 */
#include "event/event.h"

#include "base/buf.h"
#include "base/limits.h"
#include "event/json_heap.h"

#include <dirent.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

static struct json_heap *heap;
static struct arena arena = ARENA_INIT(16 * KIB, 1 * MIB);

static int enter(void **state)
{
    (void)state;
    json_heap_enter(heap);
    return 0;
}

static int leave(void **state)
{
    (void)state;
    if (json_heap_current() != NULL)
        json_heap_leave(heap);
    arena_reset(&arena);
    return 0;
}

/* ---- cases that are files ----------------------------------------------- */

static void add_member(struct buf *out, const char *name, struct slice value)
{
    if (value.data == NULL)
        return;
    assert_int_equal(buf_addf(out, NULL, "%s: ", name), 0);
    assert_int_equal(buf_add(out, value.data, value.len, NULL), 0);
    assert_int_equal(buf_add_text(out, "\n", NULL), 0);
}

/* The outcome as a file's text. The heap is left before anything is read. */
static void render(struct buf *out, struct slice body)
{
    struct fault why = FAULT_INIT;
    struct event event;
    json_t *json = NULL;
    bool parsed;

    json_heap_enter(heap);
    parsed = event_parse(&json, body, &why) == 0;
    assert_int_equal(why.kind, parsed ? FAULT_NONE : FAULT_PARSE);
    assert_int_equal(event_describe(&event, json, body, &arena, NULL), 0);
    json_heap_leave(heap);

    add_member(out, "parse", slice_of(parsed ? "ok" : why.text));
    add_member(out, "type", event.type);
    add_member(out, "id", event.id);
    add_member(out, "correlation_id", event.correlation_id);
    add_member(out, "timestamp", event.timestamp);
    add_member(out, "ce_id", event.ce_id);
    add_member(out, "ce_time", event.ce_time);
}

static bool is_as_expected(const char *name)
{
    struct buf path = BUF_INIT(4 * KIB);
    struct buf body = BUF_INIT(LIMIT_BODY_MAX);
    struct buf expected = BUF_INIT(LIMIT_BODY_MAX);
    struct buf found = BUF_INIT(LIMIT_BODY_MAX);
    struct fault why = FAULT_INIT;
    bool same;

    buf_addf(&path, NULL, "%s/event/%s/body", TEST_DATA_DIR, name);
    if (buf_add_file(&body, path.data, &why) == -1)
        fail_msg("%s", why.text);
    buf_clear(&path);
    buf_addf(&path, NULL, "%s/event/%s/expect", TEST_DATA_DIR, name);
    if (buf_add_file(&expected, path.data, &why) == -1)
        fail_msg("%s", why.text);

    render(&found, buf_slice(&body));
    same = found.len == expected.len &&
           memcmp(found.data, expected.data, found.len) == 0;
    if (!same)
        print_error("%s: expected\n%sfound\n%s", name, expected.data,
                    found.data);
    buf_release(&path);
    buf_release(&body);
    buf_release(&expected);
    buf_release(&found);
    return same;
}

static void every_case_is_as_expected(void **state)
{
    struct dirent **entries = NULL;
    int count = scandir(TEST_DATA_DIR "/event", &entries, NULL, alphasort);
    int checked = 0;
    int wrong = 0;

    (void)state;
    assert_true(count > 2);
    for (int i = 0; i < count; i++) {
        if (entries[i]->d_name[0] != '.') {
            wrong += !is_as_expected(entries[i]->d_name);
            checked++;
            arena_reset(&arena);
        }
        free(entries[i]);
    }
    free(entries);
    assert_true(checked > 100);
    assert_int_equal(wrong, 0);
}

/* ---- timestamps --------------------------------------------------------- */

static const struct timestamp_row {
    const char *claim;
    const char *timestamp;
    const char *ce_time; /* NULL: absent */
} timestamp_rows[] = {
    {"UTC stays",                          "2026-01-02T03:04:05Z",        "2026-01-02T03:04:05Z"},
    {"an offset stays",                    "2026-01-02T03:04:05+08:00",
     "2026-01-02T03:04:05+08:00"                                                                },
    {"west of Greenwich",                  "2026-01-02T03:04:05-03:30",
     "2026-01-02T03:04:05-03:30"                                                                },
    {"an unknown offset stays",            "2026-01-02T03:04:05-00:00",
     "2026-01-02T03:04:05-00:00"                                                                },
    {"no offset means UTC",                "2026-01-02T03:04:05",         "2026-01-02T03:04:05Z"},
    {"a fraction stays",                   "2026-01-02T03:04:05.120Z",
     "2026-01-02T03:04:05.120Z"                                                                 },
    {"a fraction without an offset",       "2026-01-02T03:04:05.123456",
     "2026-01-02T03:04:05.123456Z"                                                              },
    {"a fraction with an offset",          "2026-01-02T03:04:05.1+00:00",
     "2026-01-02T03:04:05.1+00:00"                                                              },
    {"an offset without a colon gets one", "2026-01-02T03:04:05+0530",
     "2026-01-02T03:04:05+05:30"                                                                },
    {"an offset of hours gets minutes",    "2026-01-02T03:04:05-08",
     "2026-01-02T03:04:05-08:00"                                                                },
    {"lower case becomes upper",           "2026-01-02t03:04:05z",
     "2026-01-02T03:04:05Z"                                                                     },
    {"the first moment",                   "0000-01-01T00:00:00Z",        "0000-01-01T00:00:00Z"},
    {"the last moment",                    "9999-12-31T23:59:59Z",        "9999-12-31T23:59:59Z"},

    {"29 February, a leap year",           "2024-02-29T00:00:00Z",
     "2024-02-29T00:00:00Z"                                                                     },
    {"29 February, not one",               "2023-02-29T00:00:00Z",        NULL                  },
    {"29 February, a century",             "1900-02-29T00:00:00Z",        NULL                  },
    {"29 February, every fourth century",  "2000-02-29T00:00:00Z",
     "2000-02-29T00:00:00Z"                                                                     },
    {"30 February",                        "2024-02-30T00:00:00Z",        NULL                  },
    {"31 April",                           "2026-04-31T00:00:00Z",        NULL                  },
    {"31 June",                            "2026-06-31T00:00:00Z",        NULL                  },
    {"31 August",                          "2026-08-31T00:00:00Z",        "2026-08-31T00:00:00Z"},
    {"31 September",                       "2026-09-31T00:00:00Z",        NULL                  },
    {"31 November",                        "2026-11-31T00:00:00Z",        NULL                  },
    {"32 December",                        "2026-12-32T00:00:00Z",        NULL                  },
    {"day 0",                              "2026-01-00T00:00:00Z",        NULL                  },
    {"month 0",                            "2026-00-01T00:00:00Z",        NULL                  },
    {"month 13",                           "2026-13-01T00:00:00Z",        NULL                  },
    {"hour 24",                            "2026-01-02T24:00:00Z",        NULL                  },
    {"minute 60",                          "2026-01-02T00:60:00Z",        NULL                  },
    {"second 61",                          "2026-12-31T23:59:61Z",        NULL                  },
    {"a leap second",                      "2016-12-31T23:59:60Z",        "2016-12-31T23:59:60Z"},
    {"a leap second, without an offset",   "2016-12-31T23:59:60",
     "2016-12-31T23:59:60Z"                                                                     },
    {"a leap second, seen from the east",  "2017-01-01T08:59:60+09:00",
     "2017-01-01T08:59:60+09:00"                                                                },
    {"a leap second, seen from the west",  "2016-12-31T15:59:60.5-08:00",
     "2016-12-31T15:59:60.5-08:00"                                                              },
    {"second 60 of another minute",        "2016-12-31T23:58:60Z",        NULL                  },
    {"second 60 of another hour",          "2016-12-31T22:59:60Z",        NULL                  },
    {"second 60, not midnight in UTC",     "2016-12-31T23:59:60+01:00",   NULL                  },
    {"offset hour 24",                     "2026-01-02T00:00:00+24:00",   NULL                  },
    {"offset minute 60",                   "2026-01-02T00:00:00+01:60",   NULL                  },
    {"the largest offset",                 "2026-01-02T00:00:00+23:59",
     "2026-01-02T00:00:00+23:59"                                                                },

    {"a date",                             "2026-01-02",                  NULL                  },
    {"no seconds",                         "2026-01-02T03:04Z",           NULL                  },
    {"a point without a fraction",         "2026-01-02T03:04:05.Z",       NULL                  },
    {"a comma",                            "2026-01-02T03:04:05,5Z",      NULL                  },
    {"a space for the T",                  "2026-01-02 03:04:05Z",        NULL                  },
    {"no hyphens",                         "20260102T030405Z",            NULL                  },
    {"two digits of a year",               "26-01-02T03:04:05Z",          NULL                  },
    {"five digits of a year",              "12026-01-02T03:04:05Z",       NULL                  },
    {"one digit of a month",               "2026-1-02T03:04:05Z",         NULL                  },
    {"a sign in front",                    "+2026-01-02T03:04:05Z",       NULL                  },
    {"space in front",                     " 2026-01-02T03:04:05Z",       NULL                  },
    {"space behind",                       "2026-01-02T03:04:05Z ",       NULL                  },
    {"a newline behind",                   "2026-01-02T03:04:05Z\\n",     NULL                  },
    {"two offsets",                        "2026-01-02T03:04:05Z+01:00",  NULL                  },
    {"half an offset",                     "2026-01-02T03:04:05+1",       NULL                  },
    {"a colon without minutes",            "2026-01-02T03:04:05+01:",     NULL                  },
    {"a sign alone",                       "2026-01-02T03:04:05+",        NULL                  },
    {"digits of another script",           "2026-01-0\\u0662T03:04:05Z",  NULL                  },
};

static struct slice printed(char *out, size_t size, const char *fmt, ...)
    __attribute__((format(printf, 3, 4)));

static struct slice printed(char *out, size_t size, const char *fmt, ...)
{
    va_list args;
    int len;

    va_start(args, fmt);
    len = vsnprintf(out, size, fmt, args);
    va_end(args);
    assert_in_range(len, 0, size - 1);
    return (struct slice){out, (size_t)len};
}

/* Parses, which must work, and describes. The heap is entered. */
static void describe(struct event *event, struct slice body)
{
    struct fault why = FAULT_INIT;
    json_t *json = NULL;

    if (event_parse(&json, body, &why) == -1)
        fail_msg("%s", why.text);
    assert_int_equal(event_describe(event, json, body, &arena, NULL), 0);
}

static void a_timestamp_becomes_rfc_3339(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof(timestamp_rows) / sizeof(timestamp_rows[0]);
         i++) {
        const struct timestamp_row *row = &timestamp_rows[i];
        struct event event;
        char text[200];

        describe(&event, printed(text, sizeof(text), "{\"timestamp\":\"%s\"}",
                                 row->timestamp));
        if (row->ce_time == NULL ? event.ce_time.data != NULL
                                 : !slice_is(event.ce_time, row->ce_time))
            fail_msg("%s: found '%.*s'", row->claim, (int)event.ce_time.len,
                     event.ce_time.data == NULL ? "" : event.ce_time.data);
    }
}

/* ---- lengths ------------------------------------------------------------ */

static const struct length_row {
    const char *claim;
    const char *format;    /* of the body, with one string in it */
    const char *character; /* that is repeated */
    size_t count;
    bool usable;
} length_rows[] = {
    {"an id of 256",                  "{\"event_id\":\"%s\"}",                  "i",    256,    true },
    {"an id of 257",                  "{\"event_id\":\"%s\"}",                  "i",    257,    false},
    {"256 characters of four bytes",  "{\"event_id\":\"%s\"}",                  "😀", 256,    true },
    {"257 characters of four bytes",  "{\"event_id\":\"%s\"}",                  "😀", 257,    false},
    {"257 characters of two bytes",   "{\"event_id\":\"%s\"}",                  "é",   257,    false},
    {"a correlation id of 256",       "{\"data\":{\"correlation_id\":\"%s\"}}", "c",
     256,                                                                                       true },
    {"a correlation id of 257",       "{\"data\":{\"correlation_id\":\"%s\"}}", "c",
     257,                                                                                       false},
    {"a type of 128",                 "{\"event_type\":\"%s\"}",                "t",    128,    true },
    {"a type of 128, two bytes each", "{\"event_type\":\"%s\"}",                "é",   128,
     true                                                                                            },
    {"a type of 129",                 "{\"event_type\":\"%s\"}",                "t",    129,    false},
    {"a timestamp of 64",             "{\"timestamp\":\"%s\"}",                 "1",    64,     true },
    {"a timestamp of 65",             "{\"timestamp\":\"%s\"}",                 "1",    65,     false},
    {"a long one",                    "{\"event_id\":\"%s\"}",                  "i",    100000, false},
};

static void lengths_are_counted_in_characters(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof(length_rows) / sizeof(length_rows[0]); i++) {
        const struct length_row *row = &length_rows[i];
        const size_t size = strlen(row->character) * row->count;
        char *value = calloc(1, size + 1);
        char *body = calloc(1, size + 100);
        struct event event;
        struct slice found;

        assert_non_null(value);
        assert_non_null(body);
        for (size_t at = 0; at < size; at += strlen(row->character))
            memcpy(value + at, row->character, strlen(row->character));
#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wformat-nonliteral"
        describe(&event, printed(body, size + 100, row->format, value));
#pragma GCC diagnostic pop
        found = event.id.data != NULL               ? event.id
                : event.type.data != NULL           ? event.type
                : event.correlation_id.data != NULL ? event.correlation_id
                                                    : event.timestamp;
        if (row->usable != slice_is(found, value))
            fail_msg("%s: found %zu bytes", row->claim, found.len);
        if (!row->usable && found.data != NULL)
            fail_msg("%s: not absent", row->claim);
        free(value);
        free(body);
    }
}

/* ---- identity ----------------------------------------------------------- */

static void the_same_bytes_have_the_same_identity(void **state)
{
    /* SHA-256 of nothing and of "abc": FIPS 180-4's examples */
    const struct {
        const char *body;
        const char *ce_id;
    } rows[] = {
        {"",    "-.e3b0c44298fc1c14"},
        {"abc", "-.ba7816bf8f01cfea"},
    };
    const char *first = "{\"event_id\":\"evt_1\",\"a\":1}";
    const char *second = "{\"event_id\":\"evt_1\",\"a\":2}";
    struct event a, again, b;

    (void)state;
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        assert_int_equal(
            event_describe(&a, NULL, slice_of(rows[i].body), &arena, NULL), 0);
        assert_true(slice_is(a.ce_id, rows[i].ce_id));
        assert_null(a.json);
    }
    describe(&a, slice_of(first));
    describe(&again, slice_of(first));
    describe(&b, slice_of(second));
    assert_non_null(a.json);
    assert_int_equal(a.ce_id.len, again.ce_id.len);
    assert_memory_equal(a.ce_id.data, again.ce_id.data, a.ce_id.len);
    assert_memory_equal(a.ce_id.data, "evt_1.", 6);
    assert_int_equal(a.ce_id.len, b.ce_id.len);
    assert_memory_not_equal(a.ce_id.data, b.ce_id.data, a.ce_id.len);
}

/* ---- memory ------------------------------------------------------------- */

static void a_body_that_grows_too_much_is_refused(void **state)
{
    const size_t count = MIB / 3;
    struct buf body = BUF_INIT(2 * MIB);
    struct fault why = FAULT_INIT;
    json_t *json = NULL;
    struct event event;

    (void)state;
    assert_int_equal(buf_add_text(&body, "{\"event_id\":\"i\",\"a\":[{}", NULL),
                     0);
    for (size_t i = 0; i < count; i++)
        assert_int_equal(buf_add_text(&body, ",{}", NULL), 0);
    assert_int_equal(buf_add_text(&body, "]}", NULL), 0);

    assert_int_equal(event_parse(&json, buf_slice(&body), &why), -1);
    assert_int_equal(why.kind, FAULT_PARSE);
    assert_string_equal(why.text,
                        "cannot parse the body: it needs more than 8388608 "
                        "bytes of memory when parsed");
    assert_true(json_heap_exhausted(heap));
    assert_null(json);
    buf_release(&body);

    /* and the next one is as good as ever */
    json_heap_leave(heap);
    json_heap_enter(heap);
    describe(&event, slice_of("{\"event_id\":\"i\"}"));
    assert_true(slice_is(event.id, "i"));
}

static void a_fault_quotes_nothing(void **state)
{
    static const char *const bodies[] = {
        "SECRET",
        "{SECRET}",
        "{\"SECRET\"}",
        "{\"SECRET\":SECRET}",
        "{\"a\":\"SECRET",
        "{\"a\":\"SECRET\n\"}",
        "{\"SECRET\":1,\"SECRET\":2}",
        "{\"SECRET\":1e999}",
        "{\"SECRET\":\"\\u0000\"}",
        "{\"SECRET\":\"\\uD800SECRET\"}",
        "{\"SECRET\":\"\xff\"}",
        "{\"a\":1}SECRET",
    };

    (void)state;
    for (size_t i = 0; i < sizeof(bodies) / sizeof(bodies[0]); i++) {
        struct fault why = FAULT_INIT;
        json_t *json;

        assert_int_equal(event_parse(&json, slice_of(bodies[i]), &why), -1);
        assert_int_equal(why.kind, FAULT_PARSE);
        assert_null(strstr(why.text, "SECRET"));
        assert_memory_equal(why.text, "cannot parse the body: ", 23);
    }
}

static void a_full_arena_is_told(void **state)
{
    static const char body[] =
        "{\"event_type\":\"t\",\"event_id\":\"i\","
        "\"timestamp\":\"2026-01-02T03:04:05\",\"data\":{\"correlation_id\":"
        "\"c\"}}";
    json_t *json = NULL;
    size_t max = 0;

    (void)state;
    assert_int_equal(event_parse(&json, slice_of(body), NULL), 0);
    for (;; max += 16) {
        struct arena small = ARENA_INIT(1, max);
        struct fault why = FAULT_INIT;
        struct event event;
        int rc = event_describe(&event, json, slice_of(body), &small, &why);

        arena_release(&small);
        if (rc == 0)
            break;
        assert_int_equal(why.kind, FAULT_NOMEM);
    }
    assert_in_range(max, 5 * 16, 500); /* five texts */
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_case_is_as_expected),
        cmocka_unit_test_setup_teardown(a_timestamp_becomes_rfc_3339, enter,
                                        leave),
        cmocka_unit_test_setup_teardown(lengths_are_counted_in_characters,
                                        enter, leave),
        cmocka_unit_test_setup_teardown(the_same_bytes_have_the_same_identity,
                                        enter, leave),
        cmocka_unit_test_setup_teardown(a_body_that_grows_too_much_is_refused,
                                        enter, leave),
        cmocka_unit_test_setup_teardown(a_fault_quotes_nothing, enter, leave),
        cmocka_unit_test_setup_teardown(a_full_arena_is_told, enter, leave),
    };
    int failed;

    json_heap_setup();
    if (json_heap_new(&heap, NULL) == -1)
        return 1;
    failed = cmocka_run_group_tests(tests, NULL, NULL);
    json_heap_free(heap);
    arena_release(&arena);
    return failed;
}
