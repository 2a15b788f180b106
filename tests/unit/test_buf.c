/*
 * test_buf.c - base/buf.h
 */
#include "base/buf.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static void test_ceiling_is_exact(void **state)
{
    struct buf buf = BUF_INIT(5);
    struct fault why = FAULT_INIT;

    (void)state;
    assert_int_equal(buf_add_text(&buf, "abc", &why), 0);
    assert_int_equal(buf_add_text(&buf, "def", &why), -1);
    assert_int_equal(why.kind, FAULT_TOO_LARGE);
    assert_string_equal(buf.data, "abc"); /* nothing of it was added */
    assert_int_equal(buf_add_text(&buf, "de", NULL), 0);
    assert_int_equal(buf_add(&buf, "", 0, NULL), 0);
    assert_int_equal(buf_add(&buf, "x", 1, NULL), -1);
    assert_int_equal(buf.len, 5);
    buf_release(&buf);
    assert_int_equal(buf_add_text(&buf, "again", NULL), 0);
    buf_release(&buf);
}

static void test_grows(void **state)
{
    struct buf buf = BUF_INIT(100000);

    (void)state;
    for (int i = 0; i < 10000; i++)
        assert_int_equal(buf_addf(&buf, NULL, "%04d,", i), 0);
    assert_int_equal(buf.len, 50000);
    assert_int_equal(strlen(buf.data), 50000);
    assert_memory_equal(buf.data + 5 * 4321, "4321,", 5);
    buf_release(&buf);
}

static const struct json_row {
    const char *text;
    size_t len;
    const char *json;
} json_rows[] = {
    {"",             0, "\"\""              },
    {"plain",        5, "\"plain\""         },
    {"q\"b\\",       4, "\"q\\\"b\\\\\""    },
    {"\n\r\t",       3, "\"\\n\\r\\t\""     },
    {"\x01\x1f",     2, "\"\\u0001\\u001f\""},
    {"\0",           1, "\"\\u0000\""       },
    {"\xc3\xa9\x7f", 3, "\"\xc3\xa9\x7f\""  },
};

static void test_json(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof(json_rows) / sizeof(json_rows[0]); i++) {
        const struct json_row *row = &json_rows[i];
        struct buf buf = BUF_INIT(100);

        assert_int_equal(
            buf_add_json(&buf, (struct slice){row->text, row->len}, NULL), 0);
        assert_string_equal(buf.data, row->json);
        buf_release(&buf);
    }
}

static void test_json_is_all_or_nothing(void **state)
{
    struct buf buf = BUF_INIT(8);

    (void)state;
    assert_int_equal(buf_add_text(&buf, "ab", NULL), 0);
    assert_int_equal(buf_add_json(&buf, slice_of("12345"), NULL), -1);
    assert_string_equal(buf.data, "ab");
    assert_int_equal(buf_add_json(&buf, slice_of("1234"), NULL), 0);
    assert_string_equal(buf.data, "ab\"1234\"");
    buf_release(&buf);
}

static void test_base64(void **state)
{
    static const struct {
        struct slice bytes;
        const char *text;
    } rows[] = {
        {{"", 0},               "\"\""        },
        {{"f", 1},              "\"Zg==\""    },
        {{"fo", 2},             "\"Zm8=\""    },
        {{"foo", 3},            "\"Zm9v\""    },
        {{"foob", 4},           "\"Zm9vYg==\""},
        {{"\xfb\xff\0\xfe", 4}, "\"+/8A/g==\""},
    };
    struct buf full = BUF_INIT(5);

    (void)state;
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        struct buf buf = BUF_INIT(100);

        assert_int_equal(buf_add_base64(&buf, rows[i].bytes, NULL), 0);
        assert_string_equal(buf.data, rows[i].text);
        buf_release(&buf);
    }
    assert_int_equal(buf_add_base64(&full, slice_of("f"), NULL), -1);
    assert_int_equal(full.len, 0);
    buf_release(&full);
}

static void test_file(void **state)
{
    char path[] = "/tmp/test_buf.XXXXXX";
    struct buf buf = BUF_INIT(10);
    struct fault why = FAULT_INIT;
    int fd = mkstemp(path);

    (void)state;
    assert_int_not_equal(fd, -1);
    assert_int_equal(buf_add_file(&buf, path, &why), 0); /* an empty one */
    assert_string_equal(buf.data, "");
    assert_int_equal(write(fd, "0123456789", 10), 10);
    assert_int_equal(buf_add_file(&buf, path, &why), 0);
    assert_string_equal(buf.data, "0123456789");
    assert_int_equal(buf_add_file(&buf, path, &why), -1);
    assert_int_equal(why.kind, FAULT_TOO_LARGE);
    assert_non_null(strstr(why.text, path));
    assert_int_equal(buf.len, 10);
    close(fd);
    unlink(path);

    fault_clear(&why);
    assert_int_equal(buf_add_file(&buf, path, &why), -1);
    assert_int_equal(why.kind, FAULT_IO);
    assert_non_null(strstr(why.text, "No such file"));
    buf_release(&buf);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_ceiling_is_exact),
        cmocka_unit_test(test_grows),
        cmocka_unit_test(test_json),
        cmocka_unit_test(test_json_is_all_or_nothing),
        cmocka_unit_test(test_base64),
        cmocka_unit_test(test_file),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
