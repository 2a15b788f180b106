/*
 * test_files.c - replacing a file, raising the limit of open files
 */
#include "base/buf.h"
#include "base/files.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

static char dir[512];

static int make_dir(void **state)
{
    const char *tmp = getenv("TMPDIR");

    (void)state;
    snprintf(dir, sizeof(dir), "%s/test_files.XXXXXX",
             tmp == NULL ? "/tmp" : tmp);
    return mkdtemp(dir) == NULL ? -1 : 0;
}

static int remove_dir(void **state)
{
    (void)state;
    return rmdir(dir);
}

static const char *in_dir(const char *name)
{
    static char path[1024];

    snprintf(path, sizeof(path), "%s/%s", dir, name);
    return path;
}

static void assert_file(const char *path, const char *text)
{
    struct buf buf = BUF_INIT(100000);
    struct fault why = FAULT_INIT;

    assert_int_equal(buf_add_file(&buf, path, &why), 0);
    assert_string_equal(buf.data, text);
    buf_release(&buf);
}

static size_t entries(void)
{
    struct dirent **list = NULL;
    int count = scandir(dir, &list, NULL, NULL);

    assert_true(count >= 2);
    for (int i = 0; i < count; i++)
        free(list[i]);
    free(list);
    return (size_t)count - 2;
}

static void test_replace(void **state)
{
    const char *path = in_dir("port");
    struct fault why = FAULT_INIT;
    struct stat st;

    (void)state;
    assert_int_equal(file_replace(path, "8005\n", &why), 0);
    assert_file(path, "8005\n");
    assert_int_equal(file_replace(path, "", &why), 0);
    assert_file(path, "");
    assert_int_equal(file_replace(path, "9100\n", &why), 0);
    assert_file(path, "9100\n");
    assert_int_equal(stat(path, &st), 0);
    assert_int_equal(st.st_mode & 0777, 0644);
    assert_int_equal(entries(), 1); /* nothing is left beside it */
    unlink(path);
}

static void test_replace_fails(void **state)
{
    char longer[6000];
    struct fault why = FAULT_INIT;

    (void)state;
    assert_int_equal(file_replace("/nowhere/port", "1\n", &why), -1);
    assert_int_equal(why.kind, FAULT_IO);
    assert_string_equal(
        why.text, "cannot write '/nowhere/port': No such file or directory");

    fault_clear(&why);
    assert_int_equal(mkdir(in_dir("d"), 0700), 0);
    assert_int_equal(file_replace(in_dir("d"), "1\n", &why), -1);
    assert_int_equal(why.kind, FAULT_IO);
    assert_non_null(strstr(why.text, "cannot replace '"));
    assert_int_equal(entries(), 1);
    rmdir(in_dir("d"));

    fault_clear(&why);
    memset(longer, 'x', sizeof(longer));
    longer[sizeof(longer) - 1] = '\0';
    assert_int_equal(file_replace(longer, "1\n", &why), -1);
    assert_int_equal(why.kind, FAULT_IO);
    assert_non_null(strstr(why.text, "File name too long"));
}

/* In a child: the limits are the process's. */
static int child_limits(void)
{
    struct rlimit limit = {100, 200};
    struct fault why = FAULT_INIT;

    if (setrlimit(RLIMIT_NOFILE, &limit) == -1)
        return 1;
    if (file_limit_raise(50, &why) == -1 || file_limit_raise(150, &why) == -1)
        return 2;
    if (getrlimit(RLIMIT_NOFILE, &limit) == -1 || limit.rlim_cur != 150)
        return 3;
    if (file_limit_raise(300, &why) == 0 || why.kind != FAULT_CONFIG)
        return 4;
    if (strstr(why.text, "to 300: the hard limit is 200") == NULL)
        return 5;
    if (getrlimit(RLIMIT_NOFILE, &limit) == -1 || limit.rlim_cur != 200)
        return 6;
    return 0;
}

static void test_limit(void **state)
{
    pid_t pid;
    int status;

    (void)state;
    pid = fork();
    assert_int_not_equal(pid, -1);
    if (pid == 0)
        _exit(child_limits());
    assert_int_equal(waitpid(pid, &status, 0), pid);
    assert_true(WIFEXITED(status));
    assert_int_equal(WEXITSTATUS(status), 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_replace),
        cmocka_unit_test(test_replace_fails),
        cmocka_unit_test(test_limit),
    };

    return cmocka_run_group_tests(tests, make_dir, remove_dir);
}
