/*
 * test_spool_folder.c - spool/spool_folder.h: the folder, and whose it is
 *
 * What becomes of names in it is in test_spool_salvage.c.
 */
#include "spool_dir_support.h"

#include <sys/wait.h>

static mode_t mode_of(const char *path)
{
    struct stat st;

    assert_int_equal(stat(path, &st), 0);
    return st.st_mode & 0777;
}

static void test_what_is_made(void **state)
{
    char path[2 * PATH_SIZE];
    struct spool_dir *other;
    const mode_t before = umask(0);

    (void)state;
    snprintf(path, sizeof(path), "%s/a//b/spool/", dir);
    OK(spool_dir_open(&other, path, &ample, &why));
    umask(before);
    assert_int_equal(mode_of(path), 0700);
    snprintf(path, sizeof(path), "%s/a/b", dir);
    assert_int_equal(mode_of(path), 0755);
    snprintf(path, sizeof(path), "%s/a", dir);
    assert_int_equal(mode_of(path), 0755);
    snprintf(path, sizeof(path), "%s/a/b/spool/spool-00000001.db", dir);
    assert_int_equal(mode_of(path), 0600);
    spool_dir_close(other);
    assert_int_equal(unlink(path), 0);
    snprintf(path, sizeof(path), "rm -r '%s/a'", dir);
    assert_int_equal(system(path), 0);
}

static void test_cannot_be_opened(void **state)
{
    static char deep[8000];

    (void)state;
    memset(deep, 'x', sizeof(deep) - 1);
    FAILS(spool_dir_open(&sd, "", &ample, &why), FAULT_IO);
    FAILS(spool_dir_open(&sd, deep, &ample, &why), FAULT_IO);
    FAILS(spool_dir_open(&sd, "/dev/null", &ample, &why), FAULT_IO);
    FAILS(spool_dir_open(&sd, "/dev/null/x", &ample, &why), FAULT_IO);
    assert_null(sd);
    mkdir(folder, 0700);
    assert_int_equal(mkdir(in_folder("spool-00000001.db"), 0700), 0);
    FAILS(spool_dir_open(&sd, folder, &ample, &why), FAULT_IO);
    assert_null(sd);
}

/* In one process or in two */
static void test_busy(void **state)
{
    struct spool_dir *second = NULL;
    struct fault cause = FAULT_INIT;
    char expected[2 * PATH_SIZE];
    char host[65];
    int status;
    pid_t pid;

    (void)state;
    assert_int_equal(gethostname(host, sizeof(host)), 0);
    snprintf(expected, sizeof(expected),
             "cannot use '%s': process %d on %s has it", folder, (int)getpid(),
             host);
    assert_int_equal(spool_dir_open(&second, folder, &ample, &cause), -1);
    assert_null(second);
    assert_int_equal(cause.kind, FAULT_BUSY);
    assert_string_equal(cause.text, expected);
    pid = fork();
    assert_int_not_equal(pid, -1);
    if (pid == 0) {
        fault_clear(&cause);
        _exit(spool_dir_open(&second, folder, &ample, &cause) == -1 &&
                      cause.kind == FAULT_BUSY &&
                      strcmp(cause.text, expected) == 0
                  ? 0
                  : 1);
    }
    assert_int_equal(waitpid(pid, &status, 0), pid);
    assert_int_equal(status, 0);
    store("t", "1");
    reopen();
    assert_string_equal(values("t"), "1");
}

static void test_names_of_others(void **state)
{
    static const char *const others[] = {
        "spool-1.db",         "spool-00000007.db3",   "spool-.db",
        "spool-99999999.db",  "spool-0000000x.db",    "aspool-00000007.db",
        "spool-00000007.sql", "spool-00000007.db~bak"};

    (void)state;
    close_it();
    for (size_t i = 0; i < COUNT(others); i++)
        write_file(others[i], "x", 1);
    open_it();
    assert_int_equal(totals().files, 1);
    for (size_t i = 0; i < COUNT(others); i++)
        assert_int_equal(size_of(others[i]), 1);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        ALONE(test_what_is_made),
        ALONE(test_cannot_be_opened),
        OPEN(test_busy),
        OPEN(test_names_of_others),
    };

    return cmocka_run_group_tests(tests, make_dir, remove_dir);
}
