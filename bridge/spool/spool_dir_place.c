/*
 * spool_dir_place.c - whether the files of a folder are still in it
 *
 * What was removed from a folder stays open, and can be read and written to,
 * until the process ends. So nothing tells that an event which was written is
 * gone, unless it is asked for; and a folder without its lock is anybody's. So
 * whoever commits asks first. The names are compared, and not the number of
 * links, since a folder that was moved has left its place, too.
 *
 * A file that has lost its name is read until nothing is left in it. By its
 * name nothing is done any more, for that may be another's file.
 */
#include "spool/spool_dir_parts.h"

#include "base/log.h"
#include "spool/spool_lock.h"

#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

static void lock_name(const struct spool_dir *sd, char out[SPOOL_PATH_SIZE])
{
    snprintf(out, SPOOL_PATH_SIZE, "%s/lock", sd->path);
}

int dir_take_folder(struct spool_dir *sd, struct fault *why)
{
    char path[SPOOL_PATH_SIZE];

    if (spool_folder_make(sd->path, why) == -1 ||
        spool_lock_take(sd->path, &sd->lock, why) == -1)
        return -1;
    lock_name(sd, path);
    spool_disk_identify(path, &sd->lock_id);
    return 0;
}

static void leave_folder(struct spool_dir *sd)
{
    close(sd->lock);
    sd->lock = -1;
}

/* Whoever had it meanwhile may have left files, and they have numbers. */
int dir_retake_folder(struct spool_dir *sd, struct fault *why)
{
    struct spool_entry *entries = NULL;
    int64_t highest = 0;
    size_t count = 0;
    size_t others = 0;

    if (dir_take_folder(sd, why) == -1)
        return -1;
    if (spool_folder_list(sd->path, &entries, &count, &highest, why) == -1) {
        leave_folder(sd);
        return -1;
    }
    for (size_t i = 0; i < count; i++) {
        const struct dir_file *file = dir_file_of(sd, entries[i].number);

        others += file == NULL || file->lost;
    }
    free(entries);
    if (highest > sd->highest)
        sd->highest = highest;
    log_line(LOG_WARN, "spool", "the spool's folder was taken anew",
             log_text("dir", sd->path));
    if (others > 0)
        log_line(LOG_ERROR, "spool",
                 "files of another process are in the spool's folder, they are "
                 "read at the next start",
                 log_text("dir", sd->path), log_int("files", (int64_t)others));
    return 0;
}

/* ---- is it there? -------------------------------------------------------- */

void dir_note_place(const struct spool_dir *sd, struct dir_file *file)
{
    char path[SPOOL_PATH_SIZE];

    spool_file_name(path, sd->path, file->number, "");
    spool_disk_identify(path, &file->id);
    spool_file_name(path, sd->path, file->number, "-wal");
    spool_disk_identify(path, &file->wal_id);
}

static int check_lock(const struct spool_dir *sd, struct fault *why)
{
    char path[SPOOL_PATH_SIZE];

    lock_name(sd, path);
    if (sd->lock == -1 || !spool_disk_is_at(path, &sd->lock_id))
        return fault_set(why, FAULT_IO, "'%s' was removed", path);
    return 0;
}

/* The newest events are in its -wal. */
static int check_file(const struct spool_dir *sd, const struct dir_file *file,
                      struct fault *why)
{
    char path[SPOOL_PATH_SIZE];

    spool_file_name(path, sd->path, file->number, "");
    if (!spool_disk_is_at(path, &file->id))
        return fault_set(why, FAULT_IO, "'%s' was removed", path);
    spool_file_name(path, sd->path, file->number, "-wal");
    if (!spool_disk_is_at(path, &file->wal_id))
        return fault_set(why, FAULT_IO, "'%s' was removed", path);
    return 0;
}

int dir_check_place(const struct spool_dir *sd, struct fault *why)
{
    const struct dir_file *current = dir_current(sd);

    if (current != NULL && check_file(sd, current, why) == -1)
        return -1;
    return check_lock(sd, why);
}

/* ---- it is not ----------------------------------------------------------- */

static void fail_file(struct spool_dir *sd, struct dir_file *file,
                      const struct fault *cause)
{
    spool_fail(file->sp);
    dir_note_failure(sd, file, cause);
}

/* What was to be written to older files is kept in mind from now on. */
void dir_fail_lost(struct spool_dir *sd)
{
    struct fault lock = FAULT_INIT;

    for (size_t i = 0; i < sd->count; i++) {
        struct dir_file *file = &sd->files[i];
        struct fault cause = FAULT_INIT;

        if (file->lost || check_file(sd, file, &cause) == 0)
            continue;
        file->lost = true;
        fail_file(sd, file, &cause);
        dir_write_later(sd, file);
    }
    if (sd->lock == -1 || check_lock(sd, &lock) == 0)
        return;
    leave_folder(sd);
    if (dir_current(sd) != NULL)
        fail_file(sd, dir_current(sd), &lock);
}
