/*
 * spool_dir_write.c - a transaction over the files of a folder
 *
 * The current file is written to at once. What is meant for others is kept
 * until the current one has committed, and written then: a record that moves
 * is in its new place before it leaves the old one, and to undo is to forget.
 * If that writing fails nobody is told, for what was promised is in the
 * current file: the records stay where they are on disk, and are known to be
 * gone; see spool_dir_note.c for how long.
 */
#include "spool/spool_dir_parts.h"

#include "base/limits.h"
#include "base/log.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

enum { ARENA_MAX = 64 * MIB /* for a record */ };

/* ---- later --------------------------------------------------------------- */

static void drop_later(struct dir_file *file, size_t keep)
{
    while (file->later_count > keep)
        free(file->later[--file->later_count].text);
}

void dir_release_later(struct dir_file *file)
{
    drop_later(file, 0);
    free(file->later);
    file->later = NULL;
    file->later_capacity = 0;
}

static int add_later(struct dir_file *file, enum later what, int64_t own,
                     const char *text, struct fault *why)
{
    const size_t capacity =
        file->later_capacity == 0 ? 64 : 2 * file->later_capacity;
    char *copy = text == NULL ? NULL : strdup(text);
    struct spool_later *later;

    if (text != NULL && copy == NULL)
        return fault_set(why, FAULT_NOMEM, "cannot allocate a transaction");
    if (file->later_count == file->later_capacity) {
        later = realloc(file->later, capacity * sizeof(*later));
        if (later == NULL) {
            free(copy);
            return fault_set(why, FAULT_NOMEM, "cannot allocate a transaction");
        }
        file->later = later;
        file->later_capacity = capacity;
    }
    file->later[file->later_count++] =
        (struct spool_later){.what = what, .seq = own, .text = copy};
    return 0;
}

static int write_one(struct spool *sp, const struct spool_later *later,
                     struct fault *why)
{
    const struct spool_topic *topic;

    switch (later->what) {
    case LATER_REMOVE:
        return spool_remove(sp, later->seq, why);
    case LATER_ASIDE:
        return spool_put_aside(sp, later->seq, later->text, why);
    case LATER_GIVE:
        topic = spool_topic_named(sp, later->text);
        return topic == NULL ? 0 : spool_give(sp, topic->id, later->seq, why);
    }
    return 0;
}

static int write_all(struct dir_file *file, struct fault *why)
{
    if (spool_begin(file->sp, why) == -1)
        return -1;
    for (size_t i = 0; i < file->later_count; i++) {
        if (write_one(file->sp, &file->later[i], why) == 0)
            continue;
        spool_undo(file->sp);
        return -1;
    }
    if (spool_commit(file->sp, why) == -1) {
        spool_undo(file->sp);
        return -1;
    }
    return 0;
}

/* What cannot be put aside stays where nobody finds it but a person. */
static void note_later(struct spool_dir *sd, struct dir_file *file,
                       const struct spool_later *later)
{
    if (later->what == LATER_ASIDE && !spool_is_sound(file->sp))
        dir_note_lost(sd, file, later->seq);
    else if (later->what != LATER_GIVE)
        dir_note_removed(file, later->seq);
    file->keeps_aside |= later->what == LATER_ASIDE;
}

void dir_write_later(struct spool_dir *sd, struct dir_file *file)
{
    struct fault why = FAULT_INIT;

    if (file->later_count == 0)
        return;
    if (spool_is_sound(file->sp)) {
        if (write_all(file, &why) == 0) {
            drop_later(file, 0);
            file->later_kept = 0;
            gone_release(&file->gone.numbers);
            file->gone = (struct spool_note){0};
            return;
        }
        if (!spool_is_sound(file->sp))
            dir_note_failure(sd, file, &why);
        else if (file->later_kept == 0)
            dir_log(sd, file->number, LOG_WARN,
                    "an older spool file cannot be written to, it will be "
                    "tried again",
                    "", -1, &why);
    }
    for (size_t i = file->later_kept; i < file->later_count; i++)
        note_later(sd, file, &file->later[i]);
    if (!spool_is_sound(file->sp))
        drop_later(file, 0);
    file->later_kept = file->later_count;
}

/* ---- the transaction ----------------------------------------------------- */

void spool_dir_begin(struct spool_dir *sd)
{
    assert(!sd->in_transaction);
    sd->in_transaction = true;
}

void spool_dir_undo(struct spool_dir *sd)
{
    for (size_t i = 0; i < sd->count; i++) {
        spool_undo(sd->files[i].sp);
        drop_later(&sd->files[i], sd->files[i].later_kept);
    }
    sd->in_transaction = false;
}

bool spool_dir_in_transaction(const struct spool_dir *sd)
{
    return sd->in_transaction;
}

void spool_dir_fail(struct spool_dir *sd)
{
    struct dir_file *file = dir_current(sd);
    struct fault cause = FAULT_INIT;

    if (file == NULL)
        return;
    fault_set(&cause, FAULT_FULL, "the disk of '%s' is full for too long",
              sd->path);
    spool_fail(file->sp);
    file->full = true;
    dir_note_failure(sd, file, &cause);
}

static int fail_no_file(struct spool_dir *sd, struct fault *why)
{
    struct fault cause = FAULT_INIT;

    spool_dir_undo(sd);
    fault_set(&cause, FAULT_IO,
              "cannot write to '%s': its newest file has failed", sd->path);
    if (sd->count > 0) /* maybe nobody knew, for it failed in looking */
        dir_note_failure(sd, &sd->files[sd->count - 1], &cause);
    return fault_set(why, cause.kind, "%s", cause.text);
}

/* A transaction that was undone has nothing to go on with. */
static int check(struct spool_dir *sd, struct fault *why)
{
    if (sd->in_transaction)
        return 0;
    if (dir_current(sd) == NULL)
        return fail_no_file(sd, why);
    assert(sd->in_transaction);
    return -1;
}

/* The file's answer. Where it has undone its part, all is undone. */
static int answer(struct spool_dir *sd, struct dir_file *file, int rc,
                  const struct fault *cause, struct fault *why)
{
    if (rc == 0)
        return 0;
    if (!spool_in_transaction(file->sp))
        spool_dir_undo(sd);
    if (!spool_is_sound(file->sp))
        dir_note_failure(sd, file, cause);
    return fault_set(why, cause->kind, "%s", cause->text);
}

/* The current file, in its transaction; NULL: it has failed. */
static struct dir_file *writable(struct spool_dir *sd, struct fault *why)
{
    struct dir_file *file = dir_current(sd);
    struct fault cause = FAULT_INIT;

    if (file == NULL) {
        fail_no_file(sd, why);
        return NULL;
    }
    if (spool_in_transaction(file->sp))
        return file;
    if (answer(sd, file, spool_begin(file->sp, &cause), &cause, why) == -1)
        return NULL;
    return file;
}

int spool_dir_append(struct spool_dir *sd, const struct record *record,
                     bool doubtful, int64_t *seq, struct fault *why)
{
    struct fault cause = FAULT_INIT;
    struct dir_file *file;
    int64_t own = 0;

    if (check(sd, why) == -1 || (file = writable(sd, why)) == NULL)
        return -1;
    if (answer(sd, file, spool_append(file->sp, record, doubtful, &own, &cause),
               &cause, why) == -1)
        return -1;
    assert(own <= SEQ_MAX);
    *seq = seq_global(file->number, own);
    return 0;
}

/* The file of a number; *later: it is not the current one. NULL with 0: there
 * is none. */
static int find(struct spool_dir *sd, int64_t seq, struct dir_file **file,
                bool *later, struct fault *why)
{
    if (check(sd, why) == -1)
        return -1;
    *file = dir_file_of(sd, seq_number(seq));
    *later = *file != dir_current(sd);
    if (*file == NULL || *later)
        return 0;
    return writable(sd, why) == NULL ? -1 : 0;
}

/*
 * A copy that is aside in the current file: 1; 0: there can be none, and the
 * transaction goes on; -1. What is damaged has no copy: its checksum is right
 * nowhere else.
 */
static int copy_aside(struct spool_dir *sd, const struct dir_file *from,
                      int64_t own, const char *reason, struct fault *why)
{
    struct arena arena = ARENA_INIT(64 * KIB, ARENA_MAX);
    struct dir_file *to = dir_current(sd);
    struct fault cause = FAULT_INIT;
    struct spool_row row;
    bool found = false;
    int rc = 0;

    if (to == NULL ||
        spool_read_one(from->sp, own, &row, &found, &arena, NULL) == -1 ||
        !found || row.damaged || dir_is_gone(from, own))
        goto done;
    rc = -1;
    if (writable(sd, why) == NULL)
        goto done;
    if (spool_restore(to->sp, &row, &cause) == 0 &&
        spool_put_aside(to->sp, spool_last_seq(to->sp), reason, &cause) == 0)
        rc = 1;
    else if (spool_in_transaction(to->sp))
        rc = 0; /* it has no room */
    else
        answer(sd, to, -1, &cause, why);

done:
    arena_release(&arena);
    return rc;
}

/* Out of a file that is not the current one. */
static int take_out_later(struct spool_dir *sd, struct dir_file *file,
                          int64_t own, const char *reason, struct fault *why)
{
    int copied = 0;

    if (reason != NULL && !spool_is_sound(file->sp))
        copied = copy_aside(sd, file, own, reason, why);
    if (copied == -1)
        return -1;
    return add_later(file,
                     reason == NULL || copied == 1 ? LATER_REMOVE : LATER_ASIDE,
                     own, reason, why);
}

/* `reason`: aside, NULL: it goes. */
static int take_out(struct spool_dir *sd, int64_t seq, const char *reason,
                    struct fault *why)
{
    struct fault cause = FAULT_INIT;
    const int64_t own = seq_own(seq);
    struct dir_file *file;
    bool later;
    int rc;

    if (find(sd, seq, &file, &later, why) == -1)
        return -1;
    if (file == NULL)
        return 0;
    if (later)
        return take_out_later(sd, file, own, reason, why);
    rc = reason == NULL ? spool_remove(file->sp, own, &cause)
                        : spool_put_aside(file->sp, own, reason, &cause);
    return answer(sd, file, rc, &cause, why);
}

int spool_dir_remove(struct spool_dir *sd, int64_t seq, struct fault *why)
{
    return take_out(sd, seq, NULL, why);
}

int spool_dir_put_aside(struct spool_dir *sd, int64_t seq, const char *reason,
                        struct fault *why)
{
    return take_out(sd, seq, reason, why);
}

static int give(struct spool_dir *sd, struct dir_file *file, const char *name,
                int64_t own, struct fault *why)
{
    const struct spool_topic *topic = spool_topic_named(file->sp, name);
    const int64_t last = spool_last_seq(file->sp);
    struct fault cause = FAULT_INIT;

    if (own > last)
        own = last;
    if (topic == NULL || topic->given_to >= own)
        return 0;
    if (file != dir_current(sd))
        return spool_is_sound(file->sp)
                   ? add_later(file, LATER_GIVE, own, name, why)
                   : 0;
    if (writable(sd, why) == NULL)
        return -1;
    return answer(sd, file, spool_give(file->sp, topic->id, own, &cause),
                  &cause, why);
}

/* Of files that cannot be written to, the records are doubtful to the next
 * process anyway: it finds a newer one. */
int spool_dir_give(struct spool_dir *sd, const char *topic, int64_t seq,
                   struct fault *why)
{
    if (check(sd, why) == -1)
        return -1;
    for (size_t i = 0; i < sd->count; i++) {
        struct dir_file *file = &sd->files[i];
        const int64_t own =
            file->number < seq_number(seq) ? SEQ_MAX : seq_own(seq);

        if (file->number <= seq_number(seq) &&
            give(sd, file, topic, own, why) == -1)
            return -1;
    }
    return 0;
}

/* The current file's part. Where that was removed, nobody would ever find what
 * it commits. */
static int commit_current(struct spool_dir *sd, struct dir_file *file,
                          struct fault *why)
{
    struct fault cause = FAULT_INIT;

    if (dir_check_place(sd, &cause) == -1) {
        spool_dir_undo(sd);
        dir_fail_lost(sd);
        return fault_set(why, cause.kind, "%s", cause.text);
    }
    return answer(sd, file, spool_commit(file->sp, &cause), &cause, why);
}

int spool_dir_commit(struct spool_dir *sd, struct fault *why)
{
    struct dir_file *current = dir_current(sd);

    if (check(sd, why) == -1)
        return -1;
    if (current != NULL && spool_in_transaction(current->sp) &&
        commit_current(sd, current, why) == -1)
        return -1;
    sd->in_transaction = false;
    for (size_t i = 0; i < sd->count; i++) {
        struct dir_file *file = &sd->files[i];

        if (file == current || file->later_count == 0)
            continue;
        dir_write_later(sd, file);
        if (!spool_is_sound(file->sp))
            dir_settle(sd, file, SETTLE_US);
    }
    dir_share_room(sd);
    return 0;
}
