/*
 * spool_disk.c - what a spool asks of the file system
 */
#include "deliver/spool_disk.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
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

bool spool_disk_has_room(const char *path, int64_t bytes)
{
    struct statvfs fs;

    if (bytes <= 0 || statvfs(path, &fs) == -1)
        return true;
    return (uint64_t)fs.f_bavail >= (uint64_t)bytes / fs.f_frsize;
}
