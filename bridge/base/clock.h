/*
 * clock.h - what time it is
 *
 * Durations and deadlines use the monotonic clock; what people and other
 * programs read uses the real one.
 *
 * Threads: all functions are safe.
 */
#ifndef BASE_CLOCK_H
#define BASE_CLOCK_H

#include <stddef.h>
#include <stdint.h>
#include <time.h>

/* Monotonic, in microseconds; for durations and deadlines only. */
int64_t clock_now_us(void);

/* The monotonic clock `us` microseconds as a timespec, for ..clockwait(). */
struct timespec clock_timespec(int64_t us);

/* Real time in milliseconds since 1970. */
int64_t clock_real_ms(void);

enum {
    CLOCK_RFC3339_SIZE = 25,  /* 2026-01-02T03:04:05.678Z and a NUL */
    CLOCK_HTTP_DATE_SIZE = 30 /* Fri, 02 Jan 2026 03:04:05 GMT and a NUL */
};

/* RFC 3339, section 5.6, UTC, milliseconds. Returns the length. */
size_t clock_rfc3339(int64_t real_ms, char out[CLOCK_RFC3339_SIZE]);

/* RFC 9110, section 5.6.7 (IMF-fixdate). Returns the length. */
size_t clock_http_date(int64_t real_ms, char out[CLOCK_HTTP_DATE_SIZE]);

#endif
