/*
 * test_config.c - origins, precedence, checks and messages of settings
 *
 * Most claims are directories of tests/data/config; what is about the table
 * itself is here. Directories of secrets are in test_config_secrets.c, --help
 * and documentation in test_config_help.c.
 */
#include "base/config.h"
#include "base/settings.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <dirent.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { LINES_MAX = 64, TEXT_MAX = 64 * KIB };

/* A file's lines, NULL at the end; no lines if there is no such file. */
struct lines {
    struct buf text;
    const char *items[LINES_MAX + 1];
};

static void lines_read(struct lines *lines, const char *path)
{
    struct fault why = FAULT_INIT;
    size_t count = 0;
    char *line;

    lines->text = (struct buf)BUF_INIT(TEXT_MAX);
    memset(lines->items, 0, sizeof(lines->items));
    if (access(path, F_OK) == -1)
        return;
    assert_int_equal(buf_add_file(&lines->text, path, &why), 0);
    line = lines->text.data;
    while (*line != '\0') {
        char *end = strchr(line, '\n');

        assert_non_null(end);
        *end = '\0';
        assert_true(count < LINES_MAX);
        lines->items[count++] = line;
        line = end + 1;
    }
}

static void add(struct buf *out, const char *fmt, ...)
    __attribute__((format(printf, 2, 3)));
static void add(struct buf *out, const char *fmt, ...)
{
    va_list args;

    va_start(args, fmt);
    assert_int_equal(buf_vaddf(out, NULL, fmt, args), 0);
    va_end(args);
}

static void list_value(struct buf *out, const struct setting *setting,
                       const char *section, const void *base)
{
    const char *at = (const char *)base + setting->offset;
    const char *text;
    int64_t number;
    bool truth;
    int choice;

    add(out, "%s.%s=", section, setting->key);
    switch (setting->type) {
    case SETTING_INT:
        memcpy(&number, at, sizeof(number));
        add(out, "%" PRId64 "\n", number);
        break;
    case SETTING_BOOL:
        memcpy(&truth, at, sizeof(truth));
        add(out, "%s\n", truth ? "true" : "false");
        break;
    case SETTING_CHOICE:
        memcpy(&choice, at, sizeof(choice));
        add(out, "%d\n", choice);
        break;
    default:
        memcpy(&text, at, sizeof(text));
        add(out, "%s\n", text == NULL ? "" : text);
        break;
    }
}

static void list_pairs(struct buf *out, const char *name,
                       const struct config_pairs *pairs)
{
    add(out, "%s=", name);
    for (size_t i = 0; i < pairs->count; i++)
        add(out, "%s%s=%s", i == 0 ? "" : " ", pairs->items[i].key,
            pairs->items[i].value);
    add(out, "\n");
}

static void list_source(struct buf *out, const struct config_source *source)
{
    char label[64];

    snprintf(label, sizeof(label), "source.%s", source->name);
    for (size_t i = 0; i < settings_count; i++)
        if (strcmp(settings[i].section, "source") == 0 &&
            settings[i].type != SETTING_SECRET)
            list_value(out, &settings[i], label, source);
    add(out, "%s.secrets=", label);
    for (size_t i = 0; i < source->secret_count; i++) {
        add(out, "%s", i == 0 ? "" : " ");
        for (const char *c = source->secrets[i]; *c != '\0'; c++)
            add(out, *c == '\n' ? "\\n" : "%c", *c);
    }
    add(out, "\n%s.published=%s\n", label,
        source->secret_is_known_default ? "true" : "false");
}

/* Everything, one line a setting. */
static void list_config(struct buf *out, const struct config *config)
{
    add(out, "\n");
    for (size_t i = 0; i < settings_count; i++)
        if (strcmp(settings[i].section, "source") != 0 &&
            settings[i].type != SETTING_LISTED)
            list_value(out, &settings[i], settings[i].section, config);
    add(out, "admin.port_given=%s\n",
        config->admin.port_given ? "true" : "false");
    list_pairs(out, "routes", &config->routes);
    list_pairs(out, "kafka", &config->kafka);
    list_pairs(out, "producer", &config->producer);
    list_pairs(out, "consumer", &config->consumer);
    add(out, "sources=");
    for (size_t i = 0; i < config->source_count; i++)
        add(out, "%s%s", i == 0 ? "" : " ", config->sources[i].name);
    add(out, "\n");
    for (size_t i = 0; i < config->source_count; i++)
        list_source(out, &config->sources[i]);
}

/* One case, in its own directory. */
struct attempt {
    struct lines environment;
    struct lines sets;
    struct lines expected;
    struct buf warnings;
    struct config config;
    struct fault why;
    int rc;
};

static void attempt_run(struct attempt *at)
{
    struct config_origin origin = {
        .file = access("bridge.ini", F_OK) == 0 ? "bridge.ini" : NULL,
        .sets = at->sets.items,
        .environment = at->environment.items,
    };

    lines_read(&at->environment, "environment");
    lines_read(&at->sets, "sets");
    lines_read(&at->expected, "expected");
    at->warnings = (struct buf)BUF_INIT(TEXT_MAX);
    at->why = (struct fault)FAULT_INIT;
    at->rc = config_load(&at->config, &origin, &at->warnings, &at->why);
}

static void attempt_release(struct attempt *at)
{
    if (at->rc == 0)
        config_release(&at->config);
    buf_release(&at->warnings);
    buf_release(&at->environment.text);
    buf_release(&at->sets.text);
    buf_release(&at->expected.text);
}

static int check_wrong(const char *name, struct attempt *at)
{
    if (at->rc == 0) {
        print_error("%s: accepted\n", name);
        return 1;
    }
    if (at->expected.items[0] == NULL ||
        strcmp(at->why.text, at->expected.items[0]) != 0) {
        print_error("%s: got: %s\n", name, at->why.text);
        return 1;
    }
    /* a missing secret file is of the world, all else of the user */
    if (at->why.kind != FAULT_CONFIG && at->why.kind != FAULT_IO) {
        print_error("%s: kind %d\n", name, (int)at->why.kind);
        return 1;
    }
    if (strstr(at->why.text, "hush") != NULL) {
        print_error("%s: tells a secret\n", name);
        return 1;
    }
    return 0;
}

static int check_right(const char *name, struct attempt *at)
{
    struct buf got = BUF_INIT(TEXT_MAX);
    struct buf want = BUF_INIT(TEXT_MAX);
    struct lines warnings;
    int wrong = 0;

    if (at->rc == -1) {
        print_error("%s: refused: %s\n", name, at->why.text);
        return 1;
    }
    list_config(&got, &at->config);
    assert_non_null(at->expected.items[0]);
    for (size_t i = 0; at->expected.items[i] != NULL; i++) {
        buf_clear(&want);
        add(&want, "\n%s\n", at->expected.items[i]);
        if (strstr(got.data, want.data) == NULL) {
            print_error("%s: no line '%s' in:%s", name, at->expected.items[i],
                        got.data);
            wrong++;
        }
    }
    lines_read(&warnings, "warnings");
    buf_clear(&want);
    for (size_t i = 0; warnings.items[i] != NULL; i++)
        add(&want, "%s\n", warnings.items[i]);
    if (strcmp(buf_slice(&want).data, buf_slice(&at->warnings).data) != 0) {
        print_error("%s: warnings:\n%s", name, buf_slice(&at->warnings).data);
        wrong++;
    }
    buf_release(&warnings.text);
    buf_release(&want);
    buf_release(&got);
    return wrong;
}

static int is_case(const struct dirent *entry)
{
    return entry->d_name[0] != '.';
}

static void run_cases(const char *kind, int least,
                      int (*check)(const char *name, struct attempt *at))
{
    struct dirent **cases = NULL;
    char path[4096];
    int wrong = 0;
    int count;

    snprintf(path, sizeof(path), "%s/config/%s", TEST_DATA_DIR, kind);
    count = scandir(path, &cases, is_case, alphasort);
    assert_true(count >= least);
    for (int i = 0; i < count; i++) {
        static struct attempt at;

        snprintf(path, sizeof(path), "%s/config/%s/%s", TEST_DATA_DIR, kind,
                 cases[i]->d_name);
        assert_int_equal(chdir(path), 0);
        attempt_run(&at);
        wrong += check(cases[i]->d_name, &at);
        attempt_release(&at);
        free(cases[i]);
    }
    free(cases);
    assert_int_equal(chdir("/"), 0);
    assert_int_equal(wrong, 0);
}

static void test_wrong(void **state)
{
    (void)state;
    run_cases("wrong", 70, check_wrong);
}

static void test_right(void **state)
{
    (void)state;
    run_cases("right", 25, check_right);
}

/* --- the table --- */

static void test_table(void **state)
{
    (void)state;
    for (size_t i = 0; i < settings_count; i++) {
        const struct setting *row = &settings[i];
        char name[VARIABLE_MAX];
        size_t len = strlen(row->help);

        if (row->commands == 0 || len == 0 || row->help[len - 1] != '.')
            fail_msg("%s.%s: no commands, or no sentence", row->section,
                     row->key);
        if (row->scale != 0 && row->max > INT64_MAX / row->scale)
            fail_msg("%s.%s: overflows", row->section, row->key);
        assert_true(setting_variable(row->section, row->key, name) > 0);
        for (size_t j = 0; j < i; j++)
            if (strcmp(row->section, settings[j].section) == 0 &&
                strcmp(row->key, settings[j].key) == 0)
                fail_msg("%s.%s: twice", row->section, row->key);
        /* sections stand together: documentation has a table for each */
        for (size_t j = 0; j + 1 < i; j++)
            if (strcmp(row->section, settings[j].section) == 0)
                assert_string_equal(settings[i - 1].section, row->section);
    }
}

static void test_secret_keys(void **state)
{
    static const struct {
        const char *key;
        bool secret;
    } rows[] = {
        {"sasl.password",                  true },
        {"ssl.key.password",               true },
        {"ssl.keystore.password",          true },
        {"ssl.key.pem",                    true },
        {"sasl.oauthbearer.client.secret", true },
        {"sasl.oauthbearer.config",        true },
        {"ssl.key.location",               false},
        {"sasl.username",                  false},
        {"bootstrap.servers",              false},
    };

    (void)state;
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
        if (config_key_is_secret(rows[i].key) != rows[i].secret)
            fail_msg("%s", rows[i].key);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_table),
        cmocka_unit_test(test_wrong),
        cmocka_unit_test(test_right),
        cmocka_unit_test(test_secret_keys),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
