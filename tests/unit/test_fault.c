/*
 * test_fault.c - base/fault.h, base/record.h
 */
#include "base/fault.h"
#include "base/record.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <errno.h>
#include <string.h>

static void test_the_first_one_wins(void **state)
{
    struct fault why = FAULT_INIT;

    (void)state;
    assert_int_equal(fault_set(&why, FAULT_IO, "first %d", 1), -1);
    assert_int_equal(fault_set(&why, FAULT_PARSE, "second"), -1);
    assert_int_equal(fault_set_errno(&why, FAULT_PARSE, ENOENT, "third"), -1);
    assert_int_equal(why.kind, FAULT_IO);
    assert_string_equal(why.text, "first 1");
    fault_clear(&why);
    fault_prefix(&why, "nothing to explain");
    assert_string_equal(why.text, "");
    assert_int_equal(fault_set(NULL, FAULT_IO, "nobody cares"), -1);
}

static void test_texts(void **state)
{
    struct fault why = FAULT_INIT;

    (void)state;
    fault_set_errno(&why, FAULT_IO, ENOENT, "cannot open '%s'", "/x");
    assert_string_equal(why.text,
                        "cannot open '/x': No such file or directory");
    fault_prefix(&why, "%s", "schemas");
    assert_string_equal(why.text,
                        "schemas: cannot open '/x': No such file or directory");
    fault_clear(&why);
    fault_set(&why, FAULT_IO, "%0*d", 2 * FAULT_TEXT_MAX, 7);
    assert_int_equal(strlen(why.text), FAULT_TEXT_MAX - 1);
    fault_prefix(&why, "%s", "cut");
    assert_int_equal(strlen(why.text), FAULT_TEXT_MAX - 1);
    assert_memory_equal(why.text, "cut: 0", 6);
}

static void test_every_kind_has_a_class(void **state)
{
    (void)state;
    for (int a = 0; a < FAULT_KINDS; a++) {
        const struct fault_class *class = fault_class((enum fault_kind)a);

        assert_non_null(class->name);
        assert_non_null(class->title);
        assert_in_range(class->http_status, 200, 599);
        /* what can be tried again must not be told "never": and 503 must */
        if (class->http_status == 503 && a != FAULT_REFUSED)
            assert_true(class->retry);
        for (int b = 0; b < a; b++) /* names are labels: no two the same */
            assert_string_not_equal(class->name,
                                    fault_class((enum fault_kind)b)->name);
    }
    assert_ptr_equal(fault_class((enum fault_kind)FAULT_KINDS),
                     fault_class(FAULT_IO));
}

static void test_record_headers(void **state)
{
    struct record record = {.topic = "t"};

    (void)state;
    record_add_header(&record, "a", slice_of("1"));
    record_add_header(&record, "absent", SLICE_ABSENT);
    record_add_header(&record, "empty", slice_of(""));
    record_add_header(&record, "a", slice_of("2"));
    assert_int_equal(record.header_count, 3);
    assert_true(slice_is(record_header(&record, "a"), "1"));
    assert_true(slice_is(record_header(&record, "empty"), ""));
    assert_null(record_header(&record, "absent").data);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_the_first_one_wins),
        cmocka_unit_test(test_texts),
        cmocka_unit_test(test_every_kind_has_a_class),
        cmocka_unit_test(test_record_headers),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
