/*
 * check_spool.c - can the spool's directory be used?
 *
 * Looking only: making it here could make it somebody else's than the user's
 * under whom `serve` runs. A running `serve` has its files to itself, and tells
 * of them by its metrics.
 */
#include "cmd/check.h"

#include "spool/spool_view.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <unistd.h>

enum {
    DIR_MAX = 4096,
    FILE_BYTES = 256 * 1024 /* a file to begin with, and a usual record */
};

/* The directory, or the nearest one above it that is there. */
static void find_existing(char path[DIR_MAX])
{
    struct stat st;

    while (stat(path, &st) == -1 && errno == ENOENT) {
        char *slash = strrchr(path, '/');

        if (slash == NULL)
            memcpy(path, ".", sizeof("."));
        else if (slash == path)
            path[1] = '\0';
        else
            *slash = '\0';
        if (strcmp(path, ".") == 0 || strcmp(path, "/") == 0)
            return;
    }
}

static void check_room(struct check *ck, const char *existing)
{
    const struct config *config = ck->config;
    const int64_t wanted =
        config->spool.max_bytes + config->spool.min_free_bytes;
    struct statvfs disk;
    int64_t available;

    if (statvfs(existing, &disk) == -1)
        return;
    available = (int64_t)disk.f_bavail * (int64_t)disk.f_frsize;
    if (available < config->spool.min_free_bytes + FILE_BYTES)
        check_tell(ck, CHECK_FAIL, "make room, or set spool.dir",
                   "spool: the disk of '%s' is full (%" PRId64
                   " bytes are free): events would go to Kafka only",
                   existing, available);
    else if (available < wanted)
        check_tell(ck, CHECK_WARN, "make room, or lower spool.max_bytes",
                   "spool: %" PRId64
                   " bytes are free, and it may want %" PRId64,
                   available, wanted);
}

static void check_files(struct check *ck, const char *dir)
{
    struct spool_view *view = NULL;
    const struct spool_view_file *files;
    struct fault why = FAULT_INIT;
    int64_t unsound = 0, bad = 0;
    size_t count;

    if (spool_view_open(&view, dir, &why) == -1) {
        if (why.kind == FAULT_NEWER)
            check_tell(ck, CHECK_FAIL,
                       "let the newer version send what is in "
                       "it",
                       "spool: %s", why.text);
        return;
    }
    files = spool_view_files(view, &count);
    for (size_t i = 0; i < count; i++) {
        bad += files[i].state == VIEW_BAD;
        unsound += files[i].state != VIEW_BAD && files[i].state != VIEW_SOUND;
    }
    spool_view_close(view);
    if (unsound > 0)
        check_tell(ck, CHECK_WARN, "see 'aurix-bridge spool list'",
                   "spool: files that have failed or are damaged: %" PRId64,
                   unsound);
    if (bad > 0)
        check_tell(ck, CHECK_WARN, "see 'aurix-bridge spool list'",
                   "spool: damaged files, set aside as *.bad: %" PRId64, bad);
}

void check_spool(struct check *ck)
{
    const char *dir = ck->config->spool.dir;
    char existing[DIR_MAX];
    struct stat st;

    if (!ck->config->spool.enabled) {
        check_tell(ck, CHECK_WARN, "set spool.enabled=true",
                   "spool: none; events are lost while Kafka is away");
        return;
    }
    snprintf(existing, sizeof(existing), "%s", dir);
    find_existing(existing);
    if (stat(existing, &st) == -1)
        check_tell(ck, CHECK_FAIL, "set spool.dir to a directory",
                   "spool: '%s' cannot be used: %s", existing, strerror(errno));
    else if (!S_ISDIR(st.st_mode))
        check_tell(ck, CHECK_FAIL, "set spool.dir to a directory",
                   "spool: '%s' is no directory", existing);
    else if (access(existing, R_OK | W_OK | X_OK) == -1)
        check_tell(ck, CHECK_FAIL,
                   "give it to the user that runs `serve`, or set spool.dir",
                   "spool: '%s' cannot be written to: %s", existing,
                   strerror(errno));
    else if (strcmp(existing, dir) == 0) {
        check_tell(ck, CHECK_OK, NULL, "spool: '%s' can be used", dir);
        check_files(ck, dir);
    } else
        check_tell(ck, CHECK_OK, NULL, "spool: '%s' can be made", dir);
    check_room(ck, existing);
}
