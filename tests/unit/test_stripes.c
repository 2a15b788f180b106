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
    stripe_skip(stripe, 1, true);
    assert_false(stripe_is_skipped(stripe, 1));
    assert_false(stripe_has_old(stripe));
    stripe_unlock(stripe);
}

/* What a pass has skipped is skipped until another one begins. Old records
 * wait until a pass has come to their end without skipping any. */
static void test_skipped_in_a_pass(void **state)
{
    struct stripe *old = stripes_at(st, 1);
    struct stripe *new = stripes_at(st, 2);

    (void)state;
    stripe_lock(old);
    stripe_skip(old, 1, true);
    stripe_unlock(old);
    stripe_lock(new);
    stripe_skip(new, 1, false);
    stripe_unlock(new);
    stripes_end_old(st, 1);
    assert_true(stripe_is_skipped(old, 1) && stripe_is_skipped(new, 1));
    assert_false(stripe_is_skipped(stripes_at(st, 3), 1));
    assert_true(stripe_has_old(old));
    assert_false(stripe_has_old(new));
    assert_false(stripe_is_skipped(old, 2));
    assert_true(stripe_has_old(old));
    stripes_end_old(st, 2);
    assert_false(stripe_has_old(old));
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
        cmocka_unit_test_setup_teardown(test_counting, setup, teardown),
        cmocka_unit_test_setup_teardown(test_without_a_key_nothing_waits, setup,
                                        teardown),
        cmocka_unit_test_setup_teardown(test_many_threads, setup, teardown),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
