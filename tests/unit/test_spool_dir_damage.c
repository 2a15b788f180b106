/*
 * test_spool_dir_damage.c - spool/spool_dir.h: damage that is met in reading
 */
#include "spool_dir_support.h"

static const char file[] = "spool-00000001.db";

/* All of it is in the file, and in SQLite's memory the first and the last one
 * alone. */
static void make_sample(int64_t seqs[11])
{
    open_it();
    for (int i = 1; i <= 10; i++)
        seqs[i] = store_large("t", i);
    reopen();
}

static void test_pages(void **state)
{
    int64_t seqs[11], seq;

    (void)state;
    make_sample(seqs);
    ruin_value(file, 2);
    ruin_value(file, 3);
    ruin_value(file, 7);
    assert_string_equal(numbers("t"), "1 4 5 6 8 9 10");
    assert_int_equal(totals().unreadable, 3);
    assert_int_equal(records(), 7);
    assert_int_equal(totals().failed, 1);
    assert_string_equal(numbers("t"), "1 4 5 6 8 9 10");
    assert_int_equal(totals().unreadable, 3); /* counted once */
    assert_false(exists(seqs[2]));
    assert_false(exists(seqs[7]));
    assert_true(exists(seqs[8]));
    assert_int_equal(totals().unreadable, 3);
    spool_dir_begin(sd);
    FAILS(try_append("t", "#11#", &seq, &why), FAULT_IO);
    renew();
    store_large("t", 11);
    assert_string_equal(numbers("t"), "1 4 5 6 8 9 10 11");
    for (int i = 1; i <= 9; i++)
        drop(seqs[i]);
    tidy();
    assert_int_equal(records(), 2);
    assert_int_equal(totals().files, 2);
    drop(seqs[10]);
    tidy();
    assert_int_equal(totals().files, 1);
    assert_int_equal(totals().bad, 1);
    assert_int_equal(totals().unreadable, 3);
    assert_true(has("spool-00000001.db.bad"));
    assert_string_equal(numbers("t"), "11");
}

/* All that can be read was removed, and nobody has read the rest. */
static void test_damage_that_nobody_meets(void **state)
{
    int64_t seqs[11];

    (void)state;
    make_sample(seqs);
    fail_current();
    renew();
    ruin_value(file, 2);
    ruin_value(file, 5);
    ruin_value(file, 9);
    for (int i = 1; i <= 10; i++)
        if (i != 2 && i != 5 && i != 9)
            drop(seqs[i]);
    tidy();
    assert_int_equal(totals().bad, 1);
    assert_int_equal(totals().unreadable, 3);
    assert_int_equal(records(), 0);
}

/* Numbers that were never used are not taken for records. */
static void test_a_gap_in_the_numbers(void **state)
{
    int64_t seqs[15];

    (void)state;
    make_sample(seqs);
    close_it();
    sql(file, "UPDATE topic SET given_to = 1000000");
    open_it();
    for (int i = 11; i <= 14; i++)
        seqs[i] = store_large("t", i);
    reopen();
    fail_current();
    renew();
    ruin_value(file, 11);
    for (int i = 1; i <= 10; i++)
        drop(seqs[i]);
    tidy();
    assert_int_equal(totals().unreadable, 1);
    assert_int_equal(records(), 3);
    assert_string_equal(numbers("t"), "12 13 14");
    for (int i = 12; i <= 14; i++)
        drop(seqs[i]);
    tidy();
    assert_int_equal(totals().bad, 1);
    assert_int_equal(totals().unreadable, 1);
}

static void test_one_that_cannot_be_read(void **state)
{
    int64_t seqs[11];

    (void)state;
    make_sample(seqs);
    ruin_value(file, 4);
    assert_false(exists(seqs[4]));
    assert_int_equal(totals().unreadable, 1);
    assert_false(exists(seqs[4]));
    assert_int_equal(totals().unreadable, 1);
    drop(seqs[4]);
    assert_int_equal(records(), 9);
    assert_string_equal(numbers("t"), "1 2 3 5 6 7 8 9 10");
    assert_int_equal(totals().unreadable, 1);
}

/* What opening does not look at is not known to be damaged by then. */
static void test_damage_from_before(void **state)
{
    int64_t seqs[11];

    (void)state;
    make_sample(seqs);
    close_it();
    ruin_value(file, 4);
    open_it();
    assert_int_equal(totals().bad, 0);
    assert_string_equal(numbers("t"), "1 2 3 5 6 7 8 9 10");
    /* the process that comes next may know less about them */
    reopen();
    assert_string_equal(numbers("t"), "1? 2? 3? 5? 6? 7? 8? 9? 10?");
}

static void test_a_wrong_row_is_told(void **state)
{
    int64_t seqs[11];

    (void)state;
    make_sample(seqs);
    close_it();
    sql(file, "UPDATE record SET key = 'other' WHERE seq = 3");
    open_it();
    ruin_value(file, 2);
    assert_string_equal(numbers("t"), "1 0! 4 5 6 7 8 9 10");
    assert_int_equal(rows[1].seq, seqs[3]);
    assert_int_equal(totals().unreadable, 1);
    assert_true(exists(seqs[3]));
    put_aside(seqs[3]);
    assert_string_equal(numbers("t"), "1 4 5 6 7 8 9 10");
}

/* ---- the index ----------------------------------------------------------- */

enum { MANY = 700, FEW = 500 };

/* All leaves of indexes. */
static void ruin_indexes(void)
{
    size_t len;
    char *data = load_file(file, &len);

    for (size_t at = 0; at < len; at += PAGE)
        if (data[at] == 0x0a)
            ruin_page(file, (int64_t)at / PAGE + 1);
    free(data);
}

static size_t count_all(const char *topic, int64_t *calls)
{
    int64_t at = 0, reached, last = 0;
    size_t total = 0;

    for (*calls = 0;; ++*calls) {
        size_t count;

        arena_reset(&arena);
        OK(spool_dir_read(sd, topic, at, rows, ROWS_MAX, SIZE_MAX, &arena,
                          &count, &reached, &why));
        for (size_t i = 0; i < count; i++) {
            assert_string_equal(rows[i].record.topic, topic);
            assert_true(rows[i].seq > last);
            last = rows[i].seq;
        }
        total += count;
        if (reached == at)
            return total;
        assert_true(reached > at);
        at = reached;
    }
}

static void append_few(void)
{
    spool_dir_begin(sd);
    for (int i = 0; i < FEW; i++)
        append("u", "small");
    OK(spool_dir_commit(sd, &why));
}

/* As they are read */
static void drop_all(const char *topic)
{
    int64_t at = 0, reached;
    size_t count;

    for (;;) {
        arena_reset(&arena);
        OK(spool_dir_read(sd, topic, at, rows, ROWS_MAX, SIZE_MAX, &arena,
                          &count, &reached, &why));
        if (reached == at)
            return;
        spool_dir_begin(sd);
        for (size_t i = 0; i < count; i++)
            OK(spool_dir_remove(sd, rows[i].seq, &why));
        OK(spool_dir_commit(sd, &why));
        at = reached;
    }
}

/* So many pages are read that SQLite has forgotten those of the index. */
static void test_an_index(void **state)
{
    int64_t calls;

    (void)state;
    open_it();
    append_few();
    for (int i = 0; i < MANY; i++)
        store_large("t", i);
    close_it();
    sql(file, "UPDATE topic SET given_to = 30000");
    open_it();
    store_large("t", MANY);
    store_large("t", MANY + 1); /* so that no other is on the page of that */
    append_few();
    reopen();
    assert_int_equal(count_all("t", &calls), MANY + 2);
    ruin_indexes();
    ruin_value(file, 77);
    ruin_value(file, MANY);
    assert_int_equal(count_all("u", &calls), 2 * FEW);
    assert_int_equal(totals().failed, 1);
    assert_int_equal(count_all("t", &calls), MANY);
    assert_in_range(totals().unreadable, 0, 2);
    renew();
    drop_all("t");
    assert_in_range(records(), 2 * FEW, 2 * FEW + 2);
    for (int i = 0; i < 10; i++)
        tidy();
    assert_int_equal(totals().bad, 0);
    assert_int_equal(count_all("u", &calls), 2 * FEW);
    drop_all("u");
    for (int i = 0; i < 10; i++)
        tidy();
    assert_int_equal(totals().bad, 1);
    assert_int_equal(totals().unreadable, 2);
    assert_int_equal(records(), 0);
}

/* ---- getting on ---------------------------------------------------------- */

/* No call stops for good where it does not get on. */
static void test_reading_gets_on(void **state)
{
    int64_t seqs[11], reached;
    size_t count;

    (void)state;
    make_sample(seqs);
    fail_current();
    drop(seqs[10]);
    ruin_value(file, 2);
    ruin_value(file, 9);
    assert_string_equal(numbers("t"), "1 3 4 5 6 7 8");
    OK(spool_dir_read(sd, "t", 0, rows, 2, SIZE_MAX, &arena, &count, &reached,
                      &why));
    assert_int_equal(count, 2);
    assert_int_equal(rows[1].seq, seqs[3]);
    assert_int_equal(reached, seqs[3]);
    OK(spool_dir_read(sd, "t", seqs[8], rows, 2, SIZE_MAX, &arena, &count,
                      &reached, &why));
    assert_int_equal(count, 0);
    assert_int_equal(reached, seqs[10]);
    OK(spool_dir_read(sd, "t", seqs[10], rows, 2, SIZE_MAX, &arena, &count,
                      &reached, &why));
    assert_int_equal(count, 0);
    assert_int_equal(reached, seqs[10]);
    /* one at least, whatever its size */
    OK(spool_dir_read(sd, "t", seqs[4], rows, 5, 1, &arena, &count, &reached,
                      &why));
    assert_int_equal(count, 1);
    assert_int_equal(reached, seqs[5]);
}

static void test_no_memory_in_a_damaged_file(void **state)
{
    struct arena small = ARENA_INIT(64, KB);
    int64_t seqs[11], reached;
    size_t count;

    (void)state;
    make_sample(seqs);
    ruin_value(file, 2);
    assert_string_equal(numbers("t"), "1 3 4 5 6 7 8 9 10");
    FAILS(spool_dir_read(sd, "t", 0, rows, 2, SIZE_MAX, &small, &count,
                         &reached, &why),
          FAULT_NOMEM);
    arena_release(&small);
    assert_int_equal(totals().unreadable, 1);
    assert_string_equal(numbers("t"), "1 3 4 5 6 7 8 9 10");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        ALONE(test_pages),
        ALONE(test_damage_that_nobody_meets),
        ALONE(test_a_gap_in_the_numbers),
        ALONE(test_one_that_cannot_be_read),
        ALONE(test_damage_from_before),
        ALONE(test_a_wrong_row_is_told),
        ALONE(test_an_index),
        ALONE(test_reading_gets_on),
        ALONE(test_no_memory_in_a_damaged_file),
    };

    return cmocka_run_group_tests(tests, make_dir, remove_dir);
}
