/*
 * test_spool_limits.c - spool/spool.h: how much it takes, and gives back
 */
#include "spool_support.h"

/* ---- limits -------------------------------------------------------------- */

static void test_max_bytes(void **state)
{
    struct spool_limits limits = {.max_bytes = 10 * KB};
    const struct record record = record_of("t", (struct slice){big, KB});
    int64_t seq;
    int64_t stored = 0;

    (void)state;
    close_it();
    open_with(&limits);
    OK(spool_begin(sp, &why));
    while (stored < 9) {
        append("t", record.value);
        stored++;
    }
    FAILS(spool_append(sp, &record, false, &seq, &why), FAULT_FULL);
    /* the others are not lost by it */
    assert_true(spool_in_transaction(sp));
    append("t", BYTES("small"));
    OK(spool_commit(sp, &why));
    assert_int_equal(totals().records, 10);
    assert_true(totals().bytes <= limits.max_bytes);

    OK(spool_begin(sp, &why));
    FAILS(spool_append(sp, &record, false, &seq, &why), FAULT_FULL);
    OK(spool_remove(sp, 1, &why));
    OK(spool_append(sp, &record, false, &seq, &why));
    OK(spool_commit(sp, &why));
    /* what is aside is in the way as well */
    OK(spool_begin(sp, &why));
    OK(spool_put_aside(sp, 2, "refused", &why));
    FAILS(spool_append(sp, &record, false, &seq, &why), FAULT_FULL);
    OK(spool_commit(sp, &why));
    close_it();
    open_with(&limits);
    OK(spool_begin(sp, &why));
    FAILS(spool_append(sp, &record, false, &seq, &why), FAULT_FULL);
    OK(spool_commit(sp, &why));
    assert_int_equal(totals().records, 9);
}

static void test_min_free_bytes(void **state)
{
    const struct spool_limits limits = {.max_bytes = MB,
                                        .min_free_bytes = INT64_MAX};
    const struct record record = record_of("t", BYTES("x"));
    int64_t seq;

    (void)state;
    store("t", "1");
    close_it();
    open_with(&limits);
    OK(spool_begin(sp, &why));
    FAILS(spool_append(sp, &record, false, &seq, &why), FAULT_FULL);
    OK(spool_remove(sp, 1, &why)); /* helps, so it is allowed */
    OK(spool_commit(sp, &why));
    assert_int_equal(totals().records, 0);
}

static void test_too_large(void **state)
{
    static char huge[17 * MB];
    const struct record value = record_of("t", BYTES(huge));
    struct record header = record_of("t", BYTES("x"));
    int64_t seq;

    (void)state;
    record_add_header(&header, "h", BYTES(huge));
    OK(spool_begin(sp, &why));
    append("t", BYTES("x"));
    FAILS(spool_append(sp, &value, false, &seq, &why), FAULT_TOO_LARGE);
    FAILS(spool_append(sp, &header, false, &seq, &why), FAULT_TOO_LARGE);
    OK(spool_commit(sp, &why));
    assert_int_equal(totals().records, 1);
}

/* ---- tidying ------------------------------------------------------------- */

static void test_tidying(void **state)
{
    const char *wal = "spool.db-wal";
    int64_t large;

    (void)state;
    store("t", "1");
    OK(spool_tidy(sp, false, &why)); /* it is small yet, and stays */
    assert_true(size_of(in_dir(wal)) > 0);
    OK(spool_tidy(sp, true, &why));
    assert_int_equal(size_of(in_dir(wal)), 0);
    OK(spool_tidy(sp, true, &why));

    while (size_of(in_dir(wal)) < 16 * MB) {
        OK(spool_begin(sp, &why));
        append("t", BYTES(big));
        OK(spool_commit(sp, &why));
    }
    large = size_of(in_dir(wal));
    OK(spool_tidy(sp, false, &why));
    assert_true(size_of(db()) > 16 * MB);
    /* it is written from the start again, so it does not grow */
    for (int i = 0; i < 3; i++) {
        OK(spool_begin(sp, &why));
        append("t", BYTES(big));
        OK(spool_commit(sp, &why));
    }
    assert_int_equal(size_of(in_dir(wal)), large);
    OK(spool_tidy(sp, true, &why));
    assert_int_equal(size_of(in_dir(wal)), 0);
}

static void test_an_empty_file_is_small(void **state)
{
    int64_t last = 0;

    (void)state;
    OK(spool_begin(sp, &why));
    for (int i = 0; i < 20; i++)
        last = append("t", BYTES(big));
    OK(spool_commit(sp, &why));
    OK(spool_tidy(sp, true, &why));
    assert_true(size_of(db()) > 10 * MB);
    OK(spool_begin(sp, &why));
    for (int64_t seq = 1; seq < last; seq++)
        OK(spool_remove(sp, seq, &why));
    OK(spool_commit(sp, &why));
    OK(spool_tidy(sp, true, &why));
    assert_true(size_of(db()) > 10 * MB); /* one is left */
    drop(last);
    OK(spool_tidy(sp, true, &why));
    assert_true(size_of(db()) < MB);
    assert_int_equal(store("t", "x"), last + 1);
    reopen();
    assert_int_equal(read_all("t"), 1);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        OPEN(test_max_bytes),
        OPEN(test_min_free_bytes),
        OPEN(test_too_large),
        OPEN(test_tidying),
        OPEN(test_an_empty_file_is_small),
    };

    return cmocka_run_group_tests(tests, make_dir, remove_dir);
}
