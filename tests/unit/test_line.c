/*
 * test_line.c - deliver/line.h: when there is something to do
 *
 * Whoever waits for "now" without anything being done then is a busy loop.
 */
#include "deliver/line.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

enum { COUNT_OF_PARTITIONS = 3, FULL = 1000 };

static const int64_t now = INT64_C(1000000000);
static const int64_t second = 1000000;

static struct channels chs;
static struct line ln;
static struct passage *pg;

/* Ten records, of which those of partition 0 were skipped. */
static int setup(void **state)
{
    static const char *const names[] = {"t"};
    struct partition *pt;

    (void)state;
    if (channels_init(&chs, names, 1, NULL, 0, NULL) == -1)
        return -1;
    atomic_store(&chs.items[0].partition_count, COUNT_OF_PARTITIONS);
    ln = (struct line){0};
    line_init(&ln, &chs.items[0], 0);
    line_add(&ln, 10);
    pt = &chs.items[0].partitions[1];
    partition_refused(pt, now, "as played");
    line_plan(&ln, now);
    assert_int_equal(line_judge(&ln, 5, pt, NULL, NULL, now), VERDICT_SKIP);
    line_read(&ln, 10, 10);
    line_end(&ln);
    pg = passage_new(&chs.items[0], channel_hash(slice_of("k")), NULL);
    pg->seq = 5;
    return 0;
}

static int teardown(void **state)
{
    (void)state;
    passage_free(pg);
    channels_release(&chs);
    return 0;
}

static struct partition *down(void) { return &chs.items[0].partitions[1]; }

/* Refused once: it is tried again after 100 ms, with what was skipped. */
static void test_a_probe(void **state)
{
    (void)state;
    assert_int_equal(line_due_us(&ln, now), now + second / 10);
    line_plan(&ln, now + second / 10 - 1);
    assert_int_equal(line_probe_of(&ln, 1), 0);
    line_plan(&ln, now + second / 10);
    assert_int_equal(line_probe_of(&ln, 1), 5);
    assert_int_equal(line_wish(&ln, 100), 0); /* there is nothing to read */
}

/* It has come back some times, and rests longer than its partition does. */
static void test_the_first_rests(void **state)
{
    (void)state;
    line_enroll(&ln, pg);
    pg->returned = true;
    pg->due_us = now + 3 * second;
    assert_int_equal(line_due_us(&ln, now), now + 3 * second);
    assert_int_equal(line_due_us(&ln, now + second), now + 3 * second);
}

/* The producer has it, or it is refused for good and on its way out: a report
 * or the next round tells. */
static void test_the_first_is_under_way(void **state)
{
    (void)state;
    line_enroll(&ln, pg);
    assert_int_equal(line_due_us(&ln, now + second), INT64_MAX);
}

static void test_the_producer_has_many(void **state)
{
    (void)state;
    atomic_store(&down()->drained, FULL);
    atomic_store(&down()->on_trial, FULL);
    assert_int_equal(line_due_us(&ln, now + 5 * second), INT64_MAX);
    line_add(&ln, 20); /* others' records can be read, though */
    assert_int_equal(line_due_us(&ln, now + 5 * second), now + 5 * second);
}

/* What was read last waits for one of which the producer has many. */
static void test_it_waits_for_one(void **state)
{
    struct partition *pt = &chs.items[0].partitions[2];

    (void)state;
    atomic_store(&pt->drained, FULL);
    ln.shares[2].sent_us = now;
    line_add(&ln, 20);
    line_plan(&ln, now);
    assert_int_equal(line_judge(&ln, 11, pt, NULL, NULL, now), VERDICT_WAIT);
    assert_int_equal(line_wish(&ln, 100), 0);
    atomic_store(&down()->retry_us, now + 3600 * second);
    assert_int_equal(line_due_us(&ln, now), now + second / 2);
    line_plan(&ln, now + second / 2);
    assert_int_equal(line_judge(&ln, 11, pt, NULL, NULL, now), VERDICT_SKIP);
    /* half of them have to be in Kafka before it goes back for these */
    line_read(&ln, 20, 10);
    line_end(&ln);
    atomic_store(&pt->drained, FULL - 1);
    assert_true(line_due_us(&ln, now + second / 2) > now + second / 2);
    atomic_store(&pt->drained, FULL / 2 - 1);
    assert_int_equal(line_due_us(&ln, now + second / 2), 0);
}

/* Nothing is confirmed of what was sent. */
static void test_a_stall(void **state)
{
    struct partition *pt = &chs.items[0].partitions[2];

    (void)state;
    atomic_store(&down()->retry_us, now + 3600 * second);
    atomic_store(&pt->drained, 1);
    ln.shares[2].sent_us = now;
    assert_int_equal(line_due_us(&ln, now), now + second);
    atomic_store(&pt->breaker.confirmed_us, now + second / 2);
    assert_int_equal(line_due_us(&ln, now), now + second * 3 / 2);
    line_plan(&ln, now + second * 3 / 2 + 1);
    assert_true(partition_is_down(pt));
}

static void test_a_pause(void **state)
{
    (void)state;
    line_add(&ln, 20);
    line_pause(&ln, now);
    assert_true(line_due_us(&ln, now) > now);
    line_plan(&ln, now);
    assert_int_equal(line_wish(&ln, 100), 0);
}

#define TEST(function)                                                         \
    cmocka_unit_test_setup_teardown(function, setup, teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(test_a_probe),
        TEST(test_the_first_rests),
        TEST(test_the_first_is_under_way),
        TEST(test_the_producer_has_many),
        TEST(test_it_waits_for_one),
        TEST(test_a_stall),
        TEST(test_a_pause),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
