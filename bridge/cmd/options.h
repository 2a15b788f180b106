/*
 * options.h - a command line, taken apart
 *
 * Options may stand before, between and behind operands, as `--name value`
 * or `--name=value`; `--` ends them, and a lone `-` is an operand. Of an
 * option that is given twice the last one counts, but --set adds up, and what a
 * command takes with cmd_option_next().
 *
 * Ownership: the texts stay argv's, the lists are the struct's.
 */
#ifndef CMD_OPTIONS_H
#define CMD_OPTIONS_H

#include "cmd/cmd.h"

/* What every command understands. */
extern const struct cmd_option options_common[];

struct options {
    bool help;
    const char *config_file; /* NULL: not given */
    const char **sets;       /* in their order, NULL at the end */
    char **operands;         /* what cmd->argv points to */
    struct cmd_value *given; /* what cmd->given points to */
    size_t given_count;
};

/*
 * Fills `options`, and the operands and option values of `cmd`, whose spec
 * is set. `argv` begins behind the command's name. FAULT_USAGE: says what
 * was expected, for an unknown option with the nearest right one.
 * FAULT_NOMEM. In any case *options is to be released.
 */
int options_parse(struct options *options, struct cmd *cmd, int argc,
                  char **argv, struct fault *why);
void options_release(struct options *options);

#endif
