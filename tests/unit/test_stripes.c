/*
 * test_stripes.c - deliver/stripes.h
 */
#include "deliver/stripes.h"

#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include <cmocka.h>

static struct stripes *st;

static int setup(void **state)
{
    (void)state;
    return stripes_new(&st, NULL);
}

static int teardown(void **state)
{
    (void)state;
    stripes_free(st);
    return 0;
}

static void test_each_is_another(void **state)
{
    (void)state;
    assert_ptr_equal(stripes_at(st, 7), stripes_at(st, 7));
    assert_ptr_not_equal(stripes_at(st, 0), stripes_at(st, STRIPES - 1));
}

static void test_counting(void **state)
{
    struct stripe *stripe = stripes_at(st, 1);

    (void)state;
    stripe_lock(stripe);
    assert_int_equal(stripe_waiting(stripe), 0);
    stripe_join(stripe);
    stripe_join(stripe);
    assert_int_equal(stripe_waiting(stripe), 2);
    assert_int_equal(stripe_waiting(stripes_at(st, 2)), 0);
    stripe_leave(stripe);
    assert_int_equal(stripe_waiting(stripe), 1);
    stripe_leave(stripe);
    assert_int_equal(stripe_waiting(stripe), 0);
    stripe_unlock(stripe);
}

static void test_without_a_key_nothing_waits(void **state)
{
    struct stripe *stripe = NULL;

    (void)state;
    stripe_lock(stripe);
    stripe_join(stripe);
    assert_int_equal(stripe_waiting(stripe), 0);
    stripe_leave(stripe);
    stripe_skip(stripe, 1, 10, true);
    assert_false(stripe_is_skipped(stripe, 1, 11));
    assert_false(stripe_has_old(stripe));
    stripe_unlock(stripe);
}

static void skip_in(size_t index, int64_t pass, int64_t seq, bool old)
{
    struct stripe *stripe = stripes_at(st, index);

    stripe_lock(stripe);
    stripe_skip(stripe, pass, seq, old);
    stripe_unlock(stripe);
}

/* What lies behind one that a pass has skipped is skipped, until another pass
 * begins. */
static void test_skipped_in_a_pass(void **state)
{
    const struct stripe *stripe = stripes_at(st, 1);

    (void)state;
    skip_in(1, 1, 20, false);
    assert_true(stripe_is_skipped(stripe, 1, 21));
    assert_false(
        stripe_is_skipped(stripe, 1, 20)); /* it is not behind itself */
    skip_in(1, 1, 30, false);
    assert_true(stripe_is_skipped(stripe, 1, 21));
    skip_in(1, 1, 10, false);
    assert_true(stripe_is_skipped(stripe, 1, 11));
    assert_false(stripe_is_skipped(stripes_at(st, 2), 1, 100));
    assert_false(stripe_is_skipped(stripe, 2, 100));
    skip_in(1, 2, 50, false);
    assert_false(stripe_is_skipped(stripe, 2, 40));
}

/* Old records wait until a pass has come to their end without skipping any of
 * them, whatever else it has skipped. */
static void test_old_ones(void **state)
{
    const struct stripe *stripe = stripes_at(st, 1);

    (void)state;
    skip_in(1, 1, 10, true);
    skip_in(2, 1, 11, false);
    stripes_end_old(st, 1);
    assert_true(stripe_has_old(stripe));
    assert_false(stripe_has_old(stripes_at(st, 2)));
    skip_in(1, 2, 20, false);
    assert_true(stripe_has_old(stripe));
    stripes_end_old(st, 2);
    assert_false(stripe_has_old(stripe));
}

enum { THREADS = 4, TIMES = 20000 };

static void *come_and_go(void *arg)
{
    struct stripe *stripe = arg;

    for (int i = 0; i < TIMES; i++) {
        stripe_lock(stripe);
        if (i % 2 == 0)
            stripe_join(stripe);
        else
            stripe_leave(stripe);
        stripe_unlock(stripe);
    }
    stripe_lock(stripe);
    stripe_join(stripe);
    stripe_unlock(stripe);
    return NULL;
}

static void test_many_threads(void **state)
{
    struct stripe *stripe = stripes_at(st, 1);
    pthread_t threads[THREADS];

    (void)state;
    for (int i = 0; i < THREADS; i++)
        assert_int_equal(pthread_create(&threads[i], NULL, come_and_go, stripe),
                         0);
    for (int i = 0; i < THREADS; i++)
        pthread_join(threads[i], NULL);
    stripe_lock(stripe);
    assert_int_equal(stripe_waiting(stripe), THREADS);
    stripe_unlock(stripe);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_each_is_another, setup, teardown),
        cmocka_unit_test_setup_teardown(test_skipped_in_a_pass, setup,
                                        teardown),
        cmocka_unit_test_setup_teardown(test_old_ones, setup, teardown),
        cmocka_unit_test_setup_teardown(test_counting, setup, teardown),
        cmocka_unit_test_setup_teardown(test_without_a_key_nothing_waits, setup,
                                        teardown),
        cmocka_unit_test_setup_teardown(test_many_threads, setup, teardown),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
