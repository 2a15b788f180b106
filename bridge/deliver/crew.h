/*
 * crew.h - threads that wait for reports, one of which fetches them
 *
 * A thread that waits for its delivery report need not be woken by another
 * that polls: it can poll itself. So one of the waiters, the leader, polls
 * for all. When its own report is in, or its deadline has passed, it makes
 * another waiter the leader and leaves. This is one context switch less for
 * each event than a thread that only polls.
 *
 * The reports of one poll are settled together: each waiter's completion
 * runs in the leader as its report comes, and the waiters are woken after
 * the poll, so that their answers leave in a batch.
 *
 * Threads: any number may wait; crew_land() is called from within `poll`,
 * by the leader.
 */
#ifndef DELIVER_CREW_H
#define DELIVER_CREW_H

#include <pthread.h>
#include <semaphore.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>

/* Where a record is, for the thread that waits for it. */
enum flight_state {
    FLIGHT_FLYING,
    FLIGHT_LANDED,   /* reported; its completion may be running */
    FLIGHT_SETTLED,  /* its completion has run: the waiter may leave */
    FLIGHT_ABANDONED /* the waiter has left: the report frees it */
};

/* One record on its way, and the thread that waits for it. */
struct flight {
    atomic_int state;
    sem_t wake;    /* posted once: settled, or promoted */
    bool promoted; /* crew's lock: this thread leads now */
    bool linked;   /* crew's lock: on the list of waiters */
    struct flight *previous;
    struct flight *next;
    struct flight *landed_next; /* the leader's */
};

struct crew {
    pthread_mutex_t lock;
    bool led;              /* somebody polls, or was just told to */
    bool dismissed;        /* the leader shall step down, see crew_take() */
    pthread_cond_t vacant; /* led became false while dismissed was set */
    struct flight *first;  /* waiters, oldest first */
    struct flight *last;
    struct flight *landed; /* the leader's: reported in this poll */
    /* Fetches reports, for at most timeout_ms; calls crew_land() for each. */
    void (*poll)(void *ctx, int timeout_ms);
    void *ctx;
};

void crew_init(struct crew *crew, void (*poll)(void *ctx, int timeout_ms),
               void *ctx);
void crew_release(struct crew *crew);

void flight_init(struct flight *flight);
void flight_release(struct flight *flight);

/*
 * Waits until the flight is settled (true), or until `deadline_us` of the
 * monotonic clock has passed (false): the flight is abandoned then, and the
 * caller must not touch it again.
 */
bool crew_wait(struct crew *crew, struct flight *flight, int64_t deadline_us);

/*
 * The report for a flight is in. True: its waiter is there; the caller runs
 * the completion, and then crew_settle(). False: abandoned, the caller owns
 * it now.
 */
bool crew_land(struct flight *flight);
void crew_settle(struct crew *crew, struct flight *flight);

/* Leads if nobody does, to fetch what nobody waits for: once, for at most
 * `timeout_ms`. False: somebody leads. */
bool crew_tend(struct crew *crew, int timeout_ms);

/*
 * Takes the lead away from the waiters: on return nobody is inside `poll`,
 * and nobody will be until crew_give(). The caller may call `poll` through
 * crew_poll() meanwhile.
 */
void crew_take(struct crew *crew);
void crew_poll(struct crew *crew, int timeout_ms);
void crew_give(struct crew *crew);

#endif
