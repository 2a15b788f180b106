/*
 * spool_dir_care.c - files that have failed, or are done with
 *
 * What is removed from a file that cannot be written to is remembered as
 * gone, and so is what cannot be read. A mark moves up behind which nothing
 * is left; when it comes to the end the file is done, and becomes *.bad. The
 * mark is what decides, and not a count, since in a damaged file nobody knows
 * how many there are.
 *
 * But where room is all that was wanting, a count is right, and nothing is in
 * the file that anybody could miss once it is in Kafka. Then it is deleted, for
 * it may be what fills the disk.
 */
#include "spool/spool_dir_parts.h"

#include "base/clock.h"
#include "base/log.h"

#include <assert.h>

void dir_log(const struct spool_dir *sd, int64_t number, int level,
             const char *message, const char *count_name, int64_t count,
             const struct fault *cause)
{
    char path[SPOOL_PATH_SIZE];
    struct log_field fields[3];
    size_t used = 0;

    spool_file_name(path, sd->path, number, "");
    fields[used++] = log_text("file", path);
    if (count >= 0)
        fields[used++] = log_int(count_name, count);
    if (cause != NULL)
        fields[used++] = log_text("cause", cause->text);
    log_write((enum log_level)level, "spool", message, fields, used);
}

/* ---- what goes wrong ----------------------------------------------------- */

/*
 * The next process must know, or it would take what has become of the records
 * for what the file says of them. If that cannot be written either, a newer
 * file tells as much, as soon as there is one.
 */
static void mark(struct spool_dir *sd, struct dir_file *file)
{
    struct fault why = FAULT_INIT;

    if (file->marked)
        return;
    file->marked = true;
    if (!file->lost && file == &sd->files[sd->count - 1] &&
        spool_file_mark_failed(sd->path, file->number, &why) == -1)
        dir_log(sd, file->number, LOG_WARN,
                "a spool file cannot be marked as failed", "", -1, &why);
}

void dir_note_damage(struct spool_dir *sd, struct dir_file *file,
                     const struct fault *cause)
{
    if (file->damaged)
        return;
    file->damaged = true;
    dir_log(sd, file->number, LOG_ERROR,
            "a spool file cannot be read in full, the rest of it goes on", "",
            -1, cause);
    mark(sd, file);
}

void dir_note_failure(struct spool_dir *sd, struct dir_file *file,
                      const struct fault *cause)
{
    if (file->marked)
        return;
    dir_log(sd, file->number, LOG_ERROR,
            "a spool file has failed, nothing is written to it any more", "",
            -1, cause);
    mark(sd, file);
}

/* It cannot be read for now. */
static void tell_trouble(struct spool_dir *sd, struct dir_file *file,
                         const struct fault *cause)
{
    if (!file->told)
        dir_log(sd, file->number, LOG_WARN,
                "a spool file cannot be read, it is tried again", "", -1,
                cause);
    file->told = true;
    if (!spool_is_sound(file->sp))
        dir_note_failure(sd, file, cause);
}

static int64_t left(const struct dir_file *file)
{
    struct spool_totals totals;

    spool_totals(file->sp, &totals);
    return totals.records - file->gone.records - file->unreadable;
}

bool dir_may_pass(struct spool_dir *sd, struct dir_file *file, int64_t line,
                  int64_t at, const struct fault *cause)
{
    if (cause->kind == FAULT_NOMEM)
        return true;
    if (cause->kind != FAULT_CORRUPT &&
        !patience_ends(&file->patience, line, at, clock_now_us())) {
        tell_trouble(sd, file, cause);
        return true;
    }
    dir_note_damage(sd, file, cause);
    return false;
}

/* Of a number that is not there nothing is gone. Where it cannot be told it
 * was there once: it was read. */
static bool is_there(struct dir_file *file, int64_t own,
                     struct spool_glimpse *seen)
{
    *seen = (struct spool_glimpse){0};
    return own >= 1 && own <= spool_last_seq(file->sp) &&
           (spool_look(file->sp, own - 1, seen, NULL) == -1 ||
            seen->seq == own);
}

/* If there is no memory to remember it the record is read again by the next
 * process, and that is no loss. */
void dir_note_removed(struct dir_file *file, int64_t own)
{
    struct spool_glimpse seen;
    bool added = false;

    if (!is_there(file, own, &seen) || gone_has(&file->unread, own) ||
        gone_add(&file->gone.numbers, own, &added, NULL) == -1 || !added)
        return;
    file->gone.records++;
    file->gone.bytes += seen.size;
}

void dir_note_unreadable(struct spool_dir *sd, struct dir_file *file,
                         int64_t own)
{
    bool added = false;

    if (gone_has(&file->gone.numbers, own) ||
        gone_add(&file->unread, own, &added, NULL) == -1 || !added)
        return;
    file->unreadable++;
    sd->unreadable++;
}

void dir_note_lost(struct spool_dir *sd, struct dir_file *file, int64_t own)
{
    struct spool_glimpse seen;

    if (is_there(file, own, &seen))
        dir_note_unreadable(sd, file, own);
}

bool dir_is_gone(const struct dir_file *file, int64_t own)
{
    return gone_has(&file->gone.numbers, own) || gone_has(&file->unread, own);
}

/* ---- how far it is ------------------------------------------------------- */

/* Nobody waits for the mark, so it gives the disk its time, too. */
static bool mark_may_wait(struct spool_dir *sd, struct dir_file *file,
                          const struct fault *cause)
{
    if (cause->kind == FAULT_NOMEM)
        return true;
    if (cause->kind == FAULT_CORRUPT ||
        trouble_lasts(&file->mark_trouble, clock_now_us()))
        return false;
    tell_trouble(sd, file, cause);
    return true;
}

/*
 * Behind the mark there is a page that cannot be read. The index knows which
 * records it has; without it the numbers are tried one by one, and nobody
 * knows which of them are any.
 */
static bool move_over_damage(struct spool_dir *sd, struct dir_file *file)
{
    struct fault cause = FAULT_INIT;
    int64_t seq = 0;

    if (!file->index_damaged &&
        spool_next_of_any(file->sp, file->low, &seq, &cause) == -1) {
        if (mark_may_wait(sd, file, &cause))
            return false;
        file->index_damaged = true;
    }
    if (file->index_damaged) {
        file->done = file->low >= spool_last_seq(file->sp);
        file->low++;
        return !file->done;
    }
    file->done = seq == 0;
    if (file->done)
        return false;
    if (seq == file->low + 1)
        dir_note_unreadable(sd, file, seq);
    file->low = seq == file->low + 1 ? seq : seq - 1;
    return true;
}

/* Over all that is gone at a stretch: what they have nobody looks at. */
static int64_t skip_gone(const struct dir_file *file, int64_t after)
{
    int64_t end = after;

    do {
        after = end;
        end = gone_end(&file->gone.numbers, after);
        end = gone_end(&file->unread, end);
    } while (end > after);
    return end;
}

/* False: the mark stays where it is. */
static bool move_mark(struct spool_dir *sd, struct dir_file *file)
{
    struct fault cause = FAULT_INIT;
    struct spool_glimpse seen;

    file->low = skip_gone(file, file->low);
    if (spool_look(file->sp, file->low, &seen, &cause) == -1) {
        if (mark_may_wait(sd, file, &cause))
            return false;
        dir_note_damage(sd, file, &cause);
        return move_over_damage(sd, file);
    }
    file->mark_trouble = (struct spool_trouble){0};
    file->done = seen.seq == 0;
    if (file->done || !dir_is_gone(file, seen.seq)) {
        file->oldest_ms = seen.stored_ms;
        file->unsettled = false;
        return false;
    }
    file->low = seen.seq;
    return true;
}

void dir_settle(struct spool_dir *sd, struct dir_file *file, int64_t most_us)
{
    const int64_t now_us = clock_now_us();
    const int64_t deadline_us = now_us + most_us;

    assert(!spool_is_sound(file->sp));
    if (file->done || trouble_rests(&file->mark_trouble, now_us))
        return;
    file->unsettled = true;
    while (move_mark(sd, file))
        if (clock_now_us() > deadline_us)
            break;
    if (file->done && left(file) > 0) {
        sd->unreadable += left(file);
        file->unreadable += left(file);
    }
}

/* ---- taking leave -------------------------------------------------------- */

bool dir_is_empty(const struct dir_file *file)
{
    struct spool_totals totals;

    spool_totals(file->sp, &totals);
    return !file->damaged && totals.records == 0 && totals.aside == 0;
}

/* All of it is in Kafka, and there was no room to write that down. */
static bool is_spent(const struct dir_file *file)
{
    struct spool_totals totals;

    spool_totals(file->sp, &totals);
    return (file->full || spool_is_sound(file->sp)) && !file->damaged &&
           !file->keeps_aside && totals.aside == 0 && file->unreadable == 0 &&
           left(file) <= 0;
}

static void delete(struct spool_dir *sd, struct dir_file *file)
{
    const int64_t number = file->number;
    struct fault why = FAULT_INIT;

    dir_forget(sd, file);
    /* it is empty, and will be deleted when it is opened next */
    if (spool_file_delete(sd->path, number, &why) == -1)
        dir_log(sd, number, LOG_WARN,
                "an empty spool file could not be removed", "", -1, &why);
}

static void set_aside(struct spool_dir *sd, struct dir_file *file)
{
    const int64_t number = file->number;
    const int64_t unreadable = file->unreadable;
    struct fault why = FAULT_INIT;

    dir_forget(sd, file);
    if (spool_file_set_aside(sd->path, number, &why) == -1) {
        dir_log(sd, number, LOG_ERROR,
                "a spool file that is done with could not be set aside, its "
                "records will be published again",
                "unreadable", unreadable, &why);
        return;
    }
    sd->bad++;
    dir_log(sd, number, LOG_ERROR, "a spool file that had failed was set aside",
            "unreadable", unreadable, NULL);
}

/* It has no name that could be changed. */
static bool dismiss_lost(struct spool_dir *sd, struct dir_file *file,
                         int64_t most_us)
{
    dir_settle(sd, file, most_us);
    if (!file->done && !dir_is_empty(file))
        return false;
    dir_forget(sd, file);
    return true;
}

/* True: it is not there any more. The newest one is not deleted, even empty,
 * as long as there are others: its number tells that they are older. */
static bool dismiss(struct spool_dir *sd, struct dir_file *file,
                    int64_t most_us)
{
    const bool is_newest = file == &sd->files[sd->count - 1];

    if (file->lost)
        return dismiss_lost(sd, file, most_us);
    if (sd->lock == -1) /* what is in the folder may be another's */
        return false;
    if (dir_is_empty(file)) {
        if (is_newest || file->later_count > 0)
            return false;
        delete (sd, file);
        return true;
    }
    if (is_spent(file)) {
        if (is_newest && sd->count > 1)
            return false;
        dir_log(sd, file->number, LOG_INFO,
                "all of a spool file that had no room was sent, it is removed",
                "", -1, NULL);
        delete (sd, file);
        return true;
    }
    if (spool_is_sound(file->sp))
        return false;
    dir_settle(sd, file, most_us);
    if (!file->done)
        return false;
    set_aside(sd, file);
    return true;
}

void dir_dismiss(struct spool_dir *sd, int64_t most_us)
{
    for (size_t i = 0; i < sd->count;)
        if (!dismiss(sd, &sd->files[i], most_us))
            i++;
    dir_share_room(sd);
}
