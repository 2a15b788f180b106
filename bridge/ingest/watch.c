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

#include <arpa/inet.h>
#include <assert.h>
#include <dirent.h>
#include <netinet/in.h>
#include <pthread.h>
#include <sched.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

enum { LOOK_EVERY_MS = 100 };

enum { WATCH_IDLE, WATCH_ARMED, WATCH_HELD, WATCH_CUT };

struct watch {
    pthread_t thread;
    pthread_mutex_t lock;
    pthread_cond_t wake;
    bool stop;                   /* lock */
    struct watch_entry *entries; /* lock; only ever grows */
    _Atomic int local_port;
};

static bool is_peer(int fd, const struct watch_entry *entry, int local_port)
{
    struct sockaddr_in peer = {.sin_family = AF_UNSPEC};
    struct sockaddr_in self = {.sin_family = AF_UNSPEC};
    socklen_t peer_len = sizeof(peer);
    socklen_t self_len = sizeof(self);
    char address[WATCH_ADDRESS_SIZE];

    if (getpeername(fd, (struct sockaddr *)&peer, &peer_len) == -1 ||
        getsockname(fd, (struct sockaddr *)&self, &self_len) == -1)
        return false; /* not a socket, or not connected */
    return peer.sin_family == AF_INET && self.sin_family == AF_INET &&
           ntohs(peer.sin_port) == entry->peer_port &&
           ntohs(self.sin_port) == local_port &&
           inet_ntop(AF_INET, &peer.sin_addr, address, sizeof(address)) !=
               NULL &&
           strcmp(address, entry->peer) == 0;
}

/* Shuts down the receiving side of the entry's connection. */
static bool cut(const struct watch_entry *entry, int local_port)
{
    DIR *dir = opendir("/proc/self/fd");
    struct dirent *item;
    bool done = false;

    if (dir == NULL)
        return false;
    while (!done && (item = readdir(dir)) != NULL) {
        int fd = (int)strtol(item->d_name, NULL, 10);

        if (item->d_name[0] == '.' || !is_peer(fd, entry, local_port))
            continue;
        done = shutdown(fd, SHUT_RD) == 0;
    }
    closedir(dir);
    return done;
}

static void look_at(struct watch *watch, struct watch_entry *entry,
                    int64_t now_us)
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
    done = late && cut(entry, atomic_load(&watch->local_port));
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
            look_at(watch, e, now_us);
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

void watch_listen(struct watch *watch, int local_port)
{
    atomic_store(&watch->local_port, local_port);
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

void watch_begin(struct watch_entry *entry, const char *peer, int peer_port,
                 int64_t deadline_us)
{
    size_t len = strlen(peer);

    assert(atomic_load(&entry->state) == WATCH_IDLE);
    if (len >= sizeof(entry->peer))
        len = sizeof(entry->peer) - 1;
    memcpy(entry->peer, peer, len);
    entry->peer[len] = '\0';
    entry->peer_port = peer_port;
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
