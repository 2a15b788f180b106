/*
 * spool_dir_note.c - tells the next process what is gone from failed files
 *
 * At the end of a process and not with each removal, which would cost a write
 * each: who is killed publishes again, and marks it. The newest note of a file
 * has all that older ones have.
 */
#include "spool/spool_dir_parts.h"

#include "base/log.h"

static bool has_note(const struct dir_file *file)
{
    return !spool_is_sound(file->sp) && !file->lost &&
           file->gone.numbers.count > 0;
}

static int write_all(struct spool_dir *sd, struct spool *sp, struct fault *why)
{
    if (spool_begin(sp, why) == -1)
        return -1;
    for (size_t i = 0; i < sd->count; i++) {
        struct dir_file *file = &sd->files[i];

        /* what should be aside in it must not be deleted with it */
        file->gone.full = file->full && !file->keeps_aside;
        if (has_note(file) && spool_note_write(sp, file->number, file->sp,
                                               &file->gone, why) == -1)
            return -1;
    }
    return spool_commit(sp, why);
}

void dir_write_notes(struct spool_dir *sd)
{
    struct dir_file *current = dir_current(sd);
    struct fault why = FAULT_INIT;
    int64_t records = 0;

    for (size_t i = 0; i < sd->count; i++)
        if (has_note(&sd->files[i]))
            records += sd->files[i].gone.records;
    if (records == 0 || current == NULL || sd->lock == -1)
        return;
    if (write_all(sd, current->sp, &why) == -1) {
        spool_undo(current->sp);
        dir_log(sd, current->number, LOG_WARN,
                "what is gone from failed spool files cannot be written down, "
                "it will be published again",
                "records", records, &why);
    }
}

/* What the newest of those tells that are newer. */
static void read_note(struct spool_dir *sd, struct dir_file *file)
{
    for (size_t i = sd->count; i-- > 0 && &sd->files[i] != file;) {
        struct fault why = FAULT_INIT;
        bool found;

        if (spool_note_read(sd->files[i].sp, file->number, file->sp,
                            &file->gone, &found, &why) == -1) {
            dir_log(sd, file->number, LOG_WARN,
                    "what is gone from a failed spool file is not known, it "
                    "will be published again",
                    "", -1, &why);
            continue;
        }
        if (!found)
            continue;
        spool_fail(file->sp);
        file->marked = true;
        file->full = file->gone.full;
        dir_log(sd, file->number, LOG_INFO,
                "of a spool file that had failed some records are gone",
                "records", file->gone.records, NULL);
        return;
    }
}

void dir_read_notes(struct spool_dir *sd)
{
    for (size_t i = 0; i < sd->count; i++)
        read_note(sd, &sd->files[i]);
}
