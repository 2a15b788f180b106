/*
 * spooler_parts.h - what the two files of the spooler share
 *
 * spooler.c has the thread and the passages, spooler_write.c the transaction
 * of a round. Nobody else includes this.
 */
#ifndef DELIVER_SPOOLER_PARTS_H
#define DELIVER_SPOOLER_PARTS_H

#include "deliver/burial.h"
#include "deliver/drain.h"
#include "deliver/spooler.h"

#include <pthread.h>
#include <semaphore.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>

enum { CALM_MS = 1000 /* without trouble, before it is said to be over */ };

enum deposit_state {
    DEPOSIT_NEW,
    DEPOSIT_WRITTEN, /* in the transaction */
    DEPOSIT_SAFE,
    DEPOSIT_FAILED
};

/* What a request wants to be kept, on its thread's stack: it waits. */
struct deposit {
    struct keep keep;
    enum deposit_state state;
    bool ready; /* the producer does not have it, and never had it for sure */
    bool made;  /* the passage is not the request's, but of suspect_all() */
    int64_t seq;
    struct fault why;
    sem_t wake;
    struct deposit *next;
};

struct spooler {
    struct spooler_options options;
    struct drain *drain; /* the thread's, but for drain_expect() */
    pthread_t thread;
    atomic_bool draining;
    _Atomic int64_t records;

    pthread_mutex_t lock;
    pthread_cond_t work;     /* for the thread */
    pthread_cond_t reported; /* for those who await a report */
    int awaiting;
    struct deposit *first_new, *last_new;
    struct passage *notes; /* of rows: their reports are in */
    bool sleeping;
    bool called; /* spooler_wake() */
    bool stop;
    bool refuses; /* there is no room, or no file */
    char state[FAULT_TEXT_MAX];

    /* the thread's */
    struct deposit *deposits; /* in hand, oldest first */
    struct passage *removals; /* their rows go */
    struct burials burials;
    int64_t full_since_us;  /* nothing could be written at all; 0: it can */
    int64_t renew_at_us;    /* another file, at the earliest */
    int64_t bury_at_us;     /* what is refused, at the earliest */
    int64_t pause_until_us; /* nothing could be written */
    int64_t trouble_us;     /* records were refused last, or could be */
    size_t window;          /* records that the drain will send in this round */
    bool kept;              /* the transaction had appends, too */
    bool untidy;
    bool holds_many;
};

/* The round's transaction: writes what is in hand, and answers for it. False:
 * nothing was written, and nothing may be sent. */
bool spooler_write(struct spooler *sp, int64_t now_us);

/* Where a row goes whose passage is reported. */
void spooler_sort(struct spooler *sp, struct passage *pg, bool expected);

void spooler_tell_totals(struct spooler *sp);

/* Whether records are refused, and why. */
void spooler_tell_state(struct spooler *sp, bool refuses, const char *text);

#endif
