/*
 * spool_parts.h - what the files that make up a spool share
 *
 * spool.c opens it and has its transactions, on SQLite's door (spool_db.h).
 * spool_format.c says what a spool's file is, spool_queue.c what is stored and
 * read, by the queries of spool_sql.c, spool_note.c what is gone from other
 * files, and spool_look.c finds its way through a damaged file. Nobody else
 * includes this.
 */
#ifndef SPOOL_SPOOL_PARTS_H
#define SPOOL_SPOOL_PARTS_H

#include "base/buf.h"
#include "base/fault.h"
#include "base/limits.h"
#include "spool/spool.h"
#include "spool/spool_book.h"
#include "spool/spool_db.h"
#include "spool/spool_disk.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum { SPOOL_RECORD_MAX = 16 * MIB /* more than Kafka would take */ };

/* ---- the spool ----------------------------------------------------------- */

struct spool {
    struct spool_db db;
    char *path;
    int64_t id; /* 0: not known */
    struct spool_limits limits;
    struct spool_book book;
    struct buf headers; /* of the record that is appended */
    struct buf scratch; /* for checksums */
    bool in_transaction;
    bool room_asked; /* of the file system, once in a transaction */
    bool room;
    bool looks; /* it was opened to look at it */
};

/* ---- spool.c ------------------------------------------------------------- */

/* Runs a query that writes. If that fails, the transaction is undone. */
int spool_run(struct spool *sp, enum spool_query query,
              const struct db_cell *args, size_t count, struct fault *why);

/* ---- spool_format.c ------------------------------------------------------ */

/* Locks the file that is connected to, makes sure that it is a spool or makes
 * it one, and sets the connection up. */
int spool_take_over(struct spool *sp, struct fault *why);

/* Locks it, and lets nothing be written to it. */
int spool_take_over_damaged(struct spool *sp, struct fault *why);

/* The same for one that has to be a spool. */
int spool_take_over_to_look(struct spool *sp, struct fault *why);

/* ---- spool_queue.c ------------------------------------------------------- */

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
