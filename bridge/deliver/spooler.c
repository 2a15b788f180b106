/*
 * spooler.c - the thread that owns the spool: keeping and draining
 *
 * A round takes what requests and reports have brought, reads the drain's
 * windows, writes all of it in one transaction, answers for what is on disk
 * then, and sends the windows. spooler_write.c is the transaction; here are
 * the thread, and who is responsible for a passage.
 *
 * Locks: a stripe's is taken before the spooler's.
 */
#include "deliver/spooler.h"

#include "base/clock.h"
#include "base/log.h"
#include "deliver/counts.h"
#include "deliver/spooler_parts.h"

#include <assert.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>

enum {
    IDLE_MS = 300,       /* without anything to do: time to tidy up */
    LOOK_AGAIN_MS = 100, /* for room, or after a failure */
    MANY_RECORDS = 100   /* in the spool: worth a line in the log */
};

/* ---- requests ------------------------------------------------------------ */

/* Needs the lock. */
static void wake(struct spooler *sp)
{
    if (sp->sleeping)
        pthread_cond_signal(&sp->work);
}

int spooler_keep(struct spooler *sp, const struct keep *keep, struct fault *why)
{
    struct deposit de = {.keep = *keep};
    int rc;

    sem_init(&de.wake, 0, 0);
    pthread_mutex_lock(&sp->lock);
    if (sp->last_new == NULL)
        sp->first_new = &de;
    else
        sp->last_new->next = &de;
    sp->last_new = &de;
    wake(sp);
    pthread_mutex_unlock(&sp->lock);
    while (sem_wait(&de.wake) == -1)
        assert(errno == EINTR);
    sem_destroy(&de.wake);
    rc = de.state == DEPOSIT_SAFE ? 0 : -1;
    if (rc == -1)
        fault_set(why, de.why.kind, "%s", de.why.text);
    return rc;
}

bool spooler_await_report(struct spooler *sp, struct passage *pg,
                          int64_t deadline_us)
{
    const struct timespec deadline = clock_timespec(deadline_us);
    bool reported;

    pthread_mutex_lock(&sp->lock);
    sp->awaiting++;
    while (!pg->reported &&
           pthread_cond_clockwait(&sp->reported, &sp->lock, CLOCK_MONOTONIC,
                                  &deadline) != ETIMEDOUT)
        ;
    sp->awaiting--;
    reported = pg->reported;
    if (!reported)
        pg->stage = PASSAGE_FORGOTTEN;
    pthread_mutex_unlock(&sp->lock);
    return reported;
}

void spooler_wake(struct spooler *sp)
{
    pthread_mutex_lock(&sp->lock);
    sp->called = true;
    wake(sp);
    pthread_mutex_unlock(&sp->lock);
}

/* ---- reports ------------------------------------------------------------- */

/* Needs the lock, and the stripe's if it has come back. */
static void leave_note(struct spooler *sp, struct passage *pg,
                       const struct report *report)
{
    const bool back = report_is_back(report);

    pg->report = *report;
    pg->reported = true;
    if (report->maybe_persisted)
        pg->marked = true;
    if (back && pg->stage != PASSAGE_FORGOTTEN) {
        stripe_join(pg->stripe);
        pg->joined = true;
    }
    if (pg->stage == PASSAGE_REQUESTED && sp->awaiting > 0)
        pthread_cond_broadcast(&sp->reported);
    if (pg->stage != PASSAGE_KEPT)
        return;
    partition_on_trial(pg->partition, -1);
    if (pg->drained)
        atomic_fetch_sub(&pg->partition->drained, 1);
    pg->drained = false;
    if (back)
        drain_expect(pg);
    pg->next = sp->notes;
    sp->notes = pg;
    wake(sp);
}

void spooler_report(struct spooler *sp, struct passage *pg,
                    const struct report *report)
{
    struct stripe *stripe = report_is_back(report) ? pg->stripe : NULL;
    bool forgotten;

    stripe_lock(stripe);
    pthread_mutex_lock(&sp->lock);
    forgotten = pg->stage == PASSAGE_FORGOTTEN;
    if (forgotten)
        count_late(report);
    else
        count_report(report);
    leave_note(sp, pg, report);
    pthread_mutex_unlock(&sp->lock);
    stripe_unlock(stripe);
    if (forgotten)
        passage_free(pg);
}

/* A row's report is in: what is to be done with the row? */
void spooler_sort(struct spooler *sp, struct passage *pg, bool expected)
{
    switch (pg->report.outcome) {
    case REPORT_DELIVERED:
        pg->next = sp->removals;
        sp->removals = pg;
        return;
    case REPORT_REFUSED:
        pg->next = sp->burials.refused;
        sp->burials.refused = pg;
        return;
    case REPORT_TOPIC:
        if (pg->returns == 0) /* later it had none behind it there */
            count_disorder(DISORDER_TOPIC);
        break;
    case REPORT_FAILED:
        if (pg->returns == 0 && !pg->report.purged)
            count_disorder(DISORDER_FAILED);
        break;
    }
    drain_take_back(sp->drain, pg, expected);
}

/* ---- the thread ---------------------------------------------------------- */

static void take_in(struct spooler *sp)
{
    struct deposit **end = &sp->deposits;
    struct passage *notes;

    while (*end != NULL)
        end = &(*end)->next;
    pthread_mutex_lock(&sp->lock);
    *end = sp->first_new;
    sp->first_new = sp->last_new = NULL;
    notes = sp->notes;
    sp->notes = NULL;
    pthread_mutex_unlock(&sp->lock);
    while (notes != NULL) {
        struct passage *pg = notes;

        notes = pg->next;
        spooler_sort(sp, pg, true);
    }
}

void spooler_tell_totals(struct spooler *sp)
{
    struct spool_dir_totals totals;
    const struct spool_totals *all = &totals.of_all;

    spool_dir_totals(sp->options.dir, &totals);
    atomic_store(&sp->records, all->records);
    count_set(COUNT_SPOOL_RECORDS, all->records);
    count_set(COUNT_SPOOL_BYTES, all->bytes);
    count_set(COUNT_SPOOL_ASIDE, all->aside);
    count_set(COUNT_SPOOL_FILES, totals.files);
    count_set(COUNT_SPOOL_FAILED, totals.failed);
    count_set(COUNT_FILES_BAD, totals.bad);
    count_set(COUNT_UNREADABLE, totals.unreadable);
    count_oldest(all->oldest_ms);
    if (!sp->holds_many && all->records > MANY_RECORDS) {
        sp->holds_many = true;
        log_line(LOG_WARN, "spool", "events wait in the spool");
    } else if (sp->holds_many && all->records == 0) {
        sp->holds_many = false;
        log_line(LOG_INFO, "spool", "the spool is empty again");
    }
}

static void tidy(struct spooler *sp, bool idle)
{
    struct fault why = FAULT_INIT;

    /* a failure that matters is met by the next transaction */
    if (spool_dir_tidy(sp->options.dir, idle, &why) == -1)
        log_line(LOG_WARN, "spool", "cannot tidy up",
                 log_text("error", why.text));
    spooler_tell_totals(sp); /* files may have left */
    if (idle)
        sp->untidy = !spool_dir_is_settled(sp->options.dir);
}

/* An empty spool that refuses records for want of room gives its own back at
 * once: as long as it refuses, it is never idle. */
static bool is_to_shrink(const struct spooler *sp)
{
    return sp->refuses && sp->untidy && atomic_load(&sp->records) == 0;
}

static void run_round(struct spooler *sp)
{
    const int64_t now_us = clock_now_us();

    take_in(sp);
    sp->window = 0;
    if (atomic_load(&sp->draining)) {
        sp->window = drain_read(sp->drain, now_us);
        if (now_us >= sp->bury_at_us)
            burials_read(&sp->burials);
        if (sp->burials.refused != NULL && sp->burials.count == 0)
            sp->bury_at_us = now_us + (int64_t)CALM_MS * 1000; /* no reading */
    }
    if (!spooler_write(sp, now_us))
        return;
    if (atomic_load(&sp->draining))
        drain_send(sp->drain, now_us, &sp->burials.refused);
    else
        drain_forget(sp->drain, now_us); /* it has become late meanwhile */
    tidy(sp, is_to_shrink(sp));
}

/* When there is something to do, even if nothing comes. */
static int64_t due_us(struct spooler *sp)
{
    const int64_t now_us = clock_now_us();
    const int64_t again_us = now_us + (int64_t)LOOK_AGAIN_MS * 1000;
    int64_t due = INT64_MAX;

    if (atomic_load(&sp->draining)) {
        due = drain_due_us(sp->drain, now_us);
        if (sp->burials.refused != NULL && due > sp->bury_at_us)
            due = sp->bury_at_us;
    }
    if (sp->deposits != NULL || sp->removals != NULL)
        due = due < again_us ? due : again_us;
    if (sp->refuses && due > sp->trouble_us + (int64_t)CALM_MS * 1000)
        due = sp->trouble_us + (int64_t)CALM_MS * 1000;
    return due > sp->pause_until_us ? due : sp->pause_until_us;
}

/* Something has come, or it shall end. Needs the lock. */
static bool is_called(const struct spooler *sp)
{
    return sp->stop || sp->called || sp->first_new != NULL || sp->notes != NULL;
}

/* False: nobody has called until then. Needs the lock. */
static bool wait_until(struct spooler *sp, int64_t until_us)
{
    const struct timespec until = clock_timespec(until_us);

    while (!is_called(sp) && clock_now_us() < until_us) {
        if (until_us == INT64_MAX)
            pthread_cond_wait(&sp->work, &sp->lock);
        else
            pthread_cond_clockwait(&sp->work, &sp->lock, CLOCK_MONOTONIC,
                                   &until);
    }
    return is_called(sp);
}

/* Until there is something to do. False: it shall end. */
static bool sleep_well(struct spooler *sp)
{
    const int64_t due = due_us(sp);
    bool stop;

    pthread_mutex_lock(&sp->lock);
    sp->sleeping = true;
    /* not between two appends: folding in the log costs more than they do */
    if (sp->untidy && due == INT64_MAX &&
        !wait_until(sp, clock_now_us() + (int64_t)IDLE_MS * 1000)) {
        pthread_mutex_unlock(&sp->lock);
        tidy(sp, true);
        pthread_mutex_lock(&sp->lock);
    }
    wait_until(sp, due);
    sp->sleeping = false;
    sp->called = false;
    stop = sp->stop;
    pthread_mutex_unlock(&sp->lock);
    return !stop;
}

static void *run(void *arg)
{
    struct spooler *sp = arg;

    while (sleep_well(sp))
        run_round(sp);
    run_round(sp); /* what the last reports have brought */
    return NULL;
}

/* ---- opening and closing ------------------------------------------------- */

static void spooler_free(struct spooler *sp)
{
    struct passage *pg;

    while ((pg = sp->removals) != NULL) {
        sp->removals = pg->next;
        passage_free(pg);
    }
    burials_release(&sp->burials);
    drain_free(sp->drain);
    pthread_cond_destroy(&sp->reported);
    pthread_cond_destroy(&sp->work);
    pthread_mutex_destroy(&sp->lock);
    free(sp);
}

int spooler_open(struct spooler **out, const struct spooler_options *options,
                 struct fault *why)
{
    const struct drain_options drain_options = {.dir = options->dir,
                                                .channels = options->channels,
                                                .send = options->send,
                                                .ctx = options->ctx};
    struct spooler *sp = calloc(1, sizeof(*sp));
    struct channel *dead = NULL;
    int err;

    if (sp == NULL)
        return fault_set(why, FAULT_NOMEM, "cannot allocate the spooler");
    sp->options = *options;
    sp->draining = true;
    pthread_mutex_init(&sp->lock, NULL);
    pthread_cond_init(&sp->work, NULL);
    pthread_cond_init(&sp->reported, NULL);
    if (options->dead_letter != NULL)
        dead = channels_find(options->channels, options->dead_letter);
    burials_init(&sp->burials, options->dir, dead);
    if (drain_new(&sp->drain, &drain_options, why) == -1)
        goto fail;
    spooler_tell_totals(sp);
    sp->trouble_us = clock_now_us();
    spooler_tell_state(sp, !spool_dir_is_sound(options->dir),
                       "there is no room for a file of the spool");
    err = pthread_create(&sp->thread, NULL, run, sp);
    if (err != 0) {
        fault_set_errno(why, FAULT_IO, err, "cannot start a thread");
        goto fail;
    }
    *out = sp;
    return 0;

fail:
    spooler_free(sp);
    return -1;
}

void spooler_stop_draining(struct spooler *sp)
{
    atomic_store(&sp->draining, false);
}

void spooler_close(struct spooler *sp)
{
    if (sp == NULL)
        return;
    pthread_mutex_lock(&sp->lock);
    sp->stop = true;
    wake(sp);
    pthread_mutex_unlock(&sp->lock);
    pthread_join(sp->thread, NULL);
    spooler_free(sp);
}

/* ---- state --------------------------------------------------------------- */

void spooler_tell_state(struct spooler *sp, bool refuses, const char *text)
{
    pthread_mutex_lock(&sp->lock);
    sp->refuses = refuses;
    snprintf(sp->state, sizeof(sp->state), "%s", text == NULL ? "" : text);
    pthread_mutex_unlock(&sp->lock);
}

bool spooler_accepts(struct spooler *sp, char *text, size_t size)
{
    bool refuses;

    pthread_mutex_lock(&sp->lock);
    refuses = sp->refuses;
    if (refuses)
        snprintf(text, size, "%s", sp->state);
    else
        snprintf(text, size, "%lld records wait",
                 (long long)atomic_load(&sp->records));
    pthread_mutex_unlock(&sp->lock);
    return !refuses;
}

int64_t spooler_records(struct spooler *sp)
{
    return atomic_load(&sp->records);
}
