/*
 * clock.c - to be preloaded: the wall clock is somewhere else
 *
 * CRASH_SHIM names a file of 8 bytes, an offset in nanoseconds that whoever
 * has the file may change at any time. What the kernel itself waits for and
 * the monotonic clock are not touched.
 */
#include <dlfcn.h>
#include <fcntl.h>
#include <stdatomic.h>
#include <stdint.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/time.h>
#include <time.h>
#include <unistd.h>

static _Atomic(int64_t) *offset_ns;
static int (*real_clock_gettime)(clockid_t, struct timespec *);

__attribute__((constructor)) static void begin(void)
{
    const char *path = getenv("CRASH_SHIM");
    void *symbol = dlsym(RTLD_NEXT, "clock_gettime");
    int fd = path == NULL ? -1 : open(path, O_RDWR | O_CLOEXEC);

    /* as POSIX has it: the one way from an object to a function */
    *(void **)&real_clock_gettime = symbol;
    if (fd == -1)
        abort();
    offset_ns = mmap(NULL, sizeof *offset_ns, PROT_READ | PROT_WRITE,
                     MAP_SHARED, fd, 0);
    if (offset_ns == MAP_FAILED)
        abort();
    close(fd);
}

int clock_gettime(clockid_t clock, struct timespec *out)
{
    int64_t ns;

    if (real_clock_gettime == NULL) /* another constructor was first */
        *(void **)&real_clock_gettime = dlsym(RTLD_NEXT, "clock_gettime");
    if (real_clock_gettime(clock, out) == -1)
        return -1;
    if (offset_ns == NULL ||
        (clock != CLOCK_REALTIME && clock != CLOCK_REALTIME_COARSE))
        return 0;
    ns = (int64_t)out->tv_sec * 1000000000 + out->tv_nsec +
         atomic_load(offset_ns);
    out->tv_sec = (time_t)(ns / 1000000000);
    out->tv_nsec = (long)(ns % 1000000000);
    return 0;
}

int gettimeofday(struct timeval *restrict out, void *restrict zone)
{
    struct timespec now;

    (void)zone;
    if (clock_gettime(CLOCK_REALTIME, &now) == -1)
        return -1;
    out->tv_sec = now.tv_sec;
    out->tv_usec = now.tv_nsec / 1000;
    return 0;
}

time_t time(time_t *out)
{
    struct timespec now = {0};

    clock_gettime(CLOCK_REALTIME, &now);
    if (out != NULL)
        *out = now.tv_sec;
    return now.tv_sec;
}
