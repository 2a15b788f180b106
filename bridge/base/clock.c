/*
 * clock.c - what time it is
 */
#include "base/clock.h"

#include <string.h>

int64_t clock_now_us(void)
{
    struct timespec now;

    clock_gettime(CLOCK_MONOTONIC, &now);
    return (int64_t)now.tv_sec * 1000000 + now.tv_nsec / 1000;
}

struct timespec clock_timespec(int64_t us)
{
    struct timespec out;

    if (us < 0)
        us = 0;
    out.tv_sec = (time_t)(us / 1000000);
    out.tv_nsec = (long)(us % 1000000) * 1000;
    return out;
}

int64_t clock_real_ms(void)
{
    struct timespec now;

    clock_gettime(CLOCK_REALTIME, &now);
    return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

/* Both texts have a fixed width, which the range of the year guarantees. */
static void broken_down(int64_t real_ms, struct tm *out)
{
    const int64_t year_9999_ms = INT64_C(253402300799999);
    time_t seconds;

    if (real_ms < 0)
        real_ms = 0;
    if (real_ms > year_9999_ms)
        real_ms = year_9999_ms;
    seconds = (time_t)(real_ms / 1000);
    gmtime_r(&seconds, out);
}

static void two_digits(char *out, int value)
{
    out[0] = (char)('0' + value / 10 % 10);
    out[1] = (char)('0' + value % 10);
}

static void four_digits(char *out, int value)
{
    two_digits(out, value / 100);
    two_digits(out + 2, value % 100);
}

size_t clock_rfc3339(int64_t real_ms, char out[CLOCK_RFC3339_SIZE])
{
    static const char shape[CLOCK_RFC3339_SIZE] = "0000-00-00T00:00:00.000Z";
    int ms = real_ms < 0 ? 0 : (int)(real_ms % 1000);
    struct tm tm;

    broken_down(real_ms, &tm);
    memcpy(out, shape, sizeof(shape));
    four_digits(out, tm.tm_year + 1900);
    two_digits(out + 5, tm.tm_mon + 1);
    two_digits(out + 8, tm.tm_mday);
    two_digits(out + 11, tm.tm_hour);
    two_digits(out + 14, tm.tm_min);
    two_digits(out + 17, tm.tm_sec);
    out[20] = (char)('0' + ms / 100);
    two_digits(out + 21, ms % 100);
    return CLOCK_RFC3339_SIZE - 1;
}

size_t clock_http_date(int64_t real_ms, char out[CLOCK_HTTP_DATE_SIZE])
{
    /* by hand: strftime() would follow a locale, and this is done for every
     * answer */
    static const char shape[CLOCK_HTTP_DATE_SIZE] =
        "Ddd, 00 Mmm 0000 00:00:00 GMT";
    static const char days[] = "SunMonTueWedThuFriSat";
    static const char months[] = "JanFebMarAprMayJunJulAugSepOctNovDec";
    struct tm tm;

    broken_down(real_ms, &tm);
    memcpy(out, shape, sizeof(shape));
    memcpy(out, days + 3 * tm.tm_wday, 3);
    two_digits(out + 5, tm.tm_mday);
    memcpy(out + 8, months + 3 * tm.tm_mon, 3);
    four_digits(out + 12, tm.tm_year + 1900);
    two_digits(out + 17, tm.tm_hour);
    two_digits(out + 20, tm.tm_min);
    two_digits(out + 23, tm.tm_sec);
    return CLOCK_HTTP_DATE_SIZE - 1;
}
