/*
 * test_schema_marks.c - schema/marks.h
 */
#include "schema/marks.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

static struct marks_room room;

static void test_marks(void **state)
{
    struct marks marks;

    (void)state;
    assert_int_equal(marks_begin(&marks, &room, 200), 0);
    for (size_t i = 0; i < 200; i++)
        assert_false(marks_has(&marks, i));
    marks_set(&marks, 0);
    marks_set(&marks, 63);
    marks_set(&marks, 64);
    marks_set(&marks, 199);
    for (size_t i = 0; i < 200; i++)
        assert_int_equal(marks_has(&marks, i),
                         i == 0 || i == 63 || i == 64 || i == 199);
    marks_set_below(&marks, 10);
    marks_set_below(&marks, 5);
    assert_true(marks_has(&marks, 9));
    assert_false(marks_has(&marks, 10));
    marks_end(&marks, &room);
    assert_int_equal(room.used, 0);
}

/* An inner set begins empty, whatever was there before, and is added. */
static void test_nested(void **state)
{
    struct marks outer, inner;

    (void)state;
    assert_int_equal(marks_begin(&outer, &room, 100), 0);
    marks_set(&outer, 1);
    for (int i = 0; i < 2; i++) {
        assert_int_equal(marks_begin(&inner, &room, 100), 0);
        assert_false(marks_has(&inner, 1));
        assert_false(marks_has(&inner, 70));
        marks_set(&inner, 70);
        marks_end(&inner, &room);
    }
    assert_false(marks_has(&outer, 70));
    assert_int_equal(marks_begin(&inner, &room, 100), 0);
    marks_set(&inner, 70);
    marks_set_below(&inner, 1);
    marks_add(&outer, &inner);
    marks_end(&inner, &room);
    assert_true(marks_has(&outer, 0));
    assert_true(marks_has(&outer, 1));
    assert_true(marks_has(&outer, 70));
    assert_false(marks_has(&outer, 2));
    marks_end(&outer, &room);
    assert_int_equal(room.used, 0);
}

static void test_all(void **state)
{
    static const size_t counts[] = {0, 1, 2, 63, 64, 65, 200};
    struct marks marks;

    (void)state;
    for (size_t i = 0; i < sizeof(counts) / sizeof(counts[0]); i++) {
        const size_t count = counts[i];

        assert_int_equal(marks_begin(&marks, &room, count), 0);
        assert_int_equal(marks_are_all(&marks), count == 0);
        marks_set_below(&marks, count / 2);
        for (size_t k = count / 2; k + 1 < count; k++)
            marks_set(&marks, k);
        assert_int_equal(marks_are_all(&marks), count == 0);
        if (count > 0)
            marks_set(&marks, count - 1);
        assert_int_equal(marks_are_all(&marks), count <= 64);
        marks_set_below(&marks, count);
        assert_true(marks_are_all(&marks));
        marks_end(&marks, &room);
    }
}

/* More than there is room for. */
static void test_many(void **state)
{
    enum { SETS = 20 };
    struct marks sets[SETS];
    const size_t count = (size_t)MARKS_WORDS * 64 / 8;

    (void)state;
    for (size_t i = 0; i < SETS; i++) {
        assert_int_equal(marks_begin(&sets[i], &room, count), 0);
        for (size_t k = i; k < count; k += SETS)
            marks_set(&sets[i], k);
    }
    for (size_t i = 0; i < SETS; i++)
        for (size_t k = 0; k < count; k++)
            assert_int_equal(marks_has(&sets[i], k), k % SETS == i);
    for (size_t i = SETS; i > 0; i--)
        marks_end(&sets[i - 1], &room);
    assert_int_equal(room.used, 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_marks),
        cmocka_unit_test(test_nested),
        cmocka_unit_test(test_all),
        cmocka_unit_test(test_many),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
