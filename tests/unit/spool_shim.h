/*
 * spool_shim.h - a disk that fails when it is told to
 *
 * A VFS of SQLite stands before the real one. It makes a chosen call fail, and
 * knows what would be left if the power went now: what was synced, and nothing
 * else. It syncs nothing really, since nobody pulls the plug.
 */
#ifndef TEST_SPOOL_SHIM_H
#define TEST_SPOOL_SHIM_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <errno.h>
#include <pthread.h>
#include <sqlite3.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { PATH_SIZE = 1024 };

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))
static char dir[512];

static const char *const suffixes[] = {"", "-wal", "-journal"};

/* Good until the next call but one. */
static inline const char *path_of(const char *name, const char *suffix)
{
    static char paths[2][PATH_SIZE];
    static size_t turn;
    char *path = paths[turn++ % 2];

    snprintf(path, PATH_SIZE, "%s/%s%s", dir, name, suffix);
    return path;
}

static inline void remove_files(const char *name)
{
    for (size_t i = 0; i < COUNT(suffixes); i++)
        unlink(path_of(name, suffixes[i]));
}

/* ---- who wants to know --------------------------------------------------- */

/* What was done to a file, or to its name. */
struct told {
    enum {
        TOLD_WRITE,
        TOLD_CUT,
        TOLD_SYNC,
        TOLD_NO_SYNC, /* it failed */
        TOLD_MAKE,
        TOLD_RENAME, /* SQLite does not */
        TOLD_DELETE,
        TOLD_SYNC_NAMES, /* in its folder */
        TOLD_NOTHING
    } what;
    const char *path;
    const char *to;   /* TOLD_RENAME */
    const void *data; /* TOLD_WRITE */
    int64_t len;
    int64_t at; /* TOLD_CUT: its size then */
};

/* Called when it is done; NULL: nobody wants to know. */
static void (*disk_tells)(const struct told *told);

static inline void tell(const struct told *told)
{
    if (disk_tells != NULL && told->path != NULL)
        disk_tells(told);
}

/* ---- the VFS ------------------------------------------------------------- */

enum call { READS, WRITES, SYNCS, TRUNCATES, CALLS, NONE = CALLS };

/* Where a thread writes while a test says what fails. */
static pthread_mutex_t disk_lock = PTHREAD_MUTEX_INITIALIZER;

static struct {
    sqlite3_vfs vfs;
    sqlite3_vfs *real;

    enum call fails;
    const char *only; /* in the path of the file that fails; NULL: any does */
    int64_t nth;      /* the call that fails, from 0 on */
    bool for_good;    /* and so do all of its kind that follow */
    int64_t reads_at; /* only what is read there fails; -1: any does */
    int rc;
    bool hit;

    int64_t calls[CALLS];

    bool keeps_images;
    struct image {
        char *data; /* NULL: no such file */
        size_t len;
    } images[COUNT(suffixes)]; /* of what was synced */
} disk;

struct shim_file {
    sqlite3_file base;
    const char *path;    /* SQLite's; NULL: it has none */
    struct image *image; /* NULL: not one of ours */
    bool syncs_names;    /* with the first sync, as SQLite does it */
    int last_errno;      /* of a read, as SQLite's own VFS has it */
    sqlite3_file *real;
};

static inline sqlite3_file *real_of(sqlite3_file *file)
{
    return ((struct shim_file *)file)->real;
}

/* Needs the lock. */
static inline bool is_next(sqlite3_file *file, enum call call)
{
    const char *path = ((struct shim_file *)file)->path;
    int64_t count;

    if (disk.only != NULL && (path == NULL || strstr(path, disk.only) == NULL))
        return false;
    count = disk.calls[call]++;
    if (call != disk.fails || count < disk.nth ||
        (count > disk.nth && !disk.for_good))
        return false;
    disk.hit = true;
    return true;
}

static inline bool now_fails(sqlite3_file *file, enum call call)
{
    bool fails;

    pthread_mutex_lock(&disk_lock);
    fails = is_next(file, call);
    pthread_mutex_unlock(&disk_lock);
    return fails;
}

/* From the n-th call on, of those that are still to come; NONE: nothing
 * fails. */
static inline void disk_fails(enum call call, int rc, int64_t nth,
                              bool for_good)
{
    pthread_mutex_lock(&disk_lock);
    memset(disk.calls, 0, sizeof(disk.calls));
    disk.fails = call;
    disk.rc = rc;
    disk.nth = nth;
    disk.for_good = for_good;
    disk.hit = false;
    pthread_mutex_unlock(&disk_lock);
}

static inline void disk_only(const char *part_of_path)
{
    pthread_mutex_lock(&disk_lock);
    disk.only = part_of_path;
    pthread_mutex_unlock(&disk_lock);
}

static inline bool disk_was_hit(void)
{
    bool hit;

    pthread_mutex_lock(&disk_lock);
    hit = disk.hit;
    pthread_mutex_unlock(&disk_lock);
    return hit;
}

static inline void keep_image(sqlite3_file *file, struct image *image)
{
    sqlite3_int64 size;

    assert_int_equal(file->pMethods->xFileSize(file, &size), SQLITE_OK);
    image->data = realloc(image->data, (size_t)size + 1);
    assert_non_null(image->data);
    image->len = (size_t)size;
    assert_int_equal(file->pMethods->xRead(file, image->data, (int)size, 0),
                     SQLITE_OK);
}

static inline void drop_image(struct image *image)
{
    free(image->data);
    image->data = NULL;
    image->len = 0;
}

static inline int shim_close(sqlite3_file *file)
{
    return real_of(file)->pMethods->xClose(real_of(file));
}

static inline int shim_read(sqlite3_file *file, void *out, int len,
                            sqlite3_int64 at)
{
    if ((disk.reads_at == -1 || disk.reads_at == at) &&
        now_fails(file, READS)) {
        ((struct shim_file *)file)->last_errno =
            disk.rc == SQLITE_IOERR_CORRUPTFS ? EIO : 0;
        return disk.rc;
    }
    return real_of(file)->pMethods->xRead(real_of(file), out, len, at);
}

/* What fails is torn, too. */
static inline int shim_write(sqlite3_file *file, const void *data, int len,
                             sqlite3_int64 at)
{
    sqlite3_file *real = real_of(file);
    const bool fails = now_fails(file, WRITES);
    int rc;

    if (fails)
        len /= 2;
    rc = real->pMethods->xWrite(real, data, len, at);
    tell(&(struct told){.what = TOLD_WRITE,
                        .path = ((struct shim_file *)file)->path,
                        .data = data,
                        .len = len,
                        .at = at});
    return fails ? disk.rc : rc;
}

static inline int shim_truncate(sqlite3_file *file, sqlite3_int64 size)
{
    int rc;

    if (now_fails(file, TRUNCATES))
        return disk.rc;
    rc = real_of(file)->pMethods->xTruncate(real_of(file), size);
    tell(&(struct told){.what = TOLD_CUT,
                        .path = ((struct shim_file *)file)->path,
                        .at = size});
    return rc;
}

static inline int shim_sync(sqlite3_file *file, int flags)
{
    struct shim_file *shim = (struct shim_file *)file;

    (void)flags;
    if (now_fails(file, SYNCS)) {
        tell(&(struct told){.what = TOLD_NO_SYNC, .path = shim->path});
        return disk.rc;
    }
    if (disk.keeps_images && shim->image != NULL)
        keep_image(shim->real, shim->image);
    tell(&(struct told){.what = TOLD_SYNC, .path = shim->path});
    if (shim->syncs_names)
        tell(&(struct told){.what = TOLD_SYNC_NAMES, .path = shim->path});
    shim->syncs_names = false;
    return SQLITE_OK;
}

static inline int shim_size(sqlite3_file *file, sqlite3_int64 *size)
{
    return real_of(file)->pMethods->xFileSize(real_of(file), size);
}

static inline int shim_lock(sqlite3_file *file, int level)
{
    return real_of(file)->pMethods->xLock(real_of(file), level);
}

static inline int shim_unlock(sqlite3_file *file, int level)
{
    return real_of(file)->pMethods->xUnlock(real_of(file), level);
}

static inline int shim_check_lock(sqlite3_file *file, int *out)
{
    return real_of(file)->pMethods->xCheckReservedLock(real_of(file), out);
}

static inline int shim_control(sqlite3_file *file, int op, void *arg)
{
    if (op == SQLITE_FCNTL_LAST_ERRNO) {
        *(int *)arg = ((struct shim_file *)file)->last_errno;
        return SQLITE_OK;
    }
    return real_of(file)->pMethods->xFileControl(real_of(file), op, arg);
}

static inline int shim_sector(sqlite3_file *file)
{
    return real_of(file)->pMethods->xSectorSize(real_of(file));
}

static inline int shim_device(sqlite3_file *file)
{
    return real_of(file)->pMethods->xDeviceCharacteristics(real_of(file));
}

/* Version 1: without shared memory, which a spool does not use. */
static const sqlite3_io_methods methods = {
    .iVersion = 1,
    .xClose = shim_close,
    .xRead = shim_read,
    .xWrite = shim_write,
    .xTruncate = shim_truncate,
    .xSync = shim_sync,
    .xFileSize = shim_size,
    .xLock = shim_lock,
    .xUnlock = shim_unlock,
    .xCheckReservedLock = shim_check_lock,
    .xFileControl = shim_control,
    .xSectorSize = shim_sector,
    .xDeviceCharacteristics = shim_device,
};

static inline struct image *image_of(const char *path)
{
    for (size_t i = 0; path != NULL && i < COUNT(suffixes); i++)
        if (strcmp(path, path_of("spool.db", suffixes[i])) == 0)
            return &disk.images[i];
    return NULL;
}

static inline int shim_open(sqlite3_vfs *vfs, const char *name,
                            sqlite3_file *file, int flags, int *out_flags)
{
    const bool is_new = name != NULL && access(name, F_OK) == -1;
    struct shim_file *shim = (struct shim_file *)file;
    int rc;

    (void)vfs;
    shim->real = (sqlite3_file *)(shim + 1);
    shim->last_errno = 0;
    shim->path = name;
    shim->image = image_of(name);
    shim->syncs_names =
        (flags & (SQLITE_OPEN_WAL | SQLITE_OPEN_MAIN_JOURNAL)) != 0 &&
        (flags & SQLITE_OPEN_CREATE) != 0;
    rc = disk.real->xOpen(disk.real, name, shim->real, flags, out_flags);
    shim->base.pMethods = shim->real->pMethods == NULL ? NULL : &methods;
    if (rc == SQLITE_OK && is_new)
        tell(&(struct told){.what = TOLD_MAKE, .path = name});
    return rc;
}

static inline int shim_delete(sqlite3_vfs *vfs, const char *name, int sync_dir)
{
    struct image *image = image_of(name);
    int rc;

    (void)vfs;
    if (image != NULL)
        drop_image(image);
    rc = disk.real->xDelete(disk.real, name, sync_dir);
    if (rc == SQLITE_OK)
        tell(&(struct told){.what = TOLD_DELETE, .path = name});
    if (rc == SQLITE_OK && sync_dir)
        tell(&(struct told){.what = TOLD_SYNC_NAMES, .path = name});
    return rc;
}

static inline int shim_access(sqlite3_vfs *vfs, const char *name, int flags,
                              int *out)
{
    (void)vfs;
    return disk.real->xAccess(disk.real, name, flags, out);
}

static inline int shim_full_path(sqlite3_vfs *vfs, const char *name, int len,
                                 char *out)
{
    (void)vfs;
    return disk.real->xFullPathname(disk.real, name, len, out);
}

static inline int no_error(sqlite3_vfs *vfs, int len, char *out)
{
    (void)vfs;
    (void)len;
    (void)out;
    return 0;
}

static inline void make_vfs(void)
{
    disk.real = sqlite3_vfs_find(NULL);
    assert_non_null(disk.real);
    disk.vfs = *disk.real;
    disk.vfs.iVersion = 1;
    disk.vfs.zName = "shim";
    disk.vfs.szOsFile = (int)sizeof(struct shim_file) + disk.real->szOsFile;
    disk.vfs.xOpen = shim_open;
    disk.vfs.xDelete = shim_delete;
    disk.vfs.xAccess = shim_access;
    disk.vfs.xFullPathname = shim_full_path;
    disk.vfs.xGetLastError = no_error;
}

/* All that is opened from now on. */
static inline void disk_is(bool shimmed)
{
    assert_int_equal(sqlite3_vfs_register(&disk.vfs, shimmed), SQLITE_OK);
    if (!shimmed)
        assert_int_equal(sqlite3_vfs_register(disk.real, 1), SQLITE_OK);
    disk.fails = NONE;
    disk.only = NULL;
    disk.reads_at = -1;
    disk.keeps_images = false;
    disk.hit = false;
    memset(disk.calls, 0, sizeof(disk.calls));
    for (size_t i = 0; i < COUNT(disk.images); i++)
        drop_image(&disk.images[i]);
}

#endif
