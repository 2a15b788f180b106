/*
 * test_plan.c - which event is sent when, and over which connection
 */
#include "cmd/plan.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

enum { EVENTS_MAX = 1000 };

static const struct {
    const char *claim;
    int64_t rate;
    int64_t n;
    int64_t due_us;
} dues[] = {
    {"the first is due at once",       500,     0,             0                  },
    {"even steps",                     500,     1,             2000               },
    {"one a second",                   1,       7,             7000000            },
    {"uneven steps are cut",           3,       1,             333333             },
    {"cut steps do not add up",        3,       2,             666666             },
    {"after a second nothing is lost", 3,       3,             1000000            },
    {"nor after a day",                3,       3 * 86400,     86400000000        },
    {"a rate that divides nothing",    7,       7 * 1000 + 1,  1000142857         },
    {"nor in a second of many",        44100,   44099,         999977             },
    {"the highest rate",               1000000, 1234567,       1234567            },
    {"the last event of the longest",  1,       1000000000000, 1000000000000000000},
};

static void test_due(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof(dues) / sizeof(dues[0]); i++) {
        const struct plan plan = {.rate = dues[i].rate};

        print_message("  %s\n", dues[i].claim);
        assert_int_equal(plan_due_us(&plan, dues[i].n), dues[i].due_us);
    }
}

static void test_in_every_second_so_many(void **state)
{
    static const int64_t rates[] = {1, 3, 7, 500, 999, 44100, 1000000};

    (void)state;
    for (size_t i = 0; i < sizeof(rates) / sizeof(rates[0]); i++) {
        const struct plan plan = {.rate = rates[i]};

        for (int64_t second = 0; second < 5; second++) {
            int64_t first = second * rates[i];

            assert_int_equal(plan_due_us(&plan, first), second * 1000000);
            assert_true(plan_due_us(&plan, first + rates[i] - 1) <
                        (second + 1) * 1000000);
        }
    }
}

static void test_without_keys(void **state)
{
    const struct plan plan = {.rounds = 4, .bodies = 3, .connections = 2};

    (void)state;
    assert_int_equal(plan_total(&plan), 12);
    for (int64_t n = 0; n < 12; n++) {
        assert_int_equal(plan_body(&plan, n), n % 3);
        assert_int_equal(plan_key(&plan, n), -1);
    }
}

static const struct plan keyed[] = {
    {.rounds = 1,  .bodies = 1, .keys = 1,  .connections = 1},
    {.rounds = 5,  .bodies = 1, .keys = 1,  .connections = 1},
    {.rounds = 10, .bodies = 1, .keys = 10, .connections = 1},
    {.rounds = 10, .bodies = 1, .keys = 3,  .connections = 3},
    {.rounds = 10, .bodies = 3, .keys = 4,  .connections = 3},
    {.rounds = 99, .bodies = 2, .keys = 7,  .connections = 3},
    {.rounds = 99, .bodies = 2, .keys = 7,  .connections = 6},
    {.rounds = 3,  .bodies = 6, .keys = 50, .connections = 8},
    {.rounds = 64, .bodies = 3, .keys = 16, .connections = 4},
};

/* All that a connection sends, as its numbers come. */
static void follow(const struct plan *plan, int64_t connection,
                   int owner_of_event[], int owner_of_key[])
{
    int64_t before = -1;

    for (int64_t n = plan_first(plan, connection); n < plan_total(plan);
         n = plan_next(plan, n)) {
        int64_t key = plan_key(plan, n);

        assert_true(n > before);
        assert_in_range(key, 0, plan->keys - 1);
        assert_int_equal(owner_of_event[n], -1);
        owner_of_event[n] = (int)connection;
        if (owner_of_key[key] == -1)
            owner_of_key[key] = (int)connection;
        assert_int_equal(owner_of_key[key], connection);
        before = n;
    }
}

static void test_every_event_once_and_a_key_over_one_connection(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof(keyed) / sizeof(keyed[0]); i++) {
        const struct plan *plan = &keyed[i];
        int owner_of_event[EVENTS_MAX], owner_of_key[EVENTS_MAX];

        memset(owner_of_event, -1, sizeof(owner_of_event));
        memset(owner_of_key, -1, sizeof(owner_of_key));
        for (int64_t c = 0; c < plan->connections; c++)
            follow(plan, c, owner_of_event, owner_of_key);
        for (int64_t n = 0; n < plan_total(plan); n++)
            assert_int_not_equal(owner_of_event[n], -1);
    }
}

static void test_a_round_has_one_key(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof(keyed) / sizeof(keyed[0]); i++) {
        const struct plan *plan = &keyed[i];

        for (int64_t n = 0; n < plan_total(plan); n++) {
            assert_int_equal(plan_body(plan, n), n % plan->bodies);
            assert_int_equal(plan_key(plan, n), n / plan->bodies % plan->keys);
        }
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_due),
        cmocka_unit_test(test_in_every_second_so_many),
        cmocka_unit_test(test_without_keys),
        cmocka_unit_test(test_every_event_once_and_a_key_over_one_connection),
        cmocka_unit_test(test_a_round_has_one_key),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
