/*
 * test_quantiles.c - how far a quantile is from the true one
 */
#include "cmd/quantiles.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#include <cmocka.h>

enum { MANY = 20000 };

static struct quantiles *made(void)
{
    struct quantiles *qu = NULL;

    assert_int_equal(quantiles_new(&qu, NULL), 0);
    return qu;
}

static void test_empty(void **state)
{
    struct quantiles *qu = made();

    (void)state;
    assert_int_equal(quantiles_count(qu), 0);
    assert_int_equal(quantiles_max(qu), 0);
    assert_int_equal(quantiles_at(qu, 0), 0);
    assert_int_equal(quantiles_at(qu, 500), 0);
    assert_int_equal(quantiles_at(qu, 1000), 0);
    quantiles_free(qu);
    quantiles_free(NULL);
}

/* Which of 1..count it is; all values are small enough to be exact. */
static const struct {
    const char *claim;
    int count;
    int permille;
    int64_t value;
} ranks[] = {
    {"the smallest",                        10,  0,    1  },
    {"the median of an even number",        10,  500,  5  },
    {"the median of an odd number",         11,  500,  6  },
    {"nine of ten do not exceed it",        10,  900,  9  },
    {"ranks are rounded up",                10,  901,  10 },
    {"a share of less than one value",      10,  1,    1  },
    {"the largest",                         10,  1000, 10 },
    {"of a single value, all are the same", 1,   500,  1  },
    {"no error of binary fractions",        200, 70,   14 },
    {"p99.9 of few is the largest",         200, 999,  200},
};

static void test_ranks(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof(ranks) / sizeof(ranks[0]); i++) {
        struct quantiles *qu = made();

        print_message("  %s\n", ranks[i].claim);
        for (int value = ranks[i].count; value >= 1; value--)
            quantiles_add(qu, value);
        assert_int_equal(quantiles_count(qu), ranks[i].count);
        assert_int_equal(quantiles_at(qu, ranks[i].permille), ranks[i].value);
        quantiles_free(qu);
    }
}

/* A value among others, so that it is not told as the largest, which is
 * exact: what its bucket tells. */
static int64_t told(int64_t value)
{
    struct quantiles *qu = made();
    int64_t out;

    quantiles_add(qu, value);
    quantiles_add(qu, INT64_MAX);
    out = quantiles_at(qu, 500);
    quantiles_free(qu);
    return out;
}

static void assert_near(int64_t got, int64_t truth)
{
    if (got < truth || (got - truth) * 128 > truth)
        fail_msg("%lld is told as %lld", (long long)truth, (long long)got);
}

static void test_small_values_are_exact(void **state)
{
    (void)state;
    for (int64_t value = 0; value < 256; value++)
        assert_int_equal(told(value), value);
}

static void test_every_bucket_is_narrow(void **state)
{
    (void)state;
    for (int bit = 8; bit < 40; bit++) {
        int64_t power = (int64_t)1 << bit;

        for (int part = 0; part < 128; part++) {
            assert_near(told(power + power / 128 * part),
                        power / 128 * part + power);
            assert_near(told(power + power / 128 * (part + 1) - 1),
                        power + power / 128 * (part + 1) - 1);
        }
    }
}

static void test_buckets_do_not_overlap(void **state)
{
    (void)state;
    for (int64_t value = 1; value < 70000; value++)
        assert_true(told(value - 1) <= told(value));
}

static int compare(const void *a, const void *b)
{
    int64_t left = *(const int64_t *)a, right = *(const int64_t *)b;

    return left < right ? -1 : left > right;
}

/* Values over seven powers of ten, the same in every run. */
static int64_t value_at(int i)
{
    uint64_t mixed = (unsigned)i;

    mixed *= 0x9E3779B97F4A7C15ULL;
    mixed ^= mixed >> 29;
    return (int64_t)(mixed >> (40 + i % 24));
}

static void test_against_sorted_values(void **state)
{
    static int64_t values[MANY];
    struct quantiles *qu = made();

    (void)state;
    for (int i = 0; i < MANY; i++) {
        values[i] = value_at(i);
        quantiles_add(qu, values[i]);
    }
    qsort(values, MANY, sizeof(*values), compare);
    for (int permille = 1; permille <= 1000; permille++)
        assert_near(quantiles_at(qu, permille),
                    values[(MANY * permille + 999) / 1000 - 1]);
    assert_int_equal(quantiles_max(qu), values[MANY - 1]);
    quantiles_free(qu);
}

static void test_merged_is_as_if_one_had_all(void **state)
{
    struct quantiles *whole = made();
    struct quantiles *sum = made();
    struct quantiles *parts[3] = {made(), made(), made()};

    (void)state;
    for (int i = 0; i < MANY; i++) {
        quantiles_add(whole, value_at(i));
        quantiles_add(parts[i % 2], value_at(i)); /* the third stays empty */
    }
    for (int i = 0; i < 3; i++)
        quantiles_merge(sum, parts[i]);
    assert_int_equal(quantiles_count(sum), MANY);
    assert_int_equal(quantiles_max(sum), quantiles_max(whole));
    for (int permille = 0; permille <= 1000; permille++)
        assert_int_equal(quantiles_at(sum, permille),
                         quantiles_at(whole, permille));
    for (int i = 0; i < 3; i++)
        quantiles_free(parts[i]);
    quantiles_free(sum);
    quantiles_free(whole);
}

static void test_values_that_do_not_fit(void **state)
{
    struct quantiles *qu = made();

    (void)state;
    quantiles_add(qu, -5);
    assert_int_equal(quantiles_at(qu, 500), 0);
    quantiles_add(qu, INT64_MAX - 1);
    quantiles_add(qu, INT64_MAX);
    assert_int_equal(quantiles_at(qu, 500), ((int64_t)1 << 40) - 1);
    assert_true(quantiles_max(qu) == INT64_MAX);
    assert_true(quantiles_at(qu, 1000) == INT64_MAX);
    quantiles_free(qu);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_empty),
        cmocka_unit_test(test_ranks),
        cmocka_unit_test(test_small_values_are_exact),
        cmocka_unit_test(test_every_bucket_is_narrow),
        cmocka_unit_test(test_buckets_do_not_overlap),
        cmocka_unit_test(test_against_sorted_values),
        cmocka_unit_test(test_merged_is_as_if_one_had_all),
        cmocka_unit_test(test_values_that_do_not_fit),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
