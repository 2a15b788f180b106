/*
 * test_terminal.c - what comes from elsewhere cannot command a terminal
 */
#include "cmd/terminal.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdlib.h>
#include <string.h>

#define TEXT(literal) {literal, sizeof(literal) - 1}

static const struct {
    struct slice bytes;
    const char *whole; /* lines and tabs are no exception */
    const char *lines;
} rows[] = {
    {TEXT(""),                  "",                   ""                 },
    {TEXT("a"),                 "a",                  "a"                },
    {TEXT("caf\xC3\xA9 ok"),    "caf\xC3\xA9 ok",     "caf\xC3\xA9 ok"   },
    {TEXT("\x1b[2J"),           "\\x1b[2J",           "\\x1b[2J"         },
    {TEXT("a\x1b\x07z"),        "a\\x1b\\x07z",       "a\\x1b\\x07z"     },
    {TEXT("a\n\tb\rc"),         "a\\x0a\\x09b\\x0dc", "a\n\tb\\x0dc"     },
    {TEXT("\x7f"),              "\\x7f",              "\\x7f"            },
    {TEXT("\0"),                "\\x00",              "\\x00"            },
    {TEXT("\xC2\x9B"
          "31m"),
     "\\xc2\\x9b31m",                                 "\\xc2\\x9b31m"    },
    {TEXT("\xC2\xA0"),          "\xC2\xA0",           "\xC2\xA0"         },
    {TEXT("a\xFF"
          "b\xC3"),
     "a\\xffb\\xc3",                                  "a\\xffb\\xc3"     },
    {TEXT("\xF0\x9F\x98\x80!"), "\xF0\x9F\x98\x80!",  "\xF0\x9F\x98\x80!"},
};

static void assert_written(struct slice bytes, bool lines, const char *expected)
{
    char *text = NULL;
    size_t size = 0;
    FILE *out = open_memstream(&text, &size);

    assert_non_null(out);
    terminal_bytes(out, bytes, lines);
    fclose(out);
    assert_string_equal(text, expected);
    free(text);
}

static void test_bytes(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        assert_written(rows[i].bytes, false, rows[i].whole);
        assert_written(rows[i].bytes, true, rows[i].lines);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_bytes),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
