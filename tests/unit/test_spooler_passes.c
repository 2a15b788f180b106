/*
 * test_spooler_passes.c - deliver/spooler.h: what is skipped keeps its place,
 * whatever the pass meets
 */
#include "spooler_partitions.h"

/* A record of a partition that is up, behind others: once it is sent, all that
 * lies before it is sent or skipped. */
static void come_past(int partition, int n, char value)
{
    keep_in(partition, n, value);
    WAIT_FOR(index_of(value) != SIZE_MAX);
}

/* "a" is chosen as a probe and not sent, because "x" before it is not taken;
 * "b" behind it was skipped, and is the first that was. */
static void test_a_round_is_cut_short(void **state)
{
    (void)state;
    take_one_down(0);
    take_one_down(1);
    keep_in(1, 0, 'x');
    keep_in(0, 0, 'a');
    keep_in(0, 0, 'b');
    come_past(2, 0, 'p');
    producer_refuses_one(); /* "x", in the pass that begins there */
    atomic_store(&partition_at(0)->retry_us, 0);
    bring_up(1);
    wait_empty();
    assert_true(index_of('a') < index_of('b'));
    assert_int_equal(sent_count(), 4);
}

/* A pass begins for "x". Before the next one may begin, the partition of "a"
 * is up again, and "b" of its key comes: it has to wait for that one. */
static void test_up_before_the_next_pass(void **state)
{
    const char *const orders[] = {"ax", "xa"}; /* "a" is left, or skipped */

    (void)state;
    for (size_t i = 0; i < COUNT(orders); i++) {
        const size_t first = sent_count();

        take_one_down(0);
        take_one_down(1);
        keep_in(orders[i][0] == 'a' ? 0 : 1, 0, orders[i][0]);
        keep_in(orders[i][1] == 'a' ? 0 : 1, 0, orders[i][1]);
        come_past(2, (int)i, (char)('p' + i));
        bring_up(1);
        WAIT_FOR(sent_count() == first + 2);
        assert_int_equal(stage.sent[first + 1].value[0], 'x');
        bring_up(0);
        keep_in(0, 0, 'b');
        WAIT_FOR(sent_count() == first + 4);
        assert_int_equal(stage.sent[first + 2].value[0], 'a');
        assert_int_equal(stage.sent[first + 3].value[0], 'b');
        wait_empty();
    }
}

/* "a" was sent when it was not known how many partitions there are, and comes
 * back when it is known. */
static void come_back_to_another_number(void)
{
    tell_count(0);
    keep_in(2, 0, 'a');
    assert_sent("a");
    tell_count(partitions);
    take_one_down(0);
    take_one_down(2);
    keep_in(2, 0, 'b');
    come_past(1, 0, 'p');
    report_at(0, REPORT_FAILED, false);
    come_past(1, 1, 'q');
}

static void test_the_number_changes_and_a_pass_begins(void **state)
{
    (void)state;
    come_back_to_another_number();
    bring_up(2);
    assert_sent("apqab");
    wait_empty();
}

static void test_the_number_changes_and_a_probe_is_sent(void **state)
{
    (void)state;
    come_back_to_another_number();
    let_try(2);
    assert_sent("apqa");
    report_at(3, REPORT_DELIVERED, false);
    assert_sent("apqab");
    wait_empty();
}

/* The number becomes known while a record of a partition that nobody leads is
 * on trial: those of another one, which stood behind it, do not wait for it. */
static void test_a_trial_tells_of_another(void **state)
{
    (void)state;
    tell_count(0);
    keep_in(2, 0, 'a');
    assert_sent("a");
    WAIT_FOR(partition_is_down(partition_at(0))); /* which all are in */
    keep_in(0, 0, 'x');
    tell_count(partitions);
    assert_sent("ax");
    wait_empty();
}

/* Nobody knows which partitions there are, and many wait for one that nobody
 * leads: when it is known, others do not wait for these. */
static void test_many_before_the_number_is_known(void **state)
{
    enum { MANY = 1100 };

    (void)state;
    tell_count(0);
    for (int i = 0; i < MANY; i++)
        keep_in(1, 0, 'a');
    tell_count(partitions);
    keep_in(0, 0, 'x');
    WAIT_FOR(index_of('x') != SIZE_MAX);
    wait_empty();
}

/* It confirms something all the time, as that of requests, and so it never
 * counts as down; but nothing of what the drain has sent. */
static void test_one_is_slow(void **state)
{
    enum { MANY = 1200 };

    (void)state;
    for (int i = 0; i < MANY; i++)
        keep_in(0, i % 7, 'a');
    keep_in(1, 0, 'x');
    WAIT_FOR((partition_confirmed(partition_at(0), clock_now_us()),
              index_of('x') != SIZE_MAX));
    assert_false(partition_is_down(partition_at(0)));
    assert_true(index_of('x') < MANY);
    wait_empty();
}

/* ---- stripes that lie in two partitions ---------------------------------- */

enum { A, B, C };   /* partitions, see `twins` */
enum { OTHER = 6 }; /* none of them */

static int setup_seven(void **state) { return setup_with(state, 7); }

/* Keys of a stripe that are of two partitions, and those; and a third. */
static struct {
    char a[TEXT_SIZE];
    char b[TEXT_SIZE];
    int at[3];
} twins;

static int place_of(const char *key)
{
    return (int)producer_place(slice_of(key), (size_t)partitions);
}

static void find_twins(void)
{
    snprintf(twins.a, sizeof(twins.a), "%s", key_in(1, 0));
    twins.at[A] = 1;
    for (int i = 0;; i++) {
        snprintf(twins.b, sizeof(twins.b), "k%d", i);
        twins.at[B] = place_of(twins.b);
        if (stripe_of("t", twins.b) == stripe_of("t", twins.a) &&
            twins.at[B] != twins.at[A])
            break;
    }
    while (twins.at[C] == twins.at[A] || twins.at[C] == twins.at[B])
        twins.at[C]++;
    assert_in_range(twins.at[B], 0, OTHER - 1);
    assert_in_range(twins.at[C], 0, OTHER - 1);
}

/* "a" is chosen and not sent; "b" of its stripe lies behind it, and is
 * skipped. */
static void test_nothing_waits_for_what_follows(void **state)
{
    (void)state;
    find_twins();
    for (int i = 0; i < 3; i++)
        take_one_down(twins.at[i]);
    keep_in(twins.at[C], 0, 'x');
    keep("t", twins.a, "a");
    keep("t", twins.b, "b");
    come_past(OTHER, 0, 'p');
    producer_refuses_one(); /* "x" */
    partition_confirmed(partition_at(twins.at[A]), clock_now_us());
    bring_up(twins.at[C]);
    assert_sent("pxa");
    bring_up(twins.at[B]);
    assert_sent("pxab");
    keep_in(twins.at[A], 1, 'z');
    assert_sent("pxabz");
    wait_empty();
}

/* Nothing of before the start is left, but a new one of the stripe is. */
static void test_no_old_ones_are_left(void **state)
{
    (void)state;
    find_twins();
    take_one_down(twins.at[A]);
    keep("t", twins.a, "a");
    abandon_stage();
    open_stage_with(FAULT_UNAVAILABLE);
    tell_count(partitions);
    take_one_down(twins.at[A]);
    take_one_down(twins.at[B]);
    WAIT_FOR(has_old("t", twins.a));
    producer_answers(FAULT_NONE);
    bring_up(twins.at[A]);
    keep("t", twins.b, "b");
    come_past(OTHER, 0, 'p');
    WAIT_FOR(index_of('a') != SIZE_MAX);
    assert_int_equal(sent_count(), 2);
    report_at(index_of('a'), REPORT_DELIVERED, false);
    WAIT_FOR(!has_old("t", twins.a));
    bring_up(twins.at[B]);
    wait_empty();
    assert_int_equal(stripe_waiting(stripe_of("t", twins.a)), 0);
}

#define SEVEN(test) cmocka_unit_test_setup_teardown(test, setup_seven, teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        THREE(test_a_round_is_cut_short),
        THREE(test_up_before_the_next_pass),
        THREE(test_the_number_changes_and_a_pass_begins),
        THREE(test_the_number_changes_and_a_probe_is_sent),
        THREE(test_a_trial_tells_of_another),
        THREE(test_many_before_the_number_is_known),
        THREE(test_one_is_slow),
        SEVEN(test_nothing_waits_for_what_follows),
        SEVEN(test_no_old_ones_are_left),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
