/*
 * spool.c - the durable queue between acceptance and Kafka: opening, and
 * transactions
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
#include <stdlib.h>
#include <string.h>

enum {
    WAL_FRAME = DB_PAGE + 24,
    WAL_LARGE = 16 * MIB,
    FREE_LARGE = 4 * MIB /* unused pages that are worth a VACUUM */
};

/* If that fails, the transaction is undone. */
int spool_run(struct spool *sp, enum spool_query query,
              const struct db_cell *args, size_t count, struct fault *why)
{
    if (db_run(&sp->db, query, args, count, why) == 0)
        return 0;
    spool_undo(sp);
    return -1;
}

/* ---- opening ------------------------------------------------------------- */

static int look(struct spool *sp, struct fault *why)
{
    struct buf uri = BUF_INIT(4 * PATH_MAX);
    int rc = spool_disk_look(sp->path, &uri, why);

    if (rc == 0)
        rc = db_open_to_look(&sp->db, uri.data, why);
    buf_release(&uri);
    return rc;
}

static int connect(struct spool *sp, struct fault *why)
{
    return sp->looks ? look(sp, why) : db_open(&sp->db, why);
}

static int prepare_all(struct spool *sp, struct fault *why)
{
    for (size_t i = 0; i < SPOOL_QUERIES; i++)
        if (db_prepare(&sp->db, (enum spool_query)i, why) == -1)
            return -1;
    return 0;
}

static int open_sound(struct spool *sp, struct fault *why)
{
    if (spool_disk_make(sp->path, why) == -1 || connect(sp, why) == -1 ||
        spool_take_over(sp, why) == -1)
        return -1;
    db_watch_wal(&sp->db);
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
        if (db_prepare(&sp->db, needed[i], why) == -1)
            return -1;
    for (size_t i = 0; i < SPOOL_QUERIES; i++)
        if (sp->db.queries[i] == NULL)
            db_prepare(&sp->db, (enum spool_query)i, NULL);
    sp->db.failed = true; /* whatever it answers, it is not written to */
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
    sp->db.path = sp->path;
    if (limits != NULL)
        sp->limits = *limits;
    sp->looks = sp->db.failed = looks; /* nothing is written to it */
    sp->headers.max = SPOOL_RECORD_MAX;
    sp->scratch.max = 2 * SPOOL_RECORD_MAX;
    if (how(sp, why) == -1) {
        sp->db.failed = true; /* so closing leaves it as it is */
        spool_close(sp);
        return -1;
    }
    sp->db.in_use = true;
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
    db_close(&sp->db, !sp->db.failed);
    book_release(&sp->book);
    buf_release(&sp->headers);
    buf_release(&sp->scratch);
    free(sp->path);
    free(sp);
}

void spool_fail(struct spool *sp)
{
    assert(!sp->in_transaction);
    sp->db.failed = true;
}

/* ---- transactions -------------------------------------------------------- */

int spool_begin(struct spool *sp, struct fault *why)
{
    if (spool_check_sound(sp, why) == -1)
        return -1;
    assert(!sp->in_transaction);
    if (db_run(&sp->db, SPOOL_BEGIN, NULL, 0, why) == -1)
        return -1;
    sp->in_transaction = true;
    sp->room_asked = false;
    book_begin(&sp->book);
    return 0;
}

int spool_commit(struct spool *sp, struct fault *why)
{
    struct fault cause = FAULT_INIT;

    if (spool_check_sound(sp, why) == -1)
        return -1;
    assert(sp->in_transaction);
    if (db_run(&sp->db, SPOOL_COMMIT, NULL, 0, &cause) == 0) {
        sp->in_transaction = false;
        spool_find_oldest(sp);
        return 0;
    }
    /* All but a full disk can come after the last page was written, even a
     * lack of memory. */
    if (cause.kind != FAULT_FULL) {
        sp->db.failed = true;
        cause.kind = FAULT_IO;
    }
    spool_undo(sp);
    return fault_set(why, cause.kind, "%s", cause.text);
}

/* SQLite may have rolled back by itself. Rolling back writes nothing. */
void spool_undo(struct spool *sp)
{
    if (!sp->in_transaction)
        return;
    if (db_in_transaction(&sp->db) &&
        db_run(&sp->db, SPOOL_ROLLBACK, NULL, 0, NULL) == -1)
        sp->db.failed = true;
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
    if (db_ask_sql(&sp->db, "PRAGMA freelist_count", &unused, why) == -1)
        return -1;
    return unused < FREE_LARGE / DB_PAGE ? 0
                                         : db_run_sql(&sp->db, "VACUUM", why);
}

/*
 * Under load the WAL keeps its size, for writing over blocks that the file
 * has is cheaper to sync than new ones are; when there is time it is cut.
 */
int spool_tidy(struct spool *sp, bool idle, struct fault *why)
{
    if (spool_check_sound(sp, why) == -1)
        return -1;
    assert(!sp->in_transaction);
    if (idle ? sp->db.wal_pages == 0 : sp->db.wal_pages < WAL_LARGE / WAL_FRAME)
        return 0;
    if (idle && shrink(sp, why) == -1)
        return -1;
    return db_checkpoint(&sp->db, idle, why);
}

const char *spool_library_version(void) { return db_library_version(); }
