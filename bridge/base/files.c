/*
 * files.c - small things done with files
 */
#include "base/files.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

static int write_all(int fd, const char *text)
{
    size_t left = strlen(text);

    while (left > 0) {
        ssize_t n = write(fd, text, left);

        if (n == -1 && errno == EINTR)
            continue;
        if (n == -1)
            return -1;
        text += n;
        left -= (size_t)n;
    }
    return 0;
}

int file_replace(const char *path, const char *text, struct fault *why)
{
    /* in the same directory: a rename cannot cross file systems */
    char beside[PATH_MAX];
    int len = snprintf(beside, sizeof(beside), "%s.XXXXXX", path);
    int rc = -1;
    int fd;

    if (len < 0 || (size_t)len >= sizeof(beside))
        return fault_set_errno(why, FAULT_IO, ENAMETOOLONG,
                               "cannot write '%.200s'", path);
    fd = mkostemp(beside, O_CLOEXEC);
    if (fd == -1)
        return fault_set_errno(why, FAULT_IO, errno, "cannot write '%s'", path);
    /* mkostemp() keeps others out; what is written here is for others */
    if (fchmod(fd, 0644) == -1 || write_all(fd, text) == -1) {
        fault_set_errno(why, FAULT_IO, errno, "cannot write '%s'", path);
        goto done;
    }
    if (rename(beside, path) == -1) {
        fault_set_errno(why, FAULT_IO, errno, "cannot replace '%s'", path);
        goto done;
    }
    rc = 0;

done:
    close(fd);
    if (rc == -1)
        unlink(beside);
    return rc;
}

int file_limit_raise(unsigned long wanted, struct fault *why)
{
    struct rlimit limit;

    if (getrlimit(RLIMIT_NOFILE, &limit) == -1)
        return fault_set_errno(why, FAULT_CONFIG, errno,
                               "cannot read the limit of open files");
    if (limit.rlim_cur >= wanted)
        return 0;
    limit.rlim_cur = wanted < limit.rlim_max ? wanted : limit.rlim_max;
    if (setrlimit(RLIMIT_NOFILE, &limit) == -1)
        return fault_set_errno(why, FAULT_CONFIG, errno,
                               "cannot raise the limit of open files to %lu",
                               (unsigned long)limit.rlim_cur);
    if (limit.rlim_cur < wanted)
        return fault_set(why, FAULT_CONFIG,
                         "cannot raise the limit of open files to %lu: the "
                         "hard limit is %lu; raise it with `ulimit -Hn`, "
                         "LimitNOFILE= (systemd) or --ulimit nofile= (Docker)",
                         wanted, (unsigned long)limit.rlim_max);
    return 0;
}
