/*
 * test_spool_view.c - spool/spool_view.h
 */
#include "spool_dir_support.h"

#include "spool/spool_view.h"

#include <unistd.h>

static struct spool_view *view;

static void look_at(const char *path)
{
    OK(spool_view_open(&view, path, &why));
}

static void look(void) { look_at(folder); }

static void end(void)
{
    spool_view_close(view);
    view = NULL;
}

/* "1 2? 3!", and "(2 refused)" for what is aside. */
static const char *seen_from(int64_t after)
{
    static char text[PATH_SIZE];
    struct spool_view_row row;
    struct fault why = FAULT_INIT;
    int rc;

    text[0] = '\0';
    arena_reset(&arena);
    while ((rc = spool_view_next(view, after, &row, &arena, &why)) == 1) {
        const struct slice value = row.row.record.value;

        assert_true(row.row.seq > after);
        after = row.row.seq;
        snprintf(
            text + strlen(text), sizeof(text) - strlen(text),
            "%s%s%.*s%s%s%s%s%s", text[0] == '\0' ? "" : " ",
            row.reason == NULL ? "" : "(", value.len > 8 ? 3 : (int)value.len,
            value.data, row.row.doubtful ? "?" : "", row.row.damaged ? "!" : "",
            row.reason == NULL ? "" : " ", row.reason == NULL ? "" : row.reason,
            row.reason == NULL ? "" : ")");
    }
    assert_int_equal(rc, 0);
    assert_int_equal(spool_view_next(view, after, &row, &arena, &why), 0);
    return text;
}

static const char *seen(void) { return seen_from(0); }

static enum spool_view_state state_of(const char *name)
{
    const struct spool_view_file *files;
    size_t count;

    files = spool_view_files(view, &count);
    for (size_t i = 0; i < count; i++)
        if (strcmp(files[i].name, name) == 0)
            return files[i].state;
    fail_msg("no file '%s'", name);
    return VIEW_BAD;
}

/* ---- reading ------------------------------------------------------------- */

static void test_an_empty_one(void **state)
{
    (void)state;
    close_it();
    look();
    assert_string_equal(seen(), "");
    assert_true(spool_view_is_whole(view));
    OK(spool_view_check(view, &why));
    end();
}

static void test_all_topics_and_what_is_aside_in_order(void **state)
{
    int64_t third;

    (void)state;
    put_aside(store("t", "1"));
    store("u", "2");
    third = store("t", "3");
    put_aside(store("u", "4"));
    put_aside(store("t", "5"));
    store("t", "6");
    close_it();
    look();
    assert_string_equal(seen(), "(1 refused) 2 3 (4 refused) (5 refused) 6");
    /* anywhere, and again */
    assert_string_equal(seen_from(third), "(4 refused) (5 refused) 6");
    assert_string_equal(seen_from(third - 1), "3 (4 refused) (5 refused) 6");
    assert_string_equal(seen(), "(1 refused) 2 3 (4 refused) (5 refused) 6");
    end();
}

static void test_given_ones_are_doubtful(void **state)
{
    int64_t seq;

    (void)state;
    store("t", "1");
    seq = store("t", "2");
    store("t", "3");
    spool_dir_begin(sd);
    OK(spool_dir_give(sd, "t", seq, &why));
    OK(spool_dir_commit(sd, &why));
    close_it();
    look();
    assert_string_equal(seen(), "1? 2? 3");
    end();
}

static void test_several_files(void **state)
{
    struct spool_totals counted;

    (void)state;
    store("t", "1");
    put_aside(store("t", "2"));
    fail_current();
    renew();
    store("u", "3");
    store("t", "4");
    close_it();
    look();
    assert_string_equal(seen(), "1? (2? refused) 3 4");
    assert_int_equal(state_of("spool-00000001.db"), VIEW_FAILED);
    assert_int_equal(state_of("spool-00000002.db"), VIEW_SOUND);
    spool_view_totals(view, &counted);
    assert_int_equal(counted.records, 3);
    assert_int_equal(counted.aside, 1);
    end();
    /* as whoever opens it for good has them */
    open_it();
    assert_string_equal(values("t"), "1? 4");
}

/* ---- what a crash can leave ---------------------------------------------- */

static void test_the_one_that_takes_a_place(void **state)
{
    (void)state;
    store("t", "1");
    tidy();
    close_it();
    move_file("spool-00000001.db", "spool-00000001.db.new");
    look();
    assert_string_equal(seen(), "1");
    assert_int_equal(state_of("spool-00000001.db.new"), VIEW_SOUND);
    end();
    assert_string_equal(names(), "spool-00000001.db.new");
}

/* SQLite would remove its WAL, even if it only reads. */
static void test_a_file_without_a_byte(void **state)
{
    (void)state;
    close_it();
    empty_folder();
    write_file("spool-00000001.db", "", 0);
    look();
    assert_string_equal(seen(), "");
    assert_true(spool_view_is_whole(view));
    end();
    write_file("spool-00000001.db-wal", "what it had", 11);
    look();
    assert_string_equal(seen(), "");
    assert_false(spool_view_is_whole(view));
    assert_int_equal(state_of("spool-00000001.db"), VIEW_UNREADABLE);
    end();
    assert_int_equal(size_of("spool-00000001.db-wal"), 11);
}

static void test_what_is_none(void **state)
{
    (void)state;
    close_it();
    empty_folder();
    FAILS(spool_view_open(&view, folder, &why), FAULT_IO);
    FAILS(spool_view_open(&view, in_folder("absent"), &why), FAULT_IO);
    FAILS(spool_view_open(&view, "", &why), FAULT_IO);
    write_file("other", "something else", 14);
    FAILS(spool_view_open(&view, in_folder("other"), &why), FAULT_CORRUPT);
    assert_string_equal(names(), "other");
}

/* ---- damage -------------------------------------------------------------- */

static void test_a_damaged_record_is_told_as_it_is(void **state)
{
    (void)state;
    store("t", "1");
    put_aside(store("t", "2"));
    close_it();
    sql("spool-00000001.db", "UPDATE record SET value = x'37';"
                             "UPDATE aside SET key = x'38'");
    look();
    assert_string_equal(seen(), "7! (2! refused)");
    assert_true(spool_view_is_whole(view));
    end();
    open_it(); /* nobody else sees it */
    assert_int_equal(read_all("t"), 1);
    assert_null(rows[0].record.value.data);
}

static void test_a_damaged_page(void **state)
{
    char text[PATH_SIZE];

    (void)state;
    for (int i = 1; i <= 8; i++)
        store_large("t", i);
    tidy();
    close_it();
    ruin_value("spool-00000001.db", 4);
    look();
    snprintf(text, sizeof(text), "%s", seen());
    assert_null(strstr(text, "#4#"));
    assert_non_null(strstr(text, "#3#"));
    assert_non_null(strstr(text, "#5#"));
    assert_false(spool_view_is_whole(view));
    assert_int_equal(state_of("spool-00000001.db"), VIEW_DAMAGED);
    end();
    assert_string_equal(names(), "spool-00000001.db");
}

/* ---- whose it is --------------------------------------------------------- */

static void test_a_bridge_has_it(void **state)
{
    struct spool_view *other;

    (void)state;
    store("t", "1");
    FAILS(spool_view_open(&view, folder, &why), FAULT_BUSY);
    FAILS(spool_view_open(&view, in_folder("spool-00000001.db"), &why),
          FAULT_BUSY);
    close_it();
    look();
    OK(spool_view_open(&other, folder, &why)); /* as many as like */
    spool_view_close(other);
    FAILS(spool_dir_open(&sd, folder, &ample, &why), FAULT_BUSY);
    end();
    open_it();
}

static void test_a_bridge_comes_where_there_was_no_lock(void **state)
{
    (void)state;
    store("t", "1");
    close_it();
    unlink(in_folder("lock"));
    look();
    OK(spool_view_check(view, &why));
    assert_false(has("lock"));
    open_it();
    FAILS(spool_view_check(view, &why), FAULT_BUSY);
    close_it();
    FAILS(spool_view_check(view, &why), FAULT_BUSY);
    end();
}

static void test_a_file_that_was_set_aside(void **state)
{
    (void)state;
    store("t", "1");
    close_it();
    copy_file("spool-00000001.db", "spool-00000001.db.bad");
    open_it(); /* nobody minds */
    store("t", "2");
    look_at(in_folder("spool-00000001.db.bad"));
    assert_string_equal(seen(), "1?");
    end();
    close_it();
    look();
    assert_string_equal(seen(), "1 2");
    assert_int_equal(state_of("spool-00000001.db.bad"), VIEW_BAD);
    end();
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        OPEN(test_an_empty_one),
        OPEN(test_all_topics_and_what_is_aside_in_order),
        OPEN(test_given_ones_are_doubtful),
        OPEN(test_several_files),
        OPEN(test_the_one_that_takes_a_place),
        OPEN(test_a_file_without_a_byte),
        OPEN(test_what_is_none),
        OPEN(test_a_damaged_record_is_told_as_it_is),
        OPEN(test_a_damaged_page),
        OPEN(test_a_bridge_has_it),
        OPEN(test_a_bridge_comes_where_there_was_no_lock),
        OPEN(test_a_file_that_was_set_aside),
    };

    return cmocka_run_group_tests(tests, make_dir, remove_dir);
}
