/*
 * test_breaker.c - deliver/breaker.h
 */
#include "deliver/breaker.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

enum what { CONFIRMED, MISSED };

/* Each row goes on from the one before. */
static const struct row {
    const char *claim;
    enum what what;
    int64_t us; /* now, or when it was sent */
    bool changed;
    bool open;
} rows[] = {
    {"a confirmation finds it closed",          CONFIRMED, 100, false, false},
    {"others were confirmed meanwhile",         MISSED,    50,  false, false},
    {"something was, in that very microsecond", MISSED,    100, false, false},
    {"nothing was since",                       MISSED,    101, true,  true },
    {"others miss theirs, too",                 MISSED,    102, false, true },
    {"an old one's deadline says nothing",      MISSED,    50,  false, true },
    {"the first confirmation closes it",        CONFIRMED, 200, true,  false},
    {"the second one has nothing to close",     CONFIRMED, 201, false, false},
    {"one that was sent before it came back",   MISSED,    102, false, false},
    {"Kafka goes away again",                   MISSED,    202, true,  true },
};

static void test_the_way_of_an_outage(void **state)
{
    struct breaker br = BREAKER_INIT;

    (void)state;
    assert_false(breaker_is_open(&br));
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        const struct row *row = &rows[i];
        bool changed = row->what == CONFIRMED ? breaker_confirmed(&br, row->us)
                                              : breaker_missed(&br, row->us);

        if (changed != row->changed || breaker_is_open(&br) != row->open)
            fail_msg("%s", row->claim);
    }
}

/* Kafka was never there. */
static void test_nothing_was_ever_confirmed(void **state)
{
    struct breaker br = BREAKER_INIT;

    (void)state;
    assert_true(breaker_missed(&br, 1));
    assert_true(breaker_is_open(&br));
}

static void test_by_hand(void **state)
{
    struct breaker br = BREAKER_INIT;

    (void)state;
    assert_false(breaker_confirmed(&br, 100));
    assert_false(breaker_reset(&br));
    assert_true(breaker_trip(&br)); /* whatever was confirmed */
    assert_false(breaker_trip(&br));
    assert_true(breaker_is_open(&br));
    assert_true(breaker_reset(&br));
    assert_false(breaker_is_open(&br));
    assert_true(breaker_missed(&br, 101)); /* as if nothing had been */
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_the_way_of_an_outage),
        cmocka_unit_test(test_nothing_was_ever_confirmed),
        cmocka_unit_test(test_by_hand),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
