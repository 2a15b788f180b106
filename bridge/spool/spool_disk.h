/*
 * spool_disk.h - what a spool asks of the file system
 */
#ifndef SPOOL_SPOOL_DISK_H
#define SPOOL_SPOOL_DISK_H

#include "base/buf.h"
#include "base/fault.h"

#include <stdbool.h>
#include <stdint.h>

/* Makes an empty file that its owner alone can read, unless it is there.
 * FAULT_FULL, FAULT_IO. */
int spool_disk_make(const char *path, struct fault *why);

/* Makes sure that the names in the file's folder are on disk. FAULT_IO,
 * FAULT_NOMEM. */
int spool_disk_sync_folder(const char *path, struct fault *why);

/*
 * Adds the URI by which SQLite opens a file to look at it, and touches nothing.
 * FAULT_CORRUPT: the file is empty, and SQLite would remove its WAL. FAULT_IO,
 * FAULT_NOMEM.
 */
int spool_disk_look(const char *path, struct buf *uri, struct fault *why);

/* Which file a name means. */
struct disk_id {
    uint64_t device;
    uint64_t inode; /* 0: none, or it cannot be told */
};

void spool_disk_identify(const char *path, struct disk_id *out);

/* False: the name means another file now, or none. True as well if it cannot
 * be told, or was not. */
bool spool_disk_is_at(const char *path, const struct disk_id *id);

/* True as well if it cannot be told: writing will. */
bool spool_disk_has_room(const char *path, int64_t bytes);

#endif
