/*
 * test_spool_patience.c - spool/spool_patience.h
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "spool/spool_patience.h"

enum { SECOND = 1000 * 1000, MINUTE = 60 };

static struct spool_patience patience;
static int64_t now_us;

static int setup(void **state)
{
    (void)state;
    patience = (struct spool_patience){0};
    now_us = SECOND;
    return 0;
}

/* How often it is tried in vain, once a second, until it ends. */
static int attempts(int64_t line, int64_t at)
{
    for (int i = 1;; i++) {
        if (patience_ends(&patience, line, at, now_us))
            return i;
        assert_true(i < 1000);
        now_us += SECOND;
    }
}

static void test_a_minute(void **state)
{
    (void)state;
    assert_int_equal(attempts(1, 7), MINUTE + 1);
    /* nothing was read since, wherever */
    assert_int_equal(attempts(1, 8), 1);
    assert_int_equal(attempts(2, 7), 1);
    patience_renew(&patience, 1, 9);
    assert_int_equal(attempts(1, 10), MINUTE + 1);
}

/* What is read elsewhere is no help. */
static void test_of_each_place(void **state)
{
    (void)state;
    for (int i = 0; i < MINUTE; i++) {
        assert_false(patience_ends(&patience, 1, 7, now_us));
        assert_false(patience_ends(&patience, 2, 7, now_us));
        patience_renew(&patience, 3, 7);
        if (i == MINUTE / 2)
            patience_renew(&patience, 2, 7);
        now_us += SECOND;
    }
    assert_true(patience_ends(&patience, 1, 7, now_us));
    assert_false(patience_ends(&patience, 2, 7, now_us));
    assert_false(patience_ends(&patience, 1, 7, now_us));
}

/* There is room for those that are tried. */
static void test_of_many_places(void **state)
{
    (void)state;
    for (int64_t i = 0; i < 1000; i++) {
        patience_ends(&patience, 1, 1000 + i, now_us);
        patience_renew(&patience, 0, 0);
    }
    for (int i = 0; i < MINUTE; i++) {
        for (int64_t at = 1; at <= PATIENCE_PLACES; at++)
            assert_false(patience_ends(&patience, 1, at, now_us + at));
        patience_renew(&patience, 0, 0);
        now_us += SECOND;
    }
    for (int64_t at = 1; at <= PATIENCE_PLACES; at++)
        assert_true(patience_ends(&patience, 1, at, now_us + at));
}

static void test_rests(void **state)
{
    struct spool_trouble trouble = {0};

    (void)state;
    assert_false(trouble_rests(&trouble, now_us));
    for (int i = 0; i < MINUTE; i++) {
        assert_false(trouble_lasts(&trouble, now_us));
        assert_true(trouble_rests(&trouble, now_us + SECOND / 4));
        now_us += SECOND;
        assert_false(trouble_rests(&trouble, now_us));
    }
    assert_true(trouble_lasts(&trouble, now_us));
    assert_false(trouble_rests(&trouble, now_us)); /* nothing to wait for */
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup(test_a_minute, setup),
        cmocka_unit_test_setup(test_of_each_place, setup),
        cmocka_unit_test_setup(test_of_many_places, setup),
        cmocka_unit_test_setup(test_rests, setup),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
