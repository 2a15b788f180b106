/*
 * test_catalog_check.c - event/catalog.h: which schema applies, what is said
 *
 * How the schema of each type judges events is test_schema_events.c's.
 */
#include "event/catalog.h"

#include "base/buf.h"
#include "base/limits.h"
#include "event/json_heap.h"

#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

static struct catalog *load(const char *dir)
{
    struct catalog *catalog = NULL;
    struct fault why = FAULT_INIT;

    if (catalog_load(&catalog, dir, &why) == -1)
        fail_msg("%s", why.text);
    return catalog;
}

#define CLICK(data)                                                            \
    "{\"event_type\":\"widget.click\",\"timestamp\":\"2026-01-02T03:04:05Z\"," \
    "\"data\":" data "}"

static const struct check_row {
    const char *claim;
    const char *body;
    size_t errors; /* 0: valid */
    const char *pointer;
    const char *keyword;
    const char *file; /* whose schema is named */
} check_rows[] = {
    {"a click",                                         CLICK("{\"correlation_id\":\"c\"}"), 0, NULL,    NULL,       NULL               },
    {"a type without a schema",
     "{\"event_type\":\"a.b\",\"timestamp\":\"2026-01-02T03:04:05Z\","
     "\"data\":{}}",                                                                         0, NULL,    NULL,       NULL               },
    {"the envelope applies to a type without a schema",
     "{\"event_type\":\"a.b\",\"timestamp\":\"2026-01-02T03:04:05Z\"}",                      1, "",
     "required",                                                                                                     "envelope.json"    },
    {"the envelope comes first",
     "{\"event_type\":\"widget.click\",\"timestamp\":5,\"data\":{}}",                        1,
     "/timestamp",                                                                                       "type",     "envelope.json"    },
    {"a type that is no string",
     "{\"event_type\":5,\"timestamp\":\"2026-01-02T03:04:05Z\",\"data\":{}}",                1,
     "/event_type",                                                                                      "type",     "envelope.json"    },
    {"what a click needs",                              CLICK("{}"),                         1, "/data", "required",
     "widget.click.json"                                                                                                                },
    {"each error",
     CLICK("{\"correlation_id\":5,\"click_url\":[],\"user_agent\":{}}"),                     3,
     "/data/correlation_id",                                                                             "type",     "widget.click.json"},
};

struct checker {
    struct catalog *catalog;
    struct json_heap *heap;
    struct schema_scratch *scratch;
    struct arena arena;
    struct schema_report report;
    struct fault why;
};

static void open_checker(struct checker *checker, struct catalog *catalog)
{
    const struct arena empty = ARENA_INIT(16 * KIB, 256 * KIB);

    checker->catalog = catalog;
    checker->arena = empty;
    checker->heap = NULL;
    checker->scratch = NULL;
    fault_clear(&checker->why);
    assert_int_equal(json_heap_new(&checker->heap, NULL), 0);
    assert_int_equal(catalog_scratch_new(&checker->scratch, catalog, NULL), 0);
}

static void close_checker(struct checker *checker)
{
    schema_scratch_free(checker->scratch);
    json_heap_free(checker->heap);
    arena_release(&checker->arena);
}

/* The report outlives the document. */
static int check(struct checker *checker, const char *body)
{
    struct event event;
    json_t *json = NULL;
    int rc;

    fault_clear(&checker->why);
    arena_reset(&checker->arena);
    json_heap_enter(checker->heap);
    rc = event_parse(&json, slice_of(body), &checker->why);
    if (rc == 0)
        rc = event_describe(&event, json, slice_of(body), &checker->arena,
                            &checker->why);
    if (rc == 0)
        rc = catalog_check(checker->catalog, &event, checker->scratch,
                           &checker->arena, &checker->report, &checker->why);
    json_heap_leave(checker->heap);
    return rc;
}

static bool is_as_expected(const struct check_row *row,
                           const struct checker *checker, int rc)
{
    const struct schema_report *report = &checker->report;

    if (row->errors == 0)
        return rc == 0 && checker->why.kind == FAULT_NONE &&
               report->verdict == SCHEMA_VALID && report->count == 0;
    return rc == -1 && checker->why.kind == FAULT_SCHEMA &&
           report->verdict == SCHEMA_INVALID && report->count == row->errors &&
           strcmp(report->errors[0].instance_location, row->pointer) == 0 &&
           strcmp(report->errors[0].keyword, row->keyword) == 0 &&
           strstr(checker->why.text, row->file) != NULL &&
           strstr(checker->why.text, report->errors[0].error) != NULL;
}

static void an_event_is_checked_by_envelope_and_type(void **state)
{
    struct catalog *catalog = load(SCHEMAS_DIR);
    struct checker checker;

    (void)state;
    open_checker(&checker, catalog);
    for (size_t i = 0; i < COUNT(check_rows); i++) {
        int rc = check(&checker, check_rows[i].body);

        if (!is_as_expected(&check_rows[i], &checker, rc))
            fail_msg("%s: %zu errors, %s", check_rows[i].claim,
                     checker.report.count, checker.why.text);
    }
    close_checker(&checker);
    catalog_free(catalog);
}

static void values_and_names_stay_where_they_are(void **state)
{
    static const char *const bodies[] = {
        CLICK("{\"correlation_id\":[\"SECRET\"],"
              "\"parsed_params\":{\"SECRET\":5}}"),
        "{\"event_type\":\"a\",\"timestamp\":\"SECRET\",\"data\":\"SECRET\"}",
        "{\"event_type\":\"lead.complete\",\"timestamp\":"
        "\"2026-01-02T03:04:05Z\",\"data\":{\"correlation_id\":\"c\","
        "\"lead_status\":\"SECRET\",\"conversation_id\":\"SECRET\"}}",
    };
    struct catalog *catalog = load(NULL);
    struct checker checker;

    (void)state;
    open_checker(&checker, catalog);
    for (size_t i = 0; i < COUNT(bodies); i++) {
        assert_int_equal(check(&checker, bodies[i]), -1);
        assert_int_equal(checker.report.count, 2);
        assert_null(strstr(checker.why.text, "SECRET"));
        for (size_t at = 0; at < checker.report.count; at++)
            assert_null(strstr(checker.report.errors[at].error, "SECRET"));
    }
    close_checker(&checker);
    catalog_free(catalog);
}

static void a_list_of_errors_has_an_end(void **state)
{
    static const char start[] =
        "{\"event_type\":\"widget.click\","
        "\"timestamp\":\"2026-01-02T03:04:05Z\","
        "\"data\":{\"correlation_id\":\"c\",\"parsed_params\":{\"0\":0";
    struct catalog *catalog = load(NULL);
    struct buf body = BUF_INIT(64 * KIB);
    struct checker checker;

    (void)state;
    assert_int_equal(buf_add_text(&body, start, NULL), 0);
    for (int i = 1; i < 1000; i++)
        assert_int_equal(buf_addf(&body, NULL, ",\"%d\":0", i), 0);
    assert_int_equal(buf_add_text(&body, "}}}", NULL), 0);
    open_checker(&checker, catalog);
    assert_int_equal(check(&checker, body.data), -1);
    assert_int_equal(checker.why.kind, FAULT_SCHEMA);
    assert_int_equal(checker.report.count, LIMIT_SCHEMA_ERRORS);
    assert_true(checker.report.more);
    close_checker(&checker);
    catalog_free(catalog);
    buf_release(&body);
}

/* A pattern with nested repetition, and a text that does not match it. */
static void what_takes_too_long_is_a_fault_of_its_own(void **state)
{
    struct catalog *catalog = load(TEST_DATA_DIR "/schema/hostile");
    struct checker checker;

    (void)state;
    open_checker(&checker, catalog);
    assert_int_equal(check(&checker, "{\"event_type\":\"slow\",\"data\":{\"v\":"
                                     "\"aaaaaaaaaaaa\"}}"),
                     0);
    assert_int_equal(check(&checker, "{\"event_type\":\"slow\",\"data\":{\"v\":"
                                     "\"aaaaaaaaaaaa!\"}}"),
                     -1);
    assert_int_equal(checker.why.kind, FAULT_SCHEMA);
    assert_int_equal(
        check(&checker, "{\"event_type\":\"slow\",\"data\":{\"v\":"
                        "\"aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa!\"}}"),
        -1);
    assert_int_equal(checker.why.kind, FAULT_UNDECIDED);
    assert_int_equal(checker.report.verdict, SCHEMA_EXHAUSTED);
    assert_non_null(strstr(checker.why.text, "slow.json"));
    assert_null(strstr(checker.why.text, "aaa"));
    close_checker(&checker);
    catalog_free(catalog);
}

static void a_full_arena_is_told(void **state)
{
    static const char body[] = CLICK("{\"correlation_id\":5}");
    struct catalog *catalog = load(NULL);
    struct arena none = ARENA_INIT(1, 0);
    struct checker checker;
    json_t *json = json_loads(body, 0, NULL);
    const struct event event = {.json = json, .type = slice_of("widget.click")};

    (void)state;
    assert_non_null(json);
    open_checker(&checker, catalog);
    assert_int_equal(catalog_check(catalog, &event, checker.scratch, &none,
                                   &checker.report, &checker.why),
                     -1);
    assert_int_equal(checker.why.kind, FAULT_NOMEM);
    json_decref(json);
    close_checker(&checker);
    catalog_free(catalog);
}

static void *check_all(void *arg)
{
    struct checker *checker = arg;

    for (int round = 0; round < 100; round++)
        for (size_t i = 0; i < COUNT(check_rows); i++) {
            int rc = check(checker, check_rows[i].body);

            if (!is_as_expected(&check_rows[i], checker, rc))
                return (void *)(uintptr_t)check_rows[i].claim;
        }
    return NULL;
}

static void many_threads_share_a_catalog(void **state)
{
    struct catalog *catalog = load(NULL);
    struct checker checkers[4];
    pthread_t threads[COUNT(checkers)];

    (void)state;
    for (size_t i = 0; i < COUNT(checkers); i++) {
        open_checker(&checkers[i], catalog);
        assert_int_equal(
            pthread_create(&threads[i], NULL, check_all, &checkers[i]), 0);
    }
    for (size_t i = 0; i < COUNT(checkers); i++) {
        void *claim = NULL;

        pthread_join(threads[i], &claim);
        if (claim != NULL)
            fail_msg("%s", (const char *)claim);
        close_checker(&checkers[i]);
    }
    catalog_free(catalog);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(an_event_is_checked_by_envelope_and_type),
        cmocka_unit_test(values_and_names_stay_where_they_are),
        cmocka_unit_test(a_list_of_errors_has_an_end),
        cmocka_unit_test(what_takes_too_long_is_a_fault_of_its_own),
        cmocka_unit_test(a_full_arena_is_told),
        cmocka_unit_test(many_threads_share_a_catalog),
    };

    json_heap_setup();
    return cmocka_run_group_tests(tests, NULL, NULL);
}
