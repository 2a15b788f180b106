/*
 * spool_folder.c - the names in a spool's folder
 *
 * A file must never meet what SQLite has beside another one: it would take
 * that for its own. So where a file gets the name of another,
 *
 *     1  the old file becomes *.bad
 *     2  its -wal and -journal become *.bad-wal and *.bad-journal
 *     3  *.new becomes the file
 *
 * and each step is on disk before the next. *.new is complete before the
 * first one. Whoever finds the folder after a crash sees by the names
 *
 *     the file, maybe *.new         before 1: *.new is not needed, it can be
 *                                   made again
 *     no file, -wal or -journal     before 2, or amid it: which is done again
 *     no file, but *.new            before 3: which is done again
 *
 * Setting aside is steps 1 and 2.
 */
#include "spool/spool_folder.h"

#include "spool/spool_disk.h"

#include <ctype.h>
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

enum { NAME_ROOM = 64, DIGITS = 8, DIGITS_MAX = 18, BEHIND_SIZE = 48 };

/* What SQLite has beside a file. */
static const char *const beside[] = {"-wal", "-journal"};

static const char failed_mark[] = ".failed";

void spool_file_name(char out[SPOOL_PATH_SIZE], const char *folder,
                     int64_t number, const char *behind)
{
    snprintf(out, SPOOL_PATH_SIZE, "%s/spool-%0*lld.db%s", folder, DIGITS,
             (long long)number, behind);
}

/* ---- the folder ---------------------------------------------------------- */

static int make_one(const char *path, mode_t mode, struct fault *why)
{
    if (mkdir(path, mode) == -1) {
        if (errno == EEXIST)
            return 0;
        return fault_set_errno(why, errno == ENOSPC ? FAULT_FULL : FAULT_IO,
                               errno, "cannot create '%s'", path);
    }
    return spool_disk_sync_folder(path, why);
}

int spool_folder_make(const char *folder, struct fault *why)
{
    char path[SPOOL_PATH_SIZE];
    size_t len = strlen(folder);
    struct stat st;

    if (len == 0 || len + NAME_ROOM > sizeof(path))
        return fault_set_errno(why, FAULT_IO, len == 0 ? ENOENT : ENAMETOOLONG,
                               "cannot create '%.200s'", folder);
    while (len > 1 && folder[len - 1] == '/')
        len--;
    for (size_t i = 1; i < len; i++) {
        if (folder[i] != '/' || folder[i - 1] == '/')
            continue;
        memcpy(path, folder, i);
        path[i] = '\0';
        if (make_one(path, 0755, why) == -1)
            return -1;
    }
    memcpy(path, folder, len);
    path[len] = '\0';
    if (make_one(path, 0700, why) == -1)
        return -1;
    if (stat(folder, &st) == -1 || !S_ISDIR(st.st_mode))
        return fault_set(why, FAULT_IO, "cannot use '%s': not a folder",
                         folder);
    return 0;
}

/* ---- what is in it ------------------------------------------------------- */

int64_t spool_file_number(const char *name, const char **behind)
{
    static const char before[] = "spool-";
    size_t digits = 0;
    int64_t number;

    if (strncmp(name, before, strlen(before)) != 0)
        return 0;
    name += strlen(before);
    while (isdigit((unsigned char)name[digits]))
        digits++;
    if (digits < DIGITS || digits > DIGITS_MAX ||
        strncmp(name + digits, ".db", 3) != 0)
        return 0;
    number = strtoll(name, NULL, 10);
    name += digits + 3;
    if (number < 1 || number > SPOOL_NUMBER_MAX ||
        (*name != '\0' && *name != '-' && *name != '.'))
        return 0;
    *behind = name;
    return number;
}

struct listing {
    struct spool_entry *entries;
    size_t count;
    size_t capacity;
};

static struct spool_entry *entry_of(struct listing *list, int64_t number)
{
    struct spool_entry *entries;
    const size_t capacity = list->capacity == 0 ? 8 : 2 * list->capacity;

    for (size_t i = 0; i < list->count; i++)
        if (list->entries[i].number == number)
            return &list->entries[i];
    if (list->count == list->capacity) {
        entries = realloc(list->entries, capacity * sizeof(*entries));
        if (entries == NULL)
            return NULL;
        list->entries = entries;
        list->capacity = capacity;
    }
    list->entries[list->count] = (struct spool_entry){.number = number};
    return &list->entries[list->count++];
}

static int note(struct listing *list, int64_t number, const char *behind,
                struct fault *why)
{
    const bool is_new = strncmp(behind, ".new", 4) == 0;
    const bool is_stray = behind[0] == '-' && strcmp(behind, "-shm") != 0;
    struct spool_entry *entry;

    if (behind[0] != '\0' && !is_new && !is_stray)
        return 0;
    entry = entry_of(list, number);
    if (entry == NULL)
        return fault_set(why, FAULT_NOMEM, "cannot allocate a list of files");
    entry->is_there |= behind[0] == '\0';
    entry->has_new |= is_new;
    entry->has_stray |= is_stray;
    return 0;
}

static int by_number(const void *a, const void *b)
{
    const struct spool_entry *one = a;
    const struct spool_entry *two = b;

    return one->number < two->number ? -1 : one->number > two->number;
}

int spool_folder_list(const char *folder, struct spool_entry **out,
                      size_t *count, int64_t *highest, struct fault *why)
{
    DIR *dir = opendir(folder);
    struct listing list = {0};
    struct dirent *found;
    int rc = 0;

    *highest = 0;
    if (dir == NULL)
        return fault_set_errno(why, FAULT_IO, errno, "cannot open '%s'",
                               folder);
    errno = 0;
    while (rc == 0 && (found = readdir(dir)) != NULL) {
        const char *behind;
        const int64_t number = spool_file_number(found->d_name, &behind);

        if (number > 0) {
            const int64_t used =
                strcmp(behind, failed_mark) == 0 ? number + 1 : number;

            if (used > *highest)
                *highest = used;
            rc = note(&list, number, behind, why);
        }
        errno = 0;
    }
    if (rc == 0 && errno != 0)
        rc = fault_set_errno(why, FAULT_IO, errno, "cannot read '%s'", folder);
    closedir(dir);
    if (rc == -1) {
        free(list.entries);
        return -1;
    }
    if (list.count > 1)
        qsort(list.entries, list.count, sizeof(list.entries[0]), by_number);
    *out = list.entries;
    *count = list.count;
    return 0;
}

/* ---- changing names ------------------------------------------------------ */

static bool exists(const char *folder, int64_t number, const char *behind)
{
    char path[SPOOL_PATH_SIZE];
    struct stat st;

    spool_file_name(path, folder, number, behind);
    /* what cannot be told is there: it must not be overwritten */
    return lstat(path, &st) == 0 || errno != ENOENT;
}

int spool_file_mark_failed(const char *folder, int64_t number,
                           struct fault *why)
{
    char path[SPOOL_PATH_SIZE];
    int fd;

    spool_file_name(path, folder, number, failed_mark);
    fd = open(path, O_WRONLY | O_CREAT | O_CLOEXEC, 0600);
    if (fd == -1)
        return fault_set_errno(why, FAULT_IO, errno, "cannot create '%s'",
                               path);
    close(fd);
    return spool_disk_sync_folder(path, why);
}

/* The number is not used again, so it does no harm if it stays. */
static void forget_failed(const char *folder, int64_t number)
{
    char path[SPOOL_PATH_SIZE];

    spool_file_name(path, folder, number, failed_mark);
    unlink(path);
}

/* 1: there is none; 0; -1. */
static int change(const char *folder, int64_t number, const char *from,
                  const char *to, struct fault *why)
{
    char from_path[SPOOL_PATH_SIZE];
    char to_path[SPOOL_PATH_SIZE];

    spool_file_name(from_path, folder, number, from);
    spool_file_name(to_path, folder, number, to);
    if (rename(from_path, to_path) == 0)
        return spool_disk_sync_folder(to_path, why);
    if (errno == ENOENT)
        return 1;
    return fault_set_errno(why, FAULT_IO, errno, "cannot rename '%s'",
                           from_path);
}

static void bad_name(char out[BEHIND_SIZE], int turn, const char *behind)
{
    if (turn == 1)
        snprintf(out, BEHIND_SIZE, ".bad%s", behind);
    else
        snprintf(out, BEHIND_SIZE, ".bad.%d%s", turn, behind);
}

static bool is_taken(const char *folder, int64_t number, int turn)
{
    char name[BEHIND_SIZE];

    for (size_t i = 0; i < COUNT(beside); i++) {
        bad_name(name, turn, beside[i]);
        if (exists(folder, number, name))
            return true;
    }
    bad_name(name, turn, "");
    return exists(folder, number, name);
}

static int set_aside_beside(const char *folder, int64_t number, int turn,
                            struct fault *why)
{
    char name[BEHIND_SIZE];

    for (size_t i = 0; i < COUNT(beside); i++) {
        bad_name(name, turn, beside[i]);
        if (change(folder, number, beside[i], name, why) == -1)
            return -1;
    }
    return 0;
}

int spool_file_set_aside(const char *folder, int64_t number, struct fault *why)
{
    char name[BEHIND_SIZE];
    int turn = 1;

    while (is_taken(folder, number, turn))
        turn++;
    bad_name(name, turn, "");
    if (change(folder, number, "", name, why) == -1 ||
        set_aside_beside(folder, number, turn, why) == -1)
        return -1;
    forget_failed(folder, number);
    return 0;
}

int spool_file_replace(const char *folder, int64_t number, struct fault *why)
{
    if (spool_file_set_aside(folder, number, why) == -1)
        return -1;
    return change(folder, number, ".new", "", why) == -1 ? -1 : 0;
}

/* The last one that was set aside, if it can have been its; or another name,
 * for nothing is overwritten. */
static int mend_beside(const char *folder, int64_t number, struct fault *why)
{
    char name[BEHIND_SIZE];
    int turn = 1;

    while (is_taken(folder, number, turn + 1))
        turn++;
    for (size_t i = 0; i < COUNT(beside); i++) {
        bad_name(name, turn, beside[i]);
        if (exists(folder, number, beside[i]) && exists(folder, number, name)) {
            turn++;
            break;
        }
    }
    return set_aside_beside(folder, number, turn, why);
}

int spool_file_mend(const char *folder, struct spool_entry *entry,
                    struct fault *why)
{
    int rc = 1;

    if (entry->is_there)
        return entry->has_new
                   ? spool_file_delete_new(folder, entry->number, why)
                   : 0;
    if (entry->has_stray && mend_beside(folder, entry->number, why) == -1)
        return -1;
    if (entry->has_new)
        rc = change(folder, entry->number, ".new", "", why);
    entry->is_there = rc == 0;
    return rc == -1 ? -1 : 0;
}

/* ---- deleting ------------------------------------------------------------ */

static int delete_all(const char *folder, int64_t number, const char *behind,
                      struct fault *why)
{
    const char *const names[] = {"", beside[0], beside[1]};
    char path[SPOOL_PATH_SIZE];
    char name[BEHIND_SIZE];

    /* the file first: without its -wal it would be an older state of itself */
    for (size_t i = 0; i < COUNT(names); i++) {
        snprintf(name, sizeof(name), "%s%s", behind, names[i]);
        spool_file_name(path, folder, number, name);
        if (unlink(path) == -1 && errno != ENOENT)
            return fault_set_errno(why, FAULT_IO, errno, "cannot remove '%s'",
                                   path);
        if (i == 0 && spool_disk_sync_folder(path, why) == -1)
            return -1;
    }
    return spool_disk_sync_folder(path, why);
}

int spool_file_delete(const char *folder, int64_t number, struct fault *why)
{
    if (delete_all(folder, number, "", why) == -1)
        return -1;
    forget_failed(folder, number);
    return 0;
}

int spool_file_delete_new(const char *folder, int64_t number, struct fault *why)
{
    return delete_all(folder, number, ".new", why);
}
