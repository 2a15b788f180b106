/*
 * disk.c - to be preloaded: writing to the spool's files fails when told to
 *
 * CRASH_SHIM names a file that is a struct control, by which whoever has it
 * says which call is to fail and sees how many there were. Only files with
 * "spool-" in their name are meant. What fails has done nothing.
 */
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

enum { WRITES, SYNCS }; /* WRITES: and changes of the size */

struct counter {
    _Atomic(int64_t) calls;
    _Atomic(int64_t) fail_from; /* by its number, 1 the first; 0: none */
    _Atomic(int64_t) fail_to;   /* the last that fails */
    _Atomic(int64_t) failed;
};

/* All are int64_t, in this order, in shims.py too. */
struct control {
    _Atomic(int64_t) error; /* errno */
    struct counter of[2];
};

static struct control *control;

static bool is_of_the_spool(int fd)
{
    char link[32];
    char path[4096];
    ssize_t length;
    const char *name;

    snprintf(link, sizeof link, "/proc/self/fd/%d", fd);
    length = readlink(link, path, sizeof path - 1);
    if (length <= 0)
        return false;
    path[length] = '\0';
    name = strrchr(path, '/');
    return name != NULL && strstr(name, "spool-") != NULL;
}

/* Counts it, and tells whether it shall fail, with errno set. */
static bool fails(int fd, int what)
{
    struct counter *counter;
    int64_t number;
    int before = errno;

    if (control == NULL || !is_of_the_spool(fd)) {
        errno = before;
        return false;
    }
    errno = before;
    counter = &control->of[what];
    number = atomic_fetch_add(&counter->calls, 1) + 1;
    if (atomic_load(&counter->fail_from) == 0 ||
        number < atomic_load(&counter->fail_from) ||
        number > atomic_load(&counter->fail_to))
        return false;
    atomic_fetch_add(&counter->failed, 1);
    errno = (int)atomic_load(&control->error);
    return true;
}

static struct {
    ssize_t (*write)(int, const void *, size_t);
    ssize_t (*pwrite)(int, const void *, size_t, off64_t);
    int (*ftruncate)(int, off64_t);
    int (*fsync)(int);
    int (*fdatasync)(int);
} real;

static void *next(const char *name)
{
    void *symbol = dlsym(RTLD_NEXT, name);

    if (symbol == NULL)
        abort();
    return symbol;
}

/* As POSIX has it: the one way from an object to a function. */
static void find_real(void)
{
    *(void **)&real.write = next("write");
    *(void **)&real.pwrite = next("pwrite64");
    *(void **)&real.ftruncate = next("ftruncate64");
    *(void **)&real.fsync = next("fsync");
    *(void **)&real.fdatasync = next("fdatasync");
}

__attribute__((constructor)) static void begin(void)
{
    const char *path = getenv("CRASH_SHIM");
    int fd = path == NULL ? -1 : open(path, O_RDWR | O_CLOEXEC);

    if (fd == -1)
        abort();
    control =
        mmap(NULL, sizeof *control, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
    if (control == MAP_FAILED)
        abort();
    close(fd);
    find_real();
}

ssize_t write(int fd, const void *data, size_t size)
{
    if (real.write == NULL) /* another library's constructor was first */
        find_real();
    return fails(fd, WRITES) ? -1 : real.write(fd, data, size);
}

ssize_t pwrite64(int fd, const void *data, size_t size, off64_t at)
{
    return fails(fd, WRITES) ? -1 : real.pwrite(fd, data, size, at);
}

ssize_t pwrite(int fd, const void *data, size_t size, off_t at)
{
    return pwrite64(fd, data, size, at);
}

int ftruncate64(int fd, off64_t size)
{
    return fails(fd, WRITES) ? -1 : real.ftruncate(fd, size);
}

int ftruncate(int fd, off_t size) { return ftruncate64(fd, size); }

int fsync(int fd) { return fails(fd, SYNCS) ? -1 : real.fsync(fd); }

int fdatasync(int fd) { return fails(fd, SYNCS) ? -1 : real.fdatasync(fd); }
