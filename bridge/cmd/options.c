/*
 * options.c - a command line, taken apart; see options.h
 */
#include "cmd/options.h"

#include "base/buf.h"
#include "base/limits.h"
#include "base/nearest.h"

#include <assert.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

const struct cmd_option options_common[] = {
    {"config", "FILE",
     "Reads settings from this INI file; BRIDGE_CONFIG otherwise."     },
    {"set",    "SECTION.KEY=VALUE",
     "Decides one setting, over environment and file; may be repeated."},
    {"help",   NULL,                "Shows this."                      },
    {NULL,     NULL,                NULL                               },
};

/* `name` need not be terminated. */
static const struct cmd_option *find_option(const struct cmd_option *list,
                                            const char *name, size_t len)
{
    for (; list != NULL && list->name != NULL; list++)
        if (strlen(list->name) == len && memcmp(list->name, name, len) == 0)
            return list;
    return NULL;
}

static int unknown_option(const struct cmd_spec *spec, const char *given,
                          size_t len, struct fault *why)
{
    struct nearest nearest;
    const struct cmd_option *option;
    char name[64] = "";

    /* Without a value behind '=', which may be anything. */
    if (len >= sizeof(name))
        len = sizeof(name) - 1;
    memcpy(name, given, len);

    nearest_init(&nearest, name);
    for (option = spec->options; option != NULL && option->name; option++)
        nearest_offer(&nearest, option->name);
    for (option = options_common; option->name != NULL; option++)
        nearest_offer(&nearest, option->name);
    if (nearest.best == NULL)
        return fault_set(why, FAULT_USAGE, "unknown option '--%s'", name);
    return fault_set(why, FAULT_USAGE,
                     "unknown option '--%s', did you mean '--%s'?", name,
                     nearest.best);
}

/* Puts the value where it belongs. */
static void keep_value(struct options *options, struct cmd *cmd,
                       const struct cmd_option *option, const char *value,
                       size_t *set_count)
{
    if (option == &options_common[0]) {
        options->config_file = value;
    } else if (option == &options_common[1]) {
        options->sets[(*set_count)++] = value;
    } else if (option == &options_common[2]) {
        options->help = true;
    } else {
        size_t index = (size_t)(option - cmd->spec->options);

        assert(index < sizeof(cmd->values) / sizeof(cmd->values[0]));
        cmd->values[index] = value;
        options->given[options->given_count++] =
            (struct cmd_value){option, value};
    }
}

/*
 * Reads the option argv[*at], "--" and something, and moves *at to the last
 * word that belongs to it.
 */
static int read_option(struct options *options, struct cmd *cmd, int argc,
                       char **argv, int *at, size_t *set_count,
                       struct fault *why)
{
    const char *name = argv[*at] + 2;
    size_t len = strcspn(name, "=");
    const char *value = name[len] == '=' ? name + len + 1 : NULL;
    const struct cmd_option *option;

    option = find_option(cmd->spec->options, name, len);
    if (option == NULL)
        option = find_option(options_common, name, len);
    if (option == NULL)
        return unknown_option(cmd->spec, name, len, why);

    if (option->argument == NULL) {
        if (value != NULL)
            return fault_set(why, FAULT_USAGE,
                             "option '--%s' takes no value, got '%s'",
                             option->name, value);
        value = "";
    } else if (value == NULL) {
        if (*at + 1 >= argc)
            return fault_set(why, FAULT_USAGE,
                             "option '--%s' needs a value: %s", option->name,
                             option->argument);
        value = argv[++*at];
    }
    keep_value(options, cmd, option, value, set_count);
    return 0;
}

static int check_operands(const struct cmd *cmd, struct fault *why)
{
    const struct cmd_spec *spec = cmd->spec;

    if (cmd->argc < spec->min_operands)
        return fault_set(why, FAULT_USAGE, "expected %s, got %s",
                         spec->operands,
                         cmd->argc == 0 ? "nothing" : "too few");
    if (spec->max_operands == 0 && cmd->argc > 0)
        return fault_set(why, FAULT_USAGE, "expected options only, got '%s'",
                         cmd->argv[0]);
    if (spec->max_operands != -1 && cmd->argc > spec->max_operands)
        return fault_set(why, FAULT_USAGE,
                         "expected %s and no more, got also '%s'",
                         spec->operands, cmd->argv[spec->max_operands]);
    return 0;
}

int options_parse(struct options *options, struct cmd *cmd, int argc,
                  char **argv, struct fault *why)
{
    size_t set_count = 0;
    bool only_operands = false;

    memset(options, 0, sizeof(*options));
    options->sets = calloc((size_t)argc + 1, sizeof(*options->sets));
    options->operands = calloc((size_t)argc + 1, sizeof(*options->operands));
    options->given = calloc((size_t)argc + 1, sizeof(*options->given));
    if (options->sets == NULL || options->operands == NULL ||
        options->given == NULL)
        return fault_set(why, FAULT_NOMEM, "cannot keep the command line");

    cmd->argc = 0;
    cmd->argv = options->operands;
    cmd->given = options->given;
    for (int i = 0; i < argc; i++) {
        const char *word = argv[i];

        if (only_operands || word[0] != '-' || word[1] == '\0') {
            cmd->argv[cmd->argc++] = argv[i];
        } else if (strcmp(word, "--") == 0) {
            only_operands = true;
        } else if (strcmp(word, "-h") == 0) {
            options->help = true;
        } else if (word[1] != '-') {
            return fault_set(why, FAULT_USAGE,
                             "unknown option '%s': options begin with '--'",
                             word);
        } else if (read_option(options, cmd, argc, argv, &i, &set_count, why) ==
                   -1) {
            return -1;
        }
    }
    return options->help ? 0 : check_operands(cmd, why);
}

void options_release(struct options *options)
{
    free(options->sets);
    free(options->operands);
    free(options->given);
    memset(options, 0, sizeof(*options));
}

const char *cmd_option(const struct cmd *cmd, const char *name)
{
    const struct cmd_option *option;

    option = find_option(cmd->spec->options, name, strlen(name));
    assert(option != NULL);
    return cmd->values[option - cmd->spec->options];
}

int cmd_option_int(const struct cmd *cmd, const char *name, long least,
                   long most, long otherwise, long *out, struct fault *why)
{
    const char *text = cmd_option(cmd, name);
    char *end;
    long value;

    if (text == NULL) {
        *out = otherwise;
        return 0;
    }
    errno = 0;
    value = strtol(text, &end, 10);
    /* strtol() also takes spaces and '+' in front; we need not. */
    if (!((text[0] >= '0' && text[0] <= '9') || text[0] == '-') ||
        *end != '\0' || errno != 0 || value < least || value > most)
        return fault_set(why, FAULT_USAGE,
                         "option '--%s': expected a whole number from %ld to "
                         "%ld, got '%s'",
                         name, least, most, text);
    *out = value;
    return 0;
}

static int unknown_choice(const char *name, const char *const *choices,
                          const char *given, struct fault *why)
{
    struct buf words = BUF_INIT(4 * KIB);

    for (size_t i = 0; choices[i] != NULL; i++) {
        const char *between = choices[i + 1] == NULL ? " or " : ", ";

        if (buf_addf(&words, why, "%s%s", i == 0 ? "" : between, choices[i]))
            break;
    }
    fault_set(why, FAULT_USAGE, "option '--%s': expected %s, got '%s'", name,
              words.data, given);
    buf_release(&words);
    return -1;
}

int cmd_option_choice(const struct cmd *cmd, const char *name,
                      const char *const *choices, int otherwise, int *out,
                      struct fault *why)
{
    const char *given = cmd_option(cmd, name);

    if (given == NULL) {
        *out = otherwise;
        return 0;
    }
    for (int i = 0; choices[i] != NULL; i++) {
        if (strcmp(choices[i], given) == 0) {
            *out = i;
            return 0;
        }
    }
    return unknown_choice(name, choices, given, why);
}

const char *cmd_option_next(const struct cmd *cmd, const char *name, size_t *at)
{
    const struct cmd_value *given;

    while ((given = &cmd->given[*at])->option != NULL) {
        ++*at;
        if (strcmp(given->option->name, name) == 0)
            return given->value;
    }
    return NULL;
}

int cmd_failed(const struct cmd *cmd, const struct fault *why)
{
    fflush(stdout);
    fprintf(stderr, "aurix-bridge %s: %s\n", cmd->spec->name, why->text);
    if (why->kind != FAULT_USAGE)
        return cmd->spec->judges ? CMD_WRONG_USE : CMD_FAILED;
    fprintf(stderr, "Try 'aurix-bridge %s --help'.\n", cmd->spec->name);
    return CMD_WRONG_USE;
}
