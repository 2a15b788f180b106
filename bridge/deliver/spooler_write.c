/*
 * spooler_write.c - the transaction of a round, and the answers for it
 *
 * Order within it: appends, then dead letters in the place of what was
 * refused, removals, and what the drain is about to send. If it fails because
 * of the file, another file is begun and all of it is written again; if it
 * fails because the disk is full, once more without the appends, because
 * removing what is in Kafka is what makes room.
 */
#include "base/clock.h"
#include "base/log.h"
#include "deliver/counts.h"
#include "deliver/spooler_parts.h"

#include <assert.h>

enum {
    FULL_FOR_MS = 2000,
    AGAIN_MS = 1000, /* what is tried once more, and what is told once more */
    PAUSE_MS = 100
};

/* ---- deposits ------------------------------------------------------------ */

/* Requests whose report came before their record was written need no row, or
 * a different one. */
static void look_at_report(struct spooler *sp, struct deposit *de)
{
    struct passage *pg = de->keep.pg;
    bool reported;

    de->ready = pg == NULL;
    if (pg == NULL)
        return;
    pthread_mutex_lock(&sp->lock);
    reported = pg->reported;
    pthread_mutex_unlock(&sp->lock);
    if (!reported)
        return;
    switch (pg->report.outcome) {
    case REPORT_DELIVERED:
        de->state = DEPOSIT_SAFE;
        passage_free(pg);
        break;
    case REPORT_REFUSED:
        de->state = DEPOSIT_FAILED;
        fault_set(&de->why, FAULT_REFUSED,
                  "Kafka refuses the record for its own sake");
        passage_free(pg);
        break;
    default:
        de->ready = !pg->marked;
        break;
    }
}

/* -1: the transaction is undone. */
static int append(struct spooler *sp, struct deposit *de, struct fault *why)
{
    struct spool_dir *dir = sp->options.dir;

    if (spool_dir_append(dir, de->keep.record, !de->ready, &de->seq,
                         &de->why) == 0) {
        de->state = DEPOSIT_WRITTEN;
        return 0;
    }
    if (spool_dir_in_transaction(dir)) {
        de->state = DEPOSIT_FAILED;
        return 0;
    }
    fault_set(why, de->why.kind, "%s", de->why.text);
    return -1;
}

static int append_all(struct spooler *sp, struct fault *why)
{
    for (struct deposit *de = sp->deposits; de != NULL; de = de->next)
        if (de->state == DEPOSIT_NEW && append(sp, de, why) == -1)
            return -1;
    return 0;
}

/* The transaction was undone. */
static void start_over(struct spooler *sp)
{
    for (struct deposit *de = sp->deposits; de != NULL; de = de->next) {
        if (de->state == DEPOSIT_WRITTEN ||
            (de->state == DEPOSIT_FAILED && de->why.kind != FAULT_REFUSED)) {
            de->state = DEPOSIT_NEW;
            fault_clear(&de->why);
        }
    }
}

/*
 * The file has failed in committing, and the records may be in it or not. If
 * they are, the next process will find them there, too: so those that are
 * written again are possible duplicates. (Without memory they are not marked
 * as such.)
 */
static void suspect_all(struct spooler *sp)
{
    for (struct deposit *de = sp->deposits; de != NULL; de = de->next) {
        struct passage *pg = de->keep.pg;

        if (de->state != DEPOSIT_WRITTEN || !de->ready)
            continue;
        if (pg == NULL) {
            pg = passage_new(de->keep.partition->channel,
                             channel_hash(de->keep.record->key), NULL);
            if (pg == NULL)
                continue;
            atomic_store(&pg->flight.state, FLIGHT_ABANDONED);
            pg->report.outcome = REPORT_FAILED;
            pg->reported = pg->joined = true;
            de->keep.pg = pg;
            de->made = true;
        }
        pg->marked = true;
        de->ready = false;
    }
}

static void fail_new(struct spooler *sp, const struct fault *why)
{
    for (struct deposit *de = sp->deposits; de != NULL; de = de->next) {
        if (de->state != DEPOSIT_NEW)
            continue;
        de->state = DEPOSIT_FAILED;
        fault_set(&de->why, why->kind, "%s", why->text);
    }
}

/* Its row is on disk. */
static void settle(struct spooler *sp, struct deposit *de)
{
    struct passage *pg = de->keep.pg;
    bool reported;

    count_add(COUNT_APPENDED, 1);
    de->state = DEPOSIT_SAFE;
    if (de->ready) {
        drain_add(sp->drain, de->keep.partition->channel, de->seq);
        passage_free(pg);
        return;
    }
    pthread_mutex_lock(&sp->lock);
    pg->seq = de->seq;
    reported = pg->reported;
    pg->stage = PASSAGE_KEPT;
    if (!reported)
        partition_on_trial(pg->partition, 1);
    pthread_mutex_unlock(&sp->lock);
    drain_enroll(sp->drain, pg); /* its report is this thread's to handle */
    if (reported)
        spooler_sort(sp, pg, false);
}

/* There is no room, but there may be: Kafka takes what the drain sends. */
static bool may_wait(const struct deposit *de, int64_t now_us)
{
    return de->why.kind != FAULT_TOO_LARGE && de->why.kind != FAULT_REFUSED &&
           now_us < de->keep.room_until_us &&
           !partition_is_down(de->keep.partition);
}

/* Completions first, then the threads: the answers leave in a batch. */
static void answer(struct spooler *sp, int64_t now_us)
{
    struct deposit **at = &sp->deposits;
    struct deposit *ended = NULL;
    struct deposit **end = &ended;

    while (*at != NULL) {
        struct deposit *de = *at;

        if (de->state == DEPOSIT_NEW ||
            (de->state == DEPOSIT_FAILED && may_wait(de, now_us))) {
            de->state = DEPOSIT_NEW;
            fault_clear(&de->why);
            at = &de->next;
            continue;
        }
        *at = de->next;
        de->next = NULL;
        *end = de;
        end = &de->next;
        if (de->state == DEPOSIT_SAFE && de->keep.done != NULL)
            de->keep.done(de->keep.ctx);
        if (de->state == DEPOSIT_FAILED && de->made)
            passage_free(de->keep.pg);
    }
    while (ended != NULL) {
        struct deposit *de = ended;

        ended = de->next;
        sem_post(&de->wake); /* its thread may leave from here on */
    }
}

/* ---- the transaction ----------------------------------------------------- */

static int remove_all(struct spooler *sp, struct fault *why)
{
    for (struct passage *pg = sp->removals; pg != NULL; pg = pg->next)
        if (spool_dir_remove(sp->options.dir, pg->seq, why) == -1)
            return -1;
    return 0;
}

static void end_removals(struct spooler *sp)
{
    struct passage *pg;

    while ((pg = sp->removals) != NULL) {
        sp->removals = pg->next;
        passage_free(pg);
        count_add(COUNT_REMOVED, 1);
    }
}

static int transact(struct spooler *sp, bool keeping, struct fault *why)
{
    struct spool_dir *dir = sp->options.dir;

    sp->kept = keeping;
    spool_dir_begin(dir);
    if ((keeping && append_all(sp, why) == -1) ||
        (keeping && burials_write(&sp->burials, why) == -1) ||
        remove_all(sp, why) == -1 || drain_write(sp->drain, why) == -1 ||
        spool_dir_commit(dir, why) == -1) {
        if (spool_dir_in_transaction(dir))
            spool_dir_undo(dir);
        if (!spool_dir_is_sound(dir))
            suspect_all(sp);
        start_over(sp);
        return -1;
    }
    count_add(COUNT_COMMITS, 1);
    sp->untidy = true;
    return 0;
}

/* A sound file to write to, if there is one to be had. */
static bool find_file(struct spooler *sp, int64_t now_us, struct fault *why)
{
    struct fault cause = FAULT_INIT;

    if (spool_dir_is_sound(sp->options.dir))
        return true;
    if (now_us >= sp->renew_at_us) {
        sp->renew_at_us = now_us + (int64_t)AGAIN_MS * 1000;
        if (spool_dir_renew(sp->options.dir, &cause) == 0) {
            log_line(LOG_WARN, "spool", "another file was begun");
            return true;
        }
        if (!sp->refuses)
            log_line(LOG_ERROR, "spool", "cannot begin another file",
                     log_text("error", cause.text));
    }
    fault_set(why, FAULT_IO, "the spool has failed: %s",
              cause.kind == FAULT_NONE ? "it is tried again" : cause.text);
    return false;
}

static bool is_to_be_written(const struct spooler *sp)
{
    return sp->deposits != NULL || sp->removals != NULL || sp->window > 0 ||
           sp->burials.count > 0;
}

/*
 * The disk is full: what was removed before is room for what is removed now.
 * If there is none even for that, and it stays so, the drain must not stand
 * still for ever: Kafka may be there, and requests wait behind what is in the
 * spool.
 */
static bool write_without_room(struct spooler *sp, int64_t now_us)
{
    struct fault why = FAULT_INIT;

    (void)spool_dir_tidy(sp->options.dir, false, NULL);
    if (transact(sp, false, &why) == 0) {
        sp->full_since_us = 0;
        return true;
    }
    if (sp->full_since_us == 0)
        sp->full_since_us = now_us;
    if (why.kind != FAULT_FULL ||
        now_us - sp->full_since_us < (int64_t)FULL_FOR_MS * 1000)
        return false;
    sp->full_since_us = 0;
    spool_dir_fail(sp->options.dir);
    return transact(sp, false, &why) == 0;
}

/* Writes with or without what requests want to be kept; false: nothing. */
static bool write_somehow(struct spooler *sp, int64_t now_us,
                          struct fault *unkept)
{
    struct fault why = FAULT_INIT;
    bool keeping;

    if (!is_to_be_written(sp) && !sp->refuses)
        return true;
    keeping = find_file(sp, now_us, unkept);
    if (!is_to_be_written(sp))
        return true;
    if (transact(sp, keeping, &why) == 0) {
        sp->full_since_us = 0;
        return true;
    }
    if (keeping && !spool_dir_is_sound(sp->options.dir)) {
        count_add(COUNT_FILES_FAILED, 1);
        log_line(LOG_ERROR, "spool", "a file has failed",
                 log_text("error", why.text));
        keeping = find_file(sp, now_us, unkept);
        fault_clear(&why);
        if (transact(sp, keeping, &why) == 0)
            return true;
    }
    if (unkept->kind == FAULT_NONE)
        *unkept = why;
    if (!keeping)
        return false;
    return write_without_room(sp, now_us);
}

/* Lines in the log when it begins and when it ends, not for each event. */
static void tell_trouble(struct spooler *sp, const struct fault *unkept,
                         int64_t now_us)
{
    const struct fault *trouble = unkept->kind == FAULT_NONE ? NULL : unkept;

    for (struct deposit *de = sp->deposits; de != NULL; de = de->next)
        if (de->state == DEPOSIT_FAILED && de->why.kind == FAULT_FULL)
            trouble = &de->why;
    if (trouble != NULL)
        sp->trouble_us = now_us;
    if (trouble != NULL && !sp->refuses) {
        log_line(LOG_ERROR, "spool", "no more events can be kept",
                 log_text("error", trouble->text));
        spooler_tell_state(sp, true, trouble->text);
    } else if (trouble == NULL && sp->refuses &&
               now_us - sp->trouble_us >= (int64_t)CALM_MS * 1000) {
        if (!spool_dir_has_room(sp->options.dir)) {
            sp->trouble_us = now_us;
            return;
        }
        log_line(LOG_INFO, "spool", "events can be kept again");
        spooler_tell_state(sp, false, NULL);
    }
}

bool spooler_write(struct spooler *sp, int64_t now_us)
{
    struct fault unkept = FAULT_INIT;
    bool written;

    for (struct deposit *de = sp->deposits; de != NULL; de = de->next)
        if (de->state == DEPOSIT_NEW)
            look_at_report(sp, de);
    written = write_somehow(sp, now_us, &unkept);
    if (unkept.kind != FAULT_NONE)
        fail_new(sp, &unkept);
    tell_trouble(sp, &unkept, now_us);
    if (written)
        end_removals(sp); /* first: settling can bring more */
    for (struct deposit *de = sp->deposits; de != NULL; de = de->next)
        if (de->state == DEPOSIT_WRITTEN)
            settle(sp, de);
    if (written) {
        sp->pause_until_us = 0;
    } else {
        drain_forget(sp->drain, now_us);
        sp->pause_until_us = now_us + (int64_t)PAUSE_MS * 1000;
    }
    if (written && sp->kept) {
        burials_end(&sp->burials, sp->drain);
    } else if (sp->burials.count > 0) {
        burials_forget(&sp->burials);
        sp->bury_at_us = now_us + (int64_t)AGAIN_MS * 1000;
    }
    spooler_tell_totals(sp); /* whoever is answered finds them right */
    answer(sp, now_us);
    return written;
}
