/*
 * test_ready.c - base/ready.h
 */
#include "base/ready.h"

#include "base/limits.h"

#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

static int forget(void **state)
{
    (void)state;
    ready_reset();
    return 0;
}

static void assert_renders(const char *expected)
{
    struct buf out = BUF_INIT(LIMIT_REPLY);
    struct fault why = FAULT_INIT;

    assert_int_equal(ready_render(&out, &why), 0);
    assert_string_equal(out.data, expected);
    buf_release(&out);
}

enum state {
    ABSENT, /* not registered */
    UNSET,  /* registered, nothing said yet */
    NO,
    YES
};

static const struct row {
    const char *claim;
    enum state a;
    enum state b;
    bool ready;
    const char *expected;
} rows[] = {
    {"no condition means no",                           ABSENT, ABSENT, false,
     "{\"status\":\"not ready\",\"checks\":{}}"           },
    {"a condition starts as not met",                   UNSET,  ABSENT, false,
     "{\"status\":\"not ready\",\"checks\":{"
     "\"a\":{\"ok\":false,\"detail\":\"not known yet\"}}}"},
    {"one that is met is enough if it is the only one", YES,    ABSENT, true,
     "{\"status\":\"ready\",\"checks\":{"
     "\"a\":{\"ok\":true,\"detail\":\"fine\"}}}"          },
    {"all must be met: not the first",                  NO,     YES,    false,
     "{\"status\":\"not ready\",\"checks\":{"
     "\"a\":{\"ok\":false,\"detail\":\"say \\\"please\\\"\"},"
     "\"b\":{\"ok\":true,\"detail\":\"fine\"}}}"          },
    {"all must be met: not the second",                 YES,    UNSET,  false,
     "{\"status\":\"not ready\",\"checks\":{"
     "\"a\":{\"ok\":true,\"detail\":\"fine\"},"
     "\"b\":{\"ok\":false,\"detail\":\"not known yet\"}}}"},
    {"all are met",                                     YES,    YES,    true,
     "{\"status\":\"ready\",\"checks\":{"
     "\"a\":{\"ok\":true,\"detail\":\"fine\"},"
     "\"b\":{\"ok\":true,\"detail\":\"fine\"}}}"          },
};

static void bring(const char *name, enum state wanted)
{
    struct ready *ready;

    if (wanted == ABSENT)
        return;
    ready = ready_register(name);
    if (wanted != UNSET)
        ready_set(ready, wanted == YES,
                  wanted == YES ? "fine" : "say \"please\"");
}

static void test_conditions(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        const struct row *row = &rows[i];

        print_message("  %s\n", row->claim);
        bring("a", row->a);
        bring("b", row->b);
        assert_int_equal(ready_all(), row->ready);
        assert_renders(row->expected);
        ready_reset();
    }
}

static void test_a_condition_can_be_lost(void **state)
{
    struct ready *ready = ready_register("a");

    (void)state;
    ready_set(ready, true, "fine");
    assert_true(ready_all());
    ready_set(ready, false, "gone");
    assert_false(ready_all());
    assert_renders("{\"status\":\"not ready\",\"checks\":{"
                   "\"a\":{\"ok\":false,\"detail\":\"gone\"}}}");
}

/* Either of two is enough; a third is needed all the same. */
static void test_an_excuse(void **state)
{
    struct ready *a = ready_register("a");
    struct ready *b = ready_register("b");
    struct ready *c;

    (void)state;
    ready_excuse(a, b);
    ready_excuse(b, a);
    assert_false(ready_all());
    ready_set(b, true, "fine");
    assert_true(ready_all());
    assert_renders("{\"status\":\"ready\",\"checks\":{"
                   "\"a\":{\"ok\":false,\"detail\":\"not known yet\"},"
                   "\"b\":{\"ok\":true,\"detail\":\"fine\"}}}");
    c = ready_register("c");
    assert_false(ready_all());
    ready_set(c, true, "fine");
    ready_set(b, false, "gone");
    assert_false(ready_all());
    ready_set(a, true, "fine");
    assert_true(ready_all());
}

static void test_a_name_is_one_condition(void **state)
{
    struct ready *ready = ready_register("a");

    (void)state;
    ready_set(ready, true, "fine");
    assert_ptr_equal(ready_register("a"), ready);
    assert_renders("{\"status\":\"not ready\",\"checks\":{"
                   "\"a\":{\"ok\":false,\"detail\":\"not known yet\"}}}");
}

static void test_a_long_text_is_cut_between_characters(void **state)
{
    struct ready *ready = ready_register("a");
    char text[READY_TEXT_MAX + 2];
    char expected[READY_TEXT_MAX + 100];

    (void)state;
    /* the last byte that would fit is the first of two */
    memset(text, 'x', sizeof(text));
    text[READY_TEXT_MAX - 2] = '\xc3';
    text[READY_TEXT_MAX - 1] = '\xa4';
    text[READY_TEXT_MAX] = '\0';
    ready_set(ready, true, text);
    snprintf(expected, sizeof(expected),
             "{\"status\":\"ready\",\"checks\":{"
             "\"a\":{\"ok\":true,\"detail\":\"%.*s\"}}}",
             READY_TEXT_MAX - 2, text);
    assert_renders(expected);
}

static void test_a_ceiling_is_a_fault(void **state)
{
    struct buf whole = BUF_INIT(LIMIT_REPLY);

    (void)state;
    bring("a", YES);
    bring("b", NO);
    assert_int_equal(ready_render(&whole, NULL), 0);
    for (size_t max = 0; max < whole.len; max++) {
        struct buf out = BUF_INIT(max);
        struct fault why = FAULT_INIT;

        assert_int_equal(ready_render(&out, &why), -1);
        assert_int_equal(why.kind, FAULT_TOO_LARGE);
        buf_release(&out);
    }
    buf_release(&whole);
}

/* Our own bug: it ends the process, and does not write past an array. */
static void test_too_many_conditions_end_the_process(void **state)
{
    static const char names[32][3] = {
        "00", "01", "02", "03", "04", "05", "06", "07", "08", "09", "10",
        "11", "12", "13", "14", "15", "16", "17", "18", "19", "20", "21",
        "22", "23", "24", "25", "26", "27", "28", "29", "30", "31"};
    const struct rlimit no_core = {0, 0};
    int status;
    pid_t child;

    (void)state;
    child = fork();
    assert_int_not_equal(child, -1);
    if (child == 0) {
        setrlimit(RLIMIT_CORE, &no_core);
        signal(SIGABRT, SIG_DFL);
        for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++)
            ready_register(names[i]);
        _exit(0);
    }
    assert_int_equal(waitpid(child, &status, 0), child);
    assert_true(WIFSIGNALED(status));
    assert_int_equal(WTERMSIG(status), SIGABRT);
}

static void test_a_text_by_its_name(void **state)
{
    char text[READY_TEXT_MAX] = "old";

    (void)state;
    ready_text("kafka", text);
    assert_string_equal(text, "");
    ready_set(ready_register("kafka"), false, "no broker");
    ready_set(ready_register("spool"), true, "fine");
    ready_text("kafka", text);
    assert_string_equal(text, "no broker");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_teardown(test_conditions, forget),
        cmocka_unit_test_teardown(test_a_condition_can_be_lost, forget),
        cmocka_unit_test_teardown(test_an_excuse, forget),
        cmocka_unit_test_teardown(test_a_text_by_its_name, forget),
        cmocka_unit_test_teardown(test_a_name_is_one_condition, forget),
        cmocka_unit_test_teardown(test_a_long_text_is_cut_between_characters,
                                  forget),
        cmocka_unit_test_teardown(test_a_ceiling_is_a_fault, forget),
        cmocka_unit_test_teardown(test_too_many_conditions_end_the_process,
                                  forget),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
