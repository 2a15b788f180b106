/*
 * spool_dir_open.c - opening a spool's folder
 *
 * Nothing is changed before all files that are there were looked at: a file of
 * a newer program's stops it, with everything as it was. Then what a crash has
 * left is mended, what is damaged is salvaged, and a file is begun if there is
 * none, or if a newer one than all that are there was once: the newest file's
 * records alone are not doubtful, so there must be no doubt about which it is.
 */
#include "spool/spool_dir_parts.h"

#include "base/log.h"
#include "spool/spool_salvage.h"

#include <stdlib.h>
#include <string.h>

/* ---- the files that are there ---------------------------------------------
 */

/* A file that is there, as long as it is not yet the folder's. */
struct found {
    struct spool_entry entry;
    struct spool *sp;
    struct fault damage; /* FAULT_NONE: it has none */
    bool in_place;       /* it is read as it is */
    bool by_index;       /* the index of that one can be read */
};

/* A file that is damaged, or for which there is no room, is no failure. */
static int open_one(const struct spool_dir *sd, struct found *one,
                    struct fault *why)
{
    char path[SPOOL_PATH_SIZE];
    const struct spool_topic *topics;
    size_t count;
    struct fault *damage = &one->damage;

    fault_clear(damage);
    spool_file_name(path, sd->path, one->entry.number, "");
    if (spool_open(&one->sp, path, &sd->limits, damage) == 0 &&
        spool_topics(one->sp, &topics, &count, damage) == 0) {
        if (spool_last_seq(one->sp) < SEQ_LARGE)
            return 0;
        fault_set(damage, FAULT_CORRUPT, "its numbers are used up");
    }
    spool_close(one->sp);
    one->sp = NULL;
    if (damage->kind == FAULT_CORRUPT || damage->kind == FAULT_FULL)
        return 0;
    return fault_set(why, damage->kind, "%s", damage->text);
}

/*
 * There is no room to save what can be read of it: so that is read from the
 * file itself, which becomes *.bad when it is done with. If nothing can be
 * read so, or its numbers mean nothing, it waits for a start with more room.
 */
static int read_in_place(struct spool_dir *sd, struct found *one,
                         const struct fault *full, struct fault *why)
{
    struct fault cause = FAULT_INIT;
    char path[SPOOL_PATH_SIZE];

    spool_file_name(path, sd->path, one->entry.number, "");
    if (spool_open_damaged(&one->sp, path, &cause) == 0 &&
        spool_last_seq(one->sp) < SEQ_MAX &&
        spool_count_damaged(one->sp, &one->by_index, &cause) == 0) {
        one->in_place = true;
        dir_log(sd, one->entry.number, LOG_ERROR,
                "there is no room to save a damaged spool file, it is read "
                "where it is",
                "", -1, full);
        return 0;
    }
    spool_close(one->sp);
    one->sp = NULL;
    if (cause.kind != FAULT_NONE && cause.kind != FAULT_CORRUPT)
        return fault_set(why, cause.kind, "%s", cause.text);
    sd->left_alone++;
    dir_log(sd, one->entry.number, LOG_ERROR,
            "there is no room to save a damaged spool file, it is left alone "
            "until the next start",
            "", -1, full);
    return 0;
}

static int salvage(struct spool_dir *sd, struct found *one, struct fault *why)
{
    const struct fault damage = one->damage;
    struct fault cause = FAULT_INIT;
    int64_t records = 0;

    if (damage.kind == FAULT_FULL)
        return read_in_place(sd, one, &damage, why);
    if (spool_salvage(sd->path, one->entry.number, &records, &cause) == -1) {
        if (cause.kind == FAULT_FULL)
            return read_in_place(sd, one, &cause, why);
        return fault_set(why, cause.kind, "cannot set aside a damaged file: %s",
                         cause.text);
    }
    sd->bad++;
    dir_log(sd, one->entry.number, LOG_ERROR,
            "a damaged spool file was set aside, what can be read of it was "
            "saved",
            "records", records, &damage);
    one->entry.is_there = records > 0;
    if (records == 0)
        return 0;
    if (open_one(sd, one, why) == -1)
        return -1;
    if (one->sp != NULL)
        return 0;
    if (one->damage.kind == FAULT_FULL)
        return read_in_place(sd, one, &one->damage, why);
    return fault_set(why, FAULT_IO, "%s", one->damage.text);
}

static int open_all(struct spool_dir *sd, struct found *all, size_t count,
                    struct fault *why)
{
    for (size_t i = 0; i < count; i++)
        if (all[i].entry.is_there && open_one(sd, &all[i], why) == -1)
            return -1;
    for (size_t i = 0; i < count; i++) {
        const bool was_there = all[i].entry.is_there;

        if (spool_file_mend(sd->path, &all[i].entry, why) == -1)
            return -1;
        if (all[i].entry.is_there && !was_there &&
            open_one(sd, &all[i], why) == -1)
            return -1;
    }
    for (size_t i = 0; i < count; i++)
        if (all[i].entry.is_there && all[i].sp == NULL &&
            salvage(sd, &all[i], why) == -1)
            return -1;
    return 0;
}

/* There is room. */
static void add_all(struct spool_dir *sd, struct found *all, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        struct dir_file *file;

        if (all[i].sp == NULL)
            continue;
        file = dir_add_file(sd, all[i].entry.number, all[i].sp);
        all[i].sp = NULL; /* handed over */
        file->was_older = all[i].in_place || file->number < sd->highest;
        file->index_damaged = all[i].in_place && !all[i].by_index;
    }
    for (size_t i = 0; i < count; i++) /* when it is known which is the last */
        if (all[i].in_place)
            dir_note_damage(sd, dir_file_of(sd, all[i].entry.number),
                            &all[i].damage);
}

static int find_files(struct spool_dir *sd, struct fault *why)
{
    struct spool_entry *entries = NULL;
    struct found *all = NULL;
    size_t count = 0;
    int rc = -1;

    if (spool_folder_list(sd->path, &entries, &count, &sd->highest, why) == -1)
        return -1;
    all = calloc(count + 1, sizeof(*all));
    if (all == NULL) {
        fault_set(why, FAULT_NOMEM, "cannot allocate a list of files");
        goto done;
    }
    for (size_t i = 0; i < count; i++)
        all[i].entry = entries[i];
    if (open_all(sd, all, count, why) == -1 ||
        dir_make_room(sd, count + 1, why) == -1)
        goto done;
    add_all(sd, all, count);
    rc = 0;

done:
    for (size_t i = 0; all != NULL && i < count; i++)
        spool_close(all[i].sp);
    free(all);
    free(entries);
    return rc;
}

/* ---- what was there ------------------------------------------------------ */

static int add_topic(struct spool_dir *sd, const char *name, int64_t last,
                     struct fault *why)
{
    const char **names;
    int64_t *lasts;
    char *copy;

    for (size_t i = 0; i < sd->topic_count; i++) {
        if (strcmp(sd->topics[i], name) != 0)
            continue;
        sd->last_of[i] = last;
        return 0;
    }
    names = realloc(sd->topics, (sd->topic_count + 1) * sizeof(*names));
    if (names != NULL)
        sd->topics = names;
    lasts = realloc(sd->last_of, (sd->topic_count + 1) * sizeof(*lasts));
    if (lasts != NULL)
        sd->last_of = lasts;
    copy = strdup(name);
    if (names == NULL || lasts == NULL || copy == NULL) {
        free(copy);
        return fault_set(why, FAULT_NOMEM, "cannot allocate a topic");
    }
    sd->topics[sd->topic_count] = copy;
    sd->last_of[sd->topic_count++] = last;
    return 0;
}

/* In the order of numbers, so what comes last is the last. What a damaged file
 * has of a topic lies before its end. */
static int note_topics(struct spool_dir *sd, struct fault *why)
{
    for (size_t i = 0; i < sd->count; i++) {
        const struct dir_file *file = &sd->files[i];
        const struct spool_topic *topics;
        struct fault cause = FAULT_INIT;
        size_t count;

        if (spool_topics(file->sp, &topics, &count, &cause) == -1 &&
            (!file->damaged || cause.kind == FAULT_NOMEM))
            return fault_set(why, cause.kind, "%s", cause.text);
        for (size_t k = 0; k < count; k++) {
            const int64_t last =
                file->damaged ? spool_last_seq(file->sp) : topics[k].last_seq;

            if (last > 0 &&
                add_topic(sd, topics[k].name, seq_global(file->number, last),
                          why) == -1)
                return -1;
        }
    }
    return 0;
}

/*
 * Without room for another file what is there is sent all the same, and events
 * go to Kafka only until there is some. The last file that is there is an older
 * one, and must not be taken for the one that is written to.
 */
static void go_on_without(struct spool_dir *sd, const struct fault *cause)
{
    struct dir_file *last = sd->count == 0 ? NULL : &sd->files[sd->count - 1];

    log_line(LOG_ERROR, "spool",
             "there is no room for a spool file: events go to Kafka only",
             log_text("dir", sd->path), log_text("cause", cause->text));
    if (last == NULL || !spool_is_sound(last->sp))
        return;
    spool_fail(last->sp);
    last->full = last->marked = true; /* its names tell that it is older */
}

static int begin_file(struct spool_dir *sd, struct fault *why)
{
    struct fault cause = FAULT_INIT;

    if (dir_begin_file(sd, &cause) == 0)
        return 0;
    if (cause.kind != FAULT_FULL)
        return fault_set(why, cause.kind, "%s", cause.text);
    go_on_without(sd, &cause);
    return 0;
}

static int open_folder(struct spool_dir *sd, struct fault *why)
{
    if (dir_take_folder(sd, why) == -1 || find_files(sd, why) == -1 ||
        note_topics(sd, why) == -1)
        return -1;
    dir_read_notes(sd);
    if (sd->count > 0) {
        const struct dir_file *last = &sd->files[sd->count - 1];

        sd->opened_at = seq_global(last->number, spool_last_seq(last->sp));
    }
    if (sd->count == 0 || sd->files[sd->count - 1].was_older)
        return begin_file(sd, why);
    dir_share_room(sd);
    return 0;
}

int spool_dir_open(struct spool_dir **out, const char *path,
                   const struct spool_limits *limits, struct fault *why)
{
    struct spool_dir *sd = calloc(1, sizeof(*sd));

    if (sd == NULL || (sd->path = strdup(path)) == NULL) {
        free(sd);
        return fault_set(why, FAULT_NOMEM, "cannot allocate a spool");
    }
    sd->lock = -1;
    sd->limits = *limits;
    if (open_folder(sd, why) == -1) {
        spool_dir_close(sd);
        return -1;
    }
    *out = sd;
    return 0;
}
