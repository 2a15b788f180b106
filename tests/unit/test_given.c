/*
 * test_given.c - signatures as people copy them
 */
#include "cmd/given.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#define HALF "00112233445566778899aabbccddeeff"
#define HEX HALF HALF
#define HALF_UPPER "00112233445566778899AABBCCDDEEFF"
#define BASE64 "ABEiM0RVZneImaq7zN3u/wARIjNEVWZ3iJmqu8zd7v8="
#define BASE64_URL "ABEiM0RVZneImaq7zN3u_wARIjNEVWZ3iJmqu8zd7v8"
#define BASE64_HEX                                                             \
    "MDAxMTIyMzM0NDU1NjY3Nzg4OTlhYWJiY2NkZGVlZmYw"                             \
    "MDExMjIzMzQ0NTU2Njc3ODg5OWFhYmJjY2RkZWVmZg=="

static const struct {
    const char *text;
    const char *hex;
    unsigned oddities;
    bool prefixed;
} rows[] = {
    {HEX,                                HEX,   0,                         false},
    {"sha256=" HEX,                      HEX,   0,                         true },
    {" \t" HEX "\r\n",                   HEX,   0,                         false},
    {"SHA256=" HEX,                      HEX,   GIVEN_PREFIX,              false},
    {"sha-256=" HEX,                     HEX,   GIVEN_PREFIX,              false},
    {"v1=" HEX,                          HEX,   GIVEN_PREFIX,              false},
    {"hmac_sha256=" HEX,                 HEX,   GIVEN_PREFIX,              false},
    {HALF_UPPER HALF_UPPER,              HEX,   GIVEN_UPPER,               false},
    {HALF HALF_UPPER,                    HEX,   GIVEN_UPPER,               false},
    {"sha256=" HALF HALF_UPPER,          HEX,   GIVEN_UPPER,               true },
    {"X-Hub-Signature: " HEX,            HEX,   GIVEN_NAME,                false},
    {"x-hub-signature:" HEX,             HEX,   GIVEN_NAME,                false},
    {"X-Hub-Signature-256: sha256=" HEX, HEX,   GIVEN_NAME,                true },
    {"\"" HEX "\"",                      HEX,   GIVEN_QUOTES,              false},
    {"'sha256=" HEX "'",                 HEX,   GIVEN_QUOTES,              true },
    {"`'" HEX "'`",                      HEX,   GIVEN_QUOTES,              false},
    {"X-Hub-Signature: \"" HEX "\"",     HEX,   GIVEN_NAME | GIVEN_QUOTES, false},
    {HALF " " HALF,                      HEX,   GIVEN_SPACES,              false},
    {HALF "\n    " HALF,                 HEX,   GIVEN_SPACES,              false},
    {"sha256= " HEX,                     HEX,   GIVEN_SPACES,              true },
    {BASE64,                             HEX,   GIVEN_BASE64,              false},
    {BASE64_URL,                         HEX,   GIVEN_BASE64,              false},
    {"sha256=" BASE64,                   HEX,   GIVEN_BASE64,              true },
    {BASE64_HEX,                         HEX,   GIVEN_BASE64,              false},
    {"abc",                              "abc", 0,                         false},
    {"sha256=" HALF,                     HALF,  0,                         true },
};

static void test_rows(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        struct fault why = FAULT_INIT;
        struct given given;

        print_message("  %s\n", rows[i].text);
        assert_int_equal(given_parse(&given, rows[i].text, &why), 0);
        assert_string_equal(given.hex, rows[i].hex);
        assert_int_equal(given.oddities, rows[i].oddities);
        assert_int_equal(given.prefixed, rows[i].prefixed);
    }
}

static const struct {
    const char *text;
    const char *why;
} bad_rows[] = {
    {"",                             "the signature is empty: was the header there?"                 },
    {" \n",                          "the signature is empty: was the header there?"                 },
    {"X-Hub-Signature:",             "the signature is empty: was the header there?"                 },
    {HEX "0",                        "the signature has 65 hexadecimal digits, an HMAC-SHA256 has 64"},
    {HEX HALF,                       "the signature has 96 hexadecimal digits, an HMAC-SHA256 has "
               "64; 96 are a SHA-384"                                                  },
    {HEX HEX,                        "the signature has 128 hexadecimal digits, an HMAC-SHA256 has "
              "64; 128 are a SHA-512"                                                   },
    {HEX HEX HEX,                    "the signature has 192 hexadecimal digits, an HMAC-SHA256 "
                  "has 64"                                                          },
    {"0123x",                        "the signature is not hexadecimal: 'x' at position 5"           },
    {"sha256=",                      "the signature is empty: was the header there?"                 },
    {"\x01",                         "the signature is not hexadecimal: '?' at position 1"           },
    {"t=1704200000,v1=" HEX,
     "the signature is not hexadecimal: ',' at position 11"                                          },
    /* base64 of something else */
    {"Zm9vYmFyIGlzIG5vIGRpZ2VzdA==",
     "the signature is not hexadecimal: 'Z' at position 1"                                           },
};

static void test_bad_rows(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof(bad_rows) / sizeof(bad_rows[0]); i++) {
        struct fault why = FAULT_INIT;
        struct given given;

        print_message("  %s\n", bad_rows[i].text);
        assert_int_equal(given_parse(&given, bad_rows[i].text, &why), -1);
        assert_int_equal(why.kind, FAULT_SIGNATURE);
        assert_string_equal(why.text, bad_rows[i].why);
    }
}

static void test_told(void **state)
{
    const struct given none = {.hex = HEX};
    const struct given two = {.oddities = GIVEN_UPPER | GIVEN_QUOTES};
    char *text = NULL;
    size_t len = 0;
    FILE *out = open_memstream(&text, &len);

    (void)state;
    assert_non_null(out);
    given_tell(out, &none);
    assert_int_equal(fflush(out), 0);
    assert_string_equal(text, "");
    given_tell(out, &two);
    assert_int_equal(fclose(out), 0);
    assert_string_equal(text,
                        "it is in quotation marks, and it is in upper case");
    free(text);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_rows),
        cmocka_unit_test(test_bad_rows),
        cmocka_unit_test(test_told),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
