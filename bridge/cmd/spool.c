/*
 * spool.c - looks into a spool, exports it, drains it
 *
 * For the spool of a bridge that is gone. The first word says what is done;
 * here is the table of them, and how all but `drain` go through the records.
 */
#include "cmd/spool.h"

#include "base/nearest.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

enum { ROOM = 96 * MIB /* for a record: a spool takes 16 MiB */ };

/* ---- going through ------------------------------------------------------- */

static int take_only(struct spool_visit *vs, const struct cmd *cmd,
                     struct fault *why)
{
    const char *only = cmd_option(cmd, "only");

    vs->waiting = only == NULL || strcmp(only, "waiting") == 0;
    vs->aside = only == NULL || strcmp(only, "aside") == 0;
    if (vs->waiting || vs->aside)
        return 0;
    return fault_set(why, FAULT_USAGE,
                     "option '--only': expected waiting or aside, got '%s'",
                     only);
}

int spool_visit_open(struct spool_visit *vs, const struct cmd *cmd,
                     struct fault *why)
{
    *vs = (struct spool_visit){.arena = ARENA_INIT(64 * KIB, ROOM)};
    if (take_only(vs, cmd, why) == -1)
        return -1;
    return spool_view_open(&vs->view, cmd->argv[1], why);
}

int spool_visit_next(struct spool_visit *vs, int64_t after,
                     struct spool_view_row *out, struct fault *why)
{
    int rc;

    do {
        arena_reset(&vs->arena);
        rc = spool_view_next(vs->view, after, out, &vs->arena, why);
        after = out->row.seq;
    } while (rc == 1 && !(out->reason == NULL ? vs->waiting : vs->aside));
    if (rc != 1)
        return rc;
    *(out->reason == NULL ? &vs->waiting_count : &vs->aside_count) += 1;
    vs->damaged_count += out->row.damaged;
    return 1;
}

bool spool_visit_tell(struct spool_visit *vs, const struct cmd *cmd,
                      struct fault *why)
{
    const struct spool_view_file *files;
    size_t count;

    files = spool_view_files(vs->view, &count);
    for (size_t i = 0; i < count; i++)
        if (files[i].trouble[0] != '\0')
            fprintf(stderr, "aurix-bridge %s: some of '%s' is lost: %s\n",
                    cmd->spec->name, files[i].name, files[i].trouble);
    return spool_view_check(vs->view, why) == 0 &&
           spool_view_is_whole(vs->view) && vs->damaged_count == 0;
}

void spool_visit_close(struct spool_visit *vs)
{
    spool_view_close(vs->view);
    vs->view = NULL;
    arena_release(&vs->arena);
}

int spool_cmd_written(struct fault *why)
{
    errno = 0;
    if (fflush(stdout) == 0 && !ferror(stdout))
        return 0;
    if (errno == 0)
        errno = EIO; /* it failed before */
    return fault_set_errno(why, FAULT_IO, errno,
                           "cannot write standard output");
}

/* ---- the table ----------------------------------------------------------- */

static const struct {
    const char *name;
    int max_operands;   /* with its own name and DIR; -1: any number */
    const char *option; /* that it alone takes, or others of the same */
    int (*run)(struct cmd *cmd);
} actions[] = {
    {"list",   2,  NULL,      spool_cmd_list  },
    {"show",   -1, "only",    spool_cmd_show  },
    {"export", 2,  "only",    spool_cmd_export},
    {"drain",  2,  "timeout", spool_cmd_drain },
};

static const struct cmd_option options[] = {
    {"only",    "waiting|aside",
     "For show and export: the records that wait, or those that are aside; "
     "both otherwise."               },
    {"timeout", "SECONDS",
     "For drain: how long nothing may get to Kafka before it gives up, 60 "
     "otherwise; 0 waits for ever."  },
    {NULL,      NULL,            NULL},
};

static int unknown_action(const char *name, struct fault *why)
{
    struct nearest nearest;

    nearest_init(&nearest, name);
    for (size_t i = 0; i < sizeof(actions) / sizeof(actions[0]); i++)
        nearest_offer(&nearest, actions[i].name);
    if (nearest.best == NULL)
        return fault_set(why, FAULT_USAGE,
                         "expected list, show, export or drain, got '%s'",
                         name);
    return fault_set(why, FAULT_USAGE,
                     "expected list, show, export or drain, got '%s', did you "
                     "mean '%s'?",
                     name, nearest.best);
}

static int check_use(const struct cmd *cmd, size_t at, struct fault *why)
{
    for (const struct cmd_option *option = options; option->name; option++)
        if (cmd_option(cmd, option->name) != NULL &&
            (actions[at].option == NULL ||
             strcmp(actions[at].option, option->name) != 0))
            return fault_set(why, FAULT_USAGE, "'%s' takes no '--%s'",
                             actions[at].name, option->name);
    if (actions[at].max_operands != -1 && cmd->argc > actions[at].max_operands)
        return fault_set(why, FAULT_USAGE,
                         "'%s' takes a DIR and no more, got also '%s'",
                         actions[at].name, cmd->argv[2]);
    return 0;
}

static int run_spool(struct cmd *cmd)
{
    struct fault why = FAULT_INIT;

    for (size_t i = 0; i < sizeof(actions) / sizeof(actions[0]); i++) {
        if (strcmp(actions[i].name, cmd->argv[0]) != 0)
            continue;
        if (check_use(cmd, i, &why) == -1)
            return cmd_failed(cmd, &why);
        return actions[i].run(cmd);
    }
    unknown_action(cmd->argv[0], &why);
    return cmd_failed(cmd, &why);
}

const struct cmd_spec cmd_spool = {
    .name = "spool",
    .summary = "looks into the spool of a bridge that is gone, drains it",
    .operands = "list|show|export|drain DIR [SEQ]...",
    .details =
        "DIR is a spool's directory, which no bridge may be using. Nothing\n"
        "but drain changes it, so it may be one that can only be read. In its\n"
        "place list, show and export take a single file of it, as the *.bad\n"
        "that damaged ones become.\n"
        "\n"
        "list    what is in it: files, and per topic how much waits for "
        "Kafka,\n"
        "        how much of it is doubtful (Kafka may have it already), and\n"
        "        what is aside, because it is damaged or Kafka refused it.\n"
        "show    a line for each record: number, when it was stored, topic,\n"
        "        key, bytes, ce_type, ce_id, and what is odd about it. With\n"
        "        numbers: all of these records, value and headers, which can\n"
        "        have personal data.\n"
        "export  every record, whole, as a line of JSON; see\n"
        "        docs/durability.md.\n"
        "drain   publishes what waits, as `serve` would, until nothing is\n"
        "        left. It can be stopped and started again at any time.\n"
        "        --set log.level=debug shows its log.\n"
        "\n"
        "Exit status of drain: 0 if all of it is in Kafka and the directory\n"
        "has nothing more; 1 if something waits, is aside, or in a *.bad\n"
        "file. Of the others: 0, or 1 if something is damaged or cannot be\n"
        "read; the rest is told all the same.",
    .min_operands = 2,
    .max_operands = -1,
    .settings = CONFIG_SPOOL,
    .options = options,
    .run = run_spool,
};
