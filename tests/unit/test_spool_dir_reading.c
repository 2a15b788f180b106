/*
 * test_spool_dir_reading.c - spool/spool_dir.h: a disk that does not answer
 */
#include "spool_dir_support.h"

#include "base/clock.h"
#include "spool/spool_patience.h"

static const char file[] = "spool-00000001.db";

/* ---- the clock ----------------------------------------------------------- */

enum { SECOND = 1000 * 1000, MINUTE = 60 };

static int64_t passed_us;

int64_t __real_clock_now_us(void);
int64_t __wrap_clock_now_us(void);

int64_t __wrap_clock_now_us(void) { return __real_clock_now_us() + passed_us; }

/* ---- a sample ------------------------------------------------------------ */

/* As in test_spool_dir_damage.c: each has a page of its own, and none but the
 * first and the last is in SQLite's memory. */
static void make_sample(int64_t seqs[11])
{
    open_it();
    for (int i = 1; i <= 10; i++)
        seqs[i] = store_large("t", i);
    reopen();
}

/* Reading fails: all of it, or the page of one value. */
static void cannot_read(int number)
{
    const int64_t at = number == 0 ? -1 : (page_of(file, number) - 1) * PAGE;

    next_fails(READS, SQLITE_IOERR_READ, file);
    disk.for_good = true;
    disk.reads_at = at;
}

static int try_read(const char *topic, int64_t after, size_t *count,
                    int64_t *reached, struct fault *why)
{
    arena_reset(&arena);
    return spool_dir_read(sd, topic, after, rows, ROWS_MAX, SIZE_MAX, &arena,
                          count, reached, why);
}

/* It fails, and so it does all the time. */
static void fails_for(int seconds, int64_t after)
{
    for (int i = 0; i <= seconds; i++) {
        int64_t reached;
        size_t count;

        FAILS(try_read("t", after, &count, &reached, &why), FAULT_IO);
        assert_int_equal(count, 0);
        assert_int_equal(reached, after);
        if (i < seconds)
            passed_us += SECOND;
    }
    assert_int_equal(totals().unreadable, 0);
}

/* ---- for a while --------------------------------------------------------- */

static void test_a_moment(void **state)
{
    int64_t seqs[11], reached;
    size_t count;

    (void)state;
    make_sample(seqs);
    cannot_read(0);
    /* what lies before it is read */
    OK(try_read("t", 0, &count, &reached, &why));
    assert_int_equal(count, 1);
    assert_int_equal(reached, seqs[1]);
    FAILS(try_read("t", seqs[1], &count, &reached, &why), FAULT_IO);
    assert_int_equal(totals().failed, 1);
    nothing_fails();
    assert_string_equal(numbers("t"), "1 2 3 4 5 6 7 8 9 10");
    assert_int_equal(totals().unreadable, 0);
    assert_int_equal(records(), 10);
    renew();
    for (int i = 1; i <= 10; i++)
        drop(seqs[i]);
    tidy();
    assert_int_equal(totals().bad, 1);
    assert_int_equal(totals().unreadable, 0);
    assert_true(has("spool-00000001.db.bad"));
}

/* What is EIO to SQLite's own VFS is damage to SQLite; in the file and in the
 * WAL. */
static void test_called_damage(void **state)
{
    enum { MANY = 50, LARGER = 60 * KB };

    static char large[LARGER];

    (void)state;
    memset(large, 'x', sizeof(large) - 1);
    for (int in_wal = 0; in_wal <= 1; in_wal++) {
        int64_t reached, calls = 0, at = 0;
        size_t count;

        teardown(NULL);
        setup_nothing(NULL);
        open_it();
        for (int i = 0; i < MANY; i++)
            store("t", large);
        if (in_wal == 0)
            reopen();
        next_fails(READS, SQLITE_IOERR_CORRUPTFS,
                   in_wal == 0 ? ".db" : ".db-wal");
        disk.for_good = true;
        while (try_read("t", at, &count, &reached, NULL) == 0) {
            assert_true(reached > at); /* what SQLite has in memory */
            at = reached;
        }
        FAILS(try_read("t", at, &count, &reached, &why), FAULT_IO);
        assert_int_equal(totals().unreadable, 0);
        nothing_fails();
        for (at = 0; calls < MANY; calls += (int64_t)count, at = reached)
            OK(try_read("t", at, &count, &reached, &why));
        assert_int_equal(calls, MANY);
        assert_int_equal(totals().unreadable, 0);
        assert_int_equal(records(), MANY);
    }
}

static void test_almost_a_minute(void **state)
{
    int64_t seqs[11];

    (void)state;
    make_sample(seqs);
    cannot_read(2);
    fails_for(MINUTE - 1, seqs[1]);
    nothing_fails();
    assert_string_equal(numbers("t"), "1 2 3 4 5 6 7 8 9 10");
    assert_int_equal(totals().unreadable, 0);
}

static void test_each_has_its_minute(void **state)
{
    int64_t seqs[11];

    (void)state;
    make_sample(seqs);
    cannot_read(2);
    fails_for(MINUTE - 1, seqs[1]);
    cannot_read(5); /* 2 to 4 can be read */
    assert_int_equal(totals().unreadable, 0);
    OK(try_read("t", seqs[1], &(size_t){0}, &(int64_t){0}, &why));
    fails_for(MINUTE - 1, seqs[4]);
    nothing_fails();
    assert_string_equal(numbers("t"), "1 2 3 4 5 6 7 8 9 10");
}

/* A long time in which nobody tried is none. */
static void test_a_pause_is_no_trouble(void **state)
{
    int64_t seqs[11];

    (void)state;
    make_sample(seqs);
    cannot_read(2);
    for (int i = 0; i < 10; i++) {
        fails_for(1, seqs[1]);
        passed_us += INT64_C(100) * MINUTE * SECOND;
    }
    nothing_fails();
    assert_string_equal(numbers("t"), "1 2 3 4 5 6 7 8 9 10");
}

static void test_one_record(void **state)
{
    struct spool_row row;
    int64_t seqs[11];
    bool found;

    (void)state;
    make_sample(seqs);
    cannot_read(4);
    for (int i = 0; i < MINUTE; i++) {
        FAILS(spool_dir_read_one(sd, seqs[4], &row, &found, &arena, &why),
              FAULT_IO);
        assert_false(found);
        assert_true(exists(seqs[1])); /* in SQLite's memory, for example */
        passed_us += SECOND;
    }
    assert_int_equal(totals().unreadable, 0);
    assert_false(exists(seqs[4]));
    assert_int_equal(totals().unreadable, 1);
    assert_string_equal(numbers("t"), "1 2 3 5 6 7 8 9 10");
    /* the next process asks again */
    nothing_fails();
    reopen();
    assert_string_equal(numbers("t"), "1? 2? 3? 4? 5? 6? 7? 8? 9? 10?");
}

/* ---- for good ------------------------------------------------------------ */

static void test_one_page(void **state)
{
    int64_t seqs[11], reached;
    size_t count;

    (void)state;
    make_sample(seqs);
    cannot_read(4);
    fails_for(MINUTE - 1, seqs[3]);
    passed_us += SECOND;
    OK(try_read("t", seqs[3], &count, &reached, &why));
    assert_int_equal(count, 6);
    assert_string_equal(numbers("t"), "1 2 3 5 6 7 8 9 10");
    assert_int_equal(totals().unreadable, 1);
    assert_int_equal(records(), 9);
}

/* The fourth of ten is all that is left of a file that has failed. */
static void leave_one_that_cannot_be_read(int64_t seqs[11])
{
    make_sample(seqs);
    fail_current();
    renew();
    cannot_read(4);
    for (int i = 1; i <= 10; i++)
        if (i != 4)
            drop(seqs[i]);
}

/* What lies behind it is removed, and the file stays for its sake. */
static void test_the_mark(void **state)
{
    int64_t seqs[11];

    (void)state;
    leave_one_that_cannot_be_read(seqs);
    for (int i = 0; i < MINUTE - 1; i++) {
        tidy();
        tidy(); /* at once, so it is not so much as tried */
        passed_us += SECOND;
    }
    assert_int_equal(records(), 1);
    assert_int_equal(totals().unreadable, 0);
    nothing_fails();
    tidy();
    assert_int_equal(totals().failed, 1);
    assert_true(exists(seqs[4]));
}

static void test_the_mark_goes_on(void **state)
{
    int64_t seqs[11];

    (void)state;
    leave_one_that_cannot_be_read(seqs);
    for (int i = 0; i <= MINUTE + 1; i++) {
        tidy();
        passed_us += SECOND;
    }
    assert_int_equal(totals().bad, 1);
    assert_int_equal(totals().unreadable, 1);
}

/* How many can be read, as the drain does it, which waits where it must. */
static size_t count_all(const char *topic, int64_t *calls, int *waited)
{
    int64_t at = 0, reached;
    size_t total = 0;

    for (*calls = 0, *waited = 0;; ++*calls) {
        struct fault why = FAULT_INIT;
        size_t count;

        if (try_read(topic, at, &count, &reached, &why) == -1) {
            assert_int_equal(why.kind, FAULT_IO);
            passed_us += SECOND;
            ++*waited;
            continue;
        }
        total += count;
        if (reached == at)
            return total;
        at = reached;
    }
}

/* The disk answers nothing any more: a minute for all, and not for each. */
static void test_nothing_can_be_read(void **state)
{
    enum { RECORDS = 25000 };

    int64_t calls;
    int waited;
    size_t read;

    (void)state;
    open_it();
    spool_dir_begin(sd);
    for (int i = 0; i < RECORDS; i++)
        append("t", "small");
    OK(spool_dir_commit(sd, &why));
    reopen();
    cannot_read(0);
    read = count_all("t", &calls, &waited); /* what SQLite has in memory */
    assert_true(read < RECORDS / 10);
    assert_in_range(waited, MINUTE, 4 * MINUTE);
    assert_int_equal(totals().unreadable, RECORDS - read);
    assert_int_equal(records(), read);
    /* none of these calls has taken long */
    assert_true(calls > 2);
    renew();
    store("t", "1");
    assert_int_equal(count_all("t", &calls, &waited), read + 1);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        ALONE(test_a_moment),
        ALONE(test_called_damage),
        ALONE(test_almost_a_minute),
        ALONE(test_each_has_its_minute),
        ALONE(test_a_pause_is_no_trouble),
        ALONE(test_one_record),
        ALONE(test_one_page),
        ALONE(test_the_mark),
        ALONE(test_the_mark_goes_on),
        ALONE(test_nothing_can_be_read),
    };

    return cmocka_run_group_tests(tests, make_dir, remove_dir);
}
