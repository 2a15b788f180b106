/*
 * spool_parts.h - what the files that make up a spool share
 *
 * spool.c is SQLite's door: opening, transactions, and running queries by
 * name. spool_format.c says what a spool's file is, spool_sql.c has the text
 * of the queries, spool_queue.c says what is stored and read with them,
 * spool_look.c finds its way through a damaged file. Nobody else includes
 * this.
 */
#ifndef SPOOL_SPOOL_PARTS_H
#define SPOOL_SPOOL_PARTS_H

#include "base/buf.h"
#include "base/fault.h"
#include "base/limits.h"
#include "base/slice.h"
#include "spool/spool.h"
#include "spool/spool_book.h"
#include "spool/spool_disk.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum {
    SPOOL_RECORD_MAX = 16 * MIB, /* more than Kafka would take */
    SPOOL_PAGE = 4096
};

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
    SPOOL_NEXT_ASIDE,
    SPOOL_LOOK,
    SPOOL_LOOK_BACK,
    SPOOL_NEXT_OF,
    SPOOL_TOPIC_NAMES,
    SPOOL_QUERIES
};

enum {
    SPOOL_ROW_COLUMNS = 9,
    SPOOL_ASIDE_COLUMNS = SPOOL_ROW_COLUMNS + 2,
    SPOOL_ARGUMENTS_MAX = SPOOL_ROW_COLUMNS
};

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
    bool looks; /* it was opened to look at it */
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

/* SQL without parameters: the number that it answers; or none is wanted. */
int spool_ask_sql(struct spool *sp, const char *sql, int64_t *number,
                  struct fault *why);
int spool_run_sql(struct spool *sp, const char *sql, struct fault *why);

/* A PRAGMA, and what it must answer, unless `answer` is NULL. */
int spool_set_up(struct spool *sp, const char *pragma, const char *answer,
                 struct fault *why);

bool spool_may_write(const struct spool *sp);

/* The id of the row that was added last. */
int64_t spool_last_id(const struct spool *sp);

/* ---- spool_format.c ------------------------------------------------------ */

/* Locks the file that is connected to, makes sure that it is a spool or makes
 * it one, and sets the connection up. */
int spool_take_over(struct spool *sp, struct fault *why);

/* Locks it, and lets nothing be written to it. */
int spool_take_over_damaged(struct spool *sp, struct fault *why);

/* The same for one that has to be a spool. */
int spool_take_over_to_look(struct spool *sp, struct fault *why);

/* ---- spool_queue.c ------------------------------------------------------- */

/*
 * Asks for one row of `columns` numbers; those that are not there are left as
 * they are. 1, 0 or -1 as spool_next().
 */
int spool_ask_numbers(struct spool *sp, enum spool_query query,
                      const struct spool_cell *args, size_t count,
                      int64_t *const *numbers, size_t columns,
                      struct fault *why);

/* Adds the topics that a query answers to the book. */
int spool_load_topics(struct spool *sp, enum spool_query query,
                      struct fault *why);

/* Fills the book from the file. FAULT_CORRUPT, FAULT_IO, FAULT_NOMEM. */
int spool_load(struct spool *sp, struct fault *why);

/* FAULT_IO if the file has failed. */
int spool_check_sound(const struct spool *sp, struct fault *why);

/* Whose record is the oldest now? After a commit. */
void spool_find_oldest(struct spool *sp);

/* ---- spool_look.c -------------------------------------------------------- */

/* Fills the book with what the file still tells. FAULT_NOMEM. */
int spool_load_damaged(struct spool *sp, struct fault *why);

#endif
