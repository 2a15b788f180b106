/*
 * cmd.h - what every command is given, and how it is told to stop
 *
 * A command is a file with one function; main.c is the table of them.
 * Only main.c exits: a command returns one of the statuses below.
 */
#ifndef CMD_CMD_H
#define CMD_CMD_H

#include "base/config.h"
#include "base/fault.h"

#include <stdatomic.h>
#include <stdbool.h>

enum cmd_status { CMD_OK = 0, CMD_FAILED = 1, CMD_WRONG_USE = 2 };

/* An option of one command, beyond those that all have. */
struct cmd_option {
    const char *name;     /* without the dashes: "count" */
    const char *argument; /* what its value is: "N"; NULL: it takes none */
    const char *help;     /* one sentence */
};

/* An option of one command as it was given. */
struct cmd_value {
    const struct cmd_option *option;
    const char *value;
};

struct cmd {
    const struct cmd_spec *spec;
    struct config config; /* loaded; released by main.c */
    int argc;             /* operands: what is left after the options */
    char **argv;
    const char *values[16];        /* of spec->options, NULL where not given; an
                                      option without argument has "" */
    const struct cmd_value *given; /* all of them in their order, also those
                                      given again; ended by a NULL option */
};

struct cmd_spec {
    const char *name;
    const char *summary;  /* half a line, for the list of commands */
    const char *operands; /* "clicks|leads", "FILE…|-", or "" */
    const char *details;  /* paragraphs for --help, or NULL */
    int min_operands;
    int max_operands;             /* -1: any number */
    enum config_command settings; /* whose settings it uses and shows */
    bool judges; /* status 1 is its answer "no", so what keeps it from giving
                    one is CMD_WRONG_USE, as with cmp and grep */
    bool logs;   /* starts the log's writer; others talk to a person */
    const struct cmd_option *options; /* ended by a NULL name; or NULL */
    int (*run)(struct cmd *cmd);
};

/* How many open files `serve` asks for, and `check` looks for: a connection
 * for each worker, those that wait for one, and the rest (brokers, logs,
 * schemas, admin). */
static inline unsigned long cmd_open_files(const struct config *config)
{
    return (unsigned long)config->http.threads + 512 + 256;
}

/* The value of an option; NULL if it was not given. */
const char *cmd_option(const struct cmd *cmd, const char *name);

/* A whole number in [least, most]; `otherwise` if the option was not given.
 * FAULT_USAGE: names the option, what was expected and what came. */
int cmd_option_int(const struct cmd *cmd, const char *name, long least,
                   long most, long otherwise, long *out, struct fault *why);

/* Which of the words in `choices`, ended by NULL, an option has; `otherwise`
 * if it was not given. FAULT_USAGE: names the option, the words and what
 * came. */
int cmd_option_choice(const struct cmd *cmd, const char *name,
                      const char *const *choices, int otherwise, int *out,
                      struct fault *why);

/* For an option that adds up: its next value, from the first on where *at is
 * 0. NULL: there are no more. */
const char *cmd_option_next(const struct cmd *cmd, const char *name,
                            size_t *at);

/* Says "aurix-bridge COMMAND: text" on standard error, and gives the status
 * that belongs to the fault: CMD_WRONG_USE for FAULT_USAGE and if the command
 * judges, else CMD_FAILED. */
int cmd_failed(const struct cmd *cmd, const struct fault *why);

/*
 * Signals. main.c blocks SIGINT, SIGTERM and SIGHUP in every thread before
 * anything starts, and ignores SIGPIPE. A command that does not log is ended
 * by them as usual.
 */

/* Waits for one of them; returns its number. One thread at a time. */
int cmd_wait_signal(void);

/* Starts a thread that sets *stop at the first signal, for commands that
 * have a loop of their own. FAULT_IO. */
int cmd_stop_on_signal(atomic_bool *stop, struct fault *why);

/* Starts the admin server of the configuration (a free port unless one was
 * set or `serve` runs). *out stays NULL when it is switched off. */
struct admin;
int cmd_start_admin(struct admin **out, const struct cmd *cmd,
                    struct fault *why);

extern const struct cmd_spec cmd_serve, cmd_consume, cmd_demo, cmd_topics,
    cmd_send, cmd_verify, cmd_validate, cmd_check, cmd_health, cmd_spool;

#endif
