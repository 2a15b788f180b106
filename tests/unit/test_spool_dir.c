/*
 * test_spool_dir.c - spool/spool_dir.h: one queue in several files
 */
#include "spool_dir_support.h"

/* ---- one file ------------------------------------------------------------ */

static void test_a_queue(void **state)
{
    int64_t first, second;

    (void)state;
    assert_string_equal(names(), "spool-00000001.db spool-00000001.db-wal");
    assert_int_equal(spool_dir_opened_at(sd), 0);
    first = store("t", "1");
    assert_int_equal(first, (INT64_C(1) << 40) + 1);
    second = store("u", "2");
    assert_int_equal(second, first + 1);
    store("t", "3");
    assert_string_equal(values("t"), "1 3");
    assert_string_equal(values("u"), "2");
    assert_string_equal(values("v"), "");
    assert_true(exists(second));
    assert_false(exists(second + 5));
    assert_false(exists(2)); /* of no file */
    drop(first);
    drop(first);
    drop(7);
    put_aside(second);
    assert_int_equal(records(), 1);
    assert_int_equal(totals().of_all.aside, 1);
    assert_int_equal(totals().files, 1);
    assert_int_equal(totals().failed, 0);
    spool_dir_begin(sd);
    append("t", "4");
    assert_true(spool_dir_in_transaction(sd));
    spool_dir_undo(sd);
    assert_false(spool_dir_in_transaction(sd));
    assert_string_equal(values("t"), "3");
    reopen();
    assert_string_equal(values("t"), "3");
    assert_string_equal(names(), "spool-00000001.db spool-00000001.db-wal");
}

static void test_an_empty_transaction(void **state)
{
    (void)state;
    spool_dir_begin(sd);
    OK(spool_dir_commit(sd, &why));
    spool_dir_begin(sd);
    spool_dir_undo(sd);
    assert_int_equal(records(), 0);
}

static void test_what_was_there(void **state)
{
    const char *const *topics;
    int64_t seqs[3];
    size_t count;

    (void)state;
    spool_dir_topics(sd, &count);
    assert_int_equal(count, 0);
    seqs[0] = store("t", "1");
    seqs[1] = store("u", "2");
    seqs[2] = store("t", "3");
    drop(store("v", "4"));
    /* it is what was there at the opening, whatever happens */
    assert_int_equal(spool_dir_last_of(sd, "t"), 0);
    reopen();
    drop(seqs[0]);
    drop(seqs[2]);
    store("w", "5");
    topics = spool_dir_topics(sd, &count);
    assert_int_equal(count, 2);
    assert_string_equal(topics[0], "t");
    assert_string_equal(topics[1], "u");
    assert_int_equal(spool_dir_last_of(sd, "t"), seqs[2]);
    assert_int_equal(spool_dir_last_of(sd, "u"), seqs[1]);
    assert_int_equal(spool_dir_last_of(sd, "v"), 0);
    assert_int_equal(spool_dir_last_of(sd, "w"), 0);
    assert_int_equal(spool_dir_opened_at(sd), seqs[2] + 1);
}

/* The newest file's are as it says. */
static void test_doubt_in_one_file(void **state)
{
    const struct record record = {
        .topic = "t", .value = {"2", 1}
    };
    int64_t seq;

    (void)state;
    seq = store("t", "1");
    spool_dir_begin(sd);
    OK(spool_dir_append(sd, &record, true, &seq, &why));
    OK(spool_dir_commit(sd, &why));
    store("t", "3");
    assert_string_equal(values("t"), "1 2? 3");
    reopen();
    assert_string_equal(values("t"), "1 2? 3");
    spool_dir_begin(sd);
    OK(spool_dir_give(sd, "t", seq, &why));
    OK(spool_dir_give(sd, "nobody knows it", seq, &why));
    OK(spool_dir_commit(sd, &why));
    assert_string_equal(values("t"), "1? 2? 3");
    read_all("t");
    assert_false(rows[0].was_doubtful);
    assert_true(rows[1].was_doubtful);
    reopen();
    assert_string_equal(values("t"), "1? 2? 3");
}

static void test_reading_in_pieces(void **state)
{
    int64_t reached, seqs[5];
    size_t count;

    (void)state;
    for (int i = 0; i < 5; i++)
        seqs[i] = store("t", "123456");
    OK(spool_dir_read(sd, "t", 0, rows, 2, SIZE_MAX, &arena, &count, &reached,
                      &why));
    assert_int_equal(count, 2);
    assert_int_equal(reached, seqs[1]);
    OK(spool_dir_read(sd, "t", reached, rows, 5, 12, &arena, &count, &reached,
                      &why));
    assert_int_equal(count, 1);
    OK(spool_dir_read(sd, "t", reached, rows, 5, SIZE_MAX, &arena, &count,
                      &reached, &why));
    assert_int_equal(count, 2);
    assert_int_equal(reached, seqs[4]);
    OK(spool_dir_read(sd, "t", reached, rows, 5, SIZE_MAX, &arena, &count,
                      &reached, &why));
    assert_int_equal(count, 0);
    assert_int_equal(reached, seqs[4]);
    arena_reset(&arena);
}

static void test_no_memory_to_read(void **state)
{
    struct arena small = ARENA_INIT(64, 128);
    static char large[KB];
    int64_t seq, reached;
    struct spool_row row;
    size_t count;
    bool found;

    (void)state;
    memset(large, 'x', sizeof(large) - 1);
    seq = store("t", large);
    FAILS(spool_dir_read(sd, "t", 0, rows, 2, SIZE_MAX, &small, &count,
                         &reached, &why),
          FAULT_NOMEM);
    FAILS(spool_dir_read_one(sd, seq, &row, &found, &small, &why), FAULT_NOMEM);
    arena_release(&small);
    assert_true(spool_dir_is_sound(sd));
    assert_false(has("spool-00000001.db.failed"));
    assert_int_equal(totals().unreadable, 0);
    assert_int_equal(read_all("t"), 1);
}

/* ---- several sound files: one process has left them to the next ---------- */

/* 1 and 2 are in the first file, 3 and 4 in the second. */
static void make_two(int64_t seqs[4])
{
    seqs[0] = store("t", "1");
    seqs[1] = store("u", "2");
    fail_current();
    renew();
    seqs[2] = store("t", "3");
    seqs[3] = store("u", "4");
    reopen();
    assert_int_equal(totals().files, 2);
    assert_int_equal(totals().failed, 0);
}

static void test_older_files_are_doubtful(void **state)
{
    int64_t seqs[4];

    (void)state;
    make_two(seqs);
    assert_string_equal(values("t"), "1? 3");
    assert_string_equal(values("u"), "2? 4");
    assert_int_equal(seqs[2], (INT64_C(2) << 40) + 1);
    assert_int_equal(spool_dir_opened_at(sd), seqs[3]);
    assert_int_equal(spool_dir_last_of(sd, "t"), seqs[2]);
    assert_int_equal(records(), 4);
    store("t", "5");
    assert_string_equal(values("t"), "1? 3 5");
    read_all("t");
    assert_true(rows[0].was_doubtful && !rows[1].was_doubtful);
}

static void test_older_files_are_written_to(void **state)
{
    int64_t seqs[4];

    (void)state;
    make_two(seqs);
    spool_dir_begin(sd);
    OK(spool_dir_remove(sd, seqs[0], &why));
    OK(spool_dir_remove(sd, seqs[0], &why));
    OK(spool_dir_remove(sd, seqs[2], &why));
    spool_dir_undo(sd);
    assert_string_equal(values("t"), "1? 3");
    spool_dir_begin(sd);
    OK(spool_dir_remove(sd, seqs[0], &why));
    assert_int_equal(records(), 4); /* as before it */
    OK(spool_dir_put_aside(sd, seqs[1], "refused", &why));
    OK(spool_dir_give(sd, "u", seqs[3], &why));
    OK(spool_dir_commit(sd, &why));
    assert_int_equal(records(), 2);
    assert_int_equal(totals().of_all.aside, 1);
    assert_string_equal(values("t"), "3");
    assert_string_equal(values("u"), "4?");
    tidy();
    /* what was put aside stays there */
    reopen();
    assert_int_equal(totals().files, 2);
    assert_int_equal(totals().of_all.aside, 1);
    assert_int_equal(records(), 2);
}

/* Given in a file that is not the newest, it stays doubtful even if it
 * becomes the newest again. */
static void test_giving_reaches_older_files(void **state)
{
    int64_t seqs[4];

    (void)state;
    make_two(seqs);
    spool_dir_begin(sd);
    OK(spool_dir_give(sd, "t", seqs[2], &why));
    OK(spool_dir_give(sd, "u", seqs[1], &why));
    OK(spool_dir_commit(sd, &why));
    close_it();
    assert_int_equal(unlink(in_folder("spool-00000002.db")), 0);
    assert_int_equal(unlink(in_folder("spool-00000001.db.failed")), 0);
    open_it();
    assert_string_equal(names(), "spool-00000001.db spool-00000001.db-wal");
    assert_string_equal(values("t"), "1?");
    assert_string_equal(values("u"), "2?");
}

static void test_an_empty_older_file_is_deleted(void **state)
{
    int64_t seqs[4];

    (void)state;
    make_two(seqs);
    drop(seqs[0]);
    tidy();
    assert_true(has("spool-00000001.db"));
    drop(seqs[1]);
    assert_true(has("spool-00000001.db"));
    tidy();
    assert_string_equal(names(), "spool-00000002.db spool-00000002.db-wal");
    assert_int_equal(totals().files, 1);
    assert_int_equal(totals().bad, 0);
    drop(seqs[2]);
    drop(seqs[3]);
    tidy();
    assert_int_equal(totals().files, 1); /* the newest one stays */
    drop(seqs[0]);                       /* of a file that is gone */
    assert_false(exists(seqs[0]));
    store("t", "5");
    assert_string_equal(values("t"), "5");
}

/* Whoever closes it may be killed right behind. */
static void test_a_number_is_used_once(void **state)
{
    int64_t seqs[4];

    (void)state;
    make_two(seqs);
    close_it();
    move_file("spool-00000002.db", "spool-00000009.db.bad");
    open_it();
    /* the file that is there is older than one that is gone */
    assert_string_equal(values("t"), "1?");
    assert_int_equal(spool_dir_opened_at(sd), seqs[1]);
    assert_true(has("spool-00000010.db"));
    assert_int_equal(store("t", "5"), (INT64_C(10) << 40) + 1);
    assert_string_equal(values("t"), "1? 5");
    reopen();
    assert_string_equal(values("t"), "1? 5");
    close_it();
    write_file("spool-08388607.db.bad", "", 0);
    FAILS(spool_dir_open(&sd, folder, &ample, &why), FAULT_IO);
}

/* ---- limits -------------------------------------------------------------- */

static void test_max_bytes_of_all_files(void **state)
{
    const struct spool_limits limits = {.max_bytes = 5000};
    static char value[900];
    int64_t first, seq;

    (void)state;
    memset(value, 'x', sizeof(value) - 1);
    close_it();
    open_with(&limits);
    first = store("t", value);
    store("t", value);
    store("t", value);
    fail_current();
    renew();
    store("t", value);
    store("t", value);
    spool_dir_begin(sd);
    FAILS(try_append("t", value, &seq, &why), FAULT_FULL);
    assert_true(spool_dir_in_transaction(sd));
    OK(try_append("t", "small", &seq, &why));
    OK(spool_dir_commit(sd, &why));
    assert_int_equal(records(), 6);
    close_it();
    open_with(&limits);
    assert_int_equal(totals().files, 2);
    spool_dir_begin(sd);
    FAILS(try_append("t", value, &seq, &why), FAULT_FULL);
    OK(spool_dir_remove(sd, first, &why));
    OK(spool_dir_commit(sd, &why));
    store("t", value);
    spool_dir_begin(sd);
    FAILS(try_append("t", value, &seq, &why), FAULT_FULL);
    spool_dir_undo(sd);
    put_aside(first + 1); /* is no less */
    spool_dir_begin(sd);
    FAILS(try_append("t", value, &seq, &why), FAULT_FULL);
    spool_dir_undo(sd);
    assert_in_range(totals().of_all.bytes, 4500, 5000);
}

/* ---- a newer program's --------------------------------------------------- */

static void test_newer(void **state)
{
    static const char *const kept[] = {
        "spool-00000001.db", "spool-00000002.db", "spool-00000003.db",
        "spool-00000001.db.new", "spool-00000004.db.new"};
    char *before[COUNT(kept)];
    size_t len[COUNT(kept)];
    char names_before[PATH_SIZE];
    int64_t seqs[4];

    (void)state;
    make_two(seqs);
    close_it();
    copy_file("spool-00000002.db", "spool-00000003.db");
    sql("spool-00000003.db", "PRAGMA user_version = 2");
    write_file("spool-00000001.db", "damaged", 7);
    write_file("spool-00000001.db.new", "x", 1);
    write_file("spool-00000004.db.new", "y", 1);
    for (size_t i = 0; i < COUNT(kept); i++)
        before[i] = load_file(kept[i], &len[i]);
    snprintf(names_before, sizeof(names_before), "%s", names());
    FAILS(spool_dir_open(&sd, folder, &ample, &why), FAULT_NEWER);
    assert_null(sd);
    /* SQLite makes that when it looks at a file */
    assert_true(size_of("spool-00000003.db-wal") <= 0);
    unlink(in_folder("spool-00000003.db-wal"));
    assert_string_equal(names(), names_before);
    for (size_t i = 0; i < COUNT(kept); i++) {
        size_t len_after;
        char *after = load_file(kept[i], &len_after);

        assert_int_equal(len_after, len[i]);
        assert_memory_equal(after, before[i], len_after);
        free(after);
        free(before[i]);
    }
    sql("spool-00000003.db", "PRAGMA user_version = 1");
    unlink(in_folder("spool-00000004.db.new"));
    open_it(); /* and the lock was given back */
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        OPEN(test_a_queue),
        OPEN(test_an_empty_transaction),
        OPEN(test_what_was_there),
        OPEN(test_doubt_in_one_file),
        OPEN(test_reading_in_pieces),
        OPEN(test_no_memory_to_read),
        OPEN(test_older_files_are_doubtful),
        OPEN(test_older_files_are_written_to),
        OPEN(test_giving_reaches_older_files),
        OPEN(test_an_empty_older_file_is_deleted),
        OPEN(test_a_number_is_used_once),
        OPEN(test_max_bytes_of_all_files),
        OPEN(test_newer),
    };

    return cmocka_run_group_tests(tests, make_dir, remove_dir);
}
