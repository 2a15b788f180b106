/*
 * main.c - the commands, and what is the same for all of them
 *
 * A command is named by the first word. Before it runs, its line has been
 * taken apart, the settings of all origins are loaded and checked, and, for
 * commands that log, the log's writer is started. What a command returns is
 * the exit status: 0 done, 1 failed, 2 wrong use.
 */
#include "base/config.h"
#include "base/digest.h"
#include "base/http_client.h"
#include "base/log.h"
#include "base/nearest.h"
#include "cmd/cmd.h"
#include "cmd/help.h"
#include "cmd/options.h"
#include "cmd/signals.h"
#include "event/json_heap.h"
#include "format/regex.h"
#include "kafka/client.h"
#include "ops/admin.h"
#include "spool/spool.h"

#include <errno.h>
#include <fcntl.h>
#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { LOG_STOP_MS = 1000, WARNINGS_MAX = 64 * KIB };

static const struct cmd_spec *const commands[] = {
    &cmd_serve,  &cmd_consume, &cmd_demo,     &cmd_topics,
    &cmd_send,   &cmd_verify,  &cmd_validate, &cmd_check,
    &cmd_health, &cmd_spool,   NULL,
};

static void print_version(void)
{
    printf("aurix-bridge %s\n", BRIDGE_VERSION);
    printf("librdkafka %s\n", client_library_version());
    printf("CivetWeb %s\n", admin_library_version());
    printf("%s\n", digest_library_version());
    printf("jansson %s\n", jansson_version_str());
    printf("%s\n", regex_version());
    printf("%s\n", http_client_library_version());
    printf("%s\n", spool_library_version());
}

static const struct cmd_spec *find_command(const char *name)
{
    for (size_t i = 0; commands[i] != NULL; i++)
        if (strcmp(commands[i]->name, name) == 0)
            return commands[i];
    return NULL;
}

static int unknown_command(const char *name)
{
    struct nearest nearest;
    bool is_option = name[0] == '-';

    nearest_init(&nearest, name);
    for (size_t i = 0; commands[i] != NULL; i++)
        nearest_offer(&nearest, commands[i]->name);
    if (is_option) {
        nearest_offer(&nearest, "--help");
        nearest_offer(&nearest, "--version");
    }
    fprintf(stderr, "aurix-bridge: unknown %s '%s'",
            is_option ? "option" : "command", name);
    if (nearest.best != NULL)
        fprintf(stderr, ", did you mean '%s'?", nearest.best);
    fputs("\nTry 'aurix-bridge --help'.\n", stderr);
    return CMD_WRONG_USE;
}

/*
 * Whether a configuration that cannot be loaded can be without --set: then
 * it is the command line that was wrong, not the installation.
 */
static bool is_fault_of_sets(const struct config_origin *origin)
{
    struct config_origin without = *origin;
    struct config config;

    if (origin->sets == NULL || origin->sets[0] == NULL)
        return false;
    without.sets = NULL;
    if (config_load(&config, &without, NULL, NULL) == -1)
        return false;
    config_release(&config);
    return true;
}

static int load_config(struct cmd *cmd, const struct options *options,
                       struct buf *warnings, struct fault *why)
{
    struct config_origin origin = {
        .file = options->config_file,
        .sets = options->sets,
        .environment = (const char *const *)environ,
    };

    if (origin.file == NULL)
        origin.file = getenv("BRIDGE_CONFIG");
    if (origin.file != NULL && origin.file[0] == '\0')
        origin.file = NULL;
    if (config_load(&cmd->config, &origin, warnings, why) == 0)
        return 0;
    if (why->kind == FAULT_CONFIG && is_fault_of_sets(&origin))
        why->kind = FAULT_USAGE;
    return -1;
}

/* One line each, in the log of a command that logs. */
static void tell_warnings(const struct cmd *cmd, const struct buf *warnings)
{
    const char *line = warnings->data;

    while (line != NULL && *line != '\0') {
        size_t len = strcspn(line, "\n");

        if (cmd->spec->logs)
            log_line(LOG_WARN, "config", "setting is not known",
                     log_slice("detail", (struct slice){line, len}));
        else
            fprintf(stderr, "aurix-bridge %s: warning: %.*s\n", cmd->spec->name,
                    (int)len, line);
        line += len + (line[len] == '\n');
    }
}

/*
 * Runs the command with the log's writer around it. A command that talks to
 * a person says itself what went wrong, so the log of the modules it uses
 * is only shown to who asks for it, with log.level=debug.
 */
static int run_with_log(struct cmd *cmd, const struct buf *warnings)
{
    struct fault why = FAULT_INIT;
    bool shown = cmd->spec->logs || cmd->config.log.level == LOG_DEBUG;
    int fd = shown ? STDERR_FILENO : open("/dev/null", O_WRONLY | O_CLOEXEC);
    int status = CMD_FAILED;

    if (fd == -1) {
        fault_set_errno(&why, FAULT_IO, errno, "cannot open '/dev/null'");
        return cmd_failed(cmd, &why);
    }
    if (log_start(fd, cmd->config.log.level, cmd->config.log.format, &why) ==
        -1) {
        status = cmd_failed(cmd, &why);
    } else {
        tell_warnings(cmd, warnings);
        if (!cmd->spec->logs)
            signals_let_end();
        status = cmd->spec->run(cmd);
        log_stop(LOG_STOP_MS);
    }
    if (!shown)
        close(fd);
    return status;
}

static int run_command(const struct cmd_spec *spec, int argc, char **argv)
{
    struct cmd cmd = {.spec = spec};
    struct options options;
    struct buf warnings = BUF_INIT(WARNINGS_MAX);
    struct fault why = FAULT_INIT;
    int status;

    if (options_parse(&options, &cmd, argc, argv, &why) == -1) {
        status = cmd_failed(&cmd, &why);
    } else if (options.help) {
        status = help_command(stdout, spec, &why) == -1 ? cmd_failed(&cmd, &why)
                                                        : CMD_OK;
    } else if (load_config(&cmd, &options, &warnings, &why) == -1) {
        status = cmd_failed(&cmd, &why);
    } else {
        status = run_with_log(&cmd, &warnings);
        config_release(&cmd.config);
    }
    buf_release(&warnings);
    options_release(&options);
    return status;
}

static int run(int argc, char **argv)
{
    const struct cmd_spec *spec;
    const char *name = argc > 1 ? argv[1] : NULL;

    if (name == NULL) {
        help_program(stderr, commands);
        return CMD_WRONG_USE;
    }
    if (strcmp(name, "--version") == 0) {
        print_version();
        return CMD_OK;
    }
    if (strcmp(name, "--help") == 0 || strcmp(name, "-h") == 0) {
        help_program(stdout, commands);
        return CMD_OK;
    }
    spec = find_command(name);
    if (spec == NULL)
        return unknown_command(name);
    return run_command(spec, argc - 2, argv + 2);
}

/*
 * A descriptor below 3 that is closed would be given to the next file that is
 * opened, a broker's connection for example, and what is printed would go
 * there. So each gets something that fails: nothing can be read from 0 or
 * written to 1 then, and only what goes to 2 is thrown away.
 */
static void occupy_standard_descriptors(void)
{
    static const int flags[] = {O_WRONLY, O_RDONLY, O_WRONLY};

    for (int fd = 0; fd < 3; fd++)
        if (fcntl(fd, F_GETFD) == -1 && open("/dev/null", flags[fd]) != fd)
            abort(); /* no /dev/null: there is nobody to tell either */
}

int main(int argc, char **argv)
{
    int status;

    occupy_standard_descriptors();
    signals_prepare();
    json_heap_setup();
    status = run(argc, argv);

    /* What could not be written has not been said. */
    errno = 0;
    if ((fflush(stdout) != 0 || ferror(stdout)) && status == CMD_OK) {
        fprintf(stderr, "aurix-bridge: cannot write standard output: %s\n",
                errno != 0 ? strerror(errno) : "it failed before");
        status = CMD_FAILED;
    }
    return status;
}
