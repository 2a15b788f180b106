/*
 * test_tally.c - what became of the events that were sent, counted
 */
#include "cmd/tally.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

static void answer(struct tally *tally, int status, int64_t latency_us)
{
    assert_int_equal(tally_answer(tally, status, latency_us, NULL), 0);
}

static void assert_status(const struct tally *tally, int index, int status,
                          uint64_t count, int64_t max_us)
{
    const struct tally_status *at = &tally->statuses[index];

    assert_true(index < tally->status_count);
    assert_int_equal(at->status, status);
    assert_int_equal(quantiles_count(at->latency_us), count);
    assert_int_equal(quantiles_max(at->latency_us), max_us);
}

static void test_nothing(void **state)
{
    struct tally tally = TALLY_INIT;

    (void)state;
    assert_int_equal(tally_count(&tally), 0);
    assert_int_equal(tally_unanswered_count(&tally), 0);
    tally_release(&tally);
}

static void test_by_status(void **state)
{
    struct tally tally = TALLY_INIT;

    (void)state;
    answer(&tally, 503, 30);
    answer(&tally, 200, 10);
    answer(&tally, 401, 20);
    answer(&tally, 200, 11);
    assert_int_equal(tally.status_count, 3);
    assert_status(&tally, 0, 200, 2, 11);
    assert_status(&tally, 1, 401, 1, 20);
    assert_status(&tally, 2, 503, 1, 30);
    assert_int_equal(tally_count(&tally), 4);
    tally_release(&tally);
}

static void test_statuses_are_bounded(void **state)
{
    struct tally tally = TALLY_INIT;

    (void)state;
    for (int status = 999; status >= 100; status--)
        answer(&tally, status, status);
    answer(&tally, 999, 5000); /* one of those that have a place */
    answer(&tally, 100, 1);    /* one of those that have none */
    assert_int_equal(tally.status_count, TALLY_STATUSES + 1);
    assert_status(&tally, TALLY_STATUSES - 1, 999, 2, 5000);
    assert_status(&tally, TALLY_STATUSES, TALLY_OTHER_STATUS,
                  900 - TALLY_STATUSES + 1, 999 - TALLY_STATUSES);
    assert_int_equal(tally_count(&tally), 902);
    tally_release(&tally);
}

static void test_kinds(void **state)
{
    const struct fault io = {.kind = FAULT_IO};
    const struct fault timeout = {.kind = FAULT_TIMEOUT};
    const struct http_answer never = {.connected = false};
    const struct http_answer broke = {.connected = true};

    (void)state;
    assert_int_equal(tally_kind(&never, &io), UNANSWERED_CONNECT);
    assert_int_equal(tally_kind(&broke, &io), UNANSWERED_BROKEN);
    assert_int_equal(tally_kind(&never, &timeout), UNANSWERED_TIMEOUT);
    assert_int_equal(tally_kind(&broke, &timeout), UNANSWERED_TIMEOUT);
    for (int i = 0; i < UNANSWERED_KINDS; i++)
        assert_non_null(tally_kind_name((enum unanswered)i));
}

static void test_merge(void **state)
{
    struct tally sum = TALLY_INIT;
    struct tally parts[3] = {TALLY_INIT, TALLY_INIT, TALLY_INIT};

    (void)state;
    answer(&parts[0], 200, 10);
    answer(&parts[0], 200, 20);
    tally_unanswered(&parts[0], UNANSWERED_BROKEN);
    assert_int_equal(tally_late(&parts[0], 7, NULL), 0);
    answer(&parts[1], 503, 30);
    answer(&parts[1], 200, 15);
    tally_unanswered(&parts[1], UNANSWERED_BROKEN);
    tally_unanswered(&parts[1], UNANSWERED_CONNECT);
    assert_int_equal(tally_late(&parts[1], 9, NULL), 0);
    for (int i = 0; i < 3; i++) /* the third had nothing to do */
        assert_int_equal(tally_merge(&sum, &parts[i], NULL), 0);

    assert_int_equal(sum.status_count, 2);
    assert_status(&sum, 0, 200, 3, 20);
    assert_status(&sum, 1, 503, 1, 30);
    assert_int_equal(sum.unanswered[UNANSWERED_BROKEN], 2);
    assert_int_equal(sum.unanswered[UNANSWERED_CONNECT], 1);
    assert_int_equal(tally_unanswered_count(&sum), 3);
    assert_int_equal(tally_count(&sum), 7);
    assert_int_equal(quantiles_count(sum.late_us), 2);
    assert_int_equal(quantiles_max(sum.late_us), 9);

    for (int i = 0; i < 3; i++)
        tally_release(&parts[i]);
    tally_release(&sum);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_nothing),
        cmocka_unit_test(test_by_status),
        cmocka_unit_test(test_statuses_are_bounded),
        cmocka_unit_test(test_kinds),
        cmocka_unit_test(test_merge),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
