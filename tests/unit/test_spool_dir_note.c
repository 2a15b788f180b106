/*
 * test_spool_dir_note.c - spool/spool_dir.h: what is gone from a failed file
 * is gone for the next process, too
 */
#include "spool_dir_support.h"

#include "spool/spool_view.h"

static const char file[] = "spool-00000001.db";

static int64_t first; /* of the records that fill() makes */

static void fill(int count)
{
    spool_dir_begin(sd);
    for (int i = 0; i < count; i++) {
        const int64_t seq = append("t", "v");

        if (i == 0)
            first = seq;
    }
    OK(spool_dir_commit(sd, &why));
}

/* As reports come; each `step`th. */
static void drop_many(int from, int to, int step)
{
    for (int i = from; i < to;) {
        spool_dir_begin(sd);
        for (int k = 0; k < 500 && i < to; k++, i += step)
            OK(spool_dir_remove(sd, first + i, &why));
        OK(spool_dir_commit(sd, &why));
    }
}

/* A process that is killed: what it would write at the end is not there. */
static void crash(void)
{
    static const char *const kept[] = {
        "spool-00000001.db", "spool-00000001.db-wal",
        "spool-00000001.db.failed", "spool-00000002.db",
        "spool-00000002.db-wal"};
    char to[64];

    for (size_t i = 0; i < COUNT(kept); i++) {
        snprintf(to, sizeof(to), "kept-%s", kept[i]);
        if (has(kept[i]))
            copy_file(kept[i], to);
    }
    close_it();
    for (size_t i = 0; i < COUNT(kept); i++) {
        snprintf(to, sizeof(to), "kept-%s", kept[i]);
        remove(in_folder(kept[i]));
        if (has(to))
            move_file(to, kept[i]);
    }
    remove(in_folder("spool-00000001.db.bad"));
    remove(in_folder("spool-00000001.db.bad-wal"));
    open_it();
}

/* How many records a look tells, and how many it counts. */
static void assert_looks(int64_t expected)
{
    struct spool_view *view;
    struct spool_view_row row;
    struct spool_totals all;
    int64_t at = 0, count = 0;

    close_it();
    OK(spool_view_open(&view, folder, &why));
    for (;; at = row.row.seq, count++) {
        arena_reset(&arena);
        if (spool_view_next(view, at, &row, &arena, NULL) != 1)
            break;
    }
    spool_view_totals(view, &all);
    assert_int_equal(count, expected);
    assert_int_equal(all.records, expected);
    assert_true(expected > 0 || all.bytes == 0);
    spool_view_close(view);
    open_it();
}

/* ---- an orderly end ------------------------------------------------------ */

static void test_all_but_one(void **state)
{
    enum { MANY = 10000 };
    int64_t bytes;

    (void)state;
    fill(MANY);
    fail_current();
    renew();
    drop_many(0, MANY - 1, 1);
    assert_int_equal(records(), 1);
    bytes = totals().of_all.bytes;
    for (int i = 0; i < 3; i++) {
        reopen();
        assert_int_equal(records(), 1);
        assert_int_equal(totals().of_all.bytes, bytes);
        assert_int_equal(totals().failed, 1);
        assert_string_equal(values("t"), "v?");
        assert_int_equal(rows[0].seq, first + MANY - 1);
    }
    assert_looks(1);
    drop(first + MANY - 1);
    tidy();
    assert_int_equal(totals().bad, 1);
    assert_int_equal(totals().unreadable, 0);
    assert_looks(0);
}

/* However many there are, and wherever their numbers are. */
static void test_all(void **state)
{
    enum { MANY = 100000 };

    (void)state;
    fill(MANY);
    drop_many(1, MANY, 2);
    fail_current();
    renew();
    drop_many(2, MANY, 2);
    OK(spool_dir_tidy(sd, false, &why));
    assert_int_equal(records(), 1);
    drop(first);
    OK(spool_dir_tidy(sd, false, &why));
    for (int i = 0; i < 100 && !spool_dir_is_settled(sd); i++)
        tidy();
    assert_int_equal(totals().bad, 1);
    reopen();
    assert_int_equal(records(), 0);
    assert_true(has("spool-00000001.db.bad"));
}

/* One that has failed for want of room alone is deleted at last, by the next
 * process, too; unless something should be aside in it. */
static void test_of_a_full_file(void **state)
{
    (void)state;
    for (int keeps = 0; keeps <= 1; keeps++) {
        int64_t seqs[3];

        teardown(NULL);
        setup(NULL);
        for (int i = 0; i < 3; i++)
            seqs[i] = store("t", (char[]){(char)('1' + i), '\0'});
        spool_dir_fail(sd);
        if (keeps == 1)
            put_aside(seqs[0]); /* there is no file that could take it */
        renew();
        drop(seqs[1]);
        if (keeps == 0)
            drop(seqs[0]);
        reopen();
        assert_string_equal(values("t"), keeps == 1 ? "1? 3?" : "3?");
        drop(seqs[2]);
        drop(seqs[0]);
        tidy();
        assert_int_equal(totals().files, 1);
        assert_int_equal(has("spool-00000001.db.bad"), keeps);
        assert_false(has(file));
    }
}

/* There is no file that could tell. */
static void test_without_a_sound_file(void **state)
{
    enum { MANY = 60000 };

    (void)state;
    fill(MANY);
    drop_many(1, MANY, 2);
    fail_current();
    drop_many(2, MANY, 2);
    drop(first);
    reopen();
    assert_int_equal(records(), 0);
    assert_true(has("spool-00000001.db.bad"));
}

static void test_two_failed_files(void **state)
{
    int64_t seqs[6];

    (void)state;
    fail_with_three(seqs);
    drop(seqs[0]);
    for (int i = 3; i < 6; i++)
        seqs[i] = store("t", (char[]){(char)('1' + i), '\0'});
    reopen();
    drop(seqs[1]);
    fail_current();
    renew();
    drop(seqs[4]);
    store("t", "7");
    assert_string_equal(values("t"), "3? 4 6 7");
    reopen(); /* file 2 has a note of file 1, and file 3 a newer one */
    assert_string_equal(values("t"), "3? 4? 6? 7");
    assert_int_equal(totals().failed, 2);
}

/* ---- and others ---------------------------------------------------------- */

static void test_a_crash(void **state)
{
    int64_t seqs[3];

    (void)state;
    fail_with_three(seqs);
    drop(seqs[0]);
    crash();
    assert_string_equal(values("t"), "1? 2? 3?");
    assert_int_equal(totals().failed, 0);
    fail_current(); /* the newest */
    renew();
    drop(seqs[1]);
    reopen();
    assert_string_equal(values("t"), "1? 3?");
}

/* What was noted once stays true after a crash. */
static void test_a_crash_later(void **state)
{
    int64_t seqs[3];

    (void)state;
    fail_with_three(seqs);
    drop(seqs[0]);
    reopen();
    drop(seqs[1]);
    crash();
    assert_string_equal(values("t"), "2? 3?");
}

/* What could not be read is not gone, and is tried again. */
static void test_unreadable(void **state)
{
    int64_t seqs[7];

    (void)state;
    for (int i = 1; i <= 6; i++)
        seqs[i] = store_large("t", i);
    reopen();
    fail_current();
    renew();
    drop(seqs[1]);
    copy_file(file, "kept");
    ruin_value(file, 4);
    assert_false(exists(seqs[4]));
    assert_int_equal(records(), 4);
    close_it();
    remove(in_folder(file));
    move_file("kept", file);
    open_it();
    assert_string_equal(numbers("t"), "2? 3? 4? 5? 6?");
    assert_int_equal(records(), 5);
}

/* A file that was salvaged has other numbers than those that were noted. */
static void test_salvaged(void **state)
{
    int64_t seqs[4];

    (void)state;
    for (int i = 0; i < 4; i++)
        seqs[i] = store("t", (char[]){(char)('1' + i), '\0'});
    drop(seqs[0]);
    fail_current();
    renew();
    drop(seqs[1]);
    close_it();
    sql(file, "PRAGMA user_version = 0");
    open_it();
    assert_int_equal(totals().bad, 1);
    assert_string_equal(values("t"), "2? 3? 4?");
    reopen();
    assert_string_equal(values("t"), "2? 3? 4?");
}

/* A note that is damaged is worth nothing. */
static void test_damaged_notes(void **state)
{
    static const char *const ways[] = {
        "UPDATE gone SET numbers = zeroblob(520)",
        "UPDATE gone SET records = 2",
        "UPDATE gone SET checksum = x'00'",
        "UPDATE gone SET numbers = 'text'",
        "UPDATE gone SET id = id + 1",
        "DELETE FROM gone",
    };

    (void)state;
    for (size_t i = 0; i < COUNT(ways); i++) {
        int64_t seq;

        teardown(NULL);
        setup(NULL);
        seq = store("t", "1");
        store("t", "2");
        fail_current();
        renew();
        drop(seq);
        close_it();
        sql("spool-00000002.db", ways[i]);
        open_it();
        assert_string_equal(values("t"), "1? 2?");
    }
}

/* A person wants all of a *.bad once more, as docs/durability.md says. */
static void test_all_of_a_bad_file(void **state)
{
    int64_t seqs[3];

    (void)state;
    fail_with_three(seqs);
    for (int i = 0; i < 3; i++)
        drop(seqs[i]);
    close_it();
    assert_true(has("spool-00000001.db.bad-wal"));
    move_file("spool-00000001.db.bad", file);
    move_file("spool-00000001.db.bad-wal", "spool-00000001.db-wal");
    write_file("spool-00000001.db.failed", "", 0);
    remove(in_folder("spool-00000002.db"));
    open_it();
    assert_string_equal(values("t"), "1? 2? 3?");
    for (int i = 0; i < 3; i++)
        drop(seqs[i]);
    tidy();
    assert_int_equal(totals().bad, 0);
    assert_int_equal(records(), 0);
}

/* It can be as little as nothing: it is only published again. */
static void test_it_cannot_be_noted(void **state)
{
    static const int ways[] = {SQLITE_FULL, SQLITE_IOERR_WRITE};

    (void)state;
    for (size_t i = 0; i < COUNT(ways); i++) {
        int64_t seq;

        teardown(NULL);
        setup(NULL);
        seq = store("t", "1");
        store("t", "2");
        fail_current();
        renew();
        store("t", "3");
        drop(seq);
        next_fails(WRITES, ways[i], "spool-00000002.db");
        disk.for_good = true;
        close_it();
        assert_true(disk.hit);
        nothing_fails();
        open_it();
        assert_string_equal(values("t"), "1? 2? 3");
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        OPEN(test_all_but_one),       OPEN(test_all),
        OPEN(test_of_a_full_file),    OPEN(test_without_a_sound_file),
        OPEN(test_two_failed_files),  OPEN(test_a_crash),
        OPEN(test_a_crash_later),     OPEN(test_unreadable),
        OPEN(test_salvaged),          OPEN(test_damaged_notes),
        OPEN(test_all_of_a_bad_file), OPEN(test_it_cannot_be_noted),
    };

    return cmocka_run_group_tests(tests, make_dir, remove_dir);
}
