/*
 * test_patience.c - when it is said that there is nobody
 */
#include "cmd/patience.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

enum { S = 1000000, LIMIT = PATIENCE_SECONDS };

/* What happens, one after the other: '+' an answer, '-' none, at a second.
 * It gives up at the last of them, or never. */
static const struct {
    const char *claim;
    struct {
        char what;
        int second;
    } events[8];
    bool gives_up;
} rows[] = {
    {"the very first has no answer",         {{'-', 0}},                                    true },
    {"answered, then one is not",            {{'+', 0}, {'-', 1}},                          false},
    {"many in a short time",
     {{'+', 0}, {'-', 1}, {'-', 1}, {'-', 1}, {'-', 2}, {'-', 2}, {'-', 9}},
     false                                                                                       },
    {"none for the whole time",
     {{'+', 0}, {'-', 1}, {'-', 15}, {'-', LIMIT + 1}},
     true                                                                                        },
    {"just before it",                       {{'+', 0}, {'-', 1}, {'-', 15}, {'-', LIMIT}}, false},
    {"an answer on the way begins it anew",
     {{'+', 0}, {'-', 1}, {'+', 20}, {'-', LIMIT + 1}},
     false                                                                                       },
    {"counted from the failure after it",
     {{'+', 0}, {'-', 1}, {'+', 20}, {'-', 21}, {'-', LIMIT + 21}},
     true                                                                                        },
    {"one failure after a long rest is one", {{'+', 0}, {'-', 1000}},                       false},
};

static void test_rows(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        struct patience pt = {0};
        bool gave_up = false;

        print_message("  %s\n", rows[i].claim);
        for (int k = 0; k < 8 && rows[i].events[k].what != '\0'; k++) {
            assert_false(gave_up);
            if (rows[i].events[k].what == '+')
                patience_answered(&pt);
            else
                gave_up = patience_unanswered(
                    &pt, (int64_t)rows[i].events[k].second * S);
        }
        assert_int_equal(gave_up, rows[i].gives_up);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_rows)};

    return cmocka_run_group_tests(tests, NULL, NULL);
}
