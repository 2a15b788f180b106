/*
 * spool_parts.h - what the files that make up a spool share
 *
 * spool.c is SQLite's door: opening, transactions, and running queries by
 * name. spool_sql.c has their text, spool_queue.c says what is stored and
 * read with them, spool_disk.c asks the file system. Nobody else includes
 * this.
 */
#ifndef DELIVER_SPOOL_PARTS_H
#define DELIVER_SPOOL_PARTS_H

#include "base/buf.h"
#include "base/fault.h"
#include "base/limits.h"
#include "base/slice.h"
#include "deliver/spool.h"
#include "deliver/spool_book.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum { SPOOL_RECORD_MAX = 16 * MIB }; /* more than Kafka would take */

/* ---- spool_sql.c --------------------------------------------------------- */

enum spool_query {
    SPOOL_BEGIN,
    SPOOL_COMMIT,
    SPOOL_ROLLBACK,
    SPOOL_TOPICS,
    SPOOL_COUNT,
    SPOOL_COUNT_ASIDE,
    SPOOL_LAST,
    SPOOL_OLDEST,
    SPOOL_ADD_TOPIC,
    SPOOL_GIVE,
    SPOOL_REMOVED_TO,
    SPOOL_ADD,
    SPOOL_FIND,
    SPOOL_REMOVE,
    SPOOL_KEEP,
    SPOOL_ENDS,
    SPOOL_READ,
    SPOOL_READ_ONE,
    SPOOL_QUERIES
};

enum { SPOOL_ROW_COLUMNS = 9, SPOOL_ARGUMENTS_MAX = SPOOL_ROW_COLUMNS };

extern const char spool_schema[];
extern const char *const spool_queries[SPOOL_QUERIES];

/* ---- the spool ----------------------------------------------------------- */

struct spool {
    struct sqlite3 *db;
    struct sqlite3_stmt *queries[SPOOL_QUERIES];
    char *path;
    struct spool_limits limits;
    struct spool_book book;
    struct buf headers; /* of the record that is appended */
    struct buf scratch; /* for checksums */
    int wal_pages;      /* 0: the WAL is empty */
    bool in_transaction;
    bool room_asked; /* of the file system, once in a transaction */
    bool room;
    bool failed;
};

/* ---- spool.c ------------------------------------------------------------- */

/* An argument or a column: bytes, or where they are absent the number. */
struct spool_cell {
    enum { SPOOL_NULL, SPOOL_NUMBER, SPOOL_TEXT, SPOOL_BYTES } type;
    int64_t number;
    struct slice bytes; /* a text has a NUL behind */
};

static inline struct spool_cell spool_number(int64_t number)
{
    return (struct spool_cell){SPOOL_NUMBER, number, SLICE_ABSENT};
}

static inline struct spool_cell spool_text(const char *text)
{
    return (struct spool_cell){SPOOL_TEXT, 0, slice_of(text)};
}

/* Absent bytes are NULL. */
static inline struct spool_cell spool_bytes(struct slice bytes)
{
    return (struct spool_cell){bytes.data == NULL ? SPOOL_NULL : SPOOL_BYTES, 0,
                               bytes};
}

/*
 * Starts a query that answers rows, and spool_next() takes one: `columns` of
 * them, borrowed until the next call. 1: there is one; 0: there is none; -1.
 * After the last one that is wanted spool_leave() is due, whatever happened.
 */
void spool_ask(struct spool *sp, enum spool_query query,
               const struct spool_cell *args, size_t count);
int spool_next(struct spool *sp, enum spool_query query,
               struct spool_cell *columns, size_t count, struct fault *why);
void spool_leave(struct spool *sp, enum spool_query query);

/* Runs a query that writes. If that fails, the transaction is undone. */
int spool_run(struct spool *sp, enum spool_query query,
              const struct spool_cell *args, size_t count, struct fault *why);

/* The id of the row that was added last. */
int64_t spool_last_id(const struct spool *sp);

/* ---- spool_queue.c ------------------------------------------------------- */

/* Fills the book from the file. FAULT_CORRUPT, FAULT_IO, FAULT_NOMEM. */
int spool_load(struct spool *sp, struct fault *why);

/* FAULT_IO if the file has failed. */
int spool_check_sound(const struct spool *sp, struct fault *why);

/* Whose record is the oldest now? After a commit. */
void spool_find_oldest(struct spool *sp);

/* ---- spool_disk.c -------------------------------------------------------- */

/* Makes an empty file that its owner alone can read, unless it is there.
 * FAULT_FULL, FAULT_IO. */
int spool_disk_make(const char *path, struct fault *why);

/* Makes sure that the names in the file's folder are on disk. FAULT_IO,
 * FAULT_NOMEM. */
int spool_disk_sync_folder(const char *path, struct fault *why);

/* True as well if it cannot be told: writing will. */
bool spool_disk_has_room(const char *path, int64_t bytes);

#endif
