/*
 * test_partition.c - deliver/partition.h
 */
#include "deliver/partition.h"

#include "deliver/channel.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

static const char *const names[] = {"a", "b"};

static struct channels chs;

static int setup(void **state)
{
    (void)state;
    return channels_init(&chs, names, 2, NULL, 0, NULL);
}

static int teardown(void **state)
{
    (void)state;
    channels_release(&chs);
    return 0;
}

static void test_one_does_not_concern_another(void **state)
{
    struct partition *one = &chs.items[0].partitions[1];
    struct partition *other = &chs.items[0].partitions[2];
    struct partition *elsewhere = &chs.items[1].partitions[1];

    (void)state;
    partition_missed(one, 1, 2);
    assert_true(partition_is_down(one));
    assert_false(partition_is_down(other));
    assert_false(partition_is_down(elsewhere));
    assert_true(atomic_load(&one->retry_us) > 2);
    assert_false(partition_confirmed(other, 5));
    assert_true(partition_is_down(one));
    assert_true(partition_confirmed(one, 5));
    assert_false(partition_is_down(one));
    assert_int_equal(atomic_load(&one->retry_us), 0);
}

/* A topic is down while any of its partitions is. */
static void test_down_in_a_topic(void **state)
{
    struct channel *ch = &chs.items[0];

    (void)state;
    partition_missed(&ch->partitions[1], 1, 2);
    partition_missed(&ch->partitions[1], 1, 2);
    partition_refused(&ch->partitions[2], 1, "as played");
    assert_int_equal(atomic_load(&ch->down), 2);
    partition_confirmed(&ch->partitions[1], 5);
    partition_confirmed(&ch->partitions[1], 6);
    assert_int_equal(atomic_load(&ch->down), 1);
    partition_try(&ch->partitions[2]);
    partition_try(&ch->partitions[2]);
    assert_int_equal(atomic_load(&ch->down), 0);
}

static void test_on_trial(void **state)
{
    struct channel *ch = &chs.items[0];

    (void)state;
    partition_on_trial(&ch->partitions[1], 2);
    partition_on_trial(&ch->partitions[2], 1);
    partition_on_trial(&ch->partitions[1], -1);
    assert_int_equal(atomic_load(&ch->partitions[1].on_trial), 1);
    assert_int_equal(atomic_load(&ch->on_trial), 2);
}

/* Each refusal that comes after the pause doubles it, up to 5 s; those that
 * come within it are of the same attempt. */
static void test_refused_again_and_again(void **state)
{
    struct partition *pt = &chs.items[0].partitions[1];
    const int64_t ms = 1000;
    int64_t now = 1000 * ms;
    int64_t pause = 100 * ms;

    (void)state;
    for (int i = 0; i < 10; i++) {
        partition_refused(pt, now, "as played");
        partition_refused(pt, now + 1, "as played");
        assert_true(partition_is_down(pt));
        assert_int_equal(atomic_load(&pt->retry_us), now + pause);
        now += pause;
        pause = pause * 2 > 5000 * ms ? 5000 * ms : pause * 2;
    }
    partition_confirmed(pt, now);
    partition_refused(pt, now, "as played");
    assert_int_equal(atomic_load(&pt->retry_us), now + 100 * ms);
    partition_try(pt);
    assert_false(partition_is_down(pt));
}

#define TEST(function)                                                         \
    cmocka_unit_test_setup_teardown(function, setup, teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(test_one_does_not_concern_another),
        TEST(test_down_in_a_topic),
        TEST(test_on_trial),
        TEST(test_refused_again_and_again),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
