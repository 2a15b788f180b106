/*
 * spool_db.h - SQLite's door
 *
 * A connection to one database file, and the queries of spool_sql.c by their
 * names. What the file means is for its callers to know.
 *
 * What fails with FAULT_IO or FAULT_CORRUPT sets `failed`: the file shall not
 * be written to any more, and whoever writes asks for it before. FAULT_NOMEM,
 * FAULT_FULL and FAULT_BUSY are the others that any call can answer.
 *
 * Threads: one at a time.
 */
#ifndef SPOOL_SPOOL_DB_H
#define SPOOL_SPOOL_DB_H

#include "base/fault.h"
#include "base/slice.h"
#include "spool/spool_sql.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum { DB_PAGE = 4096 };

struct spool_db {
    struct sqlite3 *sqlite; /* NULL: there is no connection */
    struct sqlite3_stmt *queries[SPOOL_QUERIES];
    const char *path; /* of whoever embeds the struct */
    int wal_pages;    /* 0: the WAL is empty */
    bool failed;
    bool in_use; /* a disk that does not answer is told from damage. At the
                    opening it is not, for damage is worked around then, and to
                    open nothing would be worse */
};

/* An argument or a column: bytes, or where they are absent the number. */
struct db_cell {
    enum { DB_NULL, DB_NUMBER, DB_TEXT, DB_BYTES } type;
    int64_t number;
    struct slice bytes; /* a text has a NUL behind */
};

static inline struct db_cell db_number(int64_t number)
{
    return (struct db_cell){DB_NUMBER, number, SLICE_ABSENT};
}

static inline struct db_cell db_text(const char *text)
{
    return (struct db_cell){DB_TEXT, 0, slice_of(text)};
}

/* Absent bytes are NULL. */
static inline struct db_cell db_bytes(struct slice bytes)
{
    return (struct db_cell){bytes.data == NULL ? DB_NULL : DB_BYTES, 0, bytes};
}

/* ---- the connection ------------------------------------------------------ */

/* The file at db->path, which has to be there. Whatever it answers,
 * db_close() is due. */
int db_open(struct spool_db *db, struct fault *why);

/* To read it, by a URI of spool_disk_look(). */
int db_open_to_look(struct spool_db *db, const char *uri, struct fault *why);

/* With `fold`, the last one to close leaves no WAL; if that fails, it stays. */
void db_close(struct spool_db *db, bool fold);

/* Keeps db->wal_pages from now on. Setting wal_autocheckpoint ends it. */
void db_watch_wal(struct spool_db *db);

/* Makes a query usable. */
int db_prepare(struct spool_db *db, enum spool_query query, struct fault *why);

bool db_may_write(const struct spool_db *db);
bool db_in_transaction(const struct spool_db *db);

/* The id of the row that was added last. */
int64_t db_last_id(const struct spool_db *db);

/* Copies what is in the WAL into the file; with `cut` the WAL is made empty,
 * too. */
int db_checkpoint(struct spool_db *db, bool cut, struct fault *why);

/* "SQLite 3.40.1"; as long as the thread lives. */
const char *db_library_version(void);

/* ---- queries ------------------------------------------------------------- */

/*
 * Starts a query that answers rows, and db_next() takes one: `count` columns
 * of it, borrowed until the next call. 1: there is one; 0: there is none; -1.
 * After the last one that is wanted db_leave() is due, whatever happened.
 */
void db_ask(struct spool_db *db, enum spool_query query,
            const struct db_cell *args, size_t count);
int db_next(struct spool_db *db, enum spool_query query,
            struct db_cell *columns, size_t count, struct fault *why);
void db_leave(struct spool_db *db, enum spool_query query);

/* The first row's numbers; those that are NULL are left as they were. Answers
 * as db_next() does, and has left the query. */
int db_ask_numbers(struct spool_db *db, enum spool_query query,
                   const struct db_cell *args, size_t count,
                   int64_t *const *numbers, size_t columns, struct fault *why);

/* Runs a query that answers nothing. */
int db_run(struct spool_db *db, enum spool_query query,
           const struct db_cell *args, size_t count, struct fault *why);

/* SQL without parameters: the number that it answers; or none is wanted. */
int db_ask_sql(struct spool_db *db, const char *sql, int64_t *number,
               struct fault *why);
int db_run_sql(struct spool_db *db, const char *sql, struct fault *why);

/* A PRAGMA, and what it must answer, unless `answer` is NULL. */
int db_set_up(struct spool_db *db, const char *pragma, const char *answer,
              struct fault *why);

#endif
