/*
 * spool_folder.h - the names in a spool's folder
 *
 *     lock                        see spool_lock.h
 *     spool-00000001.db           a file of records
 *     spool-00000001.db-wal       SQLite's, of that file (or -journal)
 *     spool-00000001.db.new       what takes the place of a damaged file, while
 *                                 it is made
 *     spool-00000001.db.failed    empty: the file has failed, and even if it is
 *                                 the newest that is there it counts as older
 *     spool-00000001.db.bad       set aside; the next ones are .bad.2, .bad.3
 *     spool-00000001.db.bad-wal   so that sqlite3 finds it
 *
 * What changes names here says 0 when the change is on disk.
 */
#ifndef SPOOL_SPOOL_FOLDER_H
#define SPOOL_SPOOL_FOLDER_H

#include "base/fault.h"

#include <limits.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum { SPOOL_NUMBER_MAX = (1 << 23) - 1, SPOOL_PATH_SIZE = PATH_MAX };

/* Makes it, and its parents, unless it is there. FAULT_FULL, FAULT_IO. */
int spool_folder_make(const char *folder, struct fault *why);

/* The name of a file with a number; `behind` is what is behind ".db". Paths
 * that would be cut spool_folder_make() has refused. */
void spool_file_name(char out[SPOOL_PATH_SIZE], const char *folder,
                     int64_t number, const char *behind);

/* The number in a file's name, and what is behind ".db"; 0: it is none of
 * these. */
int64_t spool_file_number(const char *name, const char **behind);

/* All that has a number. */
struct spool_entry {
    int64_t number;
    bool is_there;  /* the file itself */
    bool has_stray; /* what SQLite has beside it */
    bool has_new;
};

/*
 * By number, the lowest first; the caller frees *out. *highest: of all
 * numbers, those of files that were set aside, too, and above those that have
 * failed; 0: there are none. FAULT_IO, FAULT_NOMEM.
 */
int spool_folder_list(const char *folder, struct spool_entry **out,
                      size_t *count, int64_t *highest, struct fault *why);

/* The file with that number becomes *.bad, with all that SQLite has beside it.
 * Nobody has it open. FAULT_IO. */
int spool_file_set_aside(const char *folder, int64_t number, struct fault *why);

/* *.new takes the place of the file, which becomes *.bad. It was synced.
 * FAULT_IO: mending will finish it. */
int spool_file_replace(const char *folder, int64_t number, struct fault *why);

/* Finishes what a crash has interrupted: a replacement, or setting aside. If
 * entry->is_there was false, it may be true now. FAULT_IO. */
int spool_file_mend(const char *folder, struct spool_entry *entry,
                    struct fault *why);

/* For the process that opens it next. FAULT_IO. */
int spool_file_mark_failed(const char *folder, int64_t number,
                           struct fault *why);

/* The file and what SQLite has beside it, or its *.new. It need not be there.
 * FAULT_IO. */
int spool_file_delete(const char *folder, int64_t number, struct fault *why);
int spool_file_delete_new(const char *folder, int64_t number,
                          struct fault *why);

#endif
