/*
 * spool.h - what the commands about a spool share
 *
 * spool.c is the table of them; each of the others is a file.
 */
#ifndef CMD_SPOOL_H
#define CMD_SPOOL_H

#include "base/arena.h"
#include "base/fault.h"
#include "cmd/cmd.h"
#include "spool/spool_view.h"

#include <stdbool.h>
#include <stdint.h>

/* Each gives the exit status. cmd->argv[1] is the folder or the file. */
int spool_cmd_list(struct cmd *cmd);
int spool_cmd_show(struct cmd *cmd);
int spool_cmd_export(struct cmd *cmd);
int spool_cmd_drain(struct cmd *cmd);

/* A spool that is gone through, and what was met. */
struct spool_visit {
    struct spool_view *view;
    struct arena arena;
    bool waiting; /* which records are wanted */
    bool aside;
    int64_t waiting_count; /* of those that were wanted */
    int64_t aside_count;
    int64_t damaged_count; /* of both */
};

/* Opens the spool of the command line, and takes --only. *vs is to be closed
 * in any case. */
int spool_visit_open(struct spool_visit *vs, const struct cmd *cmd,
                     struct fault *why);

/* The next one that is wanted, good until the next call: 1, 0, -1. */
int spool_visit_next(struct spool_visit *vs, int64_t after,
                     struct spool_view_row *out, struct fault *why);

/* At the end: tells on standard error what could not be read. False: it was
 * not all, or some of it is damaged. */
bool spool_visit_tell(struct spool_visit *vs, const struct cmd *cmd,
                      struct fault *why);

void spool_visit_close(struct spool_visit *vs);

/* What goes to standard output has to arrive. FAULT_IO. */
int spool_cmd_written(struct fault *why);

#endif
