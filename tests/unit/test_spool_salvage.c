/*
 * test_spool_salvage.c - spool/spool_salvage.h, and the folder's part in it:
 * files that are damaged when they are opened
 */
#include "spool_dir_support.h"

static const char file[] = "spool-00000001.db";
static const char bad[] = "spool-00000001.db.bad";
static const char all[] = "1? 2? 3? 4? 5? 6? 7? 8? 9? 10?";

/* 1 to 10 are of one topic, 11 and 12 of another. */
static void make_sample(void)
{
    open_it();
    for (int i = 1; i <= 10; i++)
        store_large("t", i);
    store_large("u", 11);
    store_large("u", 12);
    close_it();
    assert_string_equal(names(), file);
}

/* ---- kinds of damage ----------------------------------------------------- */

enum { TOPIC = 2, TOPIC_NAMES, RECORD, RECORD_BY_TOPIC }; /* their roots */

static void as_text(void) { write_file(file, "hello, world", 12); }

static void of_old_format(void) { sql(file, "PRAGMA user_version = 0"); }

static void without_a_table(void) { sql(file, "DROP TABLE aside"); }

static void used_up(void)
{
    sql(file, "UPDATE topic SET given_to = 9223372036854775807");
}

static void nearly_used_up(void)
{
    sql(file, "UPDATE topic SET given_to = 549755813888");
}

static void without_index(void) { ruin_page(file, RECORD_BY_TOPIC); }

static void without_topics(void) { ruin_page(file, TOPIC); }

static void without_names(void)
{
    ruin_page(file, TOPIC);
    ruin_page(file, TOPIC_NAMES);
}

static void without_root(void)
{
    without_index();
    ruin_page(file, RECORD);
}

static void with_holes(void)
{
    without_index();
    ruin_value(file, 1);
    ruin_value(file, 4);
    ruin_value(file, 5);
    ruin_value(file, 7);
    ruin_value(file, 12);
}

static void with_a_wrong_row(void)
{
    sql(file, "UPDATE record SET key = 'other' WHERE seq = 4;"
              "UPDATE record SET topic = 2 WHERE seq = 6;"
              "PRAGMA user_version = 0");
}

static void cut_in_half(void)
{
    char path[2 * PATH_SIZE];

    snprintf(path, sizeof(path), "%s", in_folder(file));
    assert_int_equal(truncate(path, size_of(file) / PAGE / 2 * PAGE), 0);
}

static void test_damaged_files(void **state)
{
    static const struct {
        const char *claim;
        void (*damage)(void);
        const char *t;
        const char *u;
    } cases[] = {
        {"it is none",                 of_old_format,    all,                        "11? 12?"},
        {"a text",                     as_text,          "",                         ""       },
        {"without a table",            without_a_table,  all,                        "11? 12?"},
        {"its numbers are used up",    used_up,          all,                        "11? 12?"},
        {"they nearly are",            nearly_used_up,   all,                        "11? 12?"},
        {"its index is damaged",       without_index,    all,                        "11? 12?"},
        {"its topics are",             without_topics,   all,                        "11? 12?"},
        {"nobody knows their names",   without_names,    "",                         ""       },
        {"a table without a root",     without_root,     "",                         ""       },
        {"some pages are damaged",     with_holes,       "2? 3? 6? 8? 9? 10?",       "11?"    },
        {"some rows are",              with_a_wrong_row, "1? 2? 3? 5? 7? 8? 9? 10?",
         "11? 12?"                                                                            },
        {"the second half is missing", cut_in_half,      "1?",                       ""       },
    };

    (void)state;
    for (size_t i = 0; i < COUNT(cases); i++) {
        const bool saved = cases[i].t[0] != '\0';
        size_t len, len_bad;
        char *before;
        char *after;

        print_message("  %s\n", cases[i].claim);
        teardown(NULL);
        setup_nothing(NULL);
        make_sample();
        cases[i].damage();
        before = load_file(file, &len);
        open_it();
        assert_int_equal(totals().bad, 1);
        assert_int_equal(totals().files, 1);
        assert_int_equal(totals().failed, 0);
        assert_true(has(bad));
        assert_int_equal(has(file), saved);
        assert_int_equal(has("spool-00000002.db"), !saved);
        assert_false(has("spool-00000001.db.new"));
        assert_string_equal(numbers("t"), cases[i].t);
        assert_string_equal(numbers("u"), cases[i].u);
        store_large("t", 99);
        reopen();
        assert_int_equal(totals().bad, 0);
        assert_string_equal(numbers("u"), cases[i].u);
        assert_memory_equal(numbers("t"), cases[i].t, strlen(cases[i].t));
        after = load_file(bad, &len_bad);
        assert_int_equal(len, len_bad);
        assert_memory_equal(before, after, len);
        free(before);
        free(after);
    }
}

/* When they were stored is saved, too. */
static void test_their_time(void **state)
{
    int64_t oldest_ms;

    (void)state;
    make_sample();
    open_it();
    oldest_ms = totals().of_all.oldest_ms;
    close_it();
    without_index();
    open_it();
    assert_int_equal(totals().of_all.oldest_ms, oldest_ms);
    assert_string_equal(numbers("t"), all);
}

/* It keeps its place among the others. */
static void test_between_others(void **state)
{
    (void)state;
    make_sample();
    open_it();
    fail_current();
    renew();
    store_large("t", 20);
    fail_current();
    renew();
    store_large("t", 21);
    close_it();
    copy_file("spool-00000002.db", "copy");
    sql("spool-00000002.db", "PRAGMA user_version = 0");
    open_it();
    assert_string_equal(numbers("t"), "1? 2? 3? 4? 5? 6? 7? 8? 9? 10? 20? 21");
    assert_int_equal(spool_dir_last_of(sd, "t") >> 40, 3);
    assert_int_equal(totals().files, 3);
    close_it();
    /* again: both damaged ones are kept */
    sql("spool-00000002.db", "PRAGMA user_version = 0");
    open_it();
    assert_true(has("spool-00000002.db.bad"));
    assert_true(has("spool-00000002.db.bad.2"));
    assert_string_equal(numbers("t"), "1? 2? 3? 4? 5? 6? 7? 8? 9? 10? 20? 21");
}

/* So many numbers may be on the damaged page that they are not all tried. */
static void test_a_long_stretch(void **state)
{
    (void)state;
    make_sample();
    sql(file, "UPDATE topic SET given_to = 5000000");
    open_it();
    store_large("t", 20);
    store_large("t", 21);
    store_large("t", 22);
    close_it();
    without_index();
    ruin_value(file, 20);
    open_it();
    assert_string_equal(numbers("t"), "1? 2? 3? 4? 5? 6? 7? 8? 9? 10? 21? 22?");
}

/* ---- it is interrupted --------------------------------------------------- */

/* Killed with the last two in the WAL, and then damaged. */
static void make_killed(void)
{
    make_sample();
    open_it();
    store_large("t", 13);
    store_large("t", 14);
    copy_file(file, "copy");
    copy_file("spool-00000001.db-wal", "copy-wal");
    close_it();
    move_file("copy", file);
    move_file("copy-wal", "spool-00000001.db-wal");
    without_topics();
}

static const char killed[] = "1? 2? 3? 4? 5? 6? 7? 8? 9? 10? 13? 14?";

/* As it is when the replacement is done and nothing has its name yet. */
static void make_replacement(void)
{
    make_killed();
    copy_file(file, "file");
    copy_file("spool-00000001.db-wal", "wal");
    open_it();
    assert_string_equal(numbers("t"), killed);
    close_it();
    move_file(file, "spool-00000001.db.new");
    unlink(in_folder(bad));
    unlink(in_folder("spool-00000001.db.bad-wal"));
    move_file("file", file);
    move_file("wal", "spool-00000001.db-wal");
}

static void before_it_is_complete(void)
{
    make_killed();
    write_file("spool-00000001.db.new", "part of it", 10);
    write_file("spool-00000001.db.new-wal", "and more", 8);
}

static void before_names_change(void) { make_replacement(); }

static void after_the_first(void)
{
    make_replacement();
    move_file(file, bad);
}

static void after_the_second(void)
{
    after_the_first();
    move_file("spool-00000001.db-wal", "spool-00000001.db.bad-wal");
}

static void amid_the_second(void)
{
    after_the_second();
    write_file("spool-00000001.db-journal", "j", 1);
}

static void of_the_second_time(void)
{
    after_the_first();
    move_file(bad, "spool-00000001.db.bad.2");
    write_file(bad, "an earlier one", 14);
}

static void test_interrupted(void **state)
{
    static const struct {
        const char *claim;
        void (*make)(void);
        const char *wal; /* where the damaged one's is in the end */
        int bad;         /* set aside by this process */
    } cases[] = {
        {"before it is complete",    before_it_is_complete,
         "spool-00000001.db.bad-wal",                                                    1},
        {"before names change",      before_names_change,
         "spool-00000001.db.bad-wal",                                                    1},
        {"after the file's name",    after_the_first,       "spool-00000001.db.bad-wal",
         0                                                                                },
        {"after the WAL's name",     after_the_second,      "spool-00000001.db.bad-wal",
         0                                                                                },
        {"before the journal's",     amid_the_second,       "spool-00000001.db.bad-wal",
         0                                                                                },
        {"when it is not the first", of_the_second_time,
         "spool-00000001.db.bad.2-wal",                                                  0},
    };

    (void)state;
    for (size_t i = 0; i < COUNT(cases); i++) {
        print_message("  %s\n", cases[i].claim);
        teardown(NULL);
        setup_nothing(NULL);
        cases[i].make();
        open_it();
        assert_int_equal(totals().bad, cases[i].bad);
        assert_string_equal(numbers("t"), killed);
        assert_string_equal(numbers("u"), "11? 12?");
        assert_true(has(bad));
        assert_true(size_of(cases[i].wal) > 0);
        assert_false(has("spool-00000001.db.new"));
        assert_false(has("spool-00000001.db.new-wal"));
        assert_false(has("spool-00000001.db-journal"));
        reopen();
        assert_string_equal(numbers("t"), killed);
    }
}

/* Setting a file aside, too */
static void test_a_stray_wal(void **state)
{
    (void)state;
    make_killed();
    move_file(file, bad);
    open_it();
    assert_string_equal(names(), "spool-00000001.db.bad "
                                 "spool-00000001.db.bad-wal "
                                 "spool-00000002.db spool-00000002.db-wal");
    assert_int_equal(records(), 0);
    close_it();
    write_file("spool-00000001.db-wal", "another", 7);
    open_it();
    assert_true(has("spool-00000001.db.bad.2-wal"));
}

static void test_calls_fail(void **state)
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
    for (size_t i = 0; i < COUNT(ways); i++) {
        int64_t runs = 0;

        for (bool hit = true; hit; runs++) {
            struct fault why = FAULT_INIT;
            int rc;

            teardown(NULL);
            setup_nothing(NULL);
            make_killed();
            next_fails(ways[i].call, ways[i].rc, ".new");
            disk.nth = runs;
            rc = spool_dir_open(&sd, folder, &ample, &why);
            hit = disk.hit;
            nothing_fails();
            if (rc == -1) {
                assert_true(hit);
                assert_null(sd);
                assert_int_equal(why.kind, FAULT_IO);
                assert_int_equal(ways[i].kind, FAULT_IO);
                assert_true(has(file));
                assert_false(has(bad));
                open_it();
            } else if (totals().failed > 0) {
                assert_true(hit);
                assert_int_equal(ways[i].kind, FAULT_FULL);
                assert_string_equal(numbers("t"), killed); /* in its place */
                assert_false(has(bad));
                reopen();
            }
            assert_string_equal(numbers("t"), killed);
            assert_true(has(bad));
        }
        print_message("  %d runs\n", (int)runs);
        assert_true(runs > 5);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        ALONE(test_damaged_files),  ALONE(test_their_time),
        ALONE(test_between_others), ALONE(test_a_long_stretch),
        ALONE(test_interrupted),    ALONE(test_a_stray_wal),
        ALONE(test_calls_fail),
    };

    return cmocka_run_group_tests(tests, make_dir, remove_dir);
}
