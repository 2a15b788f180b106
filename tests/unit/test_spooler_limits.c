/*
 * test_spooler_limits.c - deliver/spooler.h: more than fits
 */
#include "spooler_stage.h"

enum { LARGE = 140 * 1024, MANY_LARGE = 300, MANY_IN_DOUBT = 4100 };

static void keep_large(void)
{
    static char value[LARGE];
    struct record record = record_of("t", NULL, "");
    const struct keep keep = {.record = &record,
                              .partition = partition_of("t")};

    memset(value, 'x', sizeof(value));
    record.value = (struct slice){value, sizeof(value)};
    assert_int_equal(spooler_keep(stage.sp, &keep, NULL), 0);
}

/* All at once, and it is more than a round reads. */
static void test_much_comes_back(void **state)
{
    (void)state;
    for (int i = 0; i < MANY_LARGE; i++)
        keep_large();
    sent_at(MANY_LARGE - 1);
    for (size_t i = 0; i < MANY_LARGE; i++)
        report_at(i, REPORT_FAILED, false);
    sent_at(2 * MANY_LARGE - 1);
    wait_empty();
}

/* Of a partition that nobody leads: they stand in nobody else's way. */
static void test_many_are_in_doubt(void **state)
{
    static struct passage *stuck[MANY_IN_DOUBT];

    (void)state;
    for (size_t i = 0; i < MANY_IN_DOUBT; i++)
        stuck[i] = keep_in_doubt("t", "stuck", "-");
    keep("t", "k", "a");
    assert_sent("a");
    report_at(0, REPORT_DELIVERED, false);
    WAIT_FOR(spooler_records(stage.sp) == MANY_IN_DOUBT);
    for (size_t i = 0; i < MANY_IN_DOUBT; i++)
        report(stuck[i], REPORT_DELIVERED, false);
    wait_empty();
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        STAGED(test_much_comes_back),
        STAGED(test_many_are_in_doubt),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
