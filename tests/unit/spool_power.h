/*
 * spool_power.h - what is in a spool's folder after the power went
 *
 * All that is done to the files of a folder is recorded: what SQLite does by
 * the VFS, what the bridge does by itself by the linker (--wrap, see
 * tests/CMakeLists.txt). Then it is done again, step by step, on a model of a
 * disk, which knows after each step what may be left.
 *
 *     content  of a file: what was synced. What was written since is lost, or
 *              it is not, of one kind of file or of the other. After a sync
 *              that failed there must be no other: nobody knows what it would
 *              say.
 *     names    as they were when the folder was synced. Of the changes since,
 *              any may be there, in whatever order they came.
 *
 * POSIX promises no more, in particular not that syncing a new file makes its
 * name durable.
 */
#ifndef TEST_SPOOL_POWER_H
#define TEST_SPOOL_POWER_H

#include "spool_dir_support.h"

#include <errno.h>
#include <fcntl.h>

enum { NAME_SIZE = 48, NAMES_MAX = 32, INODES_MAX = 64, PENDING_MAX = 8 };

/* ---- a disk -------------------------------------------------------------- */

struct content {
    char *data;
    size_t len;
};

struct inode {
    struct content now;
    struct content synced;
    bool dirty;  /* they differ, maybe */
    bool failed; /* a sync of it has */
};

struct names {
    size_t count;
    struct {
        char name[NAME_SIZE];
        size_t inode;
    } items[NAMES_MAX];
};

/* A change of a name. */
struct renaming {
    char from[NAME_SIZE]; /* "": it is new */
    char to[NAME_SIZE];   /* "": it is gone */
    size_t inode;         /* of a new one */
};

/* ---- what was done ------------------------------------------------------- */

struct power_step {
    struct told told; /* its texts and data are its own */
    int64_t mark;
};

static struct {
    bool records;
    int64_t mark; /* the test's, of all that is recorded from now on */
    struct power_step *steps;
    size_t step_count;
    size_t capacity;

    struct inode inodes[INODES_MAX];
    size_t inode_count;
    struct names synced; /* as they are on disk */
    struct names now;
    struct renaming pending[PENDING_MAX]; /* between both */
    size_t pending_count;
} power;

static inline const char *name_in(const char *path)
{
    const char *slash = strrchr(path, '/');

    return slash == NULL ? path : slash + 1;
}

static inline char *copy_name(const char *path)
{
    char *name = path == NULL ? NULL : strdup(name_in(path));

    assert_true(name == NULL || strlen(name) < NAME_SIZE);
    return name;
}

static inline void record_step(const struct told *told)
{
    struct power_step *step;
    char *data = NULL;

    if (!power.records || (told->what != TOLD_NOTHING &&
                           strncmp(name_in(told->path), "spool-", 6) != 0))
        return;
    if (power.step_count == power.capacity) {
        power.capacity = power.capacity == 0 ? 256 : 2 * power.capacity;
        power.steps =
            realloc(power.steps, power.capacity * sizeof(power.steps[0]));
        assert_non_null(power.steps);
    }
    if (told->data != NULL) {
        data = malloc((size_t)told->len + 1);
        assert_non_null(data);
        memcpy(data, told->data, (size_t)told->len);
    }
    step = &power.steps[power.step_count++];
    *step = (struct power_step){*told, power.mark};
    step->told.path = copy_name(told->path);
    step->told.to = copy_name(told->to);
    step->told.data = data;
}

/* ---- what the bridge does by itself -------------------------------------- */

int __real_open(const char *path, int flags, ...);
int __real_rename(const char *from, const char *to);
int __real_unlink(const char *path);
int __wrap_open(const char *path, int flags, ...);
int __wrap_rename(const char *from, const char *to);
int __wrap_unlink(const char *path);
int __wrap_fsync(int fd);

int __wrap_open(const char *path, int flags, ...)
{
    const bool is_new =
        (flags & O_CREAT) != 0 && access(path, F_OK) == -1 && errno == ENOENT;
    mode_t mode = 0;
    va_list args;
    int fd;

    va_start(args, flags);
    if ((flags & O_CREAT) != 0)
        mode = va_arg(args, mode_t);
    va_end(args);
    fd = __real_open(path, flags, mode);
    if (fd != -1 && is_new)
        record_step(&(struct told){.what = TOLD_MAKE, .path = path});
    return fd;
}

int __wrap_rename(const char *from, const char *to)
{
    const int rc = __real_rename(from, to);

    if (rc == 0)
        record_step(
            &(struct told){.what = TOLD_RENAME, .path = from, .to = to});
    return rc;
}

int __wrap_unlink(const char *path)
{
    const int rc = __real_unlink(path);

    if (rc == 0)
        record_step(&(struct told){.what = TOLD_DELETE, .path = path});
    return rc;
}

/* Nobody pulls the plug, so nothing is synced really. */
int __wrap_fsync(int fd)
{
    struct stat st, wanted;

    if (fstat(fd, &st) == 0 && stat(folder, &wanted) == 0 &&
        st.st_ino == wanted.st_ino)
        record_step(&(struct told){.what = TOLD_SYNC_NAMES, .path = "spool-"});
    return 0;
}

/* ---- doing it again ------------------------------------------------------ */

static inline void copy_content(struct content *to, const struct content *from)
{
    to->data = realloc(to->data, from->len + 1);
    assert_non_null(to->data);
    if (from->len > 0)
        memcpy(to->data, from->data, from->len);
    to->len = from->len;
}

static inline void set_length(struct content *content, size_t len)
{
    content->data = realloc(content->data, len + 1);
    assert_non_null(content->data);
    if (len > content->len)
        memset(content->data + content->len, 0, len - content->len);
    content->len = len;
}

static inline size_t find_name(const struct names *names, const char *name)
{
    size_t at = 0;

    while (at < names->count && strcmp(names->items[at].name, name) != 0)
        at++;
    return at;
}

static inline void change_names(struct names *names,
                                const struct renaming *change)
{
    size_t inode = change->inode;
    size_t at;

    if (change->from[0] != '\0') {
        at = find_name(names, change->from);
        if (at == names->count)
            return; /* it was lost how it got that name */
        inode = names->items[at].inode;
        names->items[at] = names->items[--names->count];
    }
    if (change->to[0] == '\0')
        return;
    at = find_name(names, change->to);
    assert_true(at < NAMES_MAX);
    memcpy(names->items[at].name, change->to, NAME_SIZE);
    names->items[at].inode = inode;
    if (at == names->count)
        names->count++;
}

static inline void rename_later(const char *from, const char *to)
{
    struct renaming *change = &power.pending[power.pending_count++];

    assert_true(power.pending_count <= PENDING_MAX);
    *change = (struct renaming){0};
    snprintf(change->from, NAME_SIZE, "%.*s", NAME_SIZE - 1, from);
    snprintf(change->to, NAME_SIZE, "%.*s", NAME_SIZE - 1, to);
    if (from[0] == '\0') {
        assert_true(power.inode_count < INODES_MAX);
        change->inode = power.inode_count++;
    }
    change_names(&power.now, change);
}

static inline struct inode *inode_named(const char *name)
{
    const size_t at = find_name(&power.now, name);

    if (at == power.now.count)
        fail_msg("there is no '%s'", name);
    return &power.inodes[power.now.items[at].inode];
}

static inline void change_content(const struct told *told)
{
    struct inode *inode = inode_named(told->path);
    const size_t end = (size_t)(told->at + told->len);

    if (told->what == TOLD_NO_SYNC) {
        inode->failed = true;
    } else if (told->what == TOLD_SYNC) {
        if (inode->failed)
            fail_msg("'%s' is synced after that has failed", told->path);
        copy_content(&inode->synced, &inode->now);
        inode->dirty = false;
    } else {
        if (told->what == TOLD_CUT || end > inode->now.len)
            set_length(&inode->now, end);
        if (told->len > 0)
            memcpy(inode->now.data + told->at, told->data, (size_t)told->len);
        inode->dirty = true;
    }
}

static inline void do_again(const struct told *told)
{
    switch (told->what) {
    case TOLD_WRITE:
    case TOLD_CUT:
    case TOLD_SYNC:
    case TOLD_NO_SYNC:
        change_content(told);
        break;
    case TOLD_MAKE:
        rename_later("", told->path);
        break;
    case TOLD_RENAME:
        rename_later(told->path, told->to);
        break;
    case TOLD_DELETE:
        rename_later(told->path, "");
        break;
    case TOLD_SYNC_NAMES:
        power.synced = power.now;
        power.pending_count = 0;
        break;
    case TOLD_NOTHING:
        break;
    }
}

/* ---- what is left -------------------------------------------------------- */

/* What of the content was not synced, and is there all the same. */
enum kept { KEPT_NOTHING, KEPT_IN_FILES, KEPT_IN_LOGS, KEPT_WAYS };

static inline bool is_kept(const char *name, enum kept kept)
{
    const bool is_log =
        strstr(name, "-wal") != NULL || strstr(name, "-journal") != NULL;

    return kept == (is_log ? KEPT_IN_LOGS : KEPT_IN_FILES);
}

/* Puts that into the folder; `changes` of names are there, a bit each. */
static inline void leave_in_folder(unsigned changes, enum kept kept)
{
    struct names names = power.synced;

    for (size_t i = 0; i < power.pending_count; i++)
        if ((changes >> i & 1) != 0)
            change_names(&names, &power.pending[i]);
    empty_folder();
    for (size_t i = 0; i < names.count; i++) {
        const char *name = names.items[i].name;
        const struct inode *inode = &power.inodes[names.items[i].inode];
        const struct content *content =
            is_kept(name, kept) ? &inode->now : &inode->synced;

        write_file(name, content->data == NULL ? "" : content->data,
                   content->len);
    }
}

/* Whether it makes a difference after this step. */
static inline bool is_worth_a_look(const struct told *told, enum kept kept)
{
    const bool is_content = told->what == TOLD_WRITE || told->what == TOLD_CUT;

    if (told->what == TOLD_NO_SYNC)
        return false;
    if (kept == KEPT_NOTHING)
        return !is_content;
    if (is_content)
        return is_kept(told->path, kept);
    for (size_t i = 0; i < power.now.count; i++)
        if (power.inodes[power.now.items[i].inode].dirty &&
            is_kept(power.now.items[i].name, kept))
            return true;
    return false;
}

/* ---- for the test -------------------------------------------------------- */

/* From now on, with the files that are there now, and all of them synced. */
static inline void power_record(void)
{
    DIR *opened = opendir(folder);
    struct dirent *entry;

    assert_non_null(opened);
    while ((entry = readdir(opened)) != NULL) {
        struct inode *inode = &power.inodes[power.inode_count];

        if (strncmp(entry->d_name, "spool-", 6) != 0)
            continue;
        rename_later("", entry->d_name);
        do_again(&(struct told){.what = TOLD_SYNC_NAMES});
        inode->now.data = load_file(entry->d_name, &inode->now.len);
        copy_content(&inode->synced, &inode->now);
    }
    closedir(opened);
    disk_tells = record_step;
    power.records = true;
}

/* A step that changes nothing but the mark. */
static inline void power_mark(int64_t mark)
{
    power.mark = mark;
    record_step(&(struct told){.what = TOLD_NOTHING});
}

static inline void power_stop(void)
{
    power.records = false;
    disk_tells = NULL;
}

/* Drops all steps from that one on. */
static inline void drop_steps(size_t first)
{
    for (size_t i = first; i < power.step_count; i++) {
        free((char *)power.steps[i].told.path);
        free((char *)power.steps[i].told.to);
        free((void *)power.steps[i].told.data);
    }
    power.step_count = first;
}

/* The file's renaming is the last thing that was done. */
static inline void power_end_at_renaming(const char *name)
{
    for (size_t i = 0; i < power.step_count; i++) {
        const struct told *told = &power.steps[i].told;

        if (told->what != TOLD_RENAME || strcmp(told->path, name) != 0)
            continue;
        drop_steps(i + 1);
        return;
    }
    fail_msg("'%s' was not renamed", name);
}

/* Has a look at the folder after each step, as often as there are ways to
 * lose something. `text` is for people. */
static inline int64_t power_replay(void (*look)(int64_t mark, const char *text))
{
    static const char *const ways[] = {"nothing", "files", "logs"};
    char text[128];
    int64_t looks = 0;

    assert_false(power.records);
    for (size_t i = 0; i < power.step_count; i++) {
        const struct power_step *step = &power.steps[i];

        do_again(&step->told);
        for (int kept = 0; kept < KEPT_WAYS; kept++) {
            if (!is_worth_a_look(&step->told, (enum kept)kept))
                continue;
            for (unsigned names = 0; names >> power.pending_count == 0;
                 names++) {
                leave_in_folder(names, (enum kept)kept);
                snprintf(text, sizeof(text),
                         "after step %zu (%d, '%s'), with %s kept and %x of "
                         "%zu new names",
                         i, (int)step->told.what,
                         step->told.path == NULL ? "" : step->told.path,
                         ways[kept], names, power.pending_count);
                look(step->mark, text);
                looks++;
            }
        }
    }
    return looks;
}

/* Of all, and it begins anew. */
static inline void power_forget(void)
{
    power_stop();
    drop_steps(0);
    free(power.steps);
    for (size_t i = 0; i < INODES_MAX; i++) {
        free(power.inodes[i].now.data);
        free(power.inodes[i].synced.data);
    }
    memset(&power, 0, sizeof(power));
}

#endif
