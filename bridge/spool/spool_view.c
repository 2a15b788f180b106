/*
 * spool_view.c - looking at a spool that no bridge has
 *
 * A file's records and what is aside in it are two tables with numbers of the
 * same kind; they are gone through side by side.
 */
#include "spool/spool_seq.h"
#include "spool/spool_view_parts.h"

#include <stdio.h>
#include <string.h>

const char *spool_view_state_name(enum spool_view_state state)
{
    static const char *const names[] = {
        [VIEW_SOUND] = "sound",     [VIEW_FAILED] = "failed",
        [VIEW_DAMAGED] = "damaged", [VIEW_UNREADABLE] = "unreadable",
        [VIEW_BAD] = "set aside",
    };

    return names[state];
}

const struct spool_view_file *spool_view_files(const struct spool_view *view,
                                               size_t *count)
{
    *count = view->count;
    return view->files;
}

bool spool_view_is_whole(const struct spool_view *view)
{
    return view->is_whole;
}

void spool_view_totals(const struct spool_view *view, struct spool_totals *out)
{
    memset(out, 0, sizeof(*out));
    for (size_t i = 0; i < view->count; i++) {
        struct spool_totals one = {0};

        if (view->opened[i].sp != NULL)
            spool_totals(view->opened[i].sp, &one);
        out->records += one.records - view->opened[i].gone.records;
        out->bytes += one.bytes - view->opened[i].gone.bytes;
        out->aside += one.aside;
    }
}

/* ---- reading ------------------------------------------------------------- */

static void note_damage(struct spool_view *view, size_t at,
                        const struct fault *cause)
{
    struct spool_view_file *file = &view->files[at];

    view->is_whole = false;
    file->state = VIEW_DAMAGED;
    if (file->trouble[0] == '\0')
        snprintf(file->trouble, sizeof(file->trouble), "%s",
                 cause == NULL ? "some of it cannot be read" : cause->text);
}

/* Where the next record is. -1: FAULT_NOMEM. */
static int find_next(struct spool_view *view, size_t at, struct fault *why)
{
    struct opened *op = &view->opened[at];
    int rc;

    if (op->next != 0)
        return 0;
    do
        rc = spool_walk(op->sp, &op->walk, &op->next, why);
    while (rc == 1 && gone_has(&op->gone.numbers, op->next));
    if (op->walk.damaged)
        note_damage(view, at, NULL);
    if (rc == 0)
        op->next = -1;
    return rc == -1 ? -1 : 0;
}

/* Reads the first one aside behind a number; op->aside is which it is. */
static int find_aside(struct spool_view *view, size_t at, int64_t after,
                      struct spool_aside *out, struct arena *arena,
                      struct fault *why)
{
    struct opened *op = &view->opened[at];
    struct fault cause = FAULT_INIT;
    bool found = false;

    if (spool_read_aside(op->sp, after, out, &found, arena, &cause) == -1) {
        if (cause.kind == FAULT_NOMEM)
            return fault_set(why, cause.kind, "%s", cause.text);
        note_damage(view, at, &cause);
        found = false;
    }
    op->aside = found ? out->row.seq : -1;
    return 0;
}

/* 1: it is read; 0: it cannot be; -1: FAULT_NOMEM. */
static int read_record(struct spool_view *view, size_t at, int64_t seq,
                       struct spool_row *row, struct arena *arena,
                       struct fault *why)
{
    struct fault cause = FAULT_INIT;
    bool found = false;

    if (spool_read_one(view->opened[at].sp, seq, row, &found, arena, &cause) ==
        -1) {
        if (cause.kind == FAULT_NOMEM)
            return fault_set(why, cause.kind, "%s", cause.text);
        note_damage(view, at, &cause);
        return 0;
    }
    if (!found)
        note_damage(view, at, NULL);
    return found;
}

/* One step in a file: 1: *out is filled; 0: it is not, and there may be more
 * unless both are at their end; -1. */
static int step(struct spool_view *view, size_t at, int64_t after,
                struct spool_view_row *out, struct arena *arena,
                struct fault *why)
{
    struct opened *op = &view->opened[at];
    struct spool_aside aside;
    int64_t seq;

    if (find_next(view, at, why) == -1)
        return -1;
    if (op->aside == 0 && find_aside(view, at, after, &aside, arena, why) == -1)
        return -1;
    if (op->next == -1 && op->aside == -1)
        return 0;
    memset(out, 0, sizeof(*out));
    if (op->next != -1 && (op->aside == -1 || op->next < op->aside)) {
        seq = op->next;
        op->next = 0;
        return read_record(view, at, seq, &out->row, arena, why);
    }
    seq = op->aside;
    if (find_aside(view, at, seq - 1, &aside, arena, why) == -1)
        return -1;
    if (op->aside != seq)
        return 0;
    op->aside = 0;
    *out = (struct spool_view_row){aside.row, aside.reason, aside.aside_ms};
    return 1;
}

/* Somewhere else than where reading was. */
static void seek(struct opened *op, int64_t after)
{
    op->walk = (struct spool_walk){.at = after};
    op->next = 0;
    op->aside = 0;
}

static int next_in(struct spool_view *view, size_t at, int64_t after,
                   struct spool_view_row *out, struct arena *arena,
                   struct fault *why)
{
    struct opened *op = &view->opened[at];
    int rc = 0;

    while (rc == 0 && (op->next != -1 || op->aside != -1))
        rc = step(view, at, after, out, arena, why);
    if (rc == 1) {
        out->row.seq = seq_global(op->number, out->row.seq);
        if (op->was_older)
            out->row.doubtful = true;
    }
    return rc;
}

int spool_view_next(struct spool_view *view, int64_t after,
                    struct spool_view_row *out, struct arena *arena,
                    struct fault *why)
{
    const bool goes_on = after == view->at;
    int rc = 0;

    for (size_t i = 0; rc == 0 && i < view->count; i++) {
        struct opened *op = &view->opened[i];
        const int64_t own = op->number > seq_number(after) ? 0 : seq_own(after);

        if (op->sp == NULL || op->number < seq_number(after))
            continue;
        if (!goes_on)
            seek(op, own);
        rc = next_in(view, i, own, out, arena, why);
    }
    view->at = rc == 1 ? out->row.seq : after;
    return rc;
}
