/*
 * load.c - sends signed events over many connections; see load.h
 *
 * What the connections share is behind one lock: it is held for moments,
 * where an exchange takes a hundred times as long. A connection waits on
 * `wake` until its event is due, so that load_stop() ends the wait.
 */
#include "cmd/load.h"

#include "base/clock.h"
#include "base/files.h"
#include "cmd/courier.h"
#include "cmd/patience.h"

#include <pthread.h>
#include <stdlib.h>

enum {
    PAUSE_FIRST_US = 100000,
    PAUSE_MAX_US = 1000000,
    /* what libcurl has for one: its socket, what it wakes itself with, what
     * it resolves a name with */
    FILES_PER_CONNECTION = 6,
    FILES_BESIDES = 64,
    NOTES_MAX = TALLY_STATUSES + UNANSWERED_KINDS
};

/* One connection, and the thread that has it. */
struct connection {
    struct load *load;
    pthread_t thread;
    struct courier *courier;
    int64_t next;     /* with keys: its own next event */
    int64_t pause_us; /* after what got no answer; 0: none */
    int64_t sent_us;  /* when the last event was sent */
    int64_t done_us;  /* when that was over */
    struct tally tally;
};

struct load {
    struct load_options options;
    int64_t total;
    uint64_t first_serial; /* of events that are renewed */
    size_t count;          /* of connections, and of threads that run */
    struct connection *connections;

    pthread_mutex_t lock; /* of all that follows */
    pthread_cond_t wake;  /* begin, or stop */
    pthread_cond_t ended; /* nothing is at work any more */
    bool begun;
    bool stopping;
    int64_t start_us;
    size_t at_work;
    int64_t next; /* without keys: the next event */
    struct load_progress progress;
    struct patience patience;
    struct fault why; /* why it stopped by itself */
    int refusals;     /* that were noted */
    int note_count;
    int notes_taken;
    struct load_note notes[NOTES_MAX];
};

/* ---- what became of an event ----------------------------------------------
 */

/* With the lock. The first reason is kept. */
static void stop_for(struct load *load, const struct fault *why)
{
    fault_set(&load->why, why->kind, "%s", why->text);
    load->stopping = true;
    pthread_cond_broadcast(&load->wake);
}

/* With the lock. A thousand refusals for the same reason are told once. */
static void note_answer(struct load *load, const struct body *body,
                        struct http_answer *answer)
{
    for (int i = 0; i < load->note_count; i++)
        if (load->notes[i].status == answer->status)
            return;
    if (load->refusals == TALLY_STATUSES)
        return;
    load->refusals++;
    load->notes[load->note_count++] = (struct load_note){
        .name = body->name, .status = answer->status, .body = answer->body};
    answer->body = (struct buf)BUF_INIT(0); /* handed over */
}

/* With the lock. */
static void note_unanswered(struct load *load, const struct body *body,
                            enum unanswered kind, const struct fault *reason)
{
    for (int i = 0; i < load->note_count; i++)
        if (load->notes[i].status == 0 && load->notes[i].kind == kind)
            return;
    load->notes[load->note_count++] = (struct load_note){
        .name = body->name, .kind = kind, .body = BUF_INIT(0), .why = *reason};
}

static int keep_answer(struct connection *cn, const struct body *body,
                       int64_t due_us, struct http_answer *answer,
                       struct fault *why)
{
    struct load *load = cn->load;
    bool taken = answer->status >= 200 && answer->status <= 299;
    int rc =
        tally_answer(&cn->tally, answer->status, cn->done_us - due_us, why);

    cn->pause_us = 0;
    pthread_mutex_lock(&load->lock);
    load->progress.in_flight--;
    load->progress.done++;
    patience_answered(&load->patience);
    if (!taken) {
        load->progress.untaken++;
        note_answer(load, body, answer);
    }
    pthread_mutex_unlock(&load->lock);
    return rc;
}

/* True: there is nobody to go on for. */
static bool keep_unanswered(struct connection *cn, const struct body *body,
                            const struct http_answer *answer,
                            const struct fault *reason)
{
    struct load *load = cn->load;
    enum unanswered kind = tally_kind(answer, reason);
    bool ever, give_up;

    tally_unanswered(&cn->tally, kind);
    cn->pause_us = cn->pause_us == 0 ? PAUSE_FIRST_US : 2 * cn->pause_us;
    if (cn->pause_us > PAUSE_MAX_US)
        cn->pause_us = PAUSE_MAX_US;

    pthread_mutex_lock(&load->lock);
    load->progress.in_flight--;
    load->progress.done++;
    load->progress.untaken++;
    ever = load->patience.answered;
    give_up = patience_unanswered(&load->patience, cn->done_us);
    if (ever) /* else it is what ends it, and is told as such */
        note_unanswered(load, body, kind, reason);
    pthread_mutex_unlock(&load->lock);
    return give_up;
}

/* ---- one event ------------------------------------------------------------
 */

/* With the lock. Waits until then. False: to send no more. */
static bool wait_until(struct load *load, int64_t then_us)
{
    struct timespec until = clock_timespec(then_us);

    while (!load->stopping && clock_now_us() < then_us)
        pthread_cond_clockwait(&load->wake, &load->lock, CLOCK_MONOTONIC,
                               &until);
    return !load->stopping;
}

/* With the lock. The connection's next event; false: there is none. */
static bool take_event(struct connection *cn, int64_t *n)
{
    struct load *load = cn->load;
    bool own = load->options.plan.keys > 0;

    *n = own ? cn->next : load->next;
    if (*n >= load->total)
        return false;
    if (own)
        cn->next = plan_next(&load->options.plan, *n);
    else
        load->next++;
    return true;
}

/* Waits for the time of the next event. False: there is no more to send. */
static bool next_event(struct connection *cn, int64_t *n, int64_t *due_us)
{
    struct load *load = cn->load;
    const struct plan *plan = &load->options.plan;
    bool go = false;

    pthread_mutex_lock(&load->lock);
    if (plan->rate == 0 && cn->pause_us > 0)
        wait_until(load, cn->done_us + cn->pause_us);
    if (!load->stopping && take_event(cn, n)) {
        *due_us = plan->rate == 0 ? 0 : load->start_us + plan_due_us(plan, *n);
        go = wait_until(load, *due_us);
    }
    if (go)
        load->progress.in_flight++;
    pthread_mutex_unlock(&load->lock);
    return go;
}

static int send_event(struct connection *cn, int64_t n, int64_t due_us,
                      struct fault *why)
{
    const struct load *load = cn->load;
    const struct plan *plan = &load->options.plan;
    const struct body *body = &load->options.bodies->items[plan_body(plan, n)];
    struct renewal renewal = {load->first_serial + (uint64_t)n,
                              plan_key(plan, n)};
    struct http_answer answer;
    struct fault reason = FAULT_INIT;
    int rc;

    cn->sent_us = clock_now_us();
    if (plan->rate == 0)
        due_us = cn->sent_us;
    else if (tally_late(&cn->tally, cn->sent_us - due_us, why) == -1)
        return -1;
    rc = courier_post(cn->courier, body, load->options.renew ? &renewal : NULL,
                      &answer, &reason);
    cn->done_us = clock_now_us();
    if (rc == 0) {
        rc = keep_answer(cn, body, due_us, &answer, why);
        buf_release(&answer.body);
    } else if (reason.kind == FAULT_IO || reason.kind == FAULT_TIMEOUT) {
        rc = 0;
        if (keep_unanswered(cn, body, &answer, &reason))
            rc = fault_set(why, reason.kind, "%s", reason.text);
    } else {
        fault_set(why, reason.kind, "%s", reason.text);
    }
    return rc;
}

static void *run_connection(void *arg)
{
    struct connection *cn = arg;
    struct load *load = cn->load;
    struct fault why = FAULT_INIT;
    int64_t n, due_us;

    pthread_mutex_lock(&load->lock);
    while (!load->begun)
        pthread_cond_wait(&load->wake, &load->lock);
    pthread_mutex_unlock(&load->lock);

    while (next_event(cn, &n, &due_us))
        if (send_event(cn, n, due_us, &why) == -1)
            break;

    pthread_mutex_lock(&load->lock);
    if (why.kind != FAULT_NONE)
        stop_for(load, &why);
    if (--load->at_work == 0)
        pthread_cond_signal(&load->ended);
    pthread_mutex_unlock(&load->lock);
    return NULL;
}

/* ---- start ----------------------------------------------------------------
 */

static int connection_start(struct load *load, struct fault *why)
{
    struct connection *cn = &load->connections[load->count];
    int err;

    cn->load = load;
    cn->next = plan_first(&load->options.plan, (int64_t)load->count);
    if (courier_new(&cn->courier, load->options.url, load->options.secret,
                    why) == -1)
        return -1;
    err = pthread_create(&cn->thread, NULL, run_connection, cn);
    if (err != 0) {
        courier_free(cn->courier);
        return fault_set_errno(why, FAULT_IO, err,
                               "cannot start the thread of connection %zu",
                               load->count + 1);
    }
    load->count++;
    return 0;
}

/* With those that have been started. */
static void begin(struct load *load, bool stopping)
{
    pthread_mutex_lock(&load->lock);
    load->stopping = stopping;
    load->at_work = load->count;
    load->begun = true;
    load->start_us = clock_now_us();
    pthread_cond_broadcast(&load->wake);
    pthread_mutex_unlock(&load->lock);
}

static void join(struct load *load)
{
    for (size_t i = 0; i < load->count; i++)
        pthread_join(load->connections[i].thread, NULL);
}

int load_start(struct load **out, const struct load_options *options,
               struct fault *why)
{
    size_t wanted = (size_t)options->plan.connections;
    struct load *load = calloc(1, sizeof(*load));

    if (load == NULL)
        return fault_set(why, FAULT_NOMEM, "cannot allocate a load");
    load->options = *options;
    load->total = plan_total(&options->plan);
    pthread_mutex_init(&load->lock, NULL);
    pthread_cond_init(&load->wake, NULL);
    pthread_cond_init(&load->ended, NULL);
    load->connections = calloc(wanted, sizeof(*load->connections));
    if (load->connections == NULL) {
        fault_set(why, FAULT_NOMEM, "cannot allocate %zu connections", wanted);
        goto failed;
    }
    if (bodies_first_serial(&load->first_serial, why) == -1 ||
        file_limit_raise(FILES_BESIDES + FILES_PER_CONNECTION * wanted, why) ==
            -1)
        goto failed;
    while (load->count < wanted)
        if (connection_start(load, why) == -1)
            goto failed;
    begin(load, false);
    *out = load;
    return 0;

failed:
    begin(load, true);
    join(load);
    load_free(load);
    return -1;
}

/* ---- on the way, and the end ----------------------------------------------
 */

bool load_wait(struct load *load, int timeout_ms)
{
    struct timespec until =
        clock_timespec(clock_now_us() + (int64_t)timeout_ms * 1000);
    bool over;
    int err = 0;

    pthread_mutex_lock(&load->lock);
    while (load->at_work > 0 && err == 0)
        err = pthread_cond_clockwait(&load->ended, &load->lock, CLOCK_MONOTONIC,
                                     &until);
    over = load->at_work == 0;
    pthread_mutex_unlock(&load->lock);
    return over;
}

void load_stop(struct load *load)
{
    pthread_mutex_lock(&load->lock);
    load->stopping = true;
    pthread_cond_broadcast(&load->wake);
    pthread_mutex_unlock(&load->lock);
}

struct load_progress load_progress(struct load *load)
{
    struct load_progress progress;

    pthread_mutex_lock(&load->lock);
    progress = load->progress;
    pthread_mutex_unlock(&load->lock);
    return progress;
}

bool load_take_note(struct load *load, struct load_note *note)
{
    bool there;

    pthread_mutex_lock(&load->lock);
    there = load->notes_taken < load->note_count;
    if (there) {
        struct load_note *taken = &load->notes[load->notes_taken++];

        *note = *taken;
        taken->body = (struct buf)BUF_INIT(0); /* handed over */
    }
    pthread_mutex_unlock(&load->lock);
    return there;
}

int load_finish(struct load *load, struct load_result *result,
                struct fault *why)
{
    int rc = 0;

    join(load);
    *result = (struct load_result){.tally = TALLY_INIT};
    for (size_t i = 0; i < load->count; i++) {
        const struct connection *cn = &load->connections[i];

        if (tally_merge(&result->tally, &cn->tally, why) == -1)
            rc = -1;
        if (cn->sent_us - load->start_us > result->sending_us)
            result->sending_us = cn->sent_us - load->start_us;
        if (cn->done_us - load->start_us > result->elapsed_us)
            result->elapsed_us = cn->done_us - load->start_us;
    }
    if (load->why.kind != FAULT_NONE)
        rc = fault_set(why, load->why.kind, "%s", load->why.text);
    return rc;
}

void load_free(struct load *load)
{
    if (load == NULL)
        return;
    for (size_t i = 0; i < load->count; i++) {
        courier_free(load->connections[i].courier);
        tally_release(&load->connections[i].tally);
    }
    for (int i = 0; i < load->note_count; i++)
        buf_release(&load->notes[i].body);
    free(load->connections);
    pthread_cond_destroy(&load->ended);
    pthread_cond_destroy(&load->wake);
    pthread_mutex_destroy(&load->lock);
    free(load);
}
