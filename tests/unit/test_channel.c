/*
 * test_channel.c - deliver/channel.h
 */
#include "deliver/channel.h"

#include "base/clock.h"
#include "deliver/counts.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

static void test_a_name_is_one_channel(void **state)
{
    static const char *const names[] = {"a", "b", "a"};
    static const char *const more[] = {"b", "c"};
    struct channels chs;

    (void)state;
    assert_int_equal(channels_init(&chs, names, 3, more, 2, NULL), 0);
    assert_int_equal(chs.count, 3);
    assert_string_equal(channels_find(&chs, "c")->topic, "c");
    assert_ptr_equal(channels_find(&chs, "a"), &chs.items[0]);
    assert_null(channels_find(&chs, "d"));
    channels_release(&chs);
}

static void test_one_does_not_concern_another(void **state)
{
    static const char *const names[] = {"a", "b"};
    struct channels chs;

    (void)state;
    assert_int_equal(channels_init(&chs, names, 2, NULL, 0, NULL), 0);
    channel_missed(&chs.items[0], 1);
    assert_true(channel_is_down(&chs.items[0]));
    assert_false(channel_is_down(&chs.items[1]));
    assert_true(atomic_load(&chs.items[0].retry_us) > clock_now_us());
    channel_confirmed(&chs.items[1], 5);
    assert_true(channel_is_down(&chs.items[0]));
    channel_confirmed(&chs.items[0], 5);
    assert_false(channel_is_down(&chs.items[0]));
    assert_int_equal(atomic_load(&chs.items[0].retry_us), 0);
    channels_release(&chs);
}

/* Each refusal that comes after the pause doubles it, up to 5 s; those that
 * come within it are of the same attempt. */
static void test_refused_again_and_again(void **state)
{
    static const char *const names[] = {"a"};
    const int64_t ms = 1000;
    int64_t now = 1000 * ms;
    int64_t pause = 100 * ms;
    struct channels chs;
    struct channel *ch;

    (void)state;
    assert_int_equal(channels_init(&chs, names, 1, NULL, 0, NULL), 0);
    ch = &chs.items[0];
    for (int i = 0; i < 10; i++) {
        channel_refused(ch, now, "as played");
        channel_refused(ch, now + 1, "as played");
        assert_true(channel_is_down(ch));
        assert_int_equal(atomic_load(&ch->retry_us), now + pause);
        now += pause;
        pause = pause * 2 > 5000 * ms ? 5000 * ms : pause * 2;
    }
    channel_confirmed(ch, now);
    channel_refused(ch, now, "as played");
    assert_int_equal(atomic_load(&ch->retry_us), now + 100 * ms);
    channel_try(ch);
    assert_false(channel_is_down(ch));
    channels_release(&chs);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_a_name_is_one_channel),
        cmocka_unit_test(test_one_does_not_concern_another),
        cmocka_unit_test(test_refused_again_and_again),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
