/*
 * spool_disk.c - what a spool asks of the file system
 */
#include "spool/spool_disk.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <unistd.h>

/*
 * SQLite would let everybody read it. Where the file is there it is not even
 * opened: POSIX drops all locks of a process on a file when it closes any
 * descriptor of it, and this process may have it open as a spool.
 */
int spool_disk_make(const char *path, struct fault *why)
{
    const int fd = open(path, O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, 0600);

    if (fd != -1)
        close(fd);
    else if (errno != EEXIST)
        return fault_set_errno(why, errno == ENOSPC ? FAULT_FULL : FAULT_IO,
                               errno, "cannot create '%s'", path);
    return 0;
}

int spool_disk_sync_folder(const char *path, struct fault *why)
{
    const char *slash = strrchr(path, '/');
    char *folder =
        slash == NULL ? strdup(".") : strndup(path, (size_t)(slash - path) + 1);
    int rc = 0;
    int fd;

    if (folder == NULL)
        return fault_set(why, FAULT_NOMEM, "cannot allocate a path");
    fd = open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (fd == -1 || fsync(fd) == -1)
        rc = fault_set_errno(why, FAULT_IO, errno, "cannot sync '%s'", folder);
    if (fd != -1)
        close(fd);
    free(folder);
    return rc;
}

static int has_wal(const char *path, size_t max, bool *out, struct fault *why)
{
    struct buf wal = BUF_INIT(max);
    struct stat st;
    int rc = buf_addf(&wal, why, "%s-wal", path);

    if (rc == 0 && stat(wal.data, &st) == 0)
        *out = st.st_size > 0;
    else if (rc == 0 && errno == ENOENT)
        *out = false;
    else if (rc == 0)
        rc =
            fault_set_errno(why, FAULT_IO, errno, "cannot open '%s'", wal.data);
    buf_release(&wal);
    return rc;
}

/*
 * "immutable" touches nothing but the file, and does not see a WAL either.
 * To see one, SQLite takes a lock that a file which is opened for reading
 * does not get: so without locks ("unix-none"). But where there is no WAL,
 * that way would make one.
 */
int spool_disk_look(const char *path, struct buf *uri, struct fault *why)
{
    bool wal = false;
    struct stat st;

    if (stat(path, &st) == -1)
        return fault_set_errno(why, FAULT_IO, errno, "cannot open '%s'", path);
    if (st.st_size == 0)
        return fault_set(why, FAULT_CORRUPT, "cannot open '%s': it is empty",
                         path);
    if (has_wal(path, uri->max, &wal, why) == -1 ||
        buf_add_text(uri, "file:", why) == -1)
        return -1;
    /* each byte escaped, so that no name can mean anything else */
    for (; *path != '\0'; path++)
        if (buf_addf(uri, why, "%%%02X", (unsigned char)*path) == -1)
            return -1;
    return buf_add_text(uri, wal ? "?vfs=unix-none" : "?immutable=1", why);
}

void spool_disk_identify(const char *path, struct disk_id *out)
{
    struct stat st;

    *out = (struct disk_id){0};
    if (stat(path, &st) == 0)
        *out = (struct disk_id){(uint64_t)st.st_dev, (uint64_t)st.st_ino};
}

bool spool_disk_is_at(const char *path, const struct disk_id *id)
{
    struct stat st;

    if (id->inode == 0)
        return true;
    if (stat(path, &st) == -1)
        return errno != ENOENT && errno != ENOTDIR;
    return id->device == (uint64_t)st.st_dev &&
           id->inode == (uint64_t)st.st_ino;
}

bool spool_disk_has_room(const char *path, int64_t bytes)
{
    struct statvfs fs;

    if (bytes <= 0 || statvfs(path, &fs) == -1)
        return true;
    return (uint64_t)fs.f_bavail >= (uint64_t)bytes / fs.f_frsize;
}
