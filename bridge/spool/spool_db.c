/*
 * spool_db.c - SQLite's door
 */
#include "spool/spool_db.h"

#include <assert.h>
#include <sqlite3.h>
#include <stdio.h>
#include <string.h>

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

static int errno_of(sqlite3_file *file)
{
    int err = 0;

    if (file != NULL && file->pMethods != NULL &&
        file->pMethods->xFileControl(file, SQLITE_FCNTL_LAST_ERRNO, &err) !=
            SQLITE_OK)
        return 0;
    return err;
}

/*
 * SQLite calls it damage when a read ends in EIO, and keeps to itself that it
 * was no more than that. The file knows, or the WAL does; until a read ends
 * before its end they also know of one that has passed, so damage behind that
 * is taken for the same.
 */
static bool has_not_answered(struct spool_db *db)
{
    sqlite3_file *file = NULL;
    sqlite3_file *wal = NULL;

    sqlite3_file_control(db->sqlite, "main", SQLITE_FCNTL_FILE_POINTER, &file);
    sqlite3_file_control(db->sqlite, "main", SQLITE_FCNTL_JOURNAL_POINTER,
                         &wal);
    return errno_of(file) != 0 || errno_of(wal) != 0;
}

static int fail(struct spool_db *db, int rc, const char *doing,
                struct fault *why)
{
    enum fault_kind kind;
    int err;

    if (db->in_use && (rc & 0xff) == SQLITE_CORRUPT && has_not_answered(db))
        rc = SQLITE_IOERR_READ;
    kind = kind_of(rc);
    err = kind == FAULT_IO ? sqlite3_system_errno(db->sqlite) : 0;
    if (kind == FAULT_IO || kind == FAULT_CORRUPT)
        db->failed = true;
    if (err != 0)
        return fault_set_errno(why, kind, err, "cannot %s '%s': %s", doing,
                               db->path, sqlite3_errstr(rc));
    return fault_set(why, kind, "cannot %s '%s': %s", doing, db->path,
                     sqlite3_errstr(rc));
}

/* ---- the connection ------------------------------------------------------ */

static int connect_by(struct spool_db *db, const char *name, int flags,
                      struct fault *why)
{
    const int rc =
        sqlite3_open_v2(name, &db->sqlite, flags | SQLITE_OPEN_NOMUTEX, NULL);

    if (db->sqlite == NULL)
        return fault_set(why, FAULT_NOMEM, "cannot open '%s'", db->path);
    sqlite3_extended_result_codes(db->sqlite, 1);
    sqlite3_db_config(db->sqlite, SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE, 1, NULL);
    return rc == SQLITE_OK ? 0 : fail(db, rc, "open", why);
}

int db_open(struct spool_db *db, struct fault *why)
{
    return connect_by(db, db->path, SQLITE_OPEN_READWRITE, why);
}

int db_open_to_look(struct spool_db *db, const char *uri, struct fault *why)
{
    return connect_by(db, uri, SQLITE_OPEN_READONLY | SQLITE_OPEN_URI, why);
}

void db_close(struct spool_db *db, bool fold)
{
    for (size_t i = 0; i < SPOOL_QUERIES; i++)
        sqlite3_finalize(db->queries[i]);
    if (db->sqlite != NULL)
        sqlite3_db_config(db->sqlite, SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE, !fold,
                          NULL);
    sqlite3_close(db->sqlite);
    db->sqlite = NULL;
}

static int note_wal(void *ctx, sqlite3 *sqlite, const char *name, int pages)
{
    struct spool_db *db = ctx;

    (void)sqlite;
    (void)name;
    db->wal_pages = pages;
    return SQLITE_OK;
}

void db_watch_wal(struct spool_db *db)
{
    sqlite3_wal_hook(db->sqlite, note_wal, db);
    db->wal_pages = 1; /* not known, so not known to be empty */
}

int db_prepare(struct spool_db *db, enum spool_query query, struct fault *why)
{
    const int rc = sqlite3_prepare_v3(db->sqlite, spool_queries[query], -1,
                                      SQLITE_PREPARE_PERSISTENT,
                                      &db->queries[query], NULL);

    return rc == SQLITE_OK ? 0 : fail(db, rc, "use", why);
}

bool db_may_write(const struct spool_db *db)
{
    return sqlite3_db_readonly(db->sqlite, "main") == 0;
}

bool db_in_transaction(const struct spool_db *db)
{
    return sqlite3_get_autocommit(db->sqlite) == 0;
}

int64_t db_last_id(const struct spool_db *db)
{
    return sqlite3_last_insert_rowid(db->sqlite);
}

int db_checkpoint(struct spool_db *db, bool cut, struct fault *why)
{
    const int rc = sqlite3_wal_checkpoint_v2(db->sqlite, "main",
                                             cut ? SQLITE_CHECKPOINT_TRUNCATE
                                                 : SQLITE_CHECKPOINT_PASSIVE,
                                             NULL, NULL);

    if (rc != SQLITE_OK)
        return fail(db, rc, "tidy", why);
    db->wal_pages = 0;
    return 0;
}

const char *db_library_version(void)
{
    static _Thread_local char text[32];

    snprintf(text, sizeof(text), "SQLite %s", sqlite3_libversion());
    return text;
}

/* ---- queries ------------------------------------------------------------- */

/* What is bound is borrowed and not copied, so binding cannot fail. */
static void bind(sqlite3_stmt *stmt, int at, const struct db_cell *cell)
{
    switch (cell->type) {
    case DB_NULL:
        sqlite3_bind_null(stmt, at);
        break;
    case DB_NUMBER:
        sqlite3_bind_int64(stmt, at, cell->number);
        break;
    case DB_TEXT:
        sqlite3_bind_text64(stmt, at, cell->bytes.data, cell->bytes.len,
                            SQLITE_STATIC, SQLITE_UTF8);
        break;
    case DB_BYTES:
        sqlite3_bind_blob64(stmt, at, cell->bytes.data, cell->bytes.len,
                            SQLITE_STATIC);
        break;
    }
}

static void column(sqlite3_stmt *stmt, int at, struct db_cell *out)
{
    const int type = sqlite3_column_type(stmt, at);

    if (type == SQLITE_NULL) {
        *out = (struct db_cell){DB_NULL, 0, SLICE_ABSENT};
    } else if (type == SQLITE_TEXT) {
        *out = db_text((const char *)sqlite3_column_text(stmt, at));
    } else if (type == SQLITE_BLOB) {
        const char *data = sqlite3_column_blob(stmt, at);
        const size_t len = (size_t)sqlite3_column_bytes(stmt, at);

        /* NULL is how SQLite says empty */
        *out = db_bytes((struct slice){len == 0 ? "" : data, len});
    } else {
        *out = db_number(sqlite3_column_int64(stmt, at));
    }
}

void db_ask(struct spool_db *db, enum spool_query query,
            const struct db_cell *args, size_t count)
{
    for (size_t i = 0; i < count && db->queries[query] != NULL; i++)
        bind(db->queries[query], (int)i + 1, &args[i]);
}

int db_next(struct spool_db *db, enum spool_query query,
            struct db_cell *columns, size_t count, struct fault *why)
{
    /* a damaged file may lack what the query needs */
    const int rc = db->queries[query] == NULL
                       ? SQLITE_CORRUPT
                       : sqlite3_step(db->queries[query]);

    if (rc == SQLITE_DONE)
        return 0;
    if (rc != SQLITE_ROW)
        return fail(db, rc, "read", why);
    for (size_t i = 0; i < count; i++)
        column(db->queries[query], (int)i, &columns[i]);
    return 1;
}

void db_leave(struct spool_db *db, enum spool_query query)
{
    if (db->queries[query] == NULL)
        return;
    sqlite3_reset(db->queries[query]);
    sqlite3_clear_bindings(db->queries[query]);
}

int db_ask_numbers(struct spool_db *db, enum spool_query query,
                   const struct db_cell *args, size_t count,
                   int64_t *const *numbers, size_t columns, struct fault *why)
{
    struct db_cell cells[SPOOL_ROW_COLUMNS];
    int rc;

    assert(columns <= SPOOL_ROW_COLUMNS);
    db_ask(db, query, args, count);
    rc = db_next(db, query, cells, columns, why);
    for (size_t i = 0; rc == 1 && i < columns; i++)
        if (cells[i].type == DB_NUMBER)
            *numbers[i] = cells[i].number;
    db_leave(db, query);
    return rc;
}

int db_run(struct spool_db *db, enum spool_query query,
           const struct db_cell *args, size_t count, struct fault *why)
{
    int rc;

    db_ask(db, query, args, count);
    rc = sqlite3_step(db->queries[query]);
    db_leave(db, query);
    return rc == SQLITE_DONE ? 0 : fail(db, rc, "write", why);
}

int db_ask_sql(struct spool_db *db, const char *sql, int64_t *number,
               struct fault *why)
{
    sqlite3_stmt *stmt = NULL;
    int rc = sqlite3_prepare_v2(db->sqlite, sql, -1, &stmt, NULL);

    if (rc == SQLITE_OK)
        rc = sqlite3_step(stmt);
    if (rc == SQLITE_ROW)
        *number = sqlite3_column_int64(stmt, 0);
    rc = rc == SQLITE_ROW || rc == SQLITE_DONE ? 0 : fail(db, rc, "read", why);
    sqlite3_finalize(stmt);
    return rc;
}

int db_run_sql(struct spool_db *db, const char *sql, struct fault *why)
{
    const int rc = sqlite3_exec(db->sqlite, sql, NULL, NULL, NULL);

    return rc == SQLITE_OK ? 0 : fail(db, rc, "set up", why);
}

int db_set_up(struct spool_db *db, const char *pragma, const char *answer,
              struct fault *why)
{
    sqlite3_stmt *stmt = NULL;
    const char *text = NULL;
    int rc = sqlite3_prepare_v2(db->sqlite, pragma, -1, &stmt, NULL);

    if (rc == SQLITE_OK)
        rc = sqlite3_step(stmt);
    if (rc == SQLITE_ROW)
        text = (const char *)sqlite3_column_text(stmt, 0);
    if (rc != SQLITE_ROW && rc != SQLITE_DONE)
        rc = fail(db, rc, "open", why);
    else if (answer != NULL && (text == NULL || strcmp(text, answer) != 0))
        rc = fault_set(why, FAULT_IO, "cannot open '%s': %s answers '%s'",
                       db->path, pragma, text == NULL ? "" : text);
    else
        rc = 0;
    sqlite3_finalize(stmt);
    return rc;
}
