/*
 * test_options.c - command lines, taken apart
 */
#include "cmd/options.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

enum { WORDS_MAX = 8 };

static const struct cmd_option own_options[] = {
    {"count", "N",   "How often." },
    {"url",   "URL", "Where to."  },
    {"fresh", NULL,  "Makes anew."},
    {NULL,    NULL,  NULL         },
};

static const struct cmd_spec spec = {
    .name = "test",
    .operands = "FILE...",
    .min_operands = 0,
    .max_operands = 2,
    .options = own_options,
};

static const struct cmd_spec bare = {.name = "bare", .operands = ""};

static const struct cmd_spec needy = {
    .name = "needy",
    .operands = "FILE",
    .min_operands = 1,
    .max_operands = 1,
};

/* A line and what is in it, as text: options in the order of the table,
 * then settings, then operands. */
static const struct {
    const char *what;
    const char *words[WORDS_MAX];
    const char *found;
} good[] = {
    {"nothing",                {NULL},                           ""              },
    {"a value behind",         {"--count", "3", NULL},           "count=3;"      },
    {"a value with it",        {"--count=3", NULL},              "count=3;"      },
    {"an empty value",         {"--count=", NULL},               "count=;"       },
    {"'=' in a value",         {"--url=a=b", NULL},              "url=a=b;"      },
    {"a value like an option", {"--url", "--count", NULL},       "url=--count;"  },
    {"the last one counts",    {"--count=1", "--count=2", NULL}, "count=2;"      },
    {"no argument",            {"--fresh", NULL},                "fresh=;"       },
    {"operands",               {"a", "b", NULL},                 "[a][b]"        },
    {"options anywhere",
     {"a", "--count", "3", "b", "--fresh", NULL},
     "count=3;fresh=;[a][b]"                                                     },
    {"a dash is an operand",   {"-", NULL},                      "[-]"           },
    {"two dashes end options", {"--", "--count", NULL},          "[--count]"     },
    {"only the first two do",  {"--", "--", NULL},               "[--]"          },
    {"an empty operand",       {"", NULL},                       "[]"            },
    {"settings add up",
     {"--set", "a.b=1", "--set=c.d=2", NULL},
     "set a.b=1;set c.d=2;"                                                      },
    {"a file of settings",     {"--config", "x.ini", NULL},      "config x.ini;" },
    {"help",                   {"--help", NULL},                 "help;"         },
    {"help, shorter",          {"-h", NULL},                     "help;"         },
    {"help whatever else",     {"a", "b", "c", "--help", NULL},  "help;[a][b][c]"},
};

static const struct {
    const char *what;
    const struct cmd_spec *spec;
    const char *words[WORDS_MAX];
    const char *text;
} bad[] = {
    {"misspelt",
     &spec,
     {"--conut=3", NULL},
     "unknown option '--conut', did you mean '--count'?"                                        },
    {"a common one, misspelt",
     &spec,
     {"--cnofig", "x", NULL},
     "unknown option '--cnofig', did you mean '--config'?"                                      },
    {"like nothing",
     &spec,
     {"--qqqqqqqq", NULL},
     "unknown option '--qqqqqqqq'"                                                              },
    {"an abbreviation",        &spec,  {"--cou", "3", NULL}, "unknown option '--cou'"           },
    {"its value is not told",
     &spec,
     {"--fersh=secret", NULL},
     "unknown option '--fersh', did you mean '--fresh'?"                                        },
    {"one dash",
     &spec,
     {"-count", NULL},
     "unknown option '-count': options begin with '--'"                                         },
    {"no value",               &spec,  {"--count", NULL},    "option '--count' needs a value: N"},
    {"no setting",
     &spec,
     {"--set", NULL},
     "option '--set' needs a value: SECTION.KEY=VALUE"                                          },
    {"a value too many",
     &spec,
     {"--fresh=1", NULL},
     "option '--fresh' takes no value, got '1'"                                                 },
    {"help has none",
     &spec,
     {"--help=all", NULL},
     "option '--help' takes no value, got 'all'"                                                },
    {"too many operands",
     &spec,
     {"a", "b", "c", NULL},
     "expected FILE... and no more, got also 'c'"                                               },
    {"no operand",             &needy, {NULL},               "expected FILE, got nothing"       },
    {"options only",           &bare,  {"a", NULL},          "expected options only, got 'a'"   },
    {"none of its own",        &bare,  {"--count=1", NULL},  "unknown option '--count'"         },
};

static int parse(struct options *options, struct cmd *cmd,
                 const char *const *words, struct fault *why)
{
    static char copies[WORDS_MAX][64];
    char *argv[WORDS_MAX];
    int argc = 0;

    for (; words[argc] != NULL; argc++) {
        snprintf(copies[argc], sizeof(copies[argc]), "%s", words[argc]);
        argv[argc] = copies[argc];
    }
    return options_parse(options, cmd, argc, argv, why);
}

static void describe(char *out, size_t size, const struct options *options,
                     const struct cmd *cmd)
{
    FILE *text = fmemopen(out, size, "w");

    assert_non_null(text);
    for (size_t i = 0; own_options[i].name != NULL; i++)
        if (cmd->values[i] != NULL)
            fprintf(text, "%s=%s;", own_options[i].name, cmd->values[i]);
    if (options->help)
        fputs("help;", text);
    if (options->config_file != NULL)
        fprintf(text, "config %s;", options->config_file);
    for (size_t i = 0; options->sets[i] != NULL; i++)
        fprintf(text, "set %s;", options->sets[i]);
    for (int i = 0; i < cmd->argc; i++)
        fprintf(text, "[%s]", cmd->argv[i]);
    assert_null(cmd->argv[cmd->argc]);
    fclose(text);
}

static void test_good(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof(good) / sizeof(good[0]); i++) {
        struct cmd cmd = {.spec = &spec};
        struct options options;
        struct fault why = FAULT_INIT;
        char found[256] = "";

        if (parse(&options, &cmd, good[i].words, &why) == -1)
            fail_msg("%s: %s", good[i].what, why.text);
        describe(found, sizeof(found), &options, &cmd);
        if (strcmp(found, good[i].found) != 0)
            fail_msg("%s: got '%s'", good[i].what, found);
        options_release(&options);
    }
}

static void test_bad(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
        struct cmd cmd = {.spec = bad[i].spec};
        struct options options;
        struct fault why = FAULT_INIT;

        if (parse(&options, &cmd, bad[i].words, &why) == 0)
            fail_msg("%s: was accepted", bad[i].what);
        if (why.kind != FAULT_USAGE || strcmp(why.text, bad[i].text) != 0)
            fail_msg("%s: got '%s'", bad[i].what, why.text);
        options_release(&options);
    }
}

static const struct {
    const char *text; /* NULL: not given */
    bool good;
    long value;
} numbers[] = {
    {NULL,                   true,  7  },
    {"1",                    true,  1  },
    {"100",                  true,  100},
    {"007",                  true,  7  },
    {"0",                    false, 0  },
    {"101",                  false, 0  },
    {"-1",                   false, 0  },
    {"",                     false, 0  },
    {" 1",                   false, 0  },
    {"+1",                   false, 0  },
    {"1 ",                   false, 0  },
    {"1x",                   false, 0  },
    {"1.0",                  false, 0  },
    {"0x10",                 false, 0  },
    {"99999999999999999999", false, 0  },
};

static void test_numbers(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof(numbers) / sizeof(numbers[0]); i++) {
        struct cmd cmd = {.spec = &spec, .values = {numbers[i].text}};
        struct fault why = FAULT_INIT;
        char text[256];
        long value = -1;
        int rc = cmd_option_int(&cmd, "count", 1, 100, 7, &value, &why);

        if ((rc == 0) != numbers[i].good)
            fail_msg("'%s': %s", numbers[i].text,
                     rc == 0 ? "was accepted" : why.text);
        if (rc == 0) {
            assert_int_equal(value, numbers[i].value);
            continue;
        }
        snprintf(text, sizeof(text),
                 "option '--count': expected a whole number from 1 to 100, "
                 "got '%s'",
                 numbers[i].text);
        assert_int_equal(why.kind, FAULT_USAGE);
        assert_string_equal(why.text, text);
    }
}

static void test_choices(void **state)
{
    static const char *const choices[] = {"red", "green", "blue", NULL};
    static const struct {
        const char *text;
        int rc;
        int value;
    } rows[] = {
        {NULL,    0,  2 },
        {"red",   0,  0 },
        {"blue",  0,  2 },
        {"",      -1, -1},
        {"bl",    -1, -1},
        {"blue ", -1, -1},
        {"Red",   -1, -1},
    };

    (void)state;
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        struct cmd cmd = {
            .spec = &spec, .values = {NULL, rows[i].text}
        };
        struct fault why = FAULT_INIT;
        char text[128];
        int value = -1;

        assert_int_equal(
            cmd_option_choice(&cmd, "url", choices, 2, &value, &why),
            rows[i].rc);
        assert_int_equal(value, rows[i].value);
        if (rows[i].rc == 0)
            continue;
        snprintf(text, sizeof(text),
                 "option '--url': expected red, green or blue, got '%s'",
                 rows[i].text);
        assert_int_equal(why.kind, FAULT_USAGE);
        assert_string_equal(why.text, text);
    }
}

static void test_given_again(void **state)
{
    static const char *const words[] = {
        "--url=a", "x", "--count=1", "--url", "--count", "--url=a", NULL};
    struct cmd cmd = {.spec = &spec};
    struct options options;
    size_t at = 0;

    (void)state;
    assert_int_equal(parse(&options, &cmd, words, NULL), 0);
    assert_string_equal(cmd_option_next(&cmd, "url", &at), "a");
    assert_string_equal(cmd_option_next(&cmd, "url", &at), "--count");
    assert_string_equal(cmd_option_next(&cmd, "url", &at), "a");
    assert_null(cmd_option_next(&cmd, "url", &at));
    assert_null(cmd_option_next(&cmd, "url", &at));
    at = 0;
    assert_null(cmd_option_next(&cmd, "fresh", &at));
    options_release(&options);
}

static void test_status_of_a_fault(void **state)
{
    static const struct {
        enum fault_kind kind;
        int status;
    } rows[] = {
        {FAULT_USAGE,  CMD_WRONG_USE},
        {FAULT_CONFIG, CMD_FAILED   },
        {FAULT_IO,     CMD_FAILED   },
        {FAULT_KAFKA,  CMD_FAILED   },
    };
    static const struct cmd_spec judge = {.name = "judge", .judges = true};
    const struct cmd judging = {.spec = &judge};
    const struct cmd cmd = {.spec = &spec};

    (void)state;
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        struct fault why = FAULT_INIT;

        fault_set(&why, rows[i].kind, "this line is part of the test");
        assert_int_equal(cmd_failed(&cmd, &why), rows[i].status);
        assert_int_equal(cmd_failed(&judging, &why), CMD_WRONG_USE);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_good),
        cmocka_unit_test(test_bad),
        cmocka_unit_test(test_numbers),
        cmocka_unit_test(test_choices),
        cmocka_unit_test(test_given_again),
        cmocka_unit_test(test_status_of_a_fault),
    };

    return cmocka_run_group_tests_name("options", tests, NULL, NULL);
}
