/*
 * spool_lock.c - whose a spool's folder is
 *
 * An flock(), so that it goes with the process however that ends.
 */
#include "spool/spool_lock.h"

#include "base/clock.h"
#include "spool/spool_folder.h"

#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <sys/file.h>
#include <time.h>
#include <unistd.h>

enum {
    LOOK_PAUSE_MS = 50,
    LOOK_PAUSES = 40,
    HOST_SIZE = 65, /* with its end; Linux has 64 */
    LOCK_TEXT_SIZE = HOST_SIZE + 16
};

/* By those alone who look at it: they have their share of the lock, and have
 * written no pid. */
static bool is_looked_at(int fd)
{
    if (flock(fd, LOCK_SH | LOCK_NB) == -1)
        return false;
    flock(fd, LOCK_UN);
    return true;
}

/* Whoever has the lock, as it has written that down: "123 host". */
static int fail_busy(const char *folder, int fd, bool looked_at,
                     struct fault *why)
{
    char text[LOCK_TEXT_SIZE] = "";
    char host[HOST_SIZE] = "";
    int pid = 0;

    if (pread(fd, text, sizeof(text) - 1, 0) > 0)
        (void)!sscanf(text, "%d %64[A-Za-z0-9._-]", &pid, host);
    if (looked_at || pid <= 0)
        return fault_set(why, FAULT_BUSY,
                         "cannot use '%s': another process %s it", folder,
                         looked_at ? "looks at" : "has");
    return fault_set(why, FAULT_BUSY,
                     "cannot use '%s': process %d on %s has it", folder, pid,
                     host[0] == '\0' ? "some host" : host);
}

/* For people: where the disk is full it does without. Containers have a pid
 * each that says nothing, and a host name that does. */
static void write_owner(int fd)
{
    char text[LOCK_TEXT_SIZE];
    char host[HOST_SIZE] = "";

    if (gethostname(host, sizeof(host) - 1) == -1)
        host[0] = '\0';
    snprintf(text, sizeof(text), "%d %s\n", (int)getpid(), host);
    if (ftruncate(fd, 0) == 0)
        (void)!pwrite(fd, text, strlen(text), 0);
}

/* Takes it, or closes the file. Looking takes a moment, as a rule, and must
 * not keep a bridge from starting. */
static int take_lock(const char *folder, const char *path, int fd, int how,
                     struct fault *why)
{
    const struct timespec pause = clock_timespec(LOOK_PAUSE_MS * 1000);
    bool looked_at = true;
    int err = EWOULDBLOCK;

    for (int i = 0; looked_at && err == EWOULDBLOCK && i < LOOK_PAUSES; i++) {
        if (flock(fd, how | LOCK_NB) == 0)
            return 0;
        err = errno;
        looked_at = how == LOCK_EX && is_looked_at(fd);
        if (looked_at)
            nanosleep(&pause, NULL);
    }
    if (err == EWOULDBLOCK)
        fail_busy(folder, fd, looked_at, why);
    else
        fault_set_errno(why, FAULT_IO, err, "cannot lock '%s'", path);
    close(fd);
    return -1;
}

int spool_lock_take(const char *folder, int *fd, struct fault *why)
{
    char path[SPOOL_PATH_SIZE];
    int lock;

    snprintf(path, sizeof(path), "%s/lock", folder);
    lock = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0600);
    if (lock == -1)
        return fault_set_errno(why, errno == ENOSPC ? FAULT_FULL : FAULT_IO,
                               errno, "cannot open '%s'", path);
    if (take_lock(folder, path, lock, LOCK_EX, why) == -1)
        return -1;
    write_owner(lock);
    *fd = lock;
    return 0;
}

int spool_lock_to_look(const char *folder, int *fd, struct fault *why)
{
    char path[SPOOL_PATH_SIZE];
    int lock;

    *fd = -1;
    snprintf(path, sizeof(path), "%s/lock", folder);
    lock = open(path, O_RDONLY | O_CLOEXEC);
    if (lock == -1 && errno == ENOENT)
        return 0;
    if (lock == -1)
        return fault_set_errno(why, FAULT_IO, errno, "cannot open '%s'", path);
    if (take_lock(folder, path, lock, LOCK_SH, why) == -1)
        return -1;
    *fd = lock;
    return 0;
}
