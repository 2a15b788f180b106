/*
 * test_spool_dir_trouble.c - spool/spool_dir.h: when a file fails
 */
#include "spool_dir_support.h"

/* ---- the current file ---------------------------------------------------- */

static void test_nothing_is_written_without_a_sound_file(void **state)
{
    int64_t seq;

    (void)state;
    store("t", "1");
    fail_current();
    assert_int_equal(totals().failed, 1);
    spool_dir_begin(sd);
    FAILS(try_append("t", "2", &seq, &why), FAULT_IO);
    assert_false(spool_dir_in_transaction(sd));
    FAILS(try_append("t", "2", &seq, &why), FAULT_IO);
    FAILS(spool_dir_commit(sd, &why), FAULT_IO);
    spool_dir_begin(sd);
    OK(spool_dir_commit(sd, &why));
    assert_string_equal(values("t"), "1");
    OK(spool_dir_tidy(sd, true, &why));
}

static void test_a_new_file_is_begun(void **state)
{
    int64_t first;

    (void)state;
    first = store("t", "1");
    store("t", "2");
    fail_current();
    renew();
    OK(spool_dir_renew(sd, &why)); /* nothing happens */
    assert_int_equal(totals().files, 2);
    assert_int_equal(totals().failed, 1);
    assert_int_equal(store("t", "3"), (INT64_C(2) << 40) + 1);
    /* what this process has appended is not in doubt for that */
    assert_string_equal(values("t"), "1 2 3");
    assert_int_equal(records(), 3);
    drop(first);
    assert_string_equal(values("t"), "2 3");
    assert_int_equal(records(), 2);
    assert_false(exists(first));
    reopen();
    /* the removal could not be written there, and was noted here */
    assert_string_equal(values("t"), "2? 3");
    assert_int_equal(totals().failed, 1);
}

static void test_an_empty_failed_file_is_deleted(void **state)
{
    (void)state;
    drop(store("t", "1"));
    fail_current();
    tidy();
    assert_true(has("spool-00000001.db"));
    renew();
    assert_string_equal(names(), "spool-00000002.db spool-00000002.db-wal");
    assert_int_equal(totals().files, 1);
    assert_int_equal(totals().bad, 0);
}

/* What a sync has failed for may be on disk nevertheless. */
static void test_a_failed_sync(void **state)
{
    int64_t seq;

    (void)state;
    store("t", "1");
    next_fails(SYNCS, SQLITE_IOERR_FSYNC, NULL);
    spool_dir_begin(sd);
    append("t", "2");
    FAILS(spool_dir_commit(sd, &why), FAULT_IO);
    nothing_fails();
    renew();
    spool_dir_begin(sd);
    OK(try_append("t", "2", &seq, &why));
    OK(spool_dir_commit(sd, &why));
    assert_string_equal(values("t"), "1 2");
    reopen();
    assert_string_equal(values("t"), "1? 2? 2");
}

static void test_failed_and_done(void **state)
{
    int64_t seqs[3];

    (void)state;
    for (int i = 0; i < 3; i++)
        seqs[i] = store("t", "x");
    put_aside(store("t", "aside"));
    fail_current();
    renew();
    drop(seqs[0]);
    drop(seqs[0]);
    drop(seqs[2]);
    drop(seqs[2] + 1);
    drop(seqs[2] + 100);
    assert_int_equal(records(), 1);
    tidy();
    assert_int_equal(totals().files, 2);
    put_aside(seqs[1]);
    assert_int_equal(records(), 0);
    assert_int_equal(totals().of_all.oldest_ms, 0);
    tidy();
    assert_int_equal(totals().files, 1);
    assert_int_equal(totals().failed, 0);
    assert_int_equal(totals().bad, 1);
    assert_string_equal(names(),
                        "spool-00000001.db.bad spool-00000001.db.bad-wal "
                        "spool-00000002.db spool-00000002.db-wal");
    assert_true(size_of("spool-00000001.db.bad-wal") > 0);
    reopen();
    assert_int_equal(records(), 0);
    assert_int_equal(totals().bad, 0);
    /* what was in it is in it */
    close_it();
    sql("spool-00000001.db.bad",
        "CREATE TABLE proof AS SELECT 1 / ((SELECT count(*) FROM record) = 3"
        " AND (SELECT count(*) FROM aside) = 1) AS x;"
        "CREATE TABLE strict (x NOT NULL);"
        "INSERT INTO strict SELECT x FROM proof");
}

/* All of it was removed, and nobody tidies before the process ends. */
static void test_done_at_the_end(void **state)
{
    int64_t seq;

    (void)state;
    seq = store("t", "1");
    fail_current();
    renew();
    drop(seq);
    reopen();
    assert_string_equal(values("t"), "");
    assert_true(has("spool-00000001.db.bad"));
}

/* Even where there is no newer one */
static void test_done_without_a_successor(void **state)
{
    int64_t seq;

    (void)state;
    seq = store("t", "1");
    fail_current();
    drop(seq);
    assert_int_equal(records(), 0);
    tidy();
    assert_int_equal(totals().files, 0);
    assert_false(spool_dir_is_sound(sd));
    renew();
    assert_int_equal(store("t", "2") >> 40, 2);
    assert_string_equal(values("t"), "2");
}

static void test_the_oldest_of_a_failed_file(void **state)
{
    int64_t seqs[2];

    (void)state;
    seqs[0] = store("t", "1");
    seqs[1] = store("t", "2");
    close_it();
    /* it is damaged by that, and still has its time */
    sql("spool-00000001.db", "UPDATE record SET stored_ms = seq * 1000");
    open_it();
    assert_int_equal(totals().of_all.oldest_ms, 1000);
    fail_current();
    renew();
    store("t", "3");
    assert_int_equal(totals().of_all.oldest_ms, 1000);
    drop(seqs[0]);
    assert_int_equal(totals().of_all.oldest_ms, 2000);
    drop(seqs[1]);
    assert_true(totals().of_all.oldest_ms > 2000);
}

static void test_what_is_undone_is_not_gone(void **state)
{
    int64_t seqs[2], seq;

    (void)state;
    seqs[0] = store("t", "1");
    fail_current();
    renew();
    seqs[1] = store("t", "2");
    spool_dir_begin(sd);
    OK(spool_dir_remove(sd, seqs[0], &why));
    spool_dir_undo(sd);
    store("u", "committed behind it");
    assert_string_equal(values("t"), "1 2");
    /* moved from file to file: if it is not in the new one, it is in the old */
    spool_dir_begin(sd);
    OK(try_append("t", "1 again", &seq, &why));
    OK(spool_dir_remove(sd, seqs[0], &why));
    OK(spool_dir_remove(sd, seqs[1], &why));
    next_fails(WRITES, SQLITE_IOERR_WRITE, NULL);
    FAILS(spool_dir_commit(sd, &why), FAULT_IO);
    nothing_fails();
    assert_string_equal(values("t"), "1 2");
    assert_int_equal(records(), 3);
    renew();
    store("u", "and behind this");
    assert_string_equal(values("t"), "1 2");
    spool_dir_begin(sd);
    OK(try_append("t", "1 again", &seq, &why));
    OK(spool_dir_remove(sd, seqs[0], &why));
    OK(spool_dir_remove(sd, seqs[1], &why));
    OK(spool_dir_commit(sd, &why));
    assert_string_equal(values("t"), "1 again");
    assert_int_equal(records(), 3);
}

static void test_many_failed_files(void **state)
{
    int64_t seqs[17];

    (void)state;
    for (int i = 0; i < 16; i++) {
        seqs[i] = store("t", "x");
        fail_current();
        if (i == 15)
            break;
        renew();
        fail_current(); /* one that has nothing does not count */
        renew();
    }
    assert_int_equal(totals().failed, 16);
    for (int i = 0; i < 2; i++)
        FAILS(spool_dir_renew(sd, &why), FAULT_BUSY);
    assert_false(spool_dir_is_sound(sd));
    assert_int_equal(read_all("t"), 16);
    drop(seqs[3]); /* it need not be the first */
    tidy();
    renew();
    seqs[16] = store("t", "x");
    assert_int_equal(seqs[16] >> 40, 32);
    assert_int_equal(read_all("t"), 16);
}

static void test_renewing_fails(void **state)
{
    static const struct {
        enum call call;
        int rc;
        enum fault_kind kind;
    } ways[] = {
        {WRITES, SQLITE_FULL,        FAULT_FULL},
        {WRITES, SQLITE_IOERR_WRITE, FAULT_IO  },
        {SYNCS,  SQLITE_IOERR_FSYNC, FAULT_IO  },
    };

    (void)state;
    store("t", "1");
    fail_current();
    for (size_t i = 0; i < COUNT(ways); i++) {
        next_fails(ways[i].call, ways[i].rc, "spool-00000002.db");
        FAILS(spool_dir_renew(sd, &why), ways[i].kind);
        assert_true(disk.hit);
        assert_false(spool_dir_is_sound(sd));
        assert_int_equal(totals().files, 1);
        assert_string_equal(names(), "spool-00000001.db spool-00000001.db-wal "
                                     "spool-00000001.db.failed");
        assert_string_equal(values("t"), "1");
    }
    nothing_fails();
    renew();
    assert_int_equal(store("t", "2") >> 40, 2);
    assert_string_equal(values("t"), "1 2");
}

/* Whoever opens it next finds no newer file, and yet it is in doubt. */
static void test_a_failed_file_is_the_newest(void **state)
{
    int64_t seq;

    (void)state;
    seq = store("t", "1");
    store("t", "2");
    fail_current();
    drop(seq); /* it is in Kafka, and the file cannot be told */
    reopen();
    assert_string_equal(values("t"), "1? 2?");
    assert_int_equal(spool_dir_opened_at(sd), seq + 1);
    /* 2 counts as used */
    assert_int_equal(store("t", "3") >> 40, 3);
    drop(seq);
    drop(seq + 1);
    tidy();
    assert_string_equal(names(), "spool-00000003.db spool-00000003.db-wal");
    reopen();
    assert_string_equal(values("t"), "3");
    assert_int_equal(totals().files, 1);
}

/* ---- older files --------------------------------------------------------- */

/* One record in each of two sound files. */
static void make_two(int64_t seqs[2])
{
    seqs[0] = store("t", "1");
    fail_current();
    renew();
    seqs[1] = store("t", "2");
    reopen();
    assert_int_equal(totals().failed, 0);
}

static void test_an_older_file_fails(void **state)
{
    int64_t seqs[2], seq;

    (void)state;
    make_two(seqs);
    next_fails(WRITES, SQLITE_IOERR_WRITE, "spool-00000001.db");
    spool_dir_begin(sd);
    OK(try_append("t", "3", &seq, &why));
    OK(spool_dir_remove(sd, seqs[0], &why));
    OK(spool_dir_commit(sd, &why)); /* it is remembered, so it is no failure */
    assert_true(disk.hit);
    nothing_fails();
    assert_true(spool_dir_is_sound(sd));
    assert_int_equal(totals().failed, 1);
    assert_int_equal(records(), 2);
    assert_string_equal(values("t"), "2 3");
    assert_false(exists(seqs[0]));
    drop(seqs[0]);
    tidy();
    assert_int_equal(totals().failed, 0);
    assert_int_equal(totals().bad, 1);
    assert_string_equal(values("t"), "2 3");
    reopen();
    assert_string_equal(values("t"), "2 3");
}

static void test_an_older_file_cannot_grow(void **state)
{
    int64_t seqs[2], kept;

    (void)state;
    kept = store("u", "stays");
    make_two(seqs);
    next_fails(WRITES, SQLITE_FULL, "spool-00000001.db");
    disk.for_good = true;
    drop(seqs[0]);
    assert_true(disk.hit);
    assert_int_equal(totals().failed, 0);
    assert_string_equal(values("t"), "2");
    assert_int_equal(records(), 2);
    drop(seqs[0]);
    tidy();
    assert_int_equal(records(), 2);
    spool_dir_begin(sd);
    OK(spool_dir_remove(sd, seqs[1], &why));
    spool_dir_undo(sd); /* takes nothing back of what was before it */
    assert_string_equal(values("t"), "2");
    nothing_fails();
    tidy(); /* tries it again */
    assert_int_equal(records(), 2);
    assert_string_equal(values("t"), "2");
    reopen();
    assert_string_equal(values("t"), "2");
    assert_string_equal(values("u"), "stays?");
    drop(kept);
    tidy();
    assert_int_equal(totals().files, 1);
}

static void test_the_disk_is_full(void **state)
{
    int64_t seqs[2], seq;
    static char large[MB];

    (void)state;
    memset(large, 'x', sizeof(large) - 1);
    make_two(seqs);
    next_fails(WRITES, SQLITE_FULL, "spool-00000002.db");
    spool_dir_begin(sd);
    OK(spool_dir_remove(sd, seqs[0], &why));
    OK(spool_dir_remove(sd, seqs[1], &why));
    OK(try_append("t", "3", &seq, &why));
    FAILS(spool_dir_commit(sd, &why), FAULT_FULL);
    assert_true(disk.hit);
    assert_false(spool_dir_in_transaction(sd));
    assert_true(spool_dir_is_sound(sd));
    assert_string_equal(values("t"), "1? 2");
    nothing_fails();
    /* the numbers are good for another try */
    spool_dir_begin(sd);
    OK(spool_dir_remove(sd, seqs[0], &why));
    OK(spool_dir_remove(sd, seqs[1], &why));
    OK(spool_dir_commit(sd, &why));
    assert_string_equal(values("t"), "");
    tidy();
    assert_int_equal(totals().files, 1);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        OPEN(test_nothing_is_written_without_a_sound_file),
        OPEN(test_a_new_file_is_begun),
        OPEN(test_an_empty_failed_file_is_deleted),
        OPEN(test_a_failed_sync),
        OPEN(test_failed_and_done),
        OPEN(test_done_at_the_end),
        OPEN(test_done_without_a_successor),
        OPEN(test_the_oldest_of_a_failed_file),
        OPEN(test_what_is_undone_is_not_gone),
        OPEN(test_many_failed_files),
        OPEN(test_renewing_fails),
        OPEN(test_a_failed_file_is_the_newest),
        OPEN(test_an_older_file_fails),
        OPEN(test_an_older_file_cannot_grow),
        OPEN(test_the_disk_is_full),
    };

    return cmocka_run_group_tests(tests, make_dir, remove_dir);
}
