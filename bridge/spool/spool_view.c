/*
 * spool_view.c - looking at a spool that no bridge has
 *
 * A file's records and what is aside in it are two tables with numbers of the
 * same kind; they are gone through side by side.
 */
#include "spool/spool_view.h"

#include "spool/spool_dir_parts.h"

#include <dirent.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

enum { FILES_MAX = 4096 };

/* What spool_view_file tells, and the file. */
struct opened {
    int64_t number;
    struct spool *sp; /* NULL: nothing is read of it */
    bool was_older;
    struct spool_walk walk;
    int64_t next;  /* number that the walk is at; 0: not known, -1: at its
                      end */
    int64_t aside; /* likewise, of those aside */
};

struct spool_view {
    char folder[SPOOL_PATH_SIZE];
    int lock;      /* -1: there is none */
    bool unlocked; /* the folder had no lock */
    bool is_whole;
    int64_t at; /* what was asked for last */
    struct spool_view_file *files;
    struct opened *opened; /* of the same index */
    size_t count;
    size_t capacity;
};

const char *spool_view_state_name(enum spool_view_state state)
{
    static const char *const names[] = {
        [VIEW_SOUND] = "sound",     [VIEW_FAILED] = "failed",
        [VIEW_DAMAGED] = "damaged", [VIEW_UNREADABLE] = "unreadable",
        [VIEW_BAD] = "set aside",
    };

    return names[state];
}

/* ---- the list ------------------------------------------------------------ */

static int make_room(struct spool_view *view, struct fault *why)
{
    const size_t capacity = view->capacity == 0 ? 8 : 2 * view->capacity;
    struct spool_view_file *files;
    struct opened *opened;

    if (view->count < view->capacity)
        return 0;
    if (view->count >= FILES_MAX)
        return fault_set(why, FAULT_IO, "cannot look at '%s': too many files",
                         view->folder);
    files = realloc(view->files, capacity * sizeof(*files));
    if (files != NULL)
        view->files = files;
    opened = realloc(view->opened, capacity * sizeof(*opened));
    if (opened != NULL)
        view->opened = opened;
    if (files == NULL || opened == NULL)
        return fault_set(why, FAULT_NOMEM, "cannot allocate a list of files");
    view->capacity = capacity;
    return 0;
}

/* The last one of the list, to be filled in. NULL: FAULT_NOMEM, FAULT_IO. */
static struct spool_view_file *add(struct spool_view *view, const char *name,
                                   int64_t number, struct fault *why)
{
    struct spool_view_file *file;

    if (make_room(view, why) == -1)
        return NULL;
    file = &view->files[view->count];
    memset(file, 0, sizeof(*file));
    snprintf(file->name, sizeof(file->name), "%s", name);
    view->opened[view->count++] = (struct opened){.number = number};
    return file;
}

/* ---- opening a file ------------------------------------------------------ */

/* Nothing was ever written to it: a crash came first. */
static bool is_blank(const char *path)
{
    char wal[SPOOL_PATH_SIZE + 8];
    struct stat st;

    snprintf(wal, sizeof(wal), "%s-wal", path);
    return stat(path, &st) == 0 && st.st_size == 0 &&
           (stat(wal, &st) == -1 || st.st_size == 0);
}

/* What cannot be read of it at all is no failure. */
static int open_file(struct spool_view *view, const char *path,
                     struct fault *why)
{
    struct spool_view_file *file = &view->files[view->count - 1];
    struct opened *op = &view->opened[view->count - 1];
    struct fault damage = FAULT_INIT;
    struct fault cause = FAULT_INIT;

    if (is_blank(path))
        return 0;
    if (spool_open_to_look(&op->sp, path, &damage, &cause) == -1) {
        if (cause.kind != FAULT_CORRUPT)
            return fault_set(why, cause.kind, "%s", cause.text);
        file->state = VIEW_UNREADABLE;
    } else if (damage.kind != FAULT_NONE) {
        file->state = VIEW_DAMAGED;
    } else {
        return 0;
    }
    view->is_whole = false;
    op->was_older = true; /* salvaging makes all of it doubtful */
    snprintf(file->trouble, sizeof(file->trouble), "%s", damage.text);
    return 0;
}

static bool is_marked(const char *folder, int64_t number)
{
    char path[SPOOL_PATH_SIZE];
    struct stat st;

    spool_file_name(path, folder, number, ".failed");
    return stat(path, &st) == 0;
}

/* The file, or what was made to take its place when a crash came. */
static int add_file(struct spool_view *view, const struct spool_entry *entry,
                    int64_t highest, struct fault *why)
{
    const char *behind = entry->is_there ? "" : ".new";
    char path[SPOOL_PATH_SIZE];

    if (!entry->is_there && !entry->has_new)
        return 0;
    spool_file_name(path, view->folder, entry->number, behind);
    if (add(view, strrchr(path, '/') + 1, entry->number, why) == NULL ||
        open_file(view, path, why) == -1)
        return -1;
    if (entry->number < highest)
        view->opened[view->count - 1].was_older = true;
    if (view->files[view->count - 1].state == VIEW_SOUND &&
        is_marked(view->folder, entry->number))
        view->files[view->count - 1].state = VIEW_FAILED;
    return 0;
}

/* ---- a folder ------------------------------------------------------------ */

/* "spool-00000001.db.bad", "….bad.2", and not what SQLite has beside it. */
static bool is_bad(const char *name, int64_t *number)
{
    const char *behind;

    *number = spool_file_number(name, &behind);
    return *number > 0 && strncmp(behind, ".bad", 4) == 0 &&
           strchr(behind, '-') == NULL;
}

static int by_name(const void *a, const void *b)
{
    const struct spool_view_file *one = a;
    const struct spool_view_file *two = b;

    return strcmp(one->name, two->name);
}

/* None of them is opened, so their order is theirs alone. */
static int add_bad(struct spool_view *view, struct fault *why)
{
    const size_t first = view->count;
    DIR *dir = opendir(view->folder);
    struct dirent *found;
    int rc = 0;

    if (dir == NULL)
        return fault_set_errno(why, FAULT_IO, errno, "cannot read '%s'",
                               view->folder);
    while (rc == 0 && (found = readdir(dir)) != NULL) {
        struct spool_view_file *file;
        int64_t number;

        if (!is_bad(found->d_name, &number))
            continue;
        file = add(view, found->d_name, number, why);
        if (file == NULL)
            rc = -1;
        else
            file->state = VIEW_BAD;
    }
    closedir(dir);
    if (view->count > first)
        qsort(view->files + first, view->count - first, sizeof(view->files[0]),
              by_name);
    return rc;
}

static int open_folder(struct spool_view *view, struct fault *why)
{
    struct spool_entry *entries = NULL;
    size_t count = 0;
    int64_t highest = 0;
    int rc = 0;

    if (spool_folder_lock_to_look(view->folder, &view->lock, why) == -1 ||
        spool_folder_list(view->folder, &entries, &count, &highest, why) == -1)
        return -1;
    view->unlocked = view->lock == -1;
    if (view->unlocked && highest == 0)
        rc =
            fault_set(why, FAULT_IO, "there is no spool in '%s'", view->folder);
    for (size_t i = 0; rc == 0 && i < count; i++)
        rc = add_file(view, &entries[i], highest, why);
    free(entries);
    return rc == -1 ? -1 : add_bad(view, why);
}

/* ---- a single file ------------------------------------------------------- */

/* What is set aside no bridge touches. Whether Kafka has a record of it is for
 * nobody to know. */
static int open_single(struct spool_view *view, const char *path,
                       struct fault *why)
{
    const char *slash = strrchr(path, '/');
    const char *name = slash == NULL ? path : slash + 1;
    int64_t number;

    snprintf(view->folder, sizeof(view->folder), "%.*s",
             slash == NULL ? 1 : (int)(slash - path) + 1,
             slash == NULL ? "." : path);
    if (!is_bad(name, &number)) {
        if (spool_folder_lock_to_look(view->folder, &view->lock, why) == -1)
            return -1;
        view->unlocked = view->lock == -1 && number > 0;
    }
    if (add(view, name, number, why) == NULL ||
        open_file(view, path, why) == -1)
        return -1;
    view->opened[0].was_older = true;
    if (view->files[0].state == VIEW_UNREADABLE)
        return fault_set(why, FAULT_CORRUPT, "%s", view->files[0].trouble);
    return 0;
}

/* ---- opening and closing ------------------------------------------------- */

static int open_path(struct spool_view *view, const char *path,
                     struct fault *why)
{
    struct stat st;

    if (strlen(path) + sizeof(view->files->name) > sizeof(view->folder))
        return fault_set_errno(why, FAULT_IO, ENAMETOOLONG,
                               "cannot open '%.200s'", path);
    if (stat(path, &st) == -1)
        return fault_set_errno(why, FAULT_IO, errno,
                               errno == ENOENT ? "there is no spool '%s'"
                                               : "cannot open '%s'",
                               path);
    if (!S_ISDIR(st.st_mode))
        return open_single(view, path, why);
    snprintf(view->folder, sizeof(view->folder), "%s", path);
    return open_folder(view, why);
}

int spool_view_open(struct spool_view **out, const char *path,
                    struct fault *why)
{
    struct spool_view *view = calloc(1, sizeof(*view));

    if (view == NULL)
        return fault_set(why, FAULT_NOMEM, "cannot allocate a view");
    view->lock = -1;
    view->is_whole = true;
    if (open_path(view, path, why) == -1) {
        spool_view_close(view);
        return -1;
    }
    *out = view;
    return 0;
}

void spool_view_close(struct spool_view *view)
{
    if (view == NULL)
        return;
    for (size_t i = 0; i < view->count; i++)
        spool_close(view->opened[i].sp);
    free(view->files);
    free(view->opened);
    if (view->lock != -1)
        close(view->lock);
    free(view);
}

int spool_view_check(const struct spool_view *view, struct fault *why)
{
    int lock = -1;

    if (!view->unlocked)
        return 0;
    if (spool_folder_lock_to_look(view->folder, &lock, why) == -1)
        return -1;
    if (lock == -1)
        return 0;
    close(lock);
    return fault_set(why, FAULT_BUSY,
                     "a process has used '%s' while it was looked at",
                     view->folder);
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
        out->records += one.records;
        out->bytes += one.bytes;
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
    rc = spool_walk(op->sp, &op->walk, &op->next, why);
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
