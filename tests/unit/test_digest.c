/*
 * test_digest.c - base/digest.h
 *
 * Expected values: RFC 4231 (test cases 1, 2, 6), FIPS 180-4 examples.
 */
#include "base/digest.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <string.h>

static const struct sha_row {
    const char *text;
    const char *hex;
} sha_rows[] = {
    {"",    "e3b0c44298fc1c149afbf4c8996fb924"
         "27ae41e4649b934ca495991b7852b855"      },
    {"abc", "ba7816bf8f01cfea414140de5dae2223"
            "b00361a396177a9cb410ff61f20015ad"},
};

static char long_key[132]; /* 131 times 0xaa: longer than a block */

static const struct hmac_row {
    const char *key;
    const char *text;
    const char *hex;
} hmac_rows[] = {
    {"\x0b\x0b\x0b\x0b\x0b\x0b\x0b\x0b\x0b\x0b\x0b\x0b\x0b\x0b\x0b\x0b\x0b\x0b"
     "\x0b\x0b", "Hi There",
     "b0344c61d8db38535ca8afceaf0bf12b881dc200c9833da726e9376c2e32cff7"},
    {"Jefe",          "what do ya want for nothing?",
     "5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843"},
    {long_key,        "Test Using Larger Than Block-Size Key - Hash Key First",
     "60e431591ee0b67f0d8a26aacbf5b77f8e0bc6213728c5140546040f0ee37f54"},
};

static void test_sha256(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof(sha_rows) / sizeof(sha_rows[0]); i++) {
        unsigned char digest[DIGEST_SIZE];
        char hex[DIGEST_HEX_SIZE];

        assert_int_equal(
            digest_sha256(slice_of(sha_rows[i].text), digest, NULL), 0);
        digest_hex(digest, hex);
        assert_string_equal(hex, sha_rows[i].hex);
    }
}

/* The one-shot, and one context used again and again. */
static void test_hmac(void **state)
{
    (void)state;
    memset(long_key, 0xaa, sizeof(long_key) - 1);
    for (size_t i = 0; i < sizeof(hmac_rows) / sizeof(hmac_rows[0]); i++) {
        const struct hmac_row *row = &hmac_rows[i];
        unsigned char digest[DIGEST_SIZE];
        char hex[DIGEST_HEX_SIZE];
        struct hmac *hmac = NULL;

        assert_int_equal(
            digest_hmac(slice_of(row->key), slice_of(row->text), digest, NULL),
            0);
        digest_hex(digest, hex);
        assert_string_equal(hex, row->hex);

        assert_int_equal(hmac_new(&hmac, slice_of(row->key), NULL), 0);
        for (int again = 0; again < 3; again++) {
            assert_int_equal(
                hmac_sign(hmac, slice_of("something else"), digest, NULL), 0);
            assert_int_equal(hmac_sign(hmac, slice_of(row->text), digest, NULL),
                             0);
            digest_hex(digest, hex);
            assert_string_equal(hex, row->hex);
        }
        hmac_free(hmac);
    }
    hmac_free(NULL);
}

static void test_equal_and_wipe(void **state)
{
    char text[] = "secret";

    (void)state;
    assert_true(digest_equal("abc", "abc", 3));
    assert_false(digest_equal("abc", "abd", 3));
    assert_false(digest_equal("abc", "xbc", 3));
    digest_wipe(text, sizeof(text));
    for (size_t i = 0; i < sizeof(text); i++)
        assert_int_equal(text[i], 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_sha256),
        cmocka_unit_test(test_hmac),
        cmocka_unit_test(test_equal_and_wipe),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
