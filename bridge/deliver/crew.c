/*
 * crew.c - threads that wait for reports, one of which fetches them
 *
 * Who may do what:
 * - `led` is true from the moment a thread decides to lead until nobody is
 *   left to take over. Leadership is handed on directly: a waiter that is
 *   promoted finds led true already.
 * - only the leader polls, so only the leader lands and settles flights.
 * - a flight's semaphore is posted at most once at a time: for being
 *   promoted, or for being settled. The two cannot meet, because only
 *   waiters still flying are promoted, by a leader that has stopped polling.
 *
 * ThreadSanitizer does not know every call of a semaphore, so what is passed
 * between threads is ordered by the flight's atomic state or by the lock;
 * the semaphore only sleeps and wakes.
 */
#include "deliver/crew.h"

#include "base/clock.h"

#include <assert.h>
#include <errno.h>
#include <sched.h>
#include <stddef.h>

enum {
    /* a leader looks up this often, to see that it was dismissed */
    POLL_MAX_MS = 50
};

void crew_init(struct crew *crew, void (*poll)(void *ctx, int timeout_ms),
               void *ctx)
{
    *crew = (struct crew){.poll = poll, .ctx = ctx};
    pthread_mutex_init(&crew->lock, NULL);
    pthread_cond_init(&crew->vacant, NULL);
}

void crew_release(struct crew *crew)
{
    assert(crew->first == NULL);
    pthread_cond_destroy(&crew->vacant);
    pthread_mutex_destroy(&crew->lock);
}

void flight_init(struct flight *flight)
{
    *flight = (struct flight){.state = FLIGHT_FLYING};
    sem_init(&flight->wake, 0, 0);
}

void flight_release(struct flight *flight) { sem_destroy(&flight->wake); }

static int state_of(struct flight *flight)
{
    return atomic_load_explicit(&flight->state, memory_order_acquire);
}

/* Needs crew->lock. */
static void link_waiter(struct crew *crew, struct flight *flight)
{
    flight->linked = true;
    flight->next = NULL;
    flight->previous = crew->last;
    if (crew->last != NULL)
        crew->last->next = flight;
    else
        crew->first = flight;
    crew->last = flight;
}

/* Needs crew->lock. */
static void unlink_waiter(struct crew *crew, struct flight *flight)
{
    if (!flight->linked)
        return;
    flight->linked = false;
    if (flight->previous != NULL)
        flight->previous->next = flight->next;
    else
        crew->first = flight->next;
    if (flight->next != NULL)
        flight->next->previous = flight->previous;
    else
        crew->last = flight->previous;
}

/* Stops leading: the longest waiting thread takes over, if there is one and
 * it may. Needs crew->lock. */
static void hand_over(struct crew *crew)
{
    struct flight *heir = crew->first;

    if (crew->dismissed || heir == NULL) {
        crew->led = false;
        if (crew->dismissed)
            pthread_cond_signal(&crew->vacant);
        return;
    }
    unlink_waiter(crew, heir);
    heir->promoted = true;
    sem_post(&heir->wake);
}

bool crew_land(struct flight *flight)
{
    int expected = FLIGHT_FLYING;

    return atomic_compare_exchange_strong_explicit(
        &flight->state, &expected, FLIGHT_LANDED, memory_order_acq_rel,
        memory_order_acquire);
}

void crew_settle(struct crew *crew, struct flight *flight)
{
    flight->landed_next = crew->landed;
    crew->landed = flight;
}

/* Wakes whoever was settled by the last poll, but `self`. Leader only. */
static void wake_landed(struct crew *crew, const struct flight *self)
{
    struct flight *landed = crew->landed;

    if (landed == NULL)
        return;
    crew->landed = NULL;
    pthread_mutex_lock(&crew->lock);
    for (struct flight *f = landed; f != NULL; f = f->landed_next)
        unlink_waiter(crew, f);
    pthread_mutex_unlock(&crew->lock);

    while (landed != NULL) {
        struct flight *next = landed->landed_next;
        bool other = landed != self;

        atomic_store_explicit(&landed->state, FLIGHT_SETTLED,
                              memory_order_release);
        if (other)
            sem_post(&landed->wake); /* its owner may free it from here on */
        landed = next;
    }
}

/* Polls until the own flight is settled, the deadline has passed, or the
 * leader was dismissed. */
static void lead(struct crew *crew, struct flight *self, int64_t deadline_us)
{
    bool dismissed = false;

    while (state_of(self) == FLIGHT_FLYING && !dismissed) {
        int64_t left_ms = (deadline_us - clock_now_us() + 999) / 1000;

        if (left_ms <= 0)
            return;
        crew->poll(crew->ctx,
                   left_ms < POLL_MAX_MS ? (int)left_ms : POLL_MAX_MS);
        /* The senders have their answers: they go first, if they are on this
         * machine, so that the workers find the next requests there. */
        if (crew->landed != NULL)
            sched_yield();
        wake_landed(crew, self);
        pthread_mutex_lock(&crew->lock);
        dismissed = crew->dismissed;
        pthread_mutex_unlock(&crew->lock);
    }
}

/* Sleeps until the semaphore is posted; false: the deadline came first. */
static bool doze(struct flight *flight, int64_t deadline_us)
{
    struct timespec deadline = clock_timespec(deadline_us);

    while (sem_clockwait(&flight->wake, CLOCK_MONOTONIC, &deadline) == -1)
        if (errno != EINTR)
            return false;
    return true;
}

static void doze_on(struct flight *flight)
{
    while (sem_wait(&flight->wake) == -1)
        assert(errno == EINTR);
}

/* The deadline has passed, and this thread is not the leader. */
static bool give_up(struct crew *crew, struct flight *flight)
{
    int expected = FLIGHT_FLYING;
    bool promoted;

    pthread_mutex_lock(&crew->lock);
    promoted = flight->promoted;
    unlink_waiter(crew, flight);
    pthread_mutex_unlock(&crew->lock);
    if (promoted) {
        doze_on(flight); /* the post that came too late */
        pthread_mutex_lock(&crew->lock);
        hand_over(crew);
        pthread_mutex_unlock(&crew->lock);
    }
    if (atomic_compare_exchange_strong(&flight->state, &expected,
                                       FLIGHT_ABANDONED))
        return false;
    /* reported at the last moment: a leader is about to settle it */
    doze_on(flight);
    assert(state_of(flight) == FLIGHT_SETTLED);
    return true;
}

bool crew_wait(struct crew *crew, struct flight *flight, int64_t deadline_us)
{
    pthread_mutex_lock(&crew->lock);
    for (;;) {
        if (!crew->led && !crew->dismissed)
            crew->led = flight->promoted = true;
        if (flight->promoted) {
            pthread_mutex_unlock(&crew->lock);
            lead(crew, flight, deadline_us);
            pthread_mutex_lock(&crew->lock);
            flight->promoted = false;
            hand_over(crew);
            if (state_of(flight) == FLIGHT_SETTLED) {
                pthread_mutex_unlock(&crew->lock);
                return true;
            }
        }
        /* Whoever wakes the landed takes them off the list under this lock
         * first: what still flies here cannot be past that. */
        if (state_of(flight) == FLIGHT_FLYING)
            link_waiter(crew, flight);
        pthread_mutex_unlock(&crew->lock);
        if (!doze(flight, deadline_us))
            return give_up(crew, flight);
        if (state_of(flight) == FLIGHT_SETTLED)
            return true;
        pthread_mutex_lock(&crew->lock);
    }
}

void crew_poll(struct crew *crew, int timeout_ms)
{
    crew->poll(crew->ctx, timeout_ms);
    wake_landed(crew, NULL);
}

bool crew_tend(struct crew *crew, int timeout_ms)
{
    pthread_mutex_lock(&crew->lock);
    if (crew->led || crew->dismissed) {
        pthread_mutex_unlock(&crew->lock);
        return false;
    }
    crew->led = true;
    pthread_mutex_unlock(&crew->lock);
    crew_poll(crew, timeout_ms);
    pthread_mutex_lock(&crew->lock);
    hand_over(crew);
    pthread_mutex_unlock(&crew->lock);
    return true;
}

void crew_take(struct crew *crew)
{
    pthread_mutex_lock(&crew->lock);
    crew->dismissed = true;
    while (crew->led)
        pthread_cond_wait(&crew->vacant, &crew->lock);
    pthread_mutex_unlock(&crew->lock);
}

void crew_give(struct crew *crew)
{
    pthread_mutex_lock(&crew->lock);
    crew->dismissed = false;
    crew->led = true;
    hand_over(crew);
    pthread_mutex_unlock(&crew->lock);
}
