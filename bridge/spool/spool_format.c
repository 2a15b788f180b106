/*
 * spool_format.c - what makes a file a spool
 *
 * It is a spool if application_id is "axSp" and user_version, the version of
 * this format, is FORMAT. The tables are in spool_sql.c.
 */
#include "spool/spool_parts.h"

#include <stdio.h>

enum {
    FORMAT = 1,
    APPLICATION_ID = 0x61785370,     /* "axSp" */
    HEADROOM = 2 * SPOOL_RECORD_MAX, /* of the file over its records: for
                                        removing, and for a record that is in
                                        two tables */
    PAGES_MAX = 1073741823           /* SQLite's own limit */
};

/* Under the lock. *is_empty: nobody has written anything to it yet. */
static int recognise(struct spool *sp, bool *is_empty, struct fault *why)
{
    int64_t id = 0, format = 0, tables = 0;

    *is_empty = false;
    if (db_ask_sql(&sp->db, "PRAGMA application_id", &id, why) == -1 ||
        db_ask_sql(&sp->db, "PRAGMA user_version", &format, why) == -1 ||
        db_ask_sql(&sp->db, "SELECT count(*) FROM sqlite_schema", &tables,
                   why) == -1)
        return -1;
    if (id == APPLICATION_ID && format == FORMAT)
        return 0;
    if (id == APPLICATION_ID && format > FORMAT)
        return fault_set(why, FAULT_NEWER,
                         "cannot open '%s': a newer version of this program "
                         "made it (format %lld, this one knows %d)",
                         sp->path, (long long)format, FORMAT);
    *is_empty = id == 0 && format == 0 && tables == 0;
    if (*is_empty)
        return 0;
    return fault_set(why, FAULT_CORRUPT, "cannot open '%s': not a spool",
                     sp->path);
}

/* Writes to a file only if it is an empty one. */
static int identify(struct spool *sp, struct fault *why)
{
    bool is_empty;
    char sql[96];

    if (recognise(sp, &is_empty, why) == -1)
        return -1;
    if (!is_empty)
        return 0;
    snprintf(sql, sizeof(sql),
             "PRAGMA application_id = %d; PRAGMA user_version = %d",
             APPLICATION_ID, FORMAT);
    if (db_run_sql(&sp->db, spool_schema, why) == -1)
        return -1;
    return db_run_sql(&sp->db, sql, why);
}

/* Before anything is read: with it, WAL mode needs no shared memory. */
static int lock(struct spool *sp, struct fault *why)
{
    if (db_set_up(&sp->db, "PRAGMA locking_mode = EXCLUSIVE", "exclusive",
                  why) == -1)
        return -1;
    return db_set_up(&sp->db, "PRAGMA temp_store = MEMORY", NULL, why);
}

int spool_take_over(struct spool *sp, struct fault *why)
{
    char pages_max[64];
    int64_t pages = (sp->limits.max_bytes / DB_PAGE + HEADROOM / DB_PAGE) * 2;

    /* Twice, for a page may hold one record of little more than half of it.
     * So what is full first is the limit of ours. */
    snprintf(pages_max, sizeof(pages_max), "PRAGMA max_page_count = %lld",
             (long long)(pages < PAGES_MAX ? pages : PAGES_MAX));
    if (lock(sp, why) == -1 ||
        db_run_sql(&sp->db, "PRAGMA page_size = 4096; BEGIN EXCLUSIVE", why) ==
            -1)
        return -1;
    if (!db_may_write(&sp->db))
        return fault_set(why, FAULT_IO, "cannot write to '%s'", sp->path);
    if (identify(sp, why) == -1 || db_run_sql(&sp->db, "COMMIT", why) == -1 ||
        db_set_up(&sp->db, "PRAGMA journal_mode = WAL", "wal", why) == -1 ||
        db_set_up(&sp->db, "PRAGMA synchronous = FULL", NULL, why) == -1 ||
        db_set_up(&sp->db, "PRAGMA secure_delete = OFF", "0", why) == -1 ||
        db_set_up(&sp->db, "PRAGMA wal_autocheckpoint = 0", "0", why) == -1 ||
        db_set_up(&sp->db, pages_max, NULL, why) == -1)
        return -1;
    return spool_disk_sync_folder(sp->path, why);
}

int spool_take_over_damaged(struct spool *sp, struct fault *why)
{
    if (lock(sp, why) == -1 ||
        db_set_up(&sp->db, "PRAGMA query_only = 1", NULL, why) == -1)
        return -1;
    /* with it, SQLite reads a file whose end is missing, too */
    return db_set_up(&sp->db, "PRAGMA writable_schema = 1", NULL, why);
}

int spool_take_over_to_look(struct spool *sp, struct fault *why)
{
    bool is_empty;

    if (lock(sp, why) == -1 ||
        db_set_up(&sp->db, "PRAGMA query_only = 1", NULL, why) == -1 ||
        recognise(sp, &is_empty, why) == -1)
        return -1;
    if (is_empty)
        return fault_set(why, FAULT_CORRUPT, "cannot open '%s': not a spool",
                         sp->path);
    return 0;
}
