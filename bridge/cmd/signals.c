/*
 * signals.c - being told to stop
 *
 * The signals are blocked in every thread and taken by waiting for them, so
 * nothing of ours ever runs inside a signal handler. SIGHUP counts as one of
 * them: what it means is up to the command.
 */
#include "cmd/signals.h"
#include "cmd/cmd.h"

#include <errno.h>
#include <pthread.h>
#include <string.h>

void signals_set(sigset_t *set)
{
    sigemptyset(set);
    sigaddset(set, SIGINT);
    sigaddset(set, SIGTERM);
    sigaddset(set, SIGHUP);
}

void signals_prepare(void)
{
    struct sigaction ignore = {.sa_handler = SIG_IGN};
    struct sigaction usual = {.sa_handler = SIG_DFL};
    sigset_t set;

    signals_set(&set);
    pthread_sigmask(SIG_BLOCK, &set, NULL);

    /* Whoever started us may have had them ignored (a shell does so for
     * `command &`), and what is ignored cannot be waited for. */
    sigaction(SIGINT, &usual, NULL);
    sigaction(SIGTERM, &usual, NULL);
    sigaction(SIGHUP, &usual, NULL);
    sigaction(SIGPIPE, &ignore, NULL);
}

void signals_let_end(void)
{
    sigset_t set;

    signals_set(&set);
    pthread_sigmask(SIG_UNBLOCK, &set, NULL);
}

int cmd_wait_signal(void)
{
    sigset_t set;
    int number = SIGTERM;

    signals_set(&set);
    while (sigwait(&set, &number) != 0)
        ;
    return number;
}

static void *wait_and_mark(void *arg)
{
    atomic_bool *stop = arg;

    cmd_wait_signal();
    atomic_store(stop, true);
    return NULL;
}

int cmd_stop_on_signal(atomic_bool *stop, struct fault *why)
{
    pthread_t thread;
    int err = pthread_create(&thread, NULL, wait_and_mark, stop);

    if (err != 0)
        return fault_set_errno(why, FAULT_IO, err,
                               "cannot start the thread that waits for "
                               "signals");
    /* It waits for as long as the process lives. */
    pthread_detach(thread);
    return 0;
}
