/*
 * test_spool_dir_room.c - spool/spool_dir.h: when the disk is full
 */
#include "spool_dir_support.h"

/* Nothing can be written to files whose path has `only` in it. */
static void disk_is_full(const char *only)
{
    next_fails(WRITES, SQLITE_FULL, only);
    disk.for_good = true;
}

/* Two records in a file that the next process must not write to. */
static void leave_a_failed_file(int64_t seqs[2])
{
    open_it();
    seqs[0] = store("t", "1");
    seqs[1] = store("t", "2");
    fail_current();
    close_it();
    assert_true(has("spool-00000001.db.failed"));
}

/* ---- at the start -------------------------------------------------------- */

static void test_no_room_for_the_first_file(void **state)
{
    int64_t seq;

    (void)state;
    disk_is_full(NULL);
    open_it();
    assert_true(disk.hit);
    assert_false(spool_dir_is_sound(sd));
    assert_int_equal(spool_dir_opened_at(sd), 0);
    assert_string_equal(names(), "");
    spool_dir_begin(sd);
    FAILS(try_append("t", "1", &seq, &why), FAULT_IO);
    FAILS(spool_dir_renew(sd, &why), FAULT_FULL);
    tidy();
    nothing_fails();
    renew();
    store("t", "1");
    reopen();
    assert_string_equal(values("t"), "1");
}

static void test_no_room_beside_a_failed_file(void **state)
{
    int64_t seqs[2], seq;

    (void)state;
    leave_a_failed_file(seqs);
    disk_is_full("spool-00000003.db");
    open_it();
    assert_true(disk.hit);
    assert_false(spool_dir_is_sound(sd));
    assert_int_equal(totals().files, 1);
    assert_int_equal(totals().failed, 1);
    assert_int_equal(records(), 2);
    assert_int_equal(spool_dir_opened_at(sd), seqs[1]);
    assert_int_equal(spool_dir_last_of(sd, "t"), seqs[1]);
    assert_string_equal(values("t"), "1? 2?");
    /* the older file is not taken for one to write to */
    spool_dir_begin(sd);
    FAILS(try_append("t", "3", &seq, &why), FAULT_IO);
    FAILS(spool_dir_renew(sd, &why), FAULT_FULL);
    drop(seqs[0]);
    assert_string_equal(values("t"), "2?");
    nothing_fails();
    renew();
    store("t", "3");
    assert_string_equal(values("t"), "2? 3");
    /* that 1 has gone is noted in the new one */
    reopen();
    assert_string_equal(values("t"), "2? 3");
}

/* What fills the disk is the file itself. */
static void test_sending_makes_room(void **state)
{
    int64_t seqs[2];

    (void)state;
    leave_a_failed_file(seqs);
    disk_is_full(NULL);
    open_it();
    drop(seqs[0]);
    tidy();
    assert_true(has("spool-00000001.db"));
    drop(seqs[1]);
    tidy();
    assert_string_equal(names(), "");
    assert_int_equal(totals().files, 0);
    assert_int_equal(totals().bad, 0);
    nothing_fails();
    renew();
    assert_true(store("t", "3") > seqs[1]);
    reopen();
    assert_string_equal(values("t"), "3");
}

static void test_other_failures_end_the_start(void **state)
{
    int64_t seqs[2];

    (void)state;
    leave_a_failed_file(seqs);
    next_fails(SYNCS, SQLITE_IOERR_FSYNC, "spool-00000003.db");
    FAILS(spool_dir_open(&sd, folder, &ample, &why), FAULT_IO);
    assert_true(disk.hit);
    assert_null(sd);
    nothing_fails();
    open_it();
    assert_string_equal(values("t"), "1? 2?");
}

/* ---- damage, and no room to save what is left ---------------------------- */

static const char file[] = "spool-00000001.db";
static const char bad[] = "spool-00000001.db.bad";

enum { TOPIC = 2, TOPIC_NAMES, RECORD, RECORD_BY_TOPIC }; /* their roots */

static void make_damaged(int64_t page)
{
    open_it();
    for (int i = 1; i <= 5; i++)
        store_large("t", i);
    store_large("u", 6);
    close_it();
    assert_string_equal(names(), file);
    ruin_page(file, page);
}

static void drop_all(const char *topic)
{
    const size_t count = read_all(topic);
    int64_t seqs[ROWS_MAX];

    for (size_t i = 0; i < count; i++)
        seqs[i] = rows[i].seq;
    for (size_t i = 0; i < count; i++)
        drop(seqs[i]);
}

/* Whichever way is damaged, they are read along the other. */
static void test_damage_is_read_in_place(void **state)
{
    static const int64_t pages[] = {RECORD_BY_TOPIC, TOPIC};

    (void)state;
    for (size_t i = 0; i < COUNT(pages); i++) {
        make_damaged(pages[i]);
        disk_is_full(".db.new");
        open_it();
        assert_true(disk.hit);
        nothing_fails();
        assert_true(spool_dir_is_sound(sd)); /* there is room for a new one */
        assert_false(has("spool-00000001.db.new"));
        assert_int_equal(totals().bad, 0);
        assert_int_equal(totals().failed, 1);
        assert_int_equal(records(), 6);
        assert_string_equal(numbers("t"), "1? 2? 3? 4? 5?");
        assert_string_equal(numbers("u"), "6?");
        assert_true(spool_dir_last_of(sd, "u") >= rows[0].seq);
        store_large("t", 7);
        drop_all("t");
        assert_int_equal(records(), 1);
        tidy();
        assert_true(has(file));
        drop_all("u");
        assert_int_equal(records(), 0);
        tidy();
        assert_int_equal(totals().bad, 1);
        assert_int_equal(totals().unreadable, 0);
        assert_true(has(bad));
        close_it();
        empty_folder();
    }
}

/* Not even for a new file; the next start has room. */
static void test_damage_and_no_room_at_all(void **state)
{
    (void)state;
    make_damaged(RECORD_BY_TOPIC);
    ruin_value(file, 3);
    disk_is_full(NULL);
    open_it();
    assert_false(spool_dir_is_sound(sd));
    assert_int_equal(records(), 5);
    assert_string_equal(numbers("t"), "1? 2? 4? 5?");
    assert_string_equal(numbers("u"), "6?");
    drop_all("t");
    tidy();
    close_it();
    assert_true(has(file));
    nothing_fails();
    open_it();
    assert_int_equal(totals().bad, 1);
    assert_int_equal(totals().failed, 0);
    assert_string_equal(numbers("t"), "1? 2? 4? 5?");
    assert_string_equal(numbers("u"), "6?");
}

/* That nothing is known of it does not mean that nothing is in it. */
static void test_damage_that_hides_all(void **state)
{
    (void)state;
    make_damaged(TOPIC);
    ruin_page(file, TOPIC_NAMES);
    disk_is_full(".db.new");
    open_it();
    nothing_fails();
    assert_int_equal(records(), 0);
    store("v", "1");
    tidy();
    reopen();
    assert_true(has(bad));
    assert_string_equal(values("v"), "1");
}

/* What cannot be read in place is there at the next start. */
static void test_damage_is_left_alone(void **state)
{
    (void)state;
    open_it();
    store("t", "1");
    close_it();
    sql(file, "UPDATE topic SET given_to = 9223372036854775807");
    disk_is_full(".db.new");
    open_it();
    assert_true(disk.hit);
    nothing_fails();
    assert_int_equal(totals().failed, 1);
    assert_int_equal(totals().files, 2);
    assert_string_equal(values("t"), "");
    assert_int_equal(store("t", "2") >> 40, 2);
    tidy();
    assert_true(has(file));
    reopen();
    assert_int_equal(totals().bad, 1);
    assert_string_equal(values("t"), "1? 2");
}

/* Of a file that was never finished nobody misses anything. */
static void test_an_unfinished_file(void **state)
{
    (void)state;
    open_it();
    close_it();
    write_file(file, "", 0);
    disk_is_full(NULL);
    open_it();
    assert_false(spool_dir_is_sound(sd));
    nothing_fails();
    renew();
    store("t", "1");
    reopen();
    assert_string_equal(values("t"), "1");
    tidy();
    assert_int_equal(totals().files, 1);
    assert_false(has(file));
}

/* ---- for too long -------------------------------------------------------- */

static void test_failed_for_want_of_room(void **state)
{
    int64_t seq;

    (void)state;
    open_it();
    seq = store("t", "1");
    spool_dir_fail(sd);
    assert_int_equal(totals().failed, 1);
    tidy();
    assert_string_equal(values("t"), "1");
    drop(seq);
    tidy();
    assert_string_equal(names(), "");
    assert_int_equal(totals().bad, 0);
    renew();
    assert_true(store("t", "2") > seq);
}

/* Nobody tidies before the process ends. */
static void test_failed_for_want_of_room_at_the_end(void **state)
{
    int64_t seq;

    (void)state;
    open_it();
    seq = store("t", "1");
    spool_dir_fail(sd);
    drop(seq);
    close_it();
    assert_string_equal(names(), "");
}

/* Its number tells that the other one is older. */
static void test_the_newest_stays_as_long_as_others(void **state)
{
    int64_t seqs[2];

    (void)state;
    open_it();
    seqs[0] = store("t", "1");
    fail_current();
    renew();
    seqs[1] = store("t", "2");
    spool_dir_fail(sd);
    drop(seqs[1]);
    reopen();
    assert_string_equal(values("t"), "1? 2?");
    assert_int_equal(totals().failed, 0);
    drop(seqs[0]);
    drop(seqs[1]);
    tidy();
    assert_int_equal(totals().files, 1);
    assert_int_equal(totals().bad, 0);
}

/* Nobody has what is aside but this file. */
static void test_what_is_aside_stays(void **state)
{
    static const char *const kept =
        "spool-00000001.db.bad spool-00000001.db.bad-wal";

    (void)state;
    for (int before = 0; before < 2; before++) {
        int64_t seq;

        open_it();
        seq = store("t", "1");
        if (before)
            put_aside(store("t", "2"));
        spool_dir_fail(sd);
        if (before)
            drop(seq);
        else
            put_aside(seq);
        tidy();
        assert_string_equal(names(), kept);
        assert_int_equal(totals().bad, 1);
        close_it();
        empty_folder();
    }
}

/* What could not be read may be in it. */
static void test_what_is_damaged_stays(void **state)
{
    int64_t seqs[3];

    (void)state;
    open_it();
    for (int i = 0; i < 3; i++)
        seqs[i] = store_large("t", i + 1);
    reopen();
    spool_dir_fail(sd);
    ruin_value("spool-00000001.db", 2);
    assert_string_equal(numbers("t"), "1 3");
    drop(seqs[0]);
    drop(seqs[2]);
    tidy();
    assert_int_equal(totals().bad, 1);
    assert_true(has("spool-00000001.db.bad"));
}

/* ---- an older file ------------------------------------------------------- */

/* It cannot be told that all of it is in Kafka. */
static void test_an_older_file_without_room(void **state)
{
    int64_t seq;

    (void)state;
    open_it();
    seq = store("t", "1");
    fail_current();
    renew();
    store("t", "2");
    reopen();
    disk_is_full("spool-00000001.db");
    drop(seq);
    assert_true(disk.hit);
    tidy();
    assert_int_equal(totals().files, 1);
    assert_false(has("spool-00000001.db"));
    assert_false(has("spool-00000001.db.bad"));
    assert_string_equal(values("t"), "2");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        ALONE(test_no_room_for_the_first_file),
        ALONE(test_no_room_beside_a_failed_file),
        ALONE(test_sending_makes_room),
        ALONE(test_other_failures_end_the_start),
        ALONE(test_damage_is_read_in_place),
        ALONE(test_damage_and_no_room_at_all),
        ALONE(test_damage_that_hides_all),
        ALONE(test_damage_is_left_alone),
        ALONE(test_an_unfinished_file),
        ALONE(test_failed_for_want_of_room),
        ALONE(test_failed_for_want_of_room_at_the_end),
        ALONE(test_the_newest_stays_as_long_as_others),
        ALONE(test_what_is_aside_stays),
        ALONE(test_what_is_damaged_stays),
        ALONE(test_an_older_file_without_room),
    };

    return cmocka_run_group_tests(tests, make_dir, remove_dir);
}
