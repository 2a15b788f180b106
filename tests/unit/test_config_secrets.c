/*
 * test_config_secrets.c - secrets_dir, and files that git cannot keep
 *
 * Everything happens in a directory of its own.
 */
#include "base/config.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

enum { TEXT_MAX = 64 * KIB };

static char dir[512];

static int make_dir(void **state)
{
    const char *tmp = getenv("TMPDIR");

    (void)state;
    snprintf(dir, sizeof(dir), "%s/test_config.XXXXXX",
             tmp == NULL ? "/tmp" : tmp);
    return mkdtemp(dir) == NULL || chdir(dir) == -1 ? -1 : 0;
}

static int remove_dir(void **state)
{
    static const char *const files[] = {
        "secrets/1",      "secrets/2",       "secrets/link",  "secrets/.hidden",
        "secrets/..data", "secrets/nowhere", "secrets/empty", "outside"};

    (void)state;
    for (size_t i = 0; i < sizeof(files) / sizeof(files[0]); i++)
        unlink(files[i]);
    rmdir("secrets/folder");
    rmdir("secrets");
    return chdir("/") == -1 || rmdir(dir) == -1 ? -1 : 0;
}

static void write_file(const char *path, const char *text)
{
    FILE *file = fopen(path, "w");

    assert_non_null(file);
    assert_true(fputs(text, file) >= 0);
    assert_int_equal(fclose(file), 0);
}

static int load(struct config *config, struct fault *why, const char *set,
                const char *variable)
{
    const char *sets[] = {set, NULL};
    const char *environment[] = {variable, NULL};
    struct config_origin origin = {NULL, sets, environment};

    *why = (struct fault)FAULT_INIT;
    return config_load(config, &origin, NULL, why);
}

static const char use_dir[] = "source.aurix.secrets_dir=secrets";

static void test_secrets_dir(void **state)
{
    static struct config config;
    struct fault why;

    (void)state;
    /* it may start empty */
    assert_int_equal(mkdir("secrets", 0700), 0);
    assert_int_equal(load(&config, &why, use_dir, NULL), 0);
    assert_int_equal(config.sources[0].secret_count, 0);
    assert_int_equal(config_require_secrets(&config, &why), 0);
    config_release(&config);

    /* links are followed; hidden files and directories are not secrets */
    write_file("outside", "linked\n");
    write_file("secrets/1", "first\n");
    write_file("secrets/2", "second");
    write_file("secrets/.hidden", "hidden");
    assert_int_equal(symlink("../outside", "secrets/link"), 0);
    assert_int_equal(symlink("folder", "secrets/..data"), 0);
    assert_int_equal(mkdir("secrets/folder", 0700), 0);
    assert_int_equal(load(&config, &why, use_dir, NULL), 0);
    assert_int_equal(config.sources[0].secret_count, 3);
    assert_string_equal(config.sources[0].secrets[0], "first");
    assert_string_equal(config.sources[0].secrets[1], "second");
    assert_string_equal(config.sources[0].secrets[2], "linked");
    config_release(&config);

    /* they are accepted besides the secret that is given */
    assert_int_equal(load(&config, &why, use_dir, "AURIX_WEBHOOK_SECRET=given"),
                     0);
    assert_int_equal(config.sources[0].secret_count, 4);
    assert_string_equal(config.sources[0].secrets[0], "given");
    config_release(&config);
}

/* What is wrong with a secrets_dir stops those who need secrets only. */
static void assert_secrets_fault(const char *set, const char *text)
{
    static struct config config;
    struct fault why;

    assert_int_equal(load(&config, &why, set, NULL), 0);
    assert_int_equal(config_require_secrets(&config, &why), -1);
    assert_string_equal(why.text, text);
    config_release(&config);
}

static void test_secrets_dir_faults(void **state)
{
    (void)state;
    assert_secrets_fault("source.aurix.secrets_dir=nowhere",
                         "cannot read source.aurix.secrets_dir 'nowhere': No "
                         "such file or directory");
    write_file("secrets/empty", "\n");
    assert_secrets_fault(
        use_dir, "bad secret of source 'aurix': 'secrets/empty' is empty");
    assert_int_equal(unlink("secrets/empty"), 0);
    assert_int_equal(symlink("nothing", "secrets/nowhere"), 0);
    assert_secrets_fault(use_dir,
                         "bad secret of source 'aurix': cannot open "
                         "'secrets/nowhere': No such file or directory");
}

static void test_require_secrets(void **state)
{
    static struct config config;
    struct fault why;

    (void)state;
    assert_int_equal(load(&config, &why, NULL, NULL), 0);
    assert_int_equal(config_require_secrets(&config, &why), -1);
    assert_int_equal(why.kind, FAULT_CONFIG);
    assert_string_equal(why.text,
                        "no secret for source 'aurix': set "
                        "AURIX_WEBHOOK_SECRET, source.aurix.secret or "
                        "source.aurix.secrets_dir");
    config_release(&config);

    assert_int_equal(load(&config, &why, NULL, "AURIX_WEBHOOK_SECRET=s"), 0);
    assert_int_equal(config_require_secrets(&config, &why), 0);
    config_release(&config);
}

/* The secret is the one that docker-compose.yml brings, unless the row has
 * another. */
static void test_exposed_secret(void **state)
{
#define TOO_LONG "0000:0000:0000:0000:0000:0000:0000:0000:0000:0001"
    static const struct {
        const char *published_on;
        const char *secret;
        bool exposed;
    } rows[] = {
        {"",                  NULL,        false},
        {"127.0.0.1",         NULL,        false},
        {"127.8.0.1",         NULL,        false},
        {"::1",               NULL,        false},
        {"[::1]",             NULL,        false},
        {"0:0:0:0:0:0:0:1",   NULL,        false},
        {"localhost",         NULL,        false},
        {"LocalHost",         NULL,        false},
        {"127.0.0.1,::1",     NULL,        false},
        {"127.0.0.1,0.0.0.0", NULL,        true },
        {"0.0.0.0,127.0.0.1", NULL,        true },
        {"127.0.0.1,",        NULL,        true },
        {",127.0.0.1",        NULL,        true },
        {"0.0.0.0",           NULL,        true },
        {"192.0.2.7",         NULL,        true },
        {"128.0.0.1",         NULL,        true },
        {"::",                NULL,        true },
        {"[::]",              NULL,        true },
        {"2001:db8::1",       NULL,        true },
        {"::ffff:192.0.2.7",  NULL,        true },
        /* no addresses, so nobody knows what they are tomorrow */
        {"127.0.0.1.example", NULL,        true },
        {"127.1",             NULL,        true },
        {"localhost.example", NULL,        true },
        {"[::1",              NULL,        true },
        {"[",                 NULL,        true },
        {"[]",                NULL,        true },
        {" ",                 NULL,        true },
        {TOO_LONG,            NULL,        true },
        {"0.0.0.0",           "one's own", false},
        {"192.0.2.7",         "one's own", false},
    };
    static struct config config;
    struct fault why;

    (void)state;
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        char set[128];
        char variable[128];
        bool exposed;

        snprintf(set, sizeof(set), "http.published_on=%s",
                 rows[i].published_on);
        snprintf(variable, sizeof(variable), "AURIX_WEBHOOK_SECRET=%s",
                 rows[i].secret != NULL ? rows[i].secret
                                        : "aurix_development_secret");
        assert_int_equal(load(&config, &why, set, variable), 0);
        exposed = config_secret_is_exposed(&config, &config.sources[0]);
        if (exposed != rows[i].exposed)
            fail_msg("'%s'", rows[i].published_on);
        assert_int_equal(config_require_secrets(&config, &why),
                         exposed ? -1 : 0);
        config_release(&config);
    }
}

/* What to do about it; and among several sources, which one it is. */
static void test_exposed_secret_is_told(void **state)
{
    static struct config config;
    struct fault why;

    (void)state;
    assert_int_equal(load(&config, &why, "http.published_on=0.0.0.0",
                          "AURIX_WEBHOOK_SECRET=your_shared_secret_here"),
                     0);
    assert_int_equal(config_require_secrets(&config, &why), -1);
    assert_int_equal(why.kind, FAULT_CONFIG);
    assert_string_equal(
        why.text, "cannot serve on '0.0.0.0' (http.published_on) with a secret "
                  "of source 'aurix' that stands in examples: anybody could "
                  "sign with it; set AURIX_WEBHOOK_SECRET_FILE or "
                  "source.aurix.secret to what the registration returned, or "
                  "publish on 127.0.0.1");
    config_release(&config);

    write_file("two.ini", "[http]\npublished_on = 192.0.2.7\n"
                          "[source first]\nsecret = one's own\n"
                          "[source second]\npath = /2\nsecret = mine\n"
                          "secret = aurix_development_secret\n");
    assert_int_equal(config_load(&config,
                                 &(struct config_origin){"two.ini", NULL, NULL},
                                 NULL, &why),
                     0);
    assert_false(config_secret_is_exposed(&config, &config.sources[0]));
    assert_true(config_secret_is_exposed(&config, &config.sources[1]));
    fault_clear(&why);
    assert_int_equal(config_require_secrets(&config, &why), -1);
    assert_non_null(strstr(why.text, "source 'second'"));
    assert_null(strstr(why.text, "AURIX_WEBHOOK_SECRET"));
    config_release(&config);
    unlink("two.ini");
}

static void test_missing_file(void **state)
{
    static struct config config;
    struct config_origin origin = {"nowhere.ini", NULL, NULL};
    struct fault why = FAULT_INIT;

    (void)state;
    assert_int_equal(config_load(&config, &origin, NULL, &why), -1);
    assert_int_equal(why.kind, FAULT_IO);
    assert_string_equal(why.text,
                        "cannot open 'nowhere.ini': No such file or directory");
}

static void test_too_many_sources(void **state)
{
    static struct config config;
    struct config_origin origin = {"many.ini", NULL, NULL};
    struct fault why = FAULT_INIT;
    struct buf text = BUF_INIT(TEXT_MAX);

    (void)state;
    for (int i = 0; i <= LIMIT_SOURCES; i++)
        buf_addf(&text, NULL, "[source s%d]\npath = /%d\n", i, i);
    write_file("many.ini", text.data);
    assert_int_equal(config_load(&config, &origin, NULL, &why), -1);
    assert_string_equal(why.text, "cannot have more than 64 sources, one more "
                                  "in many.ini:129");
    unlink("many.ini");
    buf_release(&text);
}

static void test_too_many_routes(void **state)
{
    static struct config config;
    struct config_origin origin = {"many.ini", NULL, NULL};
    struct fault why = FAULT_INIT;
    struct buf text = BUF_INIT(TEXT_MAX);

    (void)state;
    buf_addf(&text, NULL, "[routes]\n");
    for (int i = 0; i <= LIMIT_ROUTES; i++)
        buf_addf(&text, NULL, "type%d = topic\n", i);
    write_file("many.ini", text.data);
    assert_int_equal(config_load(&config, &origin, NULL, &why), -1);
    assert_string_equal(why.text,
                        "cannot keep more than 256 settings in one section");
    unlink("many.ini");
    buf_release(&text);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_secrets_dir),
        cmocka_unit_test(test_secrets_dir_faults),
        cmocka_unit_test(test_require_secrets),
        cmocka_unit_test(test_exposed_secret),
        cmocka_unit_test(test_exposed_secret_is_told),
        cmocka_unit_test(test_missing_file),
        cmocka_unit_test(test_too_many_sources),
        cmocka_unit_test(test_too_many_routes),
    };

    return cmocka_run_group_tests(tests, make_dir, remove_dir);
}
