/*
 * test_clock.c - base/clock.h
 */
#include "base/clock.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <string.h>

static const struct row {
    int64_t ms;
    const char *rfc3339;
    const char *http_date;
} rows[] = {
    {0,               "1970-01-01T00:00:00.000Z", "Thu, 01 Jan 1970 00:00:00 GMT"},
    {784111777042,    "1994-11-06T08:49:37.042Z", "Sun, 06 Nov 1994 08:49:37 GMT"},
    {951782399999,    "2000-02-28T23:59:59.999Z", "Mon, 28 Feb 2000 23:59:59 GMT"},
    {951782400000,    "2000-02-29T00:00:00.000Z", "Tue, 29 Feb 2000 00:00:00 GMT"},
    {1704196800000,   "2024-01-02T12:00:00.000Z",
     "Tue, 02 Jan 2024 12:00:00 GMT"                                             },
    {253402300799999, "9999-12-31T23:59:59.999Z",
     "Fri, 31 Dec 9999 23:59:59 GMT"                                             },
    /* out of range: the width must stay */
    {-1,              "1970-01-01T00:00:00.000Z", "Thu, 01 Jan 1970 00:00:00 GMT"},
};

static void test_texts(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        char rfc3339[CLOCK_RFC3339_SIZE];
        char http_date[CLOCK_HTTP_DATE_SIZE];

        assert_int_equal(clock_rfc3339(rows[i].ms, rfc3339),
                         strlen(rows[i].rfc3339));
        assert_string_equal(rfc3339, rows[i].rfc3339);
        assert_int_equal(clock_http_date(rows[i].ms, http_date),
                         strlen(rows[i].http_date));
        assert_string_equal(http_date, rows[i].http_date);
    }
}

static void test_clocks_agree_with_the_system(void **state)
{
    int64_t before = clock_now_us();
    struct timespec now;

    (void)state;
    clock_gettime(CLOCK_MONOTONIC, &now);
    assert_true(clock_now_us() >= before);
    assert_true((int64_t)now.tv_sec * 1000000 + now.tv_nsec / 1000 >= before);
    assert_true(clock_real_ms() >= (int64_t)time(NULL) * 1000 - 1000);
}

static void test_timespec(void **state)
{
    (void)state;
    assert_int_equal(clock_timespec(2500001).tv_sec, 2);
    assert_int_equal(clock_timespec(2500001).tv_nsec, 500001000);
    assert_int_equal(clock_timespec(-5).tv_sec, 0);
    assert_int_equal(clock_timespec(-5).tv_nsec, 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_texts),
        cmocka_unit_test(test_clocks_agree_with_the_system),
        cmocka_unit_test(test_timespec),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
