/*
 * test_spool_dir_aside.c - spool/spool_dir.h: putting aside what a failed file
 * has
 */
#include "spool_dir_support.h"

/* What Kafka refused is aside in the next file, and told as before. */
static void test_refused(void **state)
{
    int64_t seqs[3];

    (void)state;
    fail_with_three(seqs);
    put_aside(seqs[0]);
    put_aside(seqs[0]);
    put_aside(seqs[2] + 1);
    assert_int_equal(records(), 2);
    assert_int_equal(totals().of_all.aside, 1);
    assert_int_equal(totals().unreadable, 0);
    assert_string_equal(values("t"), "2 3");
    spool_dir_begin(sd);
    OK(spool_dir_put_aside(sd, seqs[1], "refused", &why));
    spool_dir_undo(sd);
    assert_int_equal(totals().of_all.aside, 1);
    assert_string_equal(values("t"), "2 3");
    drop(seqs[1]);
    drop(seqs[2]);
    tidy();
    assert_int_equal(totals().bad, 1);
    reopen();
    assert_int_equal(totals().of_all.aside, 1);
    assert_int_equal(records(), 0);
    close_it();
    sql("spool-00000002.db",
        "CREATE TABLE strict (x NOT NULL); INSERT INTO strict SELECT 1 /"
        " (value = CAST('1' AS BLOB) AND reason = 'refused') FROM aside");
}

/* There is none that could take it, or it has no room. */
static void test_without_room(void **state)
{
    static const struct spool_limits tight = {.max_bytes = 420};
    int64_t seqs[2];

    (void)state;
    close_it();
    open_with(&tight);
    for (int i = 0; i < 2; i++)
        seqs[i] = store("t", "a value of some length, so that it is full");
    store("t", "another value of some length, so that it is");
    fail_current();
    put_aside(seqs[0]);
    assert_int_equal(totals().unreadable, 1);
    renew();
    put_aside(seqs[1]);
    assert_int_equal(totals().unreadable, 2);
    assert_int_equal(totals().of_all.aside, 0);
    assert_int_equal(records(), 1);
    assert_true(spool_dir_is_sound(sd));
}

/* What the disk refuses undoes all of it. */
static void test_the_disk_refuses(void **state)
{
    int64_t seq;

    (void)state;
    seq = store("t", "1");
    fail_current();
    renew();
    next_fails(WRITES, SQLITE_IOERR_WRITE, "spool-00000002.db");
    spool_dir_begin(sd);
    OK(spool_dir_put_aside(sd, seq, "refused", &why));
    FAILS(spool_dir_commit(sd, &why), FAULT_IO);
    nothing_fails();
    assert_string_equal(values("t"), "1");
    renew();
    put_aside(seq);
    assert_int_equal(totals().of_all.aside, 1);
    assert_int_equal(totals().unreadable, 0);
}

static void test_damaged(void **state)
{
    int64_t seqs[2];

    (void)state;
    seqs[0] = store("t", "1");
    seqs[1] = store("t", "2");
    close_it();
    sql("spool-00000001.db", "UPDATE record SET key = 'other' WHERE seq = 1");
    open_it();
    fail_current();
    renew();
    assert_string_equal(values("t"), "! 2");
    put_aside(seqs[0]);
    put_aside(seqs[0]);
    assert_int_equal(totals().unreadable, 1);
    assert_int_equal(totals().of_all.aside, 0);
    assert_int_equal(records(), 1);
    drop(seqs[1]);
    tidy();
    assert_int_equal(totals().bad, 1);
    assert_int_equal(totals().unreadable, 1);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        OPEN(test_refused),
        OPEN(test_without_room),
        OPEN(test_the_disk_refuses),
        OPEN(test_damaged),
    };

    return cmocka_run_group_tests(tests, make_dir, remove_dir);
}
