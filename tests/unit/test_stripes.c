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

static struct stripe *find(const char *topic, const char *key)
{
    return stripes_find(st, topic, slice_of(key));
}

static void test_the_same_for_the_same(void **state)
{
    const char copy[] = {'k', 'e', 'y', '!'};

    (void)state;
    assert_non_null(find("clicks", "key"));
    assert_ptr_equal(find("clicks", "key"),
                     stripes_find(st, "clicks", (struct slice){copy, 3}));
    assert_ptr_equal(find("clicks", ""),
                     stripes_find(st, "clicks", (struct slice){copy, 0}));
}

static void test_topic_and_key_both_count(void **state)
{
    (void)state;
    assert_ptr_not_equal(find("clicks", "key"), find("leads", "key"));
    assert_ptr_not_equal(find("clicks", "key"), find("clicks", "kez"));
    assert_ptr_not_equal(find("ab", "c"), find("a", "bc"));
}

/* Keys that differ in little are not all in a few stripes. */
static void test_keys_are_spread(void **state)
{
    enum { KEYS = 1000 };
    static struct stripe *seen[KEYS];
    size_t different = 0;
    char key[32];

    (void)state;
    for (size_t i = 0; i < KEYS; i++) {
        struct stripe *stripe;
        size_t j = 0;

        snprintf(key, sizeof(key), "correlation-%zu", i);
        stripe = find("clicks", key);
        while (j < different && seen[j] != stripe)
            j++;
        if (j == different)
            seen[different++] = stripe;
    }
    assert_true(different > KEYS / 2); /* 1 - 1/e of them, by chance */
}

static void test_counting(void **state)
{
    struct stripe *stripe = find("clicks", "key");

    (void)state;
    stripe_lock(stripe);
    assert_int_equal(stripe_waiting(stripe), 0);
    stripe_join(stripe);
    stripe_join(stripe);
    assert_int_equal(stripe_waiting(stripe), 2);
    assert_int_equal(stripe_waiting(find("clicks", "other")), 0);
    stripe_leave(stripe);
    assert_int_equal(stripe_waiting(stripe), 1);
    stripe_leave(stripe);
    assert_int_equal(stripe_waiting(stripe), 0);
    stripe_unlock(stripe);
}

static void test_without_a_key_nothing_waits(void **state)
{
    struct stripe *stripe = stripes_find(st, "clicks", SLICE_ABSENT);

    (void)state;
    assert_null(stripe);
    stripe_lock(stripe);
    stripe_join(stripe);
    assert_int_equal(stripe_waiting(stripe), 0);
    stripe_leave(stripe);
    stripe_unlock(stripe);
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
    struct stripe *stripe = find("clicks", "key");
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
        cmocka_unit_test_setup_teardown(test_the_same_for_the_same, setup,
                                        teardown),
        cmocka_unit_test_setup_teardown(test_topic_and_key_both_count, setup,
                                        teardown),
        cmocka_unit_test_setup_teardown(test_keys_are_spread, setup, teardown),
        cmocka_unit_test_setup_teardown(test_counting, setup, teardown),
        cmocka_unit_test_setup_teardown(test_without_a_key_nothing_waits, setup,
                                        teardown),
        cmocka_unit_test_setup_teardown(test_many_threads, setup, teardown),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
