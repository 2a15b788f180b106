/*
 * spool_dir.c - the spool as a folder: which files it has
 */
#include "spool/spool_dir_parts.h"

#include "base/limits.h"
#include "spool/spool_disk.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum {
    FAILED_MAX = 16, /* that have records */
    USUAL_RECORD = 64 * KIB
};

/* ---- which files there are ----------------------------------------------- */

struct dir_file *dir_current(const struct spool_dir *sd)
{
    struct dir_file *last = sd->count == 0 ? NULL : &sd->files[sd->count - 1];

    return last != NULL && spool_is_sound(last->sp) ? last : NULL;
}

struct dir_file *dir_file_of(const struct spool_dir *sd, int64_t number)
{
    for (size_t i = 0; i < sd->count; i++)
        if (sd->files[i].number == number)
            return &sd->files[i];
    return NULL;
}

int dir_make_room(struct spool_dir *sd, size_t count, struct fault *why)
{
    struct dir_file *files;

    if (count <= sd->capacity)
        return 0;
    files = realloc(sd->files, count * sizeof(*files));
    if (files == NULL)
        return fault_set(why, FAULT_NOMEM, "cannot allocate a list of files");
    sd->files = files;
    sd->capacity = count;
    return 0;
}

struct dir_file *dir_add_file(struct spool_dir *sd, int64_t number,
                              struct spool *sp)
{
    assert(sd->count < sd->capacity);
    assert(sd->count == 0 || sd->files[sd->count - 1].number < number);
    sd->files[sd->count] = (struct dir_file){.number = number, .sp = sp};
    dir_note_place(sd, &sd->files[sd->count]);
    return &sd->files[sd->count++];
}

static void release_file(struct dir_file *file)
{
    spool_close(file->sp);
    dir_release_later(file);
    gone_release(&file->gone.numbers);
    gone_release(&file->unread);
}

void dir_forget(struct spool_dir *sd, struct dir_file *file)
{
    const size_t at = (size_t)(file - sd->files);

    release_file(file);
    memmove(file, file + 1, (sd->count - at - 1) * sizeof(*file));
    sd->count--;
}

/* ---- what they count for ------------------------------------------------- */

static int64_t at_least_0(int64_t n) { return n > 0 ? n : 0; }

void dir_file_totals(const struct dir_file *file, struct spool_totals *out)
{
    spool_totals(file->sp, out);
    out->records =
        at_least_0(out->records - file->gone.records - file->unreadable);
    out->bytes = at_least_0(out->bytes - file->gone.bytes);
    if (file->oldest_ms > 0)
        out->oldest_ms = file->oldest_ms;
    if (out->records == 0)
        out->oldest_ms = 0;
}

void dir_share_room(struct spool_dir *sd)
{
    struct dir_file *current = dir_current(sd);
    int64_t room = sd->limits.max_bytes;
    struct spool_totals totals;

    if (current == NULL)
        return;
    for (size_t i = 0; i + 1 < sd->count; i++) {
        dir_file_totals(&sd->files[i], &totals);
        room = at_least_0(room - totals.bytes);
    }
    spool_set_max_bytes(current->sp, room);
}

void spool_dir_totals(const struct spool_dir *sd, struct spool_dir_totals *out)
{
    struct spool_totals *all = &out->of_all;
    struct spool_totals one;

    memset(out, 0, sizeof(*out));
    for (size_t i = 0; i < sd->count; i++) {
        dir_file_totals(&sd->files[i], &one);
        all->records += one.records;
        all->bytes += one.bytes;
        all->aside += one.aside;
        if (one.oldest_ms > 0 &&
            (all->oldest_ms == 0 || one.oldest_ms < all->oldest_ms))
            all->oldest_ms = one.oldest_ms;
        out->failed += !spool_is_sound(sd->files[i].sp);
    }
    out->files = (int64_t)sd->count + sd->left_alone;
    out->failed += sd->left_alone;
    out->bad = sd->bad;
    out->unreadable = sd->unreadable;
}

/* ---- a new one ----------------------------------------------------------- */

int dir_begin_file(struct spool_dir *sd, struct fault *why)
{
    const int64_t number = sd->highest + 1;
    char path[SPOOL_PATH_SIZE];
    struct spool *sp = NULL;

    if (number > SPOOL_NUMBER_MAX)
        return fault_set(why, FAULT_IO,
                         "cannot make a file in '%s': numbers are used up",
                         sd->path);
    if (dir_make_room(sd, sd->count + 1, why) == -1)
        return -1;
    spool_file_name(path, sd->path, number, "");
    /* what may be there is of an attempt that failed */
    if (spool_file_delete(sd->path, number, why) == -1)
        return -1;
    if (spool_open(&sp, path, &sd->limits, why) == -1) {
        spool_file_delete(sd->path, number, NULL);
        return -1;
    }
    sd->highest = number;
    dir_add_file(sd, number, sp);
    dir_share_room(sd);
    return 0;
}

int spool_dir_renew(struct spool_dir *sd, struct fault *why)
{
    int64_t failed = 0;

    assert(!sd->in_transaction);
    if (dir_current(sd) != NULL)
        return 0;
    dir_fail_lost(sd);
    if (sd->lock == -1 && dir_retake_folder(sd, why) == -1)
        return -1;
    for (size_t i = 0; i < sd->count; i++)
        failed +=
            !spool_is_sound(sd->files[i].sp) && !dir_is_empty(&sd->files[i]);
    if (failed >= FAILED_MAX)
        return fault_set(why, FAULT_BUSY,
                         "%lld files of '%s' have failed and still have "
                         "records: no more are made",
                         (long long)failed, sd->path);
    if (dir_begin_file(sd, why) == -1)
        return -1;
    dir_dismiss(sd, SETTLE_US);
    return 0;
}

bool spool_dir_is_sound(const struct spool_dir *sd)
{
    return dir_current(sd) != NULL;
}

bool spool_dir_has_room(const struct spool_dir *sd)
{
    struct spool_dir_totals totals;

    spool_dir_totals(sd, &totals);
    return spool_dir_is_sound(sd) &&
           totals.of_all.bytes <= sd->limits.max_bytes - USUAL_RECORD &&
           spool_disk_has_room(sd->path, sd->limits.min_free_bytes);
}

static int tidy_one(struct spool_dir *sd, struct dir_file *file, bool idle,
                    struct fault *why)
{
    struct fault cause = FAULT_INIT;

    if (!spool_is_sound(file->sp) || spool_tidy(file->sp, idle, &cause) == 0)
        return 0;
    if (!spool_is_sound(file->sp))
        dir_note_failure(sd, file, &cause);
    return fault_set(why, cause.kind, "%s", cause.text);
}

int spool_dir_tidy(struct spool_dir *sd, bool idle, struct fault *why)
{
    const struct dir_file *current = dir_current(sd);
    int rc = 0;

    assert(!sd->in_transaction);
    for (size_t i = 0; i < sd->count; i++) {
        struct dir_file *file = &sd->files[i];

        dir_write_later(sd, file);
        if (file == current)
            rc = tidy_one(sd, file, idle, why);
        else
            tidy_one(sd, file, idle, NULL);
    }
    dir_dismiss(sd, SETTLE_US);
    return rc;
}

bool spool_dir_is_settled(const struct spool_dir *sd)
{
    for (size_t i = 0; i < sd->count; i++)
        if (sd->files[i].unsettled)
            return false;
    return true;
}

/* ---- the end, and what was there at the beginning ------------------------ */

void spool_dir_close(struct spool_dir *sd)
{
    if (sd == NULL)
        return;
    spool_dir_undo(sd);
    /* what is gone must not be published again */
    dir_dismiss(sd, SETTLE_AT_THE_END_US);
    dir_write_notes(sd);
    for (size_t i = 0; i < sd->count; i++)
        release_file(&sd->files[i]);
    free(sd->files);
    for (size_t i = 0; i < sd->topic_count; i++)
        free((char *)sd->topics[i]);
    free(sd->topics);
    free(sd->last_of);
    if (sd->lock != -1)
        close(sd->lock);
    free(sd->path);
    free(sd);
}

int64_t spool_dir_opened_at(const struct spool_dir *sd)
{
    return sd->opened_at;
}

const char *const *spool_dir_topics(const struct spool_dir *sd, size_t *count)
{
    *count = sd->topic_count;
    return sd->topics;
}

int64_t spool_dir_last_of(const struct spool_dir *sd, const char *topic)
{
    for (size_t i = 0; i < sd->topic_count; i++)
        if (strcmp(sd->topics[i], topic) == 0)
            return sd->last_of[i];
    return 0;
}
