/*
 * test_crew.c - deliver/crew.h
 *
 * The reports come from a queue that a thread of the test fills, as
 * librdkafka's threads do; everything else is the real thing. Run under
 * ThreadSanitizer these tests say most.
 */
#include "deliver/crew.h"

#include "base/clock.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <sched.h>
#include <stdlib.h>

enum { WAITERS = 24, ROUNDS = 300, LONG_US = 30 * 1000 * 1000 };

struct job {
    struct flight flight;
    struct job *next;
    int completed;
};

static struct crew crew;

static struct {
    pthread_mutex_t lock;
    pthread_cond_t wake;
    struct job *sent;     /* by waiters, for the broker */
    struct job *reported; /* by the broker, for poll() */
    bool stop;
    bool hold;          /* the broker confirms nothing */
    atomic_int pollers; /* inside poll(): never two */
    atomic_int abandoned;
} fake;

static void push(struct job **list, struct job *job)
{
    pthread_mutex_lock(&fake.lock);
    job->next = *list;
    *list = job;
    pthread_cond_broadcast(&fake.wake);
    pthread_mutex_unlock(&fake.lock);
}

static void *be_the_broker(void *arg)
{
    (void)arg;
    pthread_mutex_lock(&fake.lock);
    while (!fake.stop) {
        if (fake.sent != NULL && !fake.hold) {
            struct job *job = fake.sent;

            fake.sent = job->next;
            job->next = fake.reported;
            fake.reported = job;
            pthread_cond_broadcast(&fake.wake);
        } else {
            pthread_cond_wait(&fake.wake, &fake.lock);
        }
    }
    pthread_mutex_unlock(&fake.lock);
    return NULL;
}

static void poll_fake(void *ctx, int timeout_ms)
{
    struct timespec until =
        clock_timespec(clock_now_us() + (int64_t)timeout_ms * 1000);
    struct job *job;

    (void)ctx;
    assert_int_equal(atomic_fetch_add(&fake.pollers, 1), 0);
    pthread_mutex_lock(&fake.lock);
    while (fake.reported == NULL && timeout_ms > 0 &&
           pthread_cond_clockwait(&fake.wake, &fake.lock, CLOCK_MONOTONIC,
                                  &until) == 0)
        ;
    job = fake.reported;
    fake.reported = NULL;
    pthread_mutex_unlock(&fake.lock);
    while (job != NULL) {
        struct job *next = job->next;

        if (crew_land(&job->flight)) {
            job->completed++;
            crew_settle(&crew, &job->flight);
        } else {
            flight_release(&job->flight);
            free(job);
            atomic_fetch_add(&fake.abandoned, 1);
        }
        job = next;
    }
    atomic_fetch_sub(&fake.pollers, 1);
}

/* Sends one and waits; true if it was settled, with its completion run. */
static bool send_one(int64_t patience_us)
{
    struct job *job = calloc(1, sizeof(*job));

    assert_non_null(job);
    flight_init(&job->flight);
    push(&fake.sent, job);
    if (!crew_wait(&crew, &job->flight, clock_now_us() + patience_us))
        return false; /* the report frees it */
    assert_int_equal(job->completed, 1);
    flight_release(&job->flight);
    free(job);
    return true;
}

static void hold(bool on)
{
    pthread_mutex_lock(&fake.lock);
    fake.hold = on;
    pthread_cond_broadcast(&fake.wake);
    pthread_mutex_unlock(&fake.lock);
}

/* What was abandoned must come to its end as well. */
static void wait_abandoned(int count)
{
    int64_t deadline_us = clock_now_us() + LONG_US;

    while (atomic_load(&fake.abandoned) < count) {
        assert_true(clock_now_us() < deadline_us);
        crew_tend(&crew, 0);
        sched_yield();
    }
}

static void test_one_leads_itself(void **state)
{
    (void)state;
    assert_true(send_one(LONG_US));
    assert_true(send_one(LONG_US));
}

static void *send_many(void *arg)
{
    bool impatient = arg != NULL;
    intptr_t settled = 0;

    for (int i = 0; i < ROUNDS; i++)
        settled += send_one(impatient && i % 3 == 0 ? 1 : LONG_US);
    return (void *)settled;
}

/* Every flight is settled once, whoever leads. */
static void test_many(void **state)
{
    pthread_t threads[WAITERS];

    (void)state;
    for (size_t i = 0; i < WAITERS; i++)
        assert_int_equal(pthread_create(&threads[i], NULL, send_many, NULL), 0);
    for (size_t i = 0; i < WAITERS; i++) {
        void *settled;

        pthread_join(threads[i], &settled);
        assert_int_equal((intptr_t)settled, ROUNDS);
    }
    assert_int_equal(atomic_load(&fake.abandoned), 0);
}

/* Deadlines that pass while a report is on its way: a flight is either
 * settled or abandoned, and nobody hangs. */
static void test_impatient_among_patient(void **state)
{
    pthread_t threads[WAITERS];
    intptr_t settled = 0;

    (void)state;
    for (size_t i = 0; i < WAITERS; i++)
        assert_int_equal(pthread_create(&threads[i], NULL, send_many, &crew),
                         0);
    for (size_t i = 0; i < WAITERS; i++) {
        void *of_thread;

        pthread_join(threads[i], &of_thread);
        settled += (intptr_t)of_thread;
    }
    wait_abandoned(WAITERS * ROUNDS - (int)settled);
    assert_int_equal(atomic_load(&fake.abandoned), WAITERS * ROUNDS - settled);
    atomic_store(&fake.abandoned, 0);
}

static void *send_patiently(void *arg)
{
    (void)arg;
    return (void *)(intptr_t)send_one(LONG_US);
}

static bool has_waiter(void)
{
    bool has;

    pthread_mutex_lock(&crew.lock);
    has = crew.first != NULL;
    pthread_mutex_unlock(&crew.lock);
    return has;
}

/* A leader whose deadline passes makes another one lead. */
static void test_leader_hands_over(void **state)
{
    struct job *job = calloc(1, sizeof(*job));
    pthread_t follower;
    void *settled;

    (void)state;
    hold(true);
    assert_non_null(job);
    flight_init(&job->flight);
    push(&fake.sent, job);
    pthread_mutex_lock(&crew.lock);
    crew.led = true; /* this thread leads, as if crew_wait() had begun */
    pthread_mutex_unlock(&crew.lock);
    assert_int_equal(pthread_create(&follower, NULL, send_patiently, NULL), 0);
    while (!has_waiter())
        sched_yield();
    job->flight.promoted = true;
    assert_false(crew_wait(&crew, &job->flight, clock_now_us()));
    hold(false);
    pthread_join(follower, &settled);
    assert_true((intptr_t)settled);
    wait_abandoned(1);
    atomic_store(&fake.abandoned, 0);
}

/* While the lead is taken nobody polls; afterwards all goes on. */
static void test_take_and_give(void **state)
{
    pthread_t threads[WAITERS];

    (void)state;
    for (int again = 0; again < 20; again++) {
        for (size_t i = 0; i < WAITERS; i++)
            assert_int_equal(
                pthread_create(&threads[i], NULL, send_patiently, NULL), 0);
        crew_take(&crew);
        assert_int_equal(atomic_fetch_add(&fake.pollers, 1), 0);
        sched_yield();
        assert_int_equal(atomic_fetch_sub(&fake.pollers, 1), 1);
        crew_poll(&crew, 1);
        crew_give(&crew);
        for (size_t i = 0; i < WAITERS; i++) {
            void *settled;

            pthread_join(threads[i], &settled);
            assert_true((intptr_t)settled);
        }
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_one_leads_itself),
        cmocka_unit_test(test_many),
        cmocka_unit_test(test_impatient_among_patient),
        cmocka_unit_test(test_leader_hands_over),
        cmocka_unit_test(test_take_and_give),
    };
    pthread_t broker;
    int rc;

    pthread_mutex_init(&fake.lock, NULL);
    pthread_cond_init(&fake.wake, NULL);
    crew_init(&crew, poll_fake, NULL);
    if (pthread_create(&broker, NULL, be_the_broker, NULL) != 0)
        return 1;
    rc = cmocka_run_group_tests(tests, NULL, NULL);
    pthread_mutex_lock(&fake.lock);
    fake.stop = true;
    pthread_cond_broadcast(&fake.wake);
    pthread_mutex_unlock(&fake.lock);
    pthread_join(broker, NULL);
    crew_release(&crew);
    return rc;
}
