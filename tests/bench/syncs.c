/*
 * syncs.c - to be preloaded: how long each fsync takes
 *
 * SYNCS names a file of SLOTS counters of 64 bits, which whoever has the file
 * may read at any time: counter n is of those that took from n to n + 1 times
 * UNIT_NS, the last one of all that took longer. See measure/syncs.py.
 */
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <stdatomic.h>
#include <stdint.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <time.h>
#include <unistd.h>

enum { SLOTS = 1 << 16, UNIT_NS = 10 * 1000 };

static _Atomic(uint64_t) *counters;
static int (*real_fsync)(int);
static int (*real_fdatasync)(int);

__attribute__((constructor)) static void begin(void)
{
    const char *path = getenv("SYNCS");
    int fd = path == NULL ? -1 : open(path, O_RDWR | O_CLOEXEC);

    /* as POSIX has it: the one way from an object to a function */
    *(void **)&real_fsync = dlsym(RTLD_NEXT, "fsync");
    *(void **)&real_fdatasync = dlsym(RTLD_NEXT, "fdatasync");
    if (fd == -1)
        abort();
    counters = mmap(NULL, SLOTS * sizeof(*counters), PROT_READ | PROT_WRITE,
                    MAP_SHARED, fd, 0);
    if (counters == MAP_FAILED)
        abort();
    close(fd);
}

static int timed(int (*sync)(int), int fd)
{
    struct timespec before, after;
    int error, rc;
    int64_t slot;

    clock_gettime(CLOCK_MONOTONIC, &before);
    rc = sync(fd);
    error = errno;
    clock_gettime(CLOCK_MONOTONIC, &after);
    slot = ((int64_t)(after.tv_sec - before.tv_sec) * 1000000000 +
            after.tv_nsec - before.tv_nsec) /
           UNIT_NS;
    atomic_fetch_add(&counters[slot < SLOTS ? slot : SLOTS - 1], 1);
    errno = error;
    return rc;
}

int fsync(int fd) { return timed(real_fsync, fd); }

int fdatasync(int fd) { return timed(real_fdatasync, fd); }
