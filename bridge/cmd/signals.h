/*
 * signals.h - what main.c and the demo need besides cmd.h
 */
#ifndef CMD_SIGNALS_H
#define CMD_SIGNALS_H

#include <signal.h>

/* The signals that tell us to stop: SIGINT, SIGTERM, SIGHUP. */
void signals_set(sigset_t *set);

/* Blocks them in this thread and those that it starts, and ignores SIGPIPE.
 * Before the first thread starts. */
void signals_prepare(void);

/* Lets them end the process again, as anybody expects of a command that has
 * nothing to tidy up. The threads that run already keep them blocked. */
void signals_let_end(void);

#endif
