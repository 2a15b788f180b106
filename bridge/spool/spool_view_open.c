/*
 * spool_view_open.c - looking at a spool: which files there are, and opening
 * them
 */
#include "spool/spool_lock.h"
#include "spool/spool_view_parts.h"

#include <dirent.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

enum { FILES_MAX = 4096 };

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

/* What cannot be read of it is as if it was not there. */
static void read_notes(struct spool_view *view)
{
    for (size_t i = 0; i < view->count; i++) {
        struct opened *op = &view->opened[i];
        bool found = false;

        for (size_t k = view->count; op->sp != NULL && !found && k-- > i + 1;)
            if (view->opened[k].sp != NULL &&
                spool_note_read(view->opened[k].sp, op->number, op->sp,
                                &op->gone, &found, NULL) == -1)
                found = false;
        if (found && view->files[i].state == VIEW_SOUND)
            view->files[i].state = VIEW_FAILED;
    }
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

    if (spool_lock_to_look(view->folder, &view->lock, why) == -1 ||
        spool_folder_list(view->folder, &entries, &count, &highest, why) == -1)
        return -1;
    view->unlocked = view->lock == -1;
    if (view->unlocked && highest == 0)
        rc =
            fault_set(why, FAULT_IO, "there is no spool in '%s'", view->folder);
    for (size_t i = 0; rc == 0 && i < count; i++)
        rc = add_file(view, &entries[i], highest, why);
    free(entries);
    if (rc == -1)
        return -1;
    read_notes(view);
    return add_bad(view, why);
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
        if (spool_lock_to_look(view->folder, &view->lock, why) == -1)
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
    for (size_t i = 0; i < view->count; i++) {
        spool_close(view->opened[i].sp);
        gone_release(&view->opened[i].gone.numbers);
    }
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
    if (spool_lock_to_look(view->folder, &lock, why) == -1)
        return -1;
    if (lock == -1)
        return 0;
    close(lock);
    return fault_set(why, FAULT_BUSY,
                     "a process has used '%s' while it was looked at",
                     view->folder);
}
