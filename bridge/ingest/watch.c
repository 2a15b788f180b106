/*
 * watch.c - cuts off bodies that are late
 *
 * An entry is IDLE, or ARMED by its reader. The watch makes an ARMED entry
 * HELD while it looks for the descriptor and shuts it down; a reader that
 * finds its entry HELD waits, so the connection cannot end meanwhile. Then
 * the entry is CUT, which the reader takes back to IDLE.
 *
 * After shutdown(SHUT_RD) Linux still hands out bytes that came, but a read
 * that finds none returns at once instead of waiting: a sender that drips is
 * over as soon as it has not dripped.
 */
#include "ingest/watch.h"

#include "base/clock.h"
#include "base/log.h"

#include <assert.h>
#include <pthread.h>
#include <sched.h>
#include <stdlib.h>
#include <sys/socket.h>

enum { LOOK_EVERY_MS = 100 };

enum { WATCH_IDLE, WATCH_ARMED, WATCH_HELD, WATCH_CUT };

struct watch {
    pthread_t thread;
    pthread_mutex_t lock;
    pthread_cond_t wake;
    bool stop;                   /* lock */
    struct watch_entry *entries; /* lock; only ever grows */
};

/* Shuts down the receiving side of the entry's connection. */
static bool cut(const struct watch_entry *entry)
{
    int fd;

    return wire_find(&fd, &entry->ends) > 0 && shutdown(fd, SHUT_RD) == 0;
}

static void look_at(struct watch_entry *entry, int64_t now_us)
{
    int expected = WATCH_ARMED;
    bool late;
    bool done;

    if (atomic_load(&entry->state) != WATCH_ARMED ||
        now_us < atomic_load(&entry->deadline_us))
        return;
    if (!atomic_compare_exchange_strong(&entry->state, &expected, WATCH_HELD))
        return;
    /* it may have been armed anew since we looked at its deadline */
    late = now_us >= atomic_load(&entry->deadline_us);
    done = late && cut(entry);
    if (late && !done)
        log_line(LOG_WARN, "ingest", "cannot find a late sender's connection");
    atomic_store(&entry->state, done ? WATCH_CUT : WATCH_ARMED);
}

static void *keep_watch(void *arg)
{
    struct watch *watch = arg;

    pthread_mutex_lock(&watch->lock);
    while (!watch->stop) {
        int64_t now_us = clock_now_us();
        struct timespec until =
            clock_timespec(now_us + (int64_t)LOOK_EVERY_MS * 1000);
        struct watch_entry *first = watch->entries;

        /* entries are only ever added in front, so what is linked now can
         * be walked without the lock */
        pthread_mutex_unlock(&watch->lock);
        for (struct watch_entry *e = first; e != NULL; e = e->next)
            look_at(e, now_us);
        pthread_mutex_lock(&watch->lock);
        if (!watch->stop)
            pthread_cond_clockwait(&watch->wake, &watch->lock, CLOCK_MONOTONIC,
                                   &until);
    }
    pthread_mutex_unlock(&watch->lock);
    return NULL;
}

int watch_start(struct watch **out, struct fault *why)
{
    struct watch *watch = calloc(1, sizeof(*watch));
    int err;

    if (watch == NULL)
        return fault_set(why, FAULT_NOMEM, "cannot allocate a watch");
    pthread_mutex_init(&watch->lock, NULL);
    pthread_cond_init(&watch->wake, NULL);
    err = pthread_create(&watch->thread, NULL, keep_watch, watch);
    if (err != 0) {
        free(watch);
        return fault_set_errno(why, FAULT_IO, err, "cannot start a thread");
    }
    *out = watch;
    return 0;
}

void watch_stop(struct watch *watch)
{
    if (watch == NULL)
        return;
    pthread_mutex_lock(&watch->lock);
    watch->stop = true;
    pthread_cond_signal(&watch->wake);
    pthread_mutex_unlock(&watch->lock);
    pthread_join(watch->thread, NULL);
    pthread_cond_destroy(&watch->wake);
    pthread_mutex_destroy(&watch->lock);
    free(watch);
}

void watch_add(struct watch *watch, struct watch_entry *entry)
{
    atomic_store(&entry->state, WATCH_IDLE);
    pthread_mutex_lock(&watch->lock);
    entry->next = watch->entries;
    watch->entries = entry;
    pthread_mutex_unlock(&watch->lock);
}

void watch_begin(struct watch_entry *entry, const struct wire_ends *ends,
                 int64_t deadline_us)
{
    assert(atomic_load(&entry->state) == WATCH_IDLE);
    entry->ends = *ends;
    atomic_store(&entry->deadline_us, deadline_us);
    atomic_store(&entry->state, WATCH_ARMED);
}

bool watch_end(struct watch_entry *entry)
{
    int expected = WATCH_ARMED;

    while (
        !atomic_compare_exchange_strong(&entry->state, &expected, WATCH_IDLE)) {
        if (expected == WATCH_CUT) {
            atomic_store(&entry->state, WATCH_IDLE);
            return true;
        }
        expected = WATCH_ARMED;
        sched_yield(); /* held: for as long as a look at /proc takes */
    }
    return false;
}
