/*
 * test_lines.c - a stream line by line
 */
#include "cmd/lines.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { MAX = 8, LARGE = 1 << 20 };

static int file_of(const char *text, size_t len)
{
    FILE *file = tmpfile();
    int fd;

    assert_non_null(file);
    fd = dup(fileno(file));
    fclose(file);
    assert_int_not_equal(fd, -1);
    assert_int_equal(write(fd, text, len), len);
    assert_int_equal(lseek(fd, 0, SEEK_SET), 0);
    return fd;
}

/* What comes, one in brackets each; "!" for one that is too long. */
static const struct {
    const char *claim;
    const char *text;
    const char *lines;
} rows[] = {
    {"nothing",                     "",                     ""             },
    {"an empty line",               "\n",                   "[]"           },
    {"two of them",                 "\n\n",                 "[][]"         },
    {"one",                         "a\n",                  "[a]"          },
    {"no newline at the end",       "a\nb",                 "[a][b]"       },
    {"a carriage return stays",     "a\r\nb\r\n",           "[a\r][b\r]"   },
    {"as long as can be",           "12345678\nb",          "[12345678][b]"},
    {"and at the end",              "b\n12345678",          "[b][12345678]"},
    {"too long",                    "123456789\nb\n",       "![b]"         },
    {"too long, without a newline", "a\n123456789",         "[a]!"         },
    {"two of them in a row",        "123456789\n123456789", "!!"           },
};

static void test_lines(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        int fd = file_of(rows[i].text, strlen(rows[i].text));
        struct lines lines;
        struct slice line;
        char found[128] = "";
        size_t len = 0;
        uint64_t count = 0;
        int rc;

        lines_init(&lines, fd, NULL, MAX);
        for (;;) {
            struct fault why = FAULT_INIT;

            rc = lines_next(&lines, &line, &why);
            if (rc == 0)
                break;
            assert_int_equal(lines.number, ++count);
            if (rc == -1)
                assert_int_equal(why.kind, FAULT_TOO_LARGE);
            len += (size_t)(rc == -1 ? snprintf(found + len, 64, "!")
                                     : snprintf(found + len, 64, "[%.*s]",
                                                (int)line.len, line.data));
        }
        if (strcmp(found, rows[i].lines) != 0)
            fail_msg("%s: got '%s'", rows[i].claim, found);
        lines_release(&lines);
        close(fd);
    }
}

/* Lines of all lengths around what is read at a time. */
static void test_across_pieces(void **state)
{
    const size_t lens[] = {262142, 262143, 262144, 262145, 1, 0, 700000, 3};
    const size_t count = sizeof(lens) / sizeof(lens[0]);
    char *text = malloc(4 * (size_t)LARGE);
    struct lines lines;
    struct slice line;
    size_t len = 0;
    int fd;

    (void)state;
    assert_non_null(text);
    for (size_t i = 0; i < count; i++) {
        memset(text + len, 'a' + (int)i, lens[i]);
        len += lens[i];
        text[len++] = '\n';
    }
    fd = file_of(text, len);
    lines_init(&lines, fd, NULL, LARGE);
    for (size_t i = 0; i < count; i++) {
        assert_int_equal(lines_next(&lines, &line, NULL), 1);
        assert_int_equal(line.len, lens[i]);
        for (size_t at = 0; at < line.len; at++)
            assert_int_equal(line.data[at], 'a' + (int)i);
    }
    assert_int_equal(lines_next(&lines, &line, NULL), 0);
    lines_release(&lines);
    close(fd);
    free(text);
}

/* Memory is bounded, and what is behind it is found. */
static void test_much_too_long(void **state)
{
    char *text = malloc(2 * (size_t)LARGE);
    struct lines lines;
    struct slice line;
    struct fault why = FAULT_INIT;
    int fd;

    (void)state;
    assert_non_null(text);
    memset(text, 'x', 2 * (size_t)LARGE);
    memcpy(text + 2 * (size_t)LARGE - 4, "\nend", 4);
    fd = file_of(text, 2 * (size_t)LARGE);
    lines_init(&lines, fd, NULL, 1000);
    assert_int_equal(lines_next(&lines, &line, &why), -1);
    assert_string_equal(why.text, "line 1: more than 1000 bytes");
    assert_true(lines.held.capacity <= LARGE);
    assert_int_equal(lines_next(&lines, &line, NULL), 1);
    assert_true(slice_is(line, "end"));
    lines_release(&lines);
    close(fd);
    free(text);
}

/* What was said is out before the next line is waited for. */
static void test_said_before_waiting(void **state)
{
    int in[2];
    int out[2];
    char got[8] = "";
    FILE *said;
    struct lines lines;
    struct slice line;

    (void)state;
    assert_int_equal(pipe(in), 0);
    assert_int_equal(pipe2(out, O_NONBLOCK), 0);
    said = fdopen(out[1], "w");
    assert_non_null(said);
    assert_int_equal(write(in[1], "a\n", 2), 2);
    lines_init(&lines, in[0], said, MAX);
    assert_int_equal(lines_next(&lines, &line, NULL), 1);
    fputs("ok", said);
    close(in[1]);
    assert_int_equal(lines_next(&lines, &line, NULL), 0);
    assert_int_equal(read(out[0], got, sizeof(got)), 2);
    assert_string_equal(got, "ok");
    lines_release(&lines);
    fclose(said);
    close(in[0]);
    close(out[0]);
}

static void test_what_cannot_be_read(void **state)
{
    struct lines lines;
    struct slice line;
    struct fault why = FAULT_INIT;

    (void)state;
    lines_init(&lines, -1, NULL, MAX);
    assert_int_equal(lines_next(&lines, &line, &why), -1);
    assert_int_equal(why.kind, FAULT_IO);
    lines_release(&lines);
}

static void test_what_cannot_be_said(void **state)
{
    int fd = file_of("a\n", 2);
    FILE *full = fopen("/dev/full", "w");
    struct lines lines;
    struct slice line;
    struct fault why = FAULT_INIT;

    (void)state;
    assert_non_null(full);
    fputs("ok", full);
    lines_init(&lines, fd, full, MAX);
    assert_int_equal(lines_next(&lines, &line, &why), -1);
    assert_int_equal(why.kind, FAULT_IO);
    assert_non_null(strstr(why.text, "cannot write"));
    lines_release(&lines);
    fclose(full);
    close(fd);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_lines),
        cmocka_unit_test(test_across_pieces),
        cmocka_unit_test(test_much_too_long),
        cmocka_unit_test(test_said_before_waiting),
        cmocka_unit_test(test_what_cannot_be_read),
        cmocka_unit_test(test_what_cannot_be_said),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
