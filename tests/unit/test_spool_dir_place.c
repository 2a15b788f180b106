/*
 * test_spool_dir_place.c - spool/spool_dir.h: what is open is removed
 */
#include "spool_dir_support.h"

static void remove_folder(void)
{
    empty_folder();
    assert_int_equal(rmdir(folder), 0);
}

/* A commit is refused, and nothing of it is there. */
static void assert_commit_is_refused(const char *part_of_text)
{
    struct fault why = FAULT_INIT;

    spool_dir_begin(sd);
    append("t", "never");
    assert_int_equal(spool_dir_commit(sd, &why), -1);
    assert_int_equal(why.kind, FAULT_IO);
    assert_non_null(strstr(why.text, part_of_text));
    assert_false(spool_dir_in_transaction(sd));
    assert_false(spool_dir_is_sound(sd));
}

static void test_the_folder_is_removed(void **state)
{
    struct spool_dir *other = NULL;
    int64_t seqs[2];

    (void)state;
    seqs[0] = store("t", "1");
    remove_folder();
    assert_commit_is_refused("spool-00000001.db' was removed");
    assert_int_equal(totals().failed, 1);
    renew();
    seqs[1] = store("t", "2");
    assert_true(seqs[1] > seqs[0]);
    assert_string_equal(names(), "spool-00000002.db spool-00000002.db-wal");
    assert_string_equal(values("t"), "1 2"); /* it is open still */
    FAILS(spool_dir_open(&other, folder, &ample, &why), FAULT_BUSY);
    drop(seqs[0]);
    assert_string_equal(values("t"), "2");
    tidy();
    assert_int_equal(totals().files, 1);
    assert_int_equal(totals().bad, 0);
    reopen();
    assert_string_equal(values("t"), "2");
}

static void test_parts_are_removed(void **state)
{
    static const char *const parts[] = {"lock", "spool-00000001.db",
                                        "spool-00000001.db-wal"};

    (void)state;
    for (size_t i = 0; i < COUNT(parts); i++) {
        struct spool_dir *other = NULL;
        int64_t seq;

        store("t", "1");
        assert_int_equal(unlink(in_folder(parts[i])), 0);
        assert_commit_is_refused(parts[i]);
        renew();
        seq = store("t", "2");
        assert_true(seq >> 40 >= 2);
        assert_string_equal(values("t"), "1 2");
        FAILS(spool_dir_open(&other, folder, &ample, &why), FAULT_BUSY);
        close_it();
        empty_folder();
        open_it();
    }
}

/* There is a file of that name, and it is another. */
static void test_another_takes_the_place(void **state)
{
    (void)state;
    store("t", "1");
    copy_file("spool-00000001.db", "other");
    move_file("other", "spool-00000001.db");
    assert_commit_is_refused("spool-00000001.db");
    renew();
    store("t", "2");
    assert_string_equal(values("t"), "1 2");
}

/* Also those that have nothing, or are older */
static void test_all_files_are_removed(void **state)
{
    int64_t seqs[2];

    (void)state;
    seqs[0] = store("t", "1");
    fail_current();
    renew();
    seqs[1] = store("t", "2");
    reopen();
    spool_dir_begin(sd);
    OK(spool_dir_remove(sd, seqs[0], &why));
    append("t", "never");
    remove_folder();
    FAILS(spool_dir_commit(sd, &why), FAULT_IO);
    assert_int_equal(totals().failed, 2);
    assert_string_equal(values("t"), "1? 2");
    drop(seqs[1]);
    tidy();
    assert_int_equal(totals().files, 1);
    assert_string_equal(values("t"), "1?");
    renew();
    assert_int_equal(store("t", "3") >> 40, 3);
    remove_folder();
    assert_commit_is_refused("spool-00000003.db");
    renew();
    drop(seqs[0]);
    tidy();
    assert_string_equal(values("t"), "3");
}

/* What is done with is not looked for by a name that is another's. */
static void test_another_process_has_the_folder(void **state)
{
    struct spool_dir *mine, *other;
    char theirs[PATH_SIZE];
    int64_t seq;

    (void)state;
    seq = store("t", "mine");
    mine = sd;
    remove_folder();
    open_it();
    store("t", "other");
    fail_current();
    renew();
    store("t", "another");
    snprintf(theirs, sizeof(theirs), "%s", names());
    other = sd;
    sd = mine;
    assert_commit_is_refused("spool-00000001.db");
    for (int i = 0; i < 2; i++)
        FAILS(spool_dir_renew(sd, &why), FAULT_BUSY);
    assert_string_equal(values("t"), "mine");
    assert_string_equal(names(), theirs);
    drop(seq);
    tidy();
    assert_int_equal(totals().files, 0);
    assert_string_equal(names(), theirs);
    FAILS(spool_dir_renew(sd, &why), FAULT_BUSY);
    spool_dir_close(other);
    /* it has left something, which is not mine to overwrite */
    renew();
    assert_true(store("t", "mine again") >> 40 > 2);
    assert_string_equal(values("t"), "mine again");
    reopen();
    assert_string_equal(values("t"), "other? another? mine again");
}

/* A file stands in its place; then it is back where it was. */
static void test_it_cannot_be_made_anew(void **state)
{
    char moved[2 * PATH_SIZE];
    FILE *file;

    (void)state;
    store("t", "1");
    snprintf(moved, sizeof(moved), "%s.moved", folder);
    assert_int_equal(rename(folder, moved), 0);
    file = fopen(folder, "wb");
    assert_non_null(file);
    fclose(file);
    assert_commit_is_refused("spool-00000001.db");
    for (int i = 0; i < 2; i++)
        FAILS(spool_dir_renew(sd, &why), FAULT_IO);
    assert_string_equal(values("t"), "1");
    assert_int_equal(unlink(folder), 0);
    assert_int_equal(rename(moved, folder), 0);
    renew();
    store("t", "2");
    assert_string_equal(values("t"), "1 2");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        OPEN(test_the_folder_is_removed),
        OPEN(test_parts_are_removed),
        OPEN(test_another_takes_the_place),
        OPEN(test_all_files_are_removed),
        OPEN(test_another_process_has_the_folder),
        OPEN(test_it_cannot_be_made_anew),
    };

    return cmocka_run_group_tests(tests, make_dir, remove_dir);
}
