/*
 * test_signature.c - ingest/signature.h, ingest/desk.h
 */
#include "ingest/signature.h"

#include "event/json_heap.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdio.h>
#include <string.h>

static char first[] = "aurix_first", second[] = "aurix_second",
            other[] = "aurix_other";
static struct config config;
static struct catalog *catalog;
static struct watch *watch;
static struct desk_pool *pool;

static const char body[] = "{\"event_type\":\"widget.click\"}";

/* What the sender would send for `secret`. */
static void sign(char out[DIGEST_HEX_SIZE], const char *secret)
{
    unsigned char digest[DIGEST_SIZE];

    assert_int_equal(
        digest_hmac(slice_of(secret), slice_of(body), digest, NULL), 0);
    digest_hex(digest, out);
}

static const struct row {
    const char *secret; /* signed with */
    const char *prefix;
    const char *suffix;
    size_t source;
    bool good;
} rows[] = {
    {first,  "",        "",   0, true },
    {second, "",        "",   0, true }, /* rotation: either is accepted */
    {other,  "",        "",   1, true },
    {first,  "sha256=", "",   0, true },
    {other,  "",        "",   0, false}, /* another source's */
    {first,  "",        "",   1, false},
    {"none", "",        "",   0, false},
    {first,  "SHA256=", "",   0, false},
    {first,  "sha1=",   "",   0, false},
    {first,  "sha256=", "0",  0, false},
    {first,  " ",       "",   0, false},
    {first,  "",        "00", 0, false},
    {first,  "",        ",x", 0, false},
};

static void test_rows(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        const struct row *row = &rows[i];
        char hex[DIGEST_HEX_SIZE], header[128];
        struct fault why = FAULT_INIT;
        struct slice bare;
        struct desk *desk;
        int rc;

        sign(hex, row->secret);
        snprintf(header, sizeof(header), "%s%s%s", row->prefix, hex,
                 row->suffix);
        assert_int_equal(desk_take(&desk, pool, NULL), 0);
        rc = signature_check(&bare, desk, &config, row->source,
                             slice_of(header), slice_of(body), &why);
        desk_give(pool, desk);
        if ((rc == 0) != row->good)
            fail_msg("row %zu: %s", i, header);
        if (rc == 0)
            assert_true(slice_is(bare, hex));
        else
            assert_string_equal(why.text, "Invalid signature");
    }
}

/* The hex as it is, but changed at one digit; upper case; empty; absent. */
static void test_near_misses(void **state)
{
    char hex[DIGEST_HEX_SIZE];
    struct slice bare;
    struct desk *desk;

    (void)state;
    assert_int_equal(desk_take(&desk, pool, NULL), 0);
    sign(hex, first);
    for (size_t i = 0; i < DIGEST_HEX_SIZE - 1; i++) {
        char was = hex[i];
        struct fault why = FAULT_INIT;

        hex[i] = was == '0' ? '1' : '0';
        assert_int_equal(signature_check(&bare, desk, &config, 0, slice_of(hex),
                                         slice_of(body), &why),
                         -1);
        assert_int_equal(why.kind, FAULT_SIGNATURE);
        hex[i] = was;
    }
    for (size_t i = 0; i < DIGEST_HEX_SIZE - 1; i++)
        if (hex[i] >= 'a')
            hex[i] = (char)(hex[i] - 'a' + 'A');
    assert_int_equal(signature_check(&bare, desk, &config, 0, slice_of(hex),
                                     slice_of(body), NULL),
                     -1);
    assert_int_equal(signature_check(&bare, desk, &config, 0, slice_of(""),
                                     slice_of(body), NULL),
                     -1);
    assert_int_equal(signature_check(&bare, desk, &config, 0, SLICE_ABSENT,
                                     slice_of(body), NULL),
                     -1);
    desk_give(pool, desk);
}

/* A source without secrets (an empty secrets_dir) accepts nothing. */
static void test_no_secret(void **state)
{
    char hex[DIGEST_HEX_SIZE];
    struct slice bare;
    struct desk *desk;

    (void)state;
    sign(hex, "");
    assert_int_equal(desk_take(&desk, pool, NULL), 0);
    assert_int_equal(signature_check(&bare, desk, &config, 2, slice_of(hex),
                                     slice_of(body), NULL),
                     -1);
    desk_give(pool, desk);
}

/* The desk that was given back last is the one that is taken next. */
static void test_desks(void **state)
{
    struct desk *a, *b, *c;

    (void)state;
    assert_int_equal(desk_take(&a, pool, NULL), 0);
    assert_int_equal(desk_take(&b, pool, NULL), 0);
    assert_ptr_not_equal(a, b);
    assert_int_equal(buf_add_text(&a->body, "left over", NULL), 0);
    desk_give(pool, b);
    desk_give(pool, a);
    assert_int_equal(desk_take(&c, pool, NULL), 0);
    assert_ptr_equal(c, a);
    assert_int_equal(c->body.len, 0);
    desk_give(pool, c);
}

static int setup(void **state)
{
    (void)state;
    json_heap_setup();
    config.source_count = 3;
    config.sources[0].secrets[0] = first;
    config.sources[0].secrets[1] = second;
    config.sources[0].secret_count = 2;
    config.sources[1].secrets[0] = other;
    config.sources[1].secret_count = 1;
    assert_int_equal(watch_start(&watch, NULL), 0);
    assert_int_equal(catalog_load(&catalog, NULL, NULL), 0);
    assert_int_equal(desk_pool_new(&pool, &config, catalog, watch, NULL), 0);
    return 0;
}

static int teardown(void **state)
{
    (void)state;
    watch_stop(watch);
    desk_pool_free(pool);
    catalog_free(catalog);
    return 0;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_rows),
        cmocka_unit_test(test_near_misses),
        cmocka_unit_test(test_no_secret),
        cmocka_unit_test(test_desks),
    };

    return cmocka_run_group_tests(tests, setup, teardown);
}
