/*
 * process.h - another command of this very program, run beside this one
 *
 * For the demo, which is several processes so that what it shows is what
 * runs in production. A child dies with its parent, whatever kills it. Its
 * standard output is read here, line by line; its log goes to a file that is
 * shown when something fails.
 *
 * Threads: one.
 */
#ifndef CMD_PROCESS_H
#define CMD_PROCESS_H

#include "base/buf.h"
#include "base/fault.h"

#include <limits.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <sys/types.h>

enum { PROCESS_LINE_MAX = 4 * 1024 * 1024 };

struct process {
    const char *name;   /* "consume clicks", for messages; borrowed */
    pid_t pid;          /* 0: none, or it was waited for */
    int status;         /* of wait(), once pid is 0 again */
    int out;            /* its standard output, non-blocking; -1: at its end */
    struct buf pending; /* the beginning of a line */
    char log_path[PATH_MAX];
};

#define PROCESS_INIT {.out = -1, .pending = BUF_INIT(PROCESS_LINE_MAX)}

/*
 * Starts `aurix-bridge args…`. Its log goes to `log_path`. `environment` is
 * all it gets; both lists end with NULL. FAULT_IO, FAULT_TOO_LARGE.
 */
int process_start(struct process *ps, const char *name, const char *log_path,
                  const char *const *args, const char *const *environment,
                  struct fault *why);

/* Takes note if it has ended. */
bool process_running(struct process *ps);

/* Reads what there is and hands out the lines, without their newline and
 * terminated. FAULT_TOO_LARGE: a line is too long. */
int process_read(struct process *ps,
                 void (*take)(void *ctx, struct process *ps, const char *line),
                 void *ctx, struct fault *why);

/* Asks it to end. Nothing if it has ended. */
void process_terminate(struct process *ps);

/* Waits until it has ended, by `deadline_us` (clock_now_us()) at the latest;
 * then it is killed. FAULT_IO: it ended otherwise than with status 0; says
 * how. */
int process_wait(struct process *ps, int64_t deadline_us, struct fault *why);

/* How it ended, as the end of a sentence: "with exit status 1". */
void process_describe_end(const struct process *ps, char *out, size_t size);

/* Writes the last lines of its log. */
void process_tell_log(const struct process *ps, FILE *out);

/* Kills it if it still runs, and gives back everything. */
void process_release(struct process *ps);

#endif
