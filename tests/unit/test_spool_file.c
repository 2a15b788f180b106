/*
 * test_spool_file.c - spool/spool.h: the file, whose it is, and what is
 * wrong with it
 */
#include "record_same.h"
#include "spool_support.h"

#include <fcntl.h>
#include <sys/wait.h>

/* ---- the file ------------------------------------------------------------ */

static void test_what_is_made(void **state)
{
    struct stat st;

    (void)state;
    assert_int_equal(stat(db(), &st), 0);
    assert_int_equal(st.st_mode & 0777, 0600); /* it will hold people's data */
    store("t", "1");
    assert_int_equal(stat(in_dir("spool.db-wal"), &st), 0);
    assert_int_equal(st.st_mode & 0777, 0600);
    assert_int_equal(size_of(in_dir("spool.db-shm")), -1);
    close_it();
    assert_int_equal(size_of(in_dir("spool.db-wal")), -1);
    assert_memory_equal(spool_library_version(), "SQLite 3.", 9);
}

static void test_an_empty_file_is_a_new_one(void **state)
{
    (void)state;
    write_file(db(), "", 0);
    open_it();
    store("t", "1");
    reopen();
    assert_int_equal(totals().records, 1);
}

static void test_a_bare_name(void **state)
{
    char before[PATH_SIZE];

    (void)state;
    assert_non_null(getcwd(before, sizeof(before)));
    assert_int_equal(chdir(dir), 0);
    OK(spool_open(&sp, "spool.db", &ample, &why));
    store("t", "1");
    close_it();
    assert_int_equal(chdir(before), 0);
    open_it();
    assert_int_equal(totals().records, 1);
}

/* A copy of the files is what a process leaves that is killed now. */
static void test_killed(void **state)
{
    (void)state;
    store("t", "1");
    store("t", "2");
    OK(spool_begin(sp, &why));
    for (int i = 0; i < 16; i++) /* so much that some is in the WAL already */
        append("t", BYTES(big));
    OK(spool_remove(sp, 1, &why));
    assert_true(size_of(in_dir("spool.db-wal")) > MB);
    copy_file(db(), in_dir("copy.db"));
    copy_file(in_dir("spool.db-wal"), in_dir("copy.db-wal"));
    spool_undo(sp);
    close_it();

    OK(spool_open(&sp, in_dir("copy.db"), &ample, &why));
    assert_int_equal(totals().records, 2);
    assert_int_equal(read_all("t"), 2);
    assert_true(slice_is(rows[0].record.value, "1"));
    assert_true(slice_is(rows[1].record.value, "2"));
    assert_int_equal(store("t", "3"), 3);
}

/* Does another process see a lock on it? */
static bool locked(void)
{
    struct flock lock = {.l_type = F_WRLCK, .l_whence = SEEK_SET};
    const pid_t pid = fork();
    int status;

    assert_int_not_equal(pid, -1);
    if (pid == 0) {
        const int fd = open(db(), O_RDWR);

        if (fd == -1 || fcntl(fd, F_GETLK, &lock) == -1)
            _exit(2);
        _exit(lock.l_type == F_UNLCK ? 0 : 1);
    }
    assert_int_equal(waitpid(pid, &status, 0), pid);
    assert_true(WIFEXITED(status) && WEXITSTATUS(status) < 2);
    return WEXITSTATUS(status) == 1;
}

static void test_one_at_a_time_in_a_process(void **state)
{
    struct spool *second = NULL;

    (void)state;
    assert_true(locked());
    FAILS(spool_open(&second, db(), &ample, &why), FAULT_BUSY);
    assert_null(second);
    /* trying took nothing away from the first */
    assert_true(locked());
    FAILS(spool_open(&second, db(), &ample, &why), FAULT_BUSY);
    store("t", "1");
    OK(spool_tidy(sp, true, &why));
    FAILS(spool_open(&second, db(), &ample, &why), FAULT_BUSY);
    close_it();
    assert_false(locked());
    open_it();
    assert_int_equal(totals().records, 1);
}

static void test_one_process_at_a_time(void **state)
{
    int ready[2], done[2];
    int status;
    char byte;
    pid_t pid;

    (void)state;
    assert_int_equal(pipe(ready), 0);
    assert_int_equal(pipe(done), 0);
    pid = fork();
    assert_int_not_equal(pid, -1);
    if (pid == 0) {
        struct spool *theirs;

        close(done[1]);
        if (spool_open(&theirs, db(), &ample, NULL) == -1 ||
            write(ready[1], "", 1) != 1)
            _exit(1);
        (void)!read(done[0], &byte, 1); /* until the parent closes it */
        _exit(0);
    }
    close(ready[1]);
    assert_int_equal(read(ready[0], &byte, 1), 1);
    FAILS(spool_open(&sp, db(), &ample, &why), FAULT_BUSY);
    close(done[1]);
    assert_int_equal(waitpid(pid, &status, 0), pid);
    assert_int_equal(status, 0);
    open_it();
    close(ready[0]);
    close(done[0]);
}

static void test_cannot_be_opened(void **state)
{
    (void)state;
    FAILS(spool_open(&sp, in_dir("missing/spool.db"), &ample, &why), FAULT_IO);
    assert_int_equal(mkdir(in_dir("folder"), 0700), 0);
    FAILS(spool_open(&sp, in_dir("folder"), &ample, &why), FAULT_IO);
    assert_null(sp);
}

/* ---- files that are not ours, or not whole ------------------------------- */

static void make_sample(void)
{
    open_it();
    OK(spool_begin(sp, &why));
    for (int i = 0; i < 20; i++)
        append("t", (struct slice){big, 3000});
    OK(spool_commit(sp, &why));
    close_it();
}

static void make_text(void)
{
    memset(big, 'x', 8192);
    write_file(db(), big, 8192);
}

static void make_short_text(void) { write_file(db(), "hello\n", 6); }

static void make_zeros(void)
{
    memset(big, 0, 8192);
    write_file(db(), big, 8192);
}

static void make_foreign(void) { sql(db(), "CREATE TABLE x (y)"); }

static void make_foreign_wal(void)
{
    sql(db(), "PRAGMA journal_mode = WAL; CREATE TABLE x (y)");
}

static void make_foreign_id(void)
{
    sql(db(), "PRAGMA application_id = 42; CREATE TABLE x (y)");
}

static void make_foreign_version(void) { sql(db(), "PRAGMA user_version = 1"); }

static void make_newer(void)
{
    make_sample();
    sql(db(), "PRAGMA user_version = 2");
}

static void make_older(void)
{
    make_sample();
    sql(db(), "PRAGMA user_version = 0");
}

static void make_without_table(void)
{
    make_sample();
    sql(db(), "DROP TABLE aside");
}

static void make_used_up(void)
{
    make_sample();
    sql(db(), "UPDATE topic SET given_to = 9223372036854775807");
}

static void make_half(void)
{
    make_sample();
    assert_int_equal(truncate(db(), size_of(db()) / 2), 0);
}

static void make_one_page(void)
{
    make_sample();
    assert_int_equal(truncate(db(), 4096), 0);
}

static void make_part_of_a_page(void)
{
    make_sample();
    assert_int_equal(truncate(db(), 1000), 0);
}

static void make_bad_header(void)
{
    FILE *file;

    make_sample();
    file = fopen(db(), "r+b");
    assert_non_null(file);
    assert_int_equal(fwrite("not", 1, 3, file), 3);
    fclose(file);
}

static void test_files_that_are_none_of_ours(void **state)
{
    static const struct {
        const char *claim;
        void (*make)(void);
        enum fault_kind kind;
    } cases[] = {
        {"a text",                           make_text,            FAULT_CORRUPT},
        {"a short one",                      make_short_text,      FAULT_CORRUPT},
        {"zeros",                            make_zeros,           FAULT_CORRUPT},
        {"another database",                 make_foreign,         FAULT_CORRUPT},
        {"another one in WAL mode",          make_foreign_wal,     FAULT_CORRUPT},
        {"another program's",                make_foreign_id,      FAULT_CORRUPT},
        {"another one, without tables",      make_foreign_version, FAULT_CORRUPT},
        {"one of a newer version",           make_newer,           FAULT_NEWER  },
        {"one of a version there never was", make_older,           FAULT_CORRUPT},
        {"one without one of the tables",    make_without_table,   FAULT_CORRUPT},
        {"one whose numbers are used up",    make_used_up,         FAULT_CORRUPT},
        {"half of one",                      make_half,            FAULT_CORRUPT},
        {"the first page of one",            make_one_page,        FAULT_CORRUPT},
        {"part of that",                     make_part_of_a_page,  FAULT_CORRUPT},
        {"one whose first bytes are wrong",  make_bad_header,      FAULT_CORRUPT},
    };

    (void)state;
    for (size_t i = 0; i < COUNT(cases); i++) {
        char *before;
        char *after;
        size_t len;
        size_t len_after;

        print_message("  %s\n", cases[i].claim);
        empty_dir();
        cases[i].make();
        before = load_file(db(), &len);
        for (int pass = 0; pass < 2; pass++) {
            FAILS(spool_open(&sp, db(), &ample, &why), cases[i].kind);
            assert_null(sp);
        }
        after = load_file(db(), &len_after);
        assert_int_equal(len, len_after);
        assert_memory_equal(before, after, len);
        assert_true(size_of(in_dir("spool.db-wal")) <= 0);
        assert_true(size_of(in_dir("spool.db-journal")) <= 0);
        free(before);
        free(after);
    }
}

static void test_a_damaged_row_harms_no_other(void **state)
{
    static const char *const damages[] = {
        "UPDATE record SET value = x'00' || substr(value, 2) WHERE seq = 2",
        "UPDATE record SET value = substr(value, 2) WHERE seq = 2",
        "UPDATE record SET key = NULL WHERE seq = 2",
        "UPDATE record SET headers = x'01' WHERE seq = 2",
        "UPDATE record SET checksum = x'' WHERE seq = 2",
        "UPDATE record SET checksum = 'a text' WHERE seq = 2",
        "UPDATE record SET value = 17 WHERE seq = 2",
        "UPDATE record SET stored_ms = stored_ms + 1 WHERE seq = 2",
        "UPDATE record SET doubtful = 1 WHERE seq = 2",
        "UPDATE record SET size = -1000000 WHERE seq = 2",
    };
    const size_t seen = COUNT(damages) - 1; /* the size is not of the record */

    (void)state;
    for (size_t i = 0; i < COUNT(damages); i++) {
        struct spool_row row;

        print_message("  %s\n", damages[i]);
        empty_dir();
        open_it();
        for (int n = 0; n < 3; n++)
            store("t", "value");
        close_it();
        sql(db(), damages[i]);
        open_it();
        assert_int_equal(read_all("t"), 3);
        assert_int_equal(rows[1].damaged, i < seen);
        assert_true(!rows[0].damaged && !rows[2].damaged);
        assert_true(slice_is(rows[2].record.value, "value"));
        assert_true(exists(2, &row));
        assert_int_equal(row.damaged, i < seen);
        if (i < seen)
            assert_null(row.record.value.data);
        OK(spool_begin(sp, &why));
        OK(spool_put_aside(sp, 2, "damaged", &why));
        OK(spool_commit(sp, &why));
        assert_int_equal(read_all("t"), 2);
        assert_int_equal(totals().aside, 1);
        drop(1);
        drop(3);
        assert_true(totals().bytes >= 0);
        close_it();
    }
}

static void test_a_row_of_another_topic_is_damaged(void **state)
{
    struct spool_row row;

    (void)state;
    store("t", "1");
    store("u", "2");
    close_it();
    sql(db(), "UPDATE record SET topic = 2 WHERE seq = 1");
    open_it();
    assert_int_equal(read_all("u"), 2);
    assert_true(rows[0].damaged);
    assert_false(rows[1].damaged);
    close_it();
    sql(db(), "UPDATE record SET topic = 99 WHERE seq = 1");
    open_it();
    assert_true(exists(1, &row));
    assert_true(row.damaged && row.doubtful);
    drop(1);
    assert_int_equal(totals().records, 1);
}

/* Leaves of a tree, not only values. Opening looks at the first and the last
 * of them, so it is the others. */
static void test_damaged_pages(void **state)
{
    const size_t from = 10 * 4096; /* what is before is not only leaves */
    struct fault cause = FAULT_INIT;
    size_t count;
    size_t len;
    char *data;
    int rc;

    (void)state;
    make_sample();
    data = load_file(db(), &len);
    assert_true(len > 2 * from);
    memset(data + from, 0xa5, from / 2);
    write_file(db(), data, len);
    free(data);

    open_it();
    arena_reset(&arena);
    /* what is before the damage is read, and only then is it told */
    OK(spool_read(sp, 1, 0, rows, ROWS_MAX, SIZE_MAX, &arena, &count, &why));
    assert_in_range(count, 1, 5);
    assert_slice(rows[0].record.value, (struct slice){big, 3000});
    rc = spool_read(sp, 1, rows[count - 1].seq, rows, ROWS_MAX, SIZE_MAX,
                    &arena, &count, &cause);
    assert_int_equal(rc, -1);
    assert_int_equal(cause.kind, FAULT_CORRUPT);
    assert_int_equal(count, 0);
    /* what is not understood is not written to */
    FAILS(spool_begin(sp, &why), FAULT_IO);
    FAILS(spool_tidy(sp, true, &why), FAULT_IO);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        OPEN(test_what_is_made),
        ALONE(test_an_empty_file_is_a_new_one),
        ALONE(test_a_bare_name),
        OPEN(test_killed),
        OPEN(test_one_at_a_time_in_a_process),
        ALONE(test_one_process_at_a_time),
        ALONE(test_cannot_be_opened),
        ALONE(test_files_that_are_none_of_ours),
        ALONE(test_a_damaged_row_harms_no_other),
        OPEN(test_a_row_of_another_topic_is_damaged),
        ALONE(test_damaged_pages),
    };

    return cmocka_run_group_tests(tests, make_dir, remove_dir);
}
