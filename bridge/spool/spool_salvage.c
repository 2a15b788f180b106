/*
 * spool_salvage.c - saves what can be read of a damaged file
 *
 * What takes the damaged file's place is made beside it, as *.new: as long as
 * that is not complete and on disk, the damaged file stays where it is, and a
 * crash means that all begins anew. Then names change, see spool_folder.c.
 */
#include "spool/spool_salvage.h"

#include "base/arena.h"
#include "base/limits.h"
#include "spool/spool.h"
#include "spool/spool_folder.h"

#include <errno.h>
#include <sys/stat.h>

enum {
    BATCH_RECORDS = 1000,   /* of a transaction */
    BATCH_BYTES = 16 * MIB, /* of it, and then one record */
    ROOM = 64 * MIB         /* for one record */
};

struct salvage {
    struct spool *from;
    struct spool *to;
    struct arena arena;
    int64_t records;
    int64_t batch_records;
    int64_t batch_bytes;
};

static int end_batch(struct salvage *sv, struct fault *why)
{
    sv->batch_records = 0;
    sv->batch_bytes = 0;
    return spool_in_transaction(sv->to) ? spool_commit(sv->to, why) : 0;
}

static int save(struct salvage *sv, const struct spool_row *row,
                struct fault *why)
{
    if (!spool_in_transaction(sv->to) && spool_begin(sv->to, why) == -1)
        return -1;
    if (spool_restore(sv->to, row, why) == -1)
        return -1;
    sv->records++;
    sv->batch_records++;
    sv->batch_bytes += (int64_t)row->record.value.len;
    if (sv->batch_records < BATCH_RECORDS && sv->batch_bytes < BATCH_BYTES)
        return 0;
    return end_batch(sv, why);
}

/* Nothing happens if it cannot be read, or is not what was written. */
static int save_one(struct salvage *sv, int64_t seq, struct fault *why)
{
    struct fault cause = FAULT_INIT;
    struct spool_row row;
    bool found;

    arena_reset(&sv->arena);
    if (spool_read_one(sv->from, seq, &row, &found, &sv->arena, &cause) == -1) {
        if (cause.kind == FAULT_NOMEM)
            return fault_set(why, cause.kind, "%s", cause.text);
        return 0;
    }
    return found && !row.damaged ? save(sv, &row, why) : 0;
}

static int save_all(struct salvage *sv, struct fault *why)
{
    struct spool_walk walk = {0};
    int64_t seq;
    int rc;

    while ((rc = spool_walk(sv->from, &walk, &seq, why)) == 1)
        if (save_one(sv, seq, why) == -1)
            return -1;
    return rc == -1 ? -1 : end_batch(sv, why);
}

/* It will be renamed, so nothing may be beside it. */
static int finish(struct salvage *sv, const char *wal, struct fault *why)
{
    struct stat st;

    if (spool_tidy(sv->to, true, why) == -1)
        return -1;
    spool_close(sv->to);
    sv->to = NULL;
    if (stat(wal, &st) == 0 && st.st_size > 0)
        return fault_set(why, FAULT_IO, "cannot finish '%s'", wal);
    return 0;
}

static int build(struct salvage *sv, const char *folder, int64_t number,
                 struct fault *why)
{
    const struct spool_limits limits = {.max_bytes = INT64_MAX};
    char path[SPOOL_PATH_SIZE];
    char wal[SPOOL_PATH_SIZE];

    spool_file_name(path, folder, number, ".new");
    spool_file_name(wal, folder, number, ".new-wal");
    if (spool_file_delete_new(folder, number, why) == -1 ||
        spool_open(&sv->to, path, &limits, why) == -1 ||
        save_all(sv, why) == -1)
        return -1;
    return finish(sv, wal, why);
}

int spool_salvage(const char *folder, int64_t number, int64_t *records,
                  struct fault *why)
{
    struct salvage sv = {.arena = ARENA_INIT(64 * KIB, ROOM)};
    struct fault cause = FAULT_INIT;
    char path[SPOOL_PATH_SIZE];
    int rc = -1;

    *records = 0;
    spool_file_name(path, folder, number, "");
    if (spool_open_damaged(&sv.from, path, &cause) == -1) {
        if (cause.kind == FAULT_CORRUPT) /* there is nothing to save */
            return spool_file_set_aside(folder, number, why);
        return fault_set(why, cause.kind, "%s", cause.text);
    }
    if (build(&sv, folder, number, why) == -1) {
        /* what there is of it may be what others have no room for */
        spool_close(sv.to);
        sv.to = NULL;
        spool_file_delete_new(folder, number, NULL);
        goto done;
    }
    spool_close(sv.from);
    sv.from = NULL;
    *records = sv.records;
    if (sv.records > 0)
        rc = spool_file_replace(folder, number, why);
    else if (spool_file_delete_new(folder, number, why) == 0)
        rc = spool_file_set_aside(folder, number, why);

done:
    spool_close(sv.to);
    spool_close(sv.from);
    arena_release(&sv.arena);
    return rc;
}
