/*
 * test_config_help.c - --help and docs/configuration.md
 */
#include "base/config.h"
#include "base/files.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { TEXT_MAX = 64 * KIB };

static void test_help(void **state)
{
    struct buf text = BUF_INIT(TEXT_MAX);
    size_t column = 0;

    (void)state;
    assert_int_equal(config_help(&text, CONFIG_SERVE, NULL), 0);
    assert_non_null(strstr(text.data, "\n  http.port=8005  (0 to 65535)\n"
                                      "      TCP port for webhooks; "));
    assert_non_null(strstr(text.data, "\n  source.NAME.path=/webhook  ("));
    assert_non_null(strstr(text.data, "topics.other"));
    assert_null(strstr(text.data, "consume.sink"));
    assert_null(strchr(text.data, '`'));
    for (const char *c = text.data; *c != '\0'; c++) {
        column = *c == '\n' ? 0 : column + 1;
        assert_true(column < 80);
    }
    buf_clear(&text);
    assert_int_equal(config_help(&text, CONFIG_CONSUME, NULL), 0);
    assert_non_null(strstr(text.data, "\n  consume.sink=stdout  (stdout)\n"));
    assert_null(strstr(text.data, "source.NAME"));
    buf_release(&text);
}

static void test_markdown(void **state)
{
    struct buf made = BUF_INIT(MIB);
    struct buf committed = BUF_INIT(MIB);
    struct fault why = FAULT_INIT;

    (void)state;
    assert_int_equal(config_markdown(&made, &why), 0);
    assert_int_equal(
        buf_add_file(&committed, DOCS_DIR "/configuration.md", &why), 0);
    if (strcmp(made.data, committed.data) != 0)
        fail_msg("docs/configuration.md is not what the table of settings "
                 "makes: run `make docs`");
    buf_release(&committed);
    buf_release(&made);
}

/* The example in the documentation is right. */
static void test_example(void **state)
{
    static struct config config;
    struct config_origin origin = {NULL, NULL, NULL};
    char path[512];
    struct buf text = BUF_INIT(MIB);
    struct fault why = FAULT_INIT;
    char *begin;
    char *end;

    (void)state;
    assert_int_equal(config_markdown(&text, &why), 0);
    begin = strstr(text.data, "```ini\n");
    assert_non_null(begin);
    begin += strlen("```ini\n");
    end = strstr(begin, "```\n");
    assert_non_null(end);
    *end = '\0';
    snprintf(path, sizeof(path), "%s/test_config_help.%d.ini",
             getenv("TMPDIR") == NULL ? "/tmp" : getenv("TMPDIR"),
             (int)getpid());
    assert_int_equal(file_replace(path, begin, &why), 0);
    origin.file = path;
    assert_int_equal(config_load(&config, &origin, NULL, &why), 0);
    assert_int_equal(config.source_count, 2);
    assert_int_equal(config.sources[0].secret_count, 2);
    config_release(&config);
    unlink(path);
    buf_release(&text);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_help),
        cmocka_unit_test(test_markdown),
        cmocka_unit_test(test_example),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
