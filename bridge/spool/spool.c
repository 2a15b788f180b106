/*
 * spool.c - the durable queue between acceptance and Kafka: SQLite's door
 *
 * One database in WAL mode: the file, and beside it FILE-wal with what was
 * committed since the last checkpoint. Both belong to one connection alone,
 * which holds the lock from opening to closing.
 *
 * Its tables are drawn in spool_sql.c, what makes it a spool is told in
 * spool_format.c, what is done with it in spool_queue.c.
 *
 * The next seq is one above all in record, aside, given_to and removed_to. So
 * none is used twice, though no commit has to write a counter: a record that
 * is removed has been given before, as a rule.
 *
 * Commits end in an fsync of the WAL (synchronous=FULL). Whatever a commit
 * answers but "disk full", and that comes before its last page is written,
 * leaves it open what is on disk: the file has failed, and is not so much as
 * checkpointed at the end, since an fsync that comes after one that failed
 * says nothing about the pages of the first.
 *
 * There is no auto_vacuum: it moves pages, and writes where each one is. The
 * pages of removed records are used again, and once nothing is left in the
 * file, it is made small by a VACUUM, which then has nothing to copy.
 */
#include "spool/spool.h"

#include "base/limits.h"
#include "spool/spool_book.h"
#include "spool/spool_parts.h"

#include <assert.h>
#include <limits.h>
#include <sqlite3.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum {
    WAL_FRAME = SPOOL_PAGE + 24,
    WAL_LARGE = 16 * MIB,
    FREE_LARGE = 4 * MIB /* unused pages that are worth a VACUUM */
};

/* ---- what SQLite answers ------------------------------------------------- */

static enum fault_kind kind_of(int rc)
{
    if (rc == SQLITE_IOERR_NOMEM)
        return FAULT_NOMEM;
    switch (rc & 0xff) {
    case SQLITE_NOMEM:
        return FAULT_NOMEM;
    case SQLITE_FULL:
        return FAULT_FULL;
    case SQLITE_BUSY:
        return FAULT_BUSY;
    case SQLITE_CORRUPT:
    case SQLITE_NOTADB:
    case SQLITE_ERROR: /* our SQL is right: the tables are not */
    case SQLITE_CONSTRAINT:
    case SQLITE_MISMATCH:
        return FAULT_CORRUPT;
    default:
        return FAULT_IO;
    }
}

static int fail(struct spool *sp, int rc, const char *doing, struct fault *why)
{
    const enum fault_kind kind = kind_of(rc);
    const int err = kind == FAULT_IO ? sqlite3_system_errno(sp->db) : 0;

    if (kind == FAULT_IO || kind == FAULT_CORRUPT)
        sp->failed = true;
    if (err != 0)
        return fault_set_errno(why, kind, err, "cannot %s '%s': %s", doing,
                               sp->path, sqlite3_errstr(rc));
    return fault_set(why, kind, "cannot %s '%s': %s", doing, sp->path,
                     sqlite3_errstr(rc));
}

/* ---- queries ------------------------------------------------------------- */

/* What is bound is borrowed and not copied, so binding cannot fail. */
static void bind(sqlite3_stmt *stmt, int at, const struct spool_cell *cell)
{
    switch (cell->type) {
    case SPOOL_NULL:
        sqlite3_bind_null(stmt, at);
        break;
    case SPOOL_NUMBER:
        sqlite3_bind_int64(stmt, at, cell->number);
        break;
    case SPOOL_TEXT:
        sqlite3_bind_text64(stmt, at, cell->bytes.data, cell->bytes.len,
                            SQLITE_STATIC, SQLITE_UTF8);
        break;
    case SPOOL_BYTES:
        sqlite3_bind_blob64(stmt, at, cell->bytes.data, cell->bytes.len,
                            SQLITE_STATIC);
        break;
    }
}

static void column(sqlite3_stmt *stmt, int at, struct spool_cell *out)
{
    const int type = sqlite3_column_type(stmt, at);

    if (type == SQLITE_NULL) {
        *out = (struct spool_cell){SPOOL_NULL, 0, SLICE_ABSENT};
    } else if (type == SQLITE_TEXT) {
        *out = spool_text((const char *)sqlite3_column_text(stmt, at));
    } else if (type == SQLITE_BLOB) {
        const char *data = sqlite3_column_blob(stmt, at);
        const size_t len = (size_t)sqlite3_column_bytes(stmt, at);

        /* NULL is how SQLite says empty */
        *out = spool_bytes((struct slice){len == 0 ? "" : data, len});
    } else {
        *out = spool_number(sqlite3_column_int64(stmt, at));
    }
}

void spool_ask(struct spool *sp, enum spool_query query,
               const struct spool_cell *args, size_t count)
{
    for (size_t i = 0; i < count && sp->queries[query] != NULL; i++)
        bind(sp->queries[query], (int)i + 1, &args[i]);
}

int spool_next(struct spool *sp, enum spool_query query,
               struct spool_cell *columns, size_t count, struct fault *why)
{
    /* a damaged file may lack what the query needs */
    const int rc = sp->queries[query] == NULL
                       ? SQLITE_CORRUPT
                       : sqlite3_step(sp->queries[query]);

    if (rc == SQLITE_DONE)
        return 0;
    if (rc != SQLITE_ROW)
        return fail(sp, rc, "read", why);
    for (size_t i = 0; i < count; i++)
        column(sp->queries[query], (int)i, &columns[i]);
    return 1;
}

void spool_leave(struct spool *sp, enum spool_query query)
{
    if (sp->queries[query] == NULL)
        return;
    sqlite3_reset(sp->queries[query]);
    sqlite3_clear_bindings(sp->queries[query]);
}

static int step(struct spool *sp, enum spool_query query)
{
    const int rc = sqlite3_step(sp->queries[query]);

    spool_leave(sp, query);
    return rc == SQLITE_DONE ? SQLITE_OK : rc;
}

int spool_run(struct spool *sp, enum spool_query query,
              const struct spool_cell *args, size_t count, struct fault *why)
{
    int rc;

    spool_ask(sp, query, args, count);
    rc = step(sp, query);
    if (rc == SQLITE_OK)
        return 0;
    fail(sp, rc, "write", why);
    spool_undo(sp);
    return -1;
}

int64_t spool_last_id(const struct spool *sp)
{
    return sqlite3_last_insert_rowid(sp->db);
}

/* ---- opening ------------------------------------------------------------- */

static int note_wal(void *ctx, sqlite3 *db, const char *name, int pages)
{
    struct spool *sp = ctx;

    (void)db;
    (void)name;
    sp->wal_pages = pages;
    return SQLITE_OK;
}

int spool_ask_sql(struct spool *sp, const char *sql, int64_t *number,
                  struct fault *why)
{
    sqlite3_stmt *stmt = NULL;
    int rc = sqlite3_prepare_v2(sp->db, sql, -1, &stmt, NULL);

    if (rc == SQLITE_OK)
        rc = sqlite3_step(stmt);
    if (rc == SQLITE_ROW)
        *number = sqlite3_column_int64(stmt, 0);
    rc = rc == SQLITE_ROW || rc == SQLITE_DONE ? 0 : fail(sp, rc, "read", why);
    sqlite3_finalize(stmt);
    return rc;
}

int spool_run_sql(struct spool *sp, const char *sql, struct fault *why)
{
    const int rc = sqlite3_exec(sp->db, sql, NULL, NULL, NULL);

    return rc == SQLITE_OK ? 0 : fail(sp, rc, "set up", why);
}

int spool_set_up(struct spool *sp, const char *pragma, const char *answer,
                 struct fault *why)
{
    sqlite3_stmt *stmt = NULL;
    const char *text = NULL;
    int rc = sqlite3_prepare_v2(sp->db, pragma, -1, &stmt, NULL);

    if (rc == SQLITE_OK)
        rc = sqlite3_step(stmt);
    if (rc == SQLITE_ROW)
        text = (const char *)sqlite3_column_text(stmt, 0);
    if (rc != SQLITE_ROW && rc != SQLITE_DONE)
        rc = fail(sp, rc, "open", why);
    else if (answer != NULL && (text == NULL || strcmp(text, answer) != 0))
        rc = fault_set(why, FAULT_IO, "cannot open '%s': %s answers '%s'",
                       sp->path, pragma, text == NULL ? "" : text);
    else
        rc = 0;
    sqlite3_finalize(stmt);
    return rc;
}

bool spool_may_write(const struct spool *sp)
{
    return sqlite3_db_readonly(sp->db, "main") == 0;
}

static int connect_by(struct spool *sp, const char *name, int flags,
                      struct fault *why)
{
    const int rc =
        sqlite3_open_v2(name, &sp->db, flags | SQLITE_OPEN_NOMUTEX, NULL);

    if (sp->db == NULL)
        return fault_set(why, FAULT_NOMEM, "cannot open '%s'", sp->path);
    sqlite3_extended_result_codes(sp->db, 1);
    sqlite3_db_config(sp->db, SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE, 1, NULL);
    return rc == SQLITE_OK ? 0 : fail(sp, rc, "open", why);
}

static int connect(struct spool *sp, struct fault *why)
{
    struct buf uri = BUF_INIT(4 * PATH_MAX);
    int rc;

    if (!sp->looks)
        return connect_by(sp, sp->path, SQLITE_OPEN_READWRITE, why);
    rc = spool_disk_look(sp->path, &uri, why);
    if (rc == 0)
        rc = connect_by(sp, uri.data, SQLITE_OPEN_READONLY | SQLITE_OPEN_URI,
                        why);
    buf_release(&uri);
    return rc;
}

static int prepare(struct spool *sp, enum spool_query query, struct fault *why)
{
    const int rc = sqlite3_prepare_v3(sp->db, spool_queries[query], -1,
                                      SQLITE_PREPARE_PERSISTENT,
                                      &sp->queries[query], NULL);

    return rc == SQLITE_OK ? 0 : fail(sp, rc, "use", why);
}

static int prepare_all(struct spool *sp, struct fault *why)
{
    for (size_t i = 0; i < SPOOL_QUERIES; i++)
        if (prepare(sp, (enum spool_query)i, why) == -1)
            return -1;
    return 0;
}

static int open_sound(struct spool *sp, struct fault *why)
{
    if (spool_disk_make(sp->path, why) == -1 || connect(sp, why) == -1 ||
        spool_take_over(sp, why) == -1)
        return -1;
    /* not earlier: to set wal_autocheckpoint takes the hook away */
    sqlite3_wal_hook(sp->db, note_wal, sp);
    sp->wal_pages = 1; /* not known, so not known to be empty */
    return prepare_all(sp, why) == -1 ? -1 : spool_load(sp, why);
}

static int open_to_look(struct spool *sp, struct fault *why)
{
    if (connect(sp, why) == -1 || spool_take_over_to_look(sp, why) == -1 ||
        prepare_all(sp, why) == -1)
        return -1;
    return spool_load(sp, why);
}

/* What it lacks shows when it is asked for. */
static int open_damaged(struct spool *sp, struct fault *why)
{
    static const enum spool_query needed[] = {SPOOL_LOOK, SPOOL_READ_ONE};

    if (connect(sp, why) == -1 || spool_take_over_damaged(sp, why) == -1)
        return -1;
    for (size_t i = 0; i < sizeof(needed) / sizeof(needed[0]); i++)
        if (prepare(sp, needed[i], why) == -1)
            return -1;
    for (size_t i = 0; i < SPOOL_QUERIES; i++)
        if (sp->queries[i] == NULL)
            prepare(sp, (enum spool_query)i, NULL);
    sp->failed = true; /* whatever it answers, it is not written to */
    return spool_load_damaged(sp, why);
}

static int open_by(int (*how)(struct spool *sp, struct fault *why),
                   struct spool **out, const char *path, bool looks,
                   const struct spool_limits *limits, struct fault *why)
{
    struct spool *sp = calloc(1, sizeof(*sp));

    if (sp == NULL || (sp->path = strdup(path)) == NULL) {
        free(sp);
        return fault_set(why, FAULT_NOMEM, "cannot allocate a spool");
    }
    if (limits != NULL)
        sp->limits = *limits;
    sp->looks = sp->failed = looks; /* nothing is written to it */
    sp->headers.max = SPOOL_RECORD_MAX;
    sp->scratch.max = 2 * SPOOL_RECORD_MAX;
    if (how(sp, why) == -1) {
        sp->failed = true; /* so closing leaves it as it is */
        spool_close(sp);
        return -1;
    }
    *out = sp;
    return 0;
}

int spool_open(struct spool **out, const char *path,
               const struct spool_limits *limits, struct fault *why)
{
    return open_by(open_sound, out, path, false, limits, why);
}

int spool_open_damaged(struct spool **out, const char *path, struct fault *why)
{
    return open_by(open_damaged, out, path, false, NULL, why);
}

int spool_open_to_look(struct spool **out, const char *path,
                       struct fault *damage, struct fault *why)
{
    fault_clear(damage);
    if (open_by(open_to_look, out, path, true, NULL, damage) == 0)
        return 0;
    if (damage->kind == FAULT_CORRUPT)
        return open_by(open_damaged, out, path, true, NULL, why);
    return fault_set(why, damage->kind, "%s", damage->text);
}

void spool_close(struct spool *sp)
{
    if (sp == NULL)
        return;
    spool_undo(sp);
    for (size_t i = 0; i < SPOOL_QUERIES; i++)
        sqlite3_finalize(sp->queries[i]);
    /* A sound file is left without a WAL. If that fails, the WAL stays. */
    if (sp->db != NULL)
        sqlite3_db_config(sp->db, SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE, sp->failed,
                          NULL);
    sqlite3_close(sp->db);
    book_release(&sp->book);
    buf_release(&sp->headers);
    buf_release(&sp->scratch);
    free(sp->path);
    free(sp);
}

void spool_fail(struct spool *sp)
{
    assert(!sp->in_transaction);
    sp->failed = true;
}

/* ---- transactions -------------------------------------------------------- */

int spool_begin(struct spool *sp, struct fault *why)
{
    int rc;

    if (spool_check_sound(sp, why) == -1)
        return -1;
    assert(!sp->in_transaction);
    rc = step(sp, SPOOL_BEGIN);
    if (rc != SQLITE_OK)
        return fail(sp, rc, "write", why);
    sp->in_transaction = true;
    sp->room_asked = false;
    book_begin(&sp->book);
    return 0;
}

int spool_commit(struct spool *sp, struct fault *why)
{
    int rc;

    if (spool_check_sound(sp, why) == -1)
        return -1;
    assert(sp->in_transaction);
    rc = step(sp, SPOOL_COMMIT);
    if (rc == SQLITE_OK) {
        sp->in_transaction = false;
        spool_find_oldest(sp);
        return 0;
    }
    fail(sp, rc, "write", why);
    /* All but a full disk can come after the last page was written, even a
     * lack of memory. */
    if (kind_of(rc) != FAULT_FULL) {
        sp->failed = true;
        if (why != NULL)
            why->kind = FAULT_IO;
    }
    spool_undo(sp);
    return -1;
}

/* SQLite may have rolled back by itself. Rolling back writes nothing. */
void spool_undo(struct spool *sp)
{
    if (!sp->in_transaction)
        return;
    if (sqlite3_get_autocommit(sp->db) == 0 &&
        step(sp, SPOOL_ROLLBACK) != SQLITE_OK)
        sp->failed = true;
    sp->in_transaction = false;
    book_undo(&sp->book);
}

bool spool_in_transaction(const struct spool *sp) { return sp->in_transaction; }

/* ---- the WAL ------------------------------------------------------------- */

/* Only when there is nothing left: then it copies a handful of pages. */
static int shrink(struct spool *sp, struct fault *why)
{
    const struct spool_totals *totals = &sp->book.now.totals;
    int64_t unused = 0;

    if (totals->records > 0 || totals->aside > 0)
        return 0;
    if (spool_ask_sql(sp, "PRAGMA freelist_count", &unused, why) == -1)
        return -1;
    return unused < FREE_LARGE / SPOOL_PAGE ? 0
                                            : spool_run_sql(sp, "VACUUM", why);
}

/*
 * Under load the WAL keeps its size, for writing over blocks that the file
 * has is cheaper to sync than new ones are; when there is time it is cut.
 */
int spool_tidy(struct spool *sp, bool idle, struct fault *why)
{
    const int mode =
        idle ? SQLITE_CHECKPOINT_TRUNCATE : SQLITE_CHECKPOINT_PASSIVE;
    int rc;

    if (spool_check_sound(sp, why) == -1)
        return -1;
    assert(!sp->in_transaction);
    if (idle ? sp->wal_pages == 0 : sp->wal_pages < WAL_LARGE / WAL_FRAME)
        return 0;
    if (idle && shrink(sp, why) == -1)
        return -1;
    rc = sqlite3_wal_checkpoint_v2(sp->db, "main", mode, NULL, NULL);
    if (rc != SQLITE_OK)
        return fail(sp, rc, "tidy", why);
    sp->wal_pages = 0;
    return 0;
}

const char *spool_library_version(void)
{
    static _Thread_local char text[32];

    snprintf(text, sizeof(text), "SQLite %s", sqlite3_libversion());
    return text;
}
