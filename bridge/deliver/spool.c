/*
 * spool.c - the durable queue between acceptance and Kafka: SQLite's door
 *
 * One database in WAL mode: the file, and beside it FILE-wal with what was
 * committed since the last checkpoint. Both belong to one connection alone,
 * which holds the lock from opening to closing.
 *
 *     topic    id            growing in the order of first use
 *              name
 *              given_to      records up to this seq may be in Kafka
 *              removed_to    the last seq that was removed without being given
 *
 *     record   seq           the order of acceptance, over all topics
 *              topic         topic.id
 *              stored_ms     real time
 *              doubtful      0 or 1
 *              size          what it counts for, see spool_row_size()
 *              checksum      8 bytes, see spool_row.c
 *              key           NULL: a null key
 *              headers       see spool_row.c
 *              value         last, so that nothing else is behind it on
 *                            overflow pages
 *     record_by_topic        (topic, seq, size): all that opening scans
 *
 *     aside    as record, with `reason` and `aside_ms`
 *     aside_size             (size)
 *
 * The SQL of it is in spool_sql.c, what is done with it in spool_queue.c.
 *
 * It is a spool if application_id is "axSp" and user_version, the version of
 * this format, is FORMAT. A row is valid if its checksum is right; a row that
 * is not is told as damaged, and the others go on.
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
#include "deliver/spool.h"

#include "base/limits.h"
#include "deliver/spool_book.h"
#include "deliver/spool_parts.h"

#include <assert.h>
#include <sqlite3.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum {
    FORMAT = 1,
    APPLICATION_ID = 0x61785370, /* "axSp" */
    PAGE = 4096,
    WAL_FRAME = PAGE + 24,
    WAL_LARGE = 16 * MIB,
    FREE_LARGE = 4 * MIB,            /* unused pages that are worth a VACUUM */
    HEADROOM = 2 * SPOOL_RECORD_MAX, /* of the file over its records: for
                                        removing, and for a record that is in
                                        two tables */
    PAGES_MAX = 1073741823           /* SQLite's own limit */
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
    for (size_t i = 0; i < count; i++)
        bind(sp->queries[query], (int)i + 1, &args[i]);
}

int spool_next(struct spool *sp, enum spool_query query,
               struct spool_cell *columns, size_t count, struct fault *why)
{
    const int rc = sqlite3_step(sp->queries[query]);

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

/* The number that SQL without parameters answers. SQLite's code. */
static int number_of(sqlite3 *db, const char *sql, int64_t *number)
{
    sqlite3_stmt *stmt = NULL;
    int rc = sqlite3_prepare_v2(db, sql, -1, &stmt, NULL);

    if (rc == SQLITE_OK)
        rc = sqlite3_step(stmt);
    if (rc == SQLITE_ROW) {
        *number = sqlite3_column_int64(stmt, 0);
        rc = SQLITE_OK;
    }
    sqlite3_finalize(stmt);
    return rc;
}

/* A PRAGMA, and what it must answer. */
static int set_up(struct spool *sp, const char *pragma, const char *answer,
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

/* Under the lock. Writes to a file only if it is an empty one. */
static int identify(struct spool *sp, struct fault *why)
{
    int64_t id = 0, format = 0, tables = 0;
    char sql[96];
    int rc = number_of(sp->db, "PRAGMA application_id", &id);

    if (rc == SQLITE_OK)
        rc = number_of(sp->db, "PRAGMA user_version", &format);
    if (rc == SQLITE_OK)
        rc = number_of(sp->db, "SELECT count(*) FROM sqlite_schema", &tables);
    if (rc != SQLITE_OK)
        return fail(sp, rc, "open", why);
    if (id == APPLICATION_ID && format == FORMAT)
        return 0;
    if (id == APPLICATION_ID && format > FORMAT)
        return fault_set(why, FAULT_NEWER,
                         "cannot open '%s': a newer version of this program "
                         "made it (format %lld, this one knows %d)",
                         sp->path, (long long)format, FORMAT);
    if (id != 0 || format != 0 || tables != 0)
        return fault_set(why, FAULT_CORRUPT, "cannot open '%s': not a spool",
                         sp->path);
    snprintf(sql, sizeof(sql),
             "PRAGMA application_id = %d; PRAGMA user_version = %d",
             APPLICATION_ID, FORMAT);
    rc = sqlite3_exec(sp->db, spool_schema, NULL, NULL, NULL);
    if (rc == SQLITE_OK)
        rc = sqlite3_exec(sp->db, sql, NULL, NULL, NULL);
    return rc == SQLITE_OK ? 0 : fail(sp, rc, "set up", why);
}

static int take_over(struct spool *sp, struct fault *why)
{
    char pages_max[64];
    int64_t pages = (sp->limits.max_bytes / PAGE + HEADROOM / PAGE) * 2;
    int rc;

    /* Twice, for a page may hold one record of little more than half of it.
     * So what is full first is the limit of ours. */
    snprintf(pages_max, sizeof(pages_max), "PRAGMA max_page_count = %lld",
             (long long)(pages < PAGES_MAX ? pages : PAGES_MAX));
    /* before anything is read: with it, WAL mode needs no shared memory */
    if (set_up(sp, "PRAGMA locking_mode = EXCLUSIVE", "exclusive", why) == -1 ||
        set_up(sp, "PRAGMA temp_store = MEMORY", NULL, why) == -1)
        return -1;
    rc = sqlite3_exec(sp->db, "PRAGMA page_size = 4096; BEGIN EXCLUSIVE", NULL,
                      NULL, NULL);
    if (rc != SQLITE_OK)
        return fail(sp, rc, "open", why);
    if (sqlite3_db_readonly(sp->db, "main") != 0)
        return fault_set(why, FAULT_IO, "cannot write to '%s'", sp->path);
    if (identify(sp, why) == -1)
        return -1;
    rc = sqlite3_exec(sp->db, "COMMIT", NULL, NULL, NULL);
    if (rc != SQLITE_OK)
        return fail(sp, rc, "set up", why);
    if (set_up(sp, "PRAGMA journal_mode = WAL", "wal", why) == -1 ||
        set_up(sp, "PRAGMA synchronous = FULL", NULL, why) == -1 ||
        set_up(sp, "PRAGMA secure_delete = OFF", "0", why) == -1 ||
        set_up(sp, "PRAGMA wal_autocheckpoint = 0", "0", why) == -1 ||
        set_up(sp, pages_max, NULL, why) == -1)
        return -1;
    sqlite3_wal_hook(sp->db, note_wal, sp);
    sp->wal_pages = 1; /* not known, so not known to be empty */
    return spool_disk_sync_folder(sp->path, why);
}

static int open_file(struct spool *sp, struct fault *why)
{
    int rc;

    if (spool_disk_make(sp->path, why) == -1)
        return -1;
    rc = sqlite3_open_v2(sp->path, &sp->db,
                         SQLITE_OPEN_READWRITE | SQLITE_OPEN_NOMUTEX, NULL);
    if (sp->db == NULL)
        return fault_set(why, FAULT_NOMEM, "cannot open '%s'", sp->path);
    sqlite3_extended_result_codes(sp->db, 1);
    sqlite3_db_config(sp->db, SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE, 1, NULL);
    if (rc != SQLITE_OK)
        return fail(sp, rc, "open", why);
    if (take_over(sp, why) == -1)
        return -1;
    for (size_t i = 0; i < SPOOL_QUERIES; i++) {
        rc = sqlite3_prepare_v3(sp->db, spool_queries[i], -1,
                                SQLITE_PREPARE_PERSISTENT, &sp->queries[i],
                                NULL);
        if (rc != SQLITE_OK)
            return fail(sp, rc, "use", why);
    }
    return spool_load(sp, why);
}

int spool_open(struct spool **out, const char *path,
               const struct spool_limits *limits, struct fault *why)
{
    struct spool *sp = calloc(1, sizeof(*sp));

    if (sp == NULL || (sp->path = strdup(path)) == NULL) {
        free(sp);
        return fault_set(why, FAULT_NOMEM, "cannot allocate a spool");
    }
    sp->limits = *limits;
    sp->headers.max = SPOOL_RECORD_MAX;
    sp->scratch.max = 2 * SPOOL_RECORD_MAX;
    if (open_file(sp, why) == -1) {
        sp->failed = true; /* so closing leaves it as it is */
        spool_close(sp);
        return -1;
    }
    *out = sp;
    return 0;
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
static int shrink(struct spool *sp)
{
    const struct spool_totals *totals = &sp->book.now.totals;
    int64_t unused = 0;
    int rc;

    if (totals->records > 0 || totals->aside > 0)
        return SQLITE_OK;
    rc = number_of(sp->db, "PRAGMA freelist_count", &unused);
    if (rc != SQLITE_OK || unused < FREE_LARGE / PAGE)
        return rc;
    return sqlite3_exec(sp->db, "VACUUM", NULL, NULL, NULL);
}

/*
 * Under load the WAL keeps its size, for writing over blocks that the file
 * has is cheaper to sync than new ones are; when there is time it is cut.
 */
int spool_tidy(struct spool *sp, bool idle, struct fault *why)
{
    const int mode =
        idle ? SQLITE_CHECKPOINT_TRUNCATE : SQLITE_CHECKPOINT_PASSIVE;
    int rc = SQLITE_OK;

    if (spool_check_sound(sp, why) == -1)
        return -1;
    assert(!sp->in_transaction);
    if (idle ? sp->wal_pages == 0 : sp->wal_pages < WAL_LARGE / WAL_FRAME)
        return 0;
    if (idle)
        rc = shrink(sp);
    if (rc == SQLITE_OK)
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
