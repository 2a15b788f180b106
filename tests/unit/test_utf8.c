/*
 * test_utf8.c - base/utf8.h
 */
#include "base/utf8.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#define BYTES(text) {(text), sizeof(text) - 1}

static const struct {
    struct slice text;
    bool is;
} rows[] = {
    {{NULL, 0},                 false},
    {BYTES(""),                 true },
    {BYTES("a\0b"),             true },
    {BYTES("\xc3\xbc"),         true },
    {BYTES("a\xc3"),            false}, /* cut */
    {BYTES("\x80"),             false},
    {BYTES("\xc0\x80"),         false}, /* overlong */
    {BYTES("\xe0\x9f\xbf"),     false},
    {BYTES("\xe2\x82\xac"),     true },
    {BYTES("\xed\xa0\x80"),     false}, /* a surrogate */
    {BYTES("\xf0\x9f\x98\x80"), true },
    {BYTES("\xf4\x90\x80\x80"), false}, /* above U+10FFFF */
    {BYTES("\xff"),             false},
};

static void test_what_is_text(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
        if (utf8_is(rows[i].text) != rows[i].is)
            fail_msg("row %zu", i);
}

static void test_controls(void **state)
{
    (void)state;
    assert_true(utf8_is_control((const unsigned char *)"\x1b", 1));
    assert_true(utf8_is_control((const unsigned char *)"\x7f", 1));
    assert_true(utf8_is_control((const unsigned char *)"\xc2\x9b", 2));
    assert_false(utf8_is_control((const unsigned char *)"\xc2\xa0", 2));
    assert_false(utf8_is_control((const unsigned char *)" ", 1));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_what_is_text),
        cmocka_unit_test(test_controls),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
