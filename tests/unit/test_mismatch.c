/*
 * test_mismatch.c - is it found what became of a body or of a secret?
 *
 * Each row says what was signed and with what, and what is there now.
 */
#include "cmd/mismatch.h"

#include "base/limits.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#define OTHER "another-secret-of-the-tests"
#define SECRET "secret-of-the-tests"
#define BOM "\xEF\xBB\xBF"

static const struct {
    const char *signed_body;
    const char *signed_with; /* NULL: nothing */
    const char *body;
    const char *secret; /* the second one of source b */
    const char *body_how, *secret_how;
} rows[] = {
    /* a body's end */
    {"{}",                                  SECRET,        "{}\n",                      SECRET,           "without the newline at its end",        NULL                       },
    {"{}",                                  SECRET,        "{}\r\n",                    SECRET,           "without the newline at its end",        NULL                       },
    {"{}\n",                                SECRET,        "{}",                        SECRET,           "with a newline at its end",             NULL                       },
    {"{}\r\n",                              SECRET,        "{}",                        SECRET,           "with a newline at its end, CR and LF",
     NULL                                                                                                                                                                     },
    {"{}",                                  SECRET,        " {} \n\n",                  SECRET,           "without the white space around it",
     NULL                                                                                                                                                                     },
    /* how lines end */
    {"{\n\n}\n",                            SECRET,        "{\r\n\r\n}\r\n",            SECRET,           "with LF for each CR LF",
     NULL                                                                                                                                                                     },
    {"{\r\n\r\n}\r\n",                      SECRET,        "{\n\n}\n",                  SECRET,           "with CR LF for each LF",
     NULL                                                                                                                                                                     },
    {"{\r\n\r\n}",                          SECRET,        "{\r\n\n}",                  SECRET,           "with CR LF for each LF",                NULL                       },
    /* what a log or a viewer makes of it */
    {"{}",                                  SECRET,        BOM "{}",                    SECRET,
     "without the byte order mark in front of it",                                                                                                 NULL                       },
    {BOM "{}",                              SECRET,        "{}",                        SECRET,           "with a byte order mark in front of it",
     NULL                                                                                                                                                                     },
    {"",                                    SECRET,        "{}",                        SECRET,           "with nothing in it",                    NULL                       },
    {"{\"a\":[1,2]}",                       SECRET,        "{\n    \"a\": [1, 2]\n}\n", SECRET,
     "with its JSON written in another way",                                                                                                       NULL                       },
    {"{\"a\": [1, 2]}",                     SECRET,        "{\"a\":[1,2]}",             SECRET,
     "with its JSON written in another way",                                                                                                       NULL                       },
    {"{\n  \"a\": [\n    1\n  ]\n}",        SECRET,        "{\"a\":[1]}",               SECRET,
     "with its JSON written in another way",                                                                                                       NULL                       },
    {"{\"a\":\"\\u00fc\\u20ac\\\\u00FC\"}", SECRET,
     "{\"a\":\"\xC3\xBC\xE2\x82\xAC\\\\u00FC\"}",                                       SECRET,
     "with its JSON written in another way",                                                                                                       NULL                       },
    {"{\"a\":\"\xC3\xBC/\"}",               SECRET,        "{\"a\":\"\\u00fc\\/\"}",    SECRET,
     "with its JSON written in another way",                                                                                                       NULL                       },
    {"{\"url\":\"https:\\/\\/a\"}",         SECRET,        "{\"url\":\"https://a\"}",   SECRET,
     "with its JSON written in another way",                                                                                                       NULL                       },
    {"{\"a\":1,\"b\":2}",                   SECRET,        "{\"b\":2,\"a\":1}",         SECRET,
     "with its JSON written in another way",                                                                                                       NULL                       },
    /* secrets */
    {"{}",                                  SECRET "\n",   "{}",                        SECRET,           NULL,                                    "with a newline at its end"},
    {"{}",                                  SECRET "\r\n", "{}",                        SECRET,           NULL,
     "with a newline at its end, CR and LF"                                                                                                                                   },
    {"{}",                                  SECRET,        "{}",                        " " SECRET "\n",  NULL,
     "without the white space around it"                                                                                                                                      },
    {"{}",                                  SECRET,        "{}",                        "\"" SECRET "\"", NULL,
     "without the quotation marks around it"                                                                                                                                  },
    {"{}",                                  SECRET,        "{}",                        "'" SECRET "'",   NULL,
     "without the quotation marks around it"                                                                                                                                  },
    {"{}",                                  SECRET,        "{}",                        "aurix_" SECRET,  NULL,
     "without what is in front of its first '_'"                                                                                                                              },
    {"{}",                                  "foobar!",     "{}",                        "Zm9vYmFyIQ==",   NULL,                                    "decoded from base64"      },
    {"{}",                                  "foobar!",     "{}",                        "666f6F62617221", NULL,                                    "decoded from hexadecimal" },
    /* both */
    {"{}",                                  SECRET,        "{}\n",                      "'" SECRET "'",   "without the newline at its end",
     "without the quotation marks around it"                                                                                                                                  },
    {"{\"a\":1}",                           SECRET "\n",   "{ \"a\": 1 }",              SECRET,
     "with its JSON written in another way",                                                                                                       "with a newline at its end"},
    /* nothing of the kind */
    {"{}",                                  "foo",         "{}",                        SECRET,           NULL,                                    NULL                       },
    {"{\"a\":1}",                           SECRET,        "{\"a\":2}",                 SECRET,           NULL,                                    NULL                       },
    {"no JSON",                             SECRET,        "no json",                   SECRET,           NULL,                                    NULL                       },
};

/* Two sources with three secrets, of which `secret` is the last. */
static void configure(struct config *config, const char *secret)
{
    memset(config, 0, sizeof(*config));
    config->source_count = 2;
    config->sources[0].name = strdup("a");
    config->sources[0].secret_count = 1;
    config->sources[0].secrets[0] = strdup(OTHER);
    config->sources[1].name = strdup("b");
    config->sources[1].secret_count = 2;
    config->sources[1].secrets[0] = strdup("x");
    config->sources[1].secrets[1] = strdup(secret);
}

static void release(struct config *config)
{
    for (size_t i = 0; i < config->source_count; i++) {
        free(config->sources[i].name);
        for (size_t k = 0; k < config->sources[i].secret_count; k++)
            free(config->sources[i].secrets[k]);
    }
}

static void sign(char hex[DIGEST_HEX_SIZE], const char *secret,
                 const char *body)
{
    unsigned char digest[DIGEST_SIZE];

    assert_int_equal(
        digest_hmac(slice_of(secret), slice_of(body), digest, NULL), 0);
    digest_hex(digest, hex);
}

static void assert_same(const char *got, const char *wanted)
{
    if (wanted == NULL)
        assert_null(got);
    else
        assert_string_equal(got, wanted);
}

static void assert_last_place(const struct mismatch_place *place,
                              const struct config *config)
{
    assert_ptr_equal(place->source, &config->sources[1]);
    assert_int_equal(place->index, 1);
}

static void test_rows(void **state)
{
    static struct config config;

    (void)state;
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        bool explained = rows[i].body_how != NULL || rows[i].secret_how != NULL;
        char hex[DIGEST_HEX_SIZE];
        struct mismatch found;
        struct mismatch_place place;

        print_message("  %zu: %s, %s\n", i,
                      rows[i].body_how == NULL ? "-" : rows[i].body_how,
                      rows[i].secret_how == NULL ? "-" : rows[i].secret_how);
        configure(&config, rows[i].secret);
        sign(hex, rows[i].signed_with, rows[i].signed_body);
        assert_int_equal(mismatch_find_secret(&place, &config, NULL, hex,
                                              slice_of(rows[i].body), NULL),
                         0);
        assert_int_equal(mismatch_explain(&found, &config, hex,
                                          slice_of(rows[i].body), NULL),
                         explained);
        assert_same(found.body_how, rows[i].body_how);
        assert_same(found.secret_how, rows[i].secret_how);
        if (explained)
            assert_last_place(&found.place, &config);
        if (found.body_how != NULL)
            assert_non_null(found.body_because);
        if (found.secret_how != NULL)
            assert_non_null(found.secret_because);
        release(&config);
    }
}

static const struct {
    const char *hashed;
    const char *secret_how;
    bool placed;
} hashes[] = {
    {"{}",        "left out, as the plain SHA-256 of the body", false},
    {SECRET "{}", "hashed together with the body",              true },
    {"{}" SECRET, "hashed together with the body",              true },
};

static void test_what_is_no_hmac(void **state)
{
    static struct config config;

    (void)state;
    configure(&config, SECRET);
    for (size_t i = 0; i < sizeof(hashes) / sizeof(hashes[0]); i++) {
        unsigned char digest[DIGEST_SIZE];
        char hex[DIGEST_HEX_SIZE];
        struct mismatch found;

        assert_int_equal(
            digest_sha256(slice_of(hashes[i].hashed), digest, NULL), 0);
        digest_hex(digest, hex);
        assert_int_equal(
            mismatch_explain(&found, &config, hex, slice_of("{}"), NULL), 1);
        assert_null(found.body_how);
        assert_string_equal(found.secret_how, hashes[i].secret_how);
        if (hashes[i].placed)
            assert_last_place(&found.place, &config);
        else
            assert_null(found.place.source);
    }
    release(&config);
}

/* The same secret in two sources. */
static void test_the_source_that_was_asked_for_is_first(void **state)
{
    static struct config config;
    char hex[DIGEST_HEX_SIZE];
    struct mismatch_place place;

    (void)state;
    configure(&config, OTHER);
    sign(hex, OTHER, "{}");
    assert_int_equal(
        mismatch_find_secret(&place, &config, NULL, hex, slice_of("{}"), NULL),
        1);
    assert_ptr_equal(place.source, &config.sources[0]);
    assert_int_equal(mismatch_find_secret(&place, &config, &config.sources[1],
                                          hex, slice_of("{}"), NULL),
                     1);
    assert_last_place(&place, &config);
    release(&config);
}

static void test_digits_that_were_cut_off(void **state)
{
    static struct config config;
    char hex[DIGEST_HEX_SIZE];
    struct mismatch_place place;
    char part[DIGEST_HEX_SIZE];

    (void)state;
    configure(&config, SECRET);
    sign(hex, SECRET, "{}");
    for (size_t len = 1; len < DIGEST_HEX_SIZE; len++) {
        bool enough = len >= 8;

        snprintf(part, sizeof(part), "%.*s", (int)len, hex);
        assert_int_equal(mismatch_find_secret(&place, &config, NULL, part,
                                              slice_of("{}"), NULL),
                         enough);
        snprintf(part, sizeof(part), "%s", hex + DIGEST_HEX_SIZE - 1 - len);
        assert_int_equal(mismatch_find_secret(&place, &config, NULL, part,
                                              slice_of("{}"), NULL),
                         enough);
        part[0] = part[0] == '0' ? '1' : '0';
        assert_int_equal(mismatch_find_secret(&place, &config, NULL, part,
                                              slice_of("{}"), NULL),
                         0);
    }
    release(&config);
}

/* Pairs of changes would take long; one alone is found all the same. */
static void test_a_large_body(void **state)
{
    static struct config config;
    static char body[2 * MIB];
    char hex[DIGEST_HEX_SIZE];
    struct mismatch found;

    (void)state;
    memset(body, 'x', sizeof(body) - 1);
    configure(&config, SECRET);
    sign(hex, SECRET, body);
    body[sizeof(body) - 2] = '\n';
    assert_int_equal(
        mismatch_explain(&found, &config, hex, slice_of(body), NULL), 0);
    body[sizeof(body) - 2] = '\0';
    sign(hex, SECRET, body);
    body[sizeof(body) - 2] = '\n';
    assert_int_equal(
        mismatch_explain(&found, &config, hex, slice_of(body), NULL), 1);
    assert_string_equal(found.body_how, "without the newline at its end");
    release(&config);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_rows),
        cmocka_unit_test(test_what_is_no_hmac),
        cmocka_unit_test(test_the_source_that_was_asked_for_is_first),
        cmocka_unit_test(test_digits_that_were_cut_off),
        cmocka_unit_test(test_a_large_body),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
