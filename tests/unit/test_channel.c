/*
 * test_channel.c - deliver/channel.h
 */
#include "deliver/channel.h"

#include "deliver/counts.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <librdkafka/rdkafka.h>
#include <stdio.h>
#include <string.h>

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

static const char *const one_name[] = {"a"};

static struct slice key_of(char text[32], int number)
{
    snprintf(text, 32, "correlation-%d", number);
    return slice_of(text);
}

static void test_partitions_by_key(void **state)
{
    char text[32];
    struct channels chs;
    struct channel *ch;

    (void)state;
    assert_int_equal(channels_init(&chs, one_name, 1, NULL, 0, NULL), 0);
    ch = &chs.items[0];
    assert_int_equal(channel_partition(ch, channel_hash(SLICE_ABSENT))->number,
                     -1);
    assert_int_equal(
        channel_partition(ch, channel_hash(slice_of("any")))->number, 0);
    atomic_store(&ch->partition_count, 6);
    for (int i = 0; i < 100; i++) {
        const struct slice key = key_of(text, i);

        assert_int_equal(channel_partition(ch, channel_hash(key))->number,
                         rd_kafka_msg_partitioner_murmur2(
                             NULL, key.data, key.len, 6, NULL, NULL));
        assert_ptr_equal(channel_partition(ch, channel_hash(key))->channel, ch);
    }
    assert_int_equal(channel_partition(ch, channel_hash(SLICE_ABSENT))->number,
                     -1);
    atomic_store(&ch->partition_count, 1000); /* more than there is room for */
    for (int i = 0; i < 100; i++)
        assert_in_range(
            channel_partition(ch, channel_hash(key_of(text, i)))->number, 0,
            PARTITIONS_MAX - 1);
    channels_release(&chs);
}

/* For usual numbers of partitions, keys of a stripe are of one partition. */
static void test_no_stripe_in_two_partitions(void **state)
{
    static const int counts[] = {1, 2, 3, 4, 6, 8, 10, 12, 16, 24, 30, 32, 64};
    static const struct partition *of[STRIPES];
    static const struct stripe *stripes[STRIPES];
    char text[32];
    struct channels chs;
    struct channel *ch;

    (void)state;
    assert_int_equal(channels_init(&chs, one_name, 1, NULL, 0, NULL), 0);
    ch = &chs.items[0];
    for (int i = 0; i < STRIPES; i++)
        stripes[i] = stripes_at(ch->stripes, (size_t)i);
    for (size_t c = 0; c < sizeof(counts) / sizeof(counts[0]); c++) {
        atomic_store(&ch->partition_count, counts[c]);
        memset(of, 0, sizeof(of));
        for (int i = 0; i < 10000; i++) {
            const struct slice key = key_of(text, i);
            const struct partition *pt =
                channel_partition(ch, channel_hash(key));
            const struct stripe *stripe = channel_stripe(ch, channel_hash(key));
            size_t at = 0;

            while (stripes[at] != stripe)
                at++;
            assert_true(of[at] == NULL || of[at] == pt);
            of[at] = pt;
        }
    }
    assert_null(channel_stripe(ch, channel_hash(SLICE_ABSENT)));
    channels_release(&chs);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_a_name_is_one_channel),
        cmocka_unit_test(test_partitions_by_key),
        cmocka_unit_test(test_no_stripe_in_two_partitions),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
