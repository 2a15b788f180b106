/*
 * test_spooler_partitions.c - deliver/spooler.h: one partition of a topic is
 * down, and others are not
 */
#include "spooler_partitions.h"

/* How many were sent with a mark. */
static size_t marked_count(void)
{
    const size_t count = sent_count();
    size_t marked = 0;

    for (size_t i = 0; i < count; i++)
        marked += stage.sent[i].marked ? 1 : 0;
    return marked;
}

static void test_others_go_on(void **state)
{
    (void)state;
    take_one_down(0);
    keep_in(0, 0, 'a');
    keep_in(1, 0, 'x');
    keep_in(0, 1, 'b');
    keep_in(0, 0, 'c');
    keep_in(2, 0, 'y');
    assert_sent("xy");
    deliver_all_from(0);
    WAIT_FOR(spooler_records(stage.sp) == 3);
    assert_true(channel_waits(channel_of("t")));
    bring_up(0);
    assert_sent("xyabc");
    assert_int_equal(marked_count(), 0); /* none was with the producer before */
    wait_empty();
    WAIT_FOR(!channel_waits(channel_of("t")));
    for (int i = 0; i < 2; i++)
        assert_int_equal(stripe_waiting(stripe_of("t", key_in(0, i))), 0);
}

/* One by one, the first of them first; what is sent is not sent again when the
 * others follow. */
static void test_the_first_is_the_probe(void **state)
{
    (void)state;
    take_one_down(0);
    keep_in(0, 0, 'a');
    keep_in(0, 1, 'b');
    keep_in(1, 0, 'x');
    assert_sent("x");
    let_try(0);
    assert_sent("xa");
    report_at(1, REPORT_TOPIC, false);
    assert_sent("xaa"); /* refused, and tried again */
    keep_in(1, 1, 'y');
    assert_sent("xaay");
    report_at(2, REPORT_DELIVERED, false);
    assert_sent("xaayb");
    assert_int_equal(marked_count(), 0);
    wait_empty();
}

/* What is with the producer comes back while the partition is down; it was
 * given in the place that it had. */
static void test_what_comes_back_is_in_its_place(void **state)
{
    (void)state;
    keep_in(0, 0, 'a');
    keep_in(0, 1, 'b');
    assert_sent("ab");
    take_one_down(0);
    keep_in(0, 0, 'c');
    keep_in(1, 0, 'x');
    assert_sent("abx");
    report_at(1, REPORT_FAILED, true);
    report_at(0, REPORT_FAILED, false);
    keep_in(1, 0, 'y');
    assert_sent("abxy");
    bring_up(0);
    assert_sent("abxyabc");
    assert_false(stage.sent[4].marked);
    assert_true(stage.sent[5].marked);
    assert_false(stage.sent[6].marked);
    wait_empty();
}

/* Nothing is confirmed of what the drain has sent: no request is there that
 * would miss its deadline. */
static void test_a_stall_is_noticed(void **state)
{
    (void)state;
    keep_in(0, 0, 'a');
    assert_sent("a");
    WAIT_FOR(partition_is_down(partition_at(0)));
    assert_false(partition_is_down(partition_at(1)));
    wait_empty();
    assert_false(partition_is_down(partition_at(0)));
}

/* As many as one may have with the producer, and more. */
static void test_one_does_not_take_all(void **state)
{
    enum { MANY = 1200 };

    size_t first;

    (void)state;
    for (int i = 0; i < MANY; i++)
        keep_in(0, i % 7, 'a');
    first = sent_count();
    assert_true(first < MANY);
    keep_in(1, 0, 'x'); /* it stands behind them for a moment */
    WAIT_FOR(sent_count() > first &&
             stage.sent[sent_count() - 1].value[0] == 'x');
    wait_empty();
    assert_int_equal(sent_count(), MANY + 1);
}

/* Keys are of other partitions once their number is known: what waited for
 * one that is down may be of one that is not. */
static void test_the_number_becomes_known(void **state)
{
    (void)state;
    tell_count(0);
    take_one_down(0);
    keep_in(0, 0, 'a');
    keep_in(1, 0, 'x');
    keep("u", "k", "u");
    assert_sent("u");
    tell_count(partitions);
    assert_sent("ux");
    bring_up(0);
    assert_sent("uxa");
    wait_empty();
}

/* Of what was there at the start, some cannot be sent: only those that are
 * behind them wait. */
static void test_after_a_restart(void **state)
{
    struct channel *ch;

    (void)state;
    take_one_down(0);
    take_one_down(1);
    keep_in(0, 0, 'a');
    keep_in(1, 0, 'x');
    abandon_stage();
    open_stage_with(FAULT_UNAVAILABLE);
    ch = channel_of("t");
    assert_true(atomic_load(&ch->catching_up));
    tell_count(partitions);
    take_one_down(0);
    spooler_wake(stage.sp);
    WAIT_FOR(has_old("t", key_in(0, 0))); /* it is skipped from now on */
    producer_answers(FAULT_NONE);
    WAIT_FOR(!atomic_load(&ch->catching_up));
    assert_true(has_old("t", key_in(0, 0)));
    assert_false(has_old("t", key_in(1, 0)));
    assert_sent("x");
    keep_in(0, 0, 'b');
    keep_in(1, 0, 'y');
    assert_sent("xy");
    bring_up(0);
    assert_sent("xyab");
    WAIT_FOR(!has_old("t", key_in(0, 0)));
    assert_int_equal(marked_count(), 0);
    wait_empty();
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        THREE(test_others_go_on),
        THREE(test_the_first_is_the_probe),
        THREE(test_what_comes_back_is_in_its_place),
        THREE(test_a_stall_is_noticed),
        THREE(test_one_does_not_take_all),
        THREE(test_the_number_becomes_known),
        THREE(test_after_a_restart),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
