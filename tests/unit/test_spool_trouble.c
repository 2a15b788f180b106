/*
 * test_spool_trouble.c - deliver/spool.h: when the disk is full or fails, and
 * when the power goes
 *
 * A VFS of SQLite stands before the real one. It makes a chosen call fail, and
 * knows what would be left if the power went now: what was synced, and nothing
 * else. It syncs nothing really, since nobody pulls the plug.
 *
 * What a spool did is checked against a model, which is an array of bools.
 */
#include "deliver/spool.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <sqlite3.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum {
    KB = 1024,
    MB = 1024 * KB,
    PATH_SIZE = 1024,
    SEQ_MAX = 100,
    VALUE_MAX = 512 * KB
};

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

static const struct spool_limits limits = {.max_bytes = 64 * MB};

static char dir[512];
static struct arena arena = ARENA_INIT(64 * KB, 64 * MB);

static const char *const suffixes[] = {"", "-wal", "-journal"};

/* Good until the next call but one. */
static const char *path_of(const char *name, const char *suffix)
{
    static char paths[2][PATH_SIZE];
    static size_t turn;
    char *path = paths[turn++ % 2];

    snprintf(path, PATH_SIZE, "%s/%s%s", dir, name, suffix);
    return path;
}

static void remove_files(const char *name)
{
    for (size_t i = 0; i < COUNT(suffixes); i++)
        unlink(path_of(name, suffixes[i]));
}

/* ---- the VFS ------------------------------------------------------------- */

enum call { READS, WRITES, SYNCS, TRUNCATES, CALLS, NONE = CALLS };

static struct {
    sqlite3_vfs vfs;
    sqlite3_vfs *real;

    enum call fails;
    int64_t nth;   /* the call that fails, from 0 on */
    bool for_good; /* and so do all of its kind that follow */
    int rc;
    bool hit;

    int64_t calls[CALLS];

    bool keeps_images;
    struct image {
        char *data; /* NULL: no such file */
        size_t len;
    } images[COUNT(suffixes)]; /* of what was synced */
} disk;

struct shim_file {
    sqlite3_file base;
    struct image *image; /* NULL: not one of ours */
    sqlite3_file *real;
};

static sqlite3_file *real_of(sqlite3_file *file)
{
    return ((struct shim_file *)file)->real;
}

static bool now_fails(enum call call)
{
    const int64_t count = disk.calls[call]++;

    if (call != disk.fails || count < disk.nth ||
        (count > disk.nth && !disk.for_good))
        return false;
    disk.hit = true;
    return true;
}

static void keep_image(sqlite3_file *file, struct image *image)
{
    sqlite3_int64 size;

    assert_int_equal(file->pMethods->xFileSize(file, &size), SQLITE_OK);
    image->data = realloc(image->data, (size_t)size + 1);
    assert_non_null(image->data);
    image->len = (size_t)size;
    assert_int_equal(file->pMethods->xRead(file, image->data, (int)size, 0),
                     SQLITE_OK);
}

static void drop_image(struct image *image)
{
    free(image->data);
    image->data = NULL;
    image->len = 0;
}

static int shim_close(sqlite3_file *file)
{
    return real_of(file)->pMethods->xClose(real_of(file));
}

static int shim_read(sqlite3_file *file, void *out, int len, sqlite3_int64 at)
{
    if (now_fails(READS))
        return disk.rc;
    return real_of(file)->pMethods->xRead(real_of(file), out, len, at);
}

/* What fails is torn, too. */
static int shim_write(sqlite3_file *file, const void *data, int len,
                      sqlite3_int64 at)
{
    sqlite3_file *real = real_of(file);

    if (!now_fails(WRITES))
        return real->pMethods->xWrite(real, data, len, at);
    real->pMethods->xWrite(real, data, len / 2, at);
    return disk.rc;
}

static int shim_truncate(sqlite3_file *file, sqlite3_int64 size)
{
    if (now_fails(TRUNCATES))
        return disk.rc;
    return real_of(file)->pMethods->xTruncate(real_of(file), size);
}

static int shim_sync(sqlite3_file *file, int flags)
{
    struct shim_file *shim = (struct shim_file *)file;

    (void)flags;
    if (now_fails(SYNCS))
        return disk.rc;
    if (disk.keeps_images && shim->image != NULL)
        keep_image(shim->real, shim->image);
    return SQLITE_OK;
}

static int shim_size(sqlite3_file *file, sqlite3_int64 *size)
{
    return real_of(file)->pMethods->xFileSize(real_of(file), size);
}

static int shim_lock(sqlite3_file *file, int level)
{
    return real_of(file)->pMethods->xLock(real_of(file), level);
}

static int shim_unlock(sqlite3_file *file, int level)
{
    return real_of(file)->pMethods->xUnlock(real_of(file), level);
}

static int shim_check_lock(sqlite3_file *file, int *out)
{
    return real_of(file)->pMethods->xCheckReservedLock(real_of(file), out);
}

static int shim_control(sqlite3_file *file, int op, void *arg)
{
    return real_of(file)->pMethods->xFileControl(real_of(file), op, arg);
}

static int shim_sector(sqlite3_file *file)
{
    return real_of(file)->pMethods->xSectorSize(real_of(file));
}

static int shim_device(sqlite3_file *file)
{
    return real_of(file)->pMethods->xDeviceCharacteristics(real_of(file));
}

/* Version 1: without shared memory, which a spool does not use. */
static const sqlite3_io_methods methods = {
    .iVersion = 1,
    .xClose = shim_close,
    .xRead = shim_read,
    .xWrite = shim_write,
    .xTruncate = shim_truncate,
    .xSync = shim_sync,
    .xFileSize = shim_size,
    .xLock = shim_lock,
    .xUnlock = shim_unlock,
    .xCheckReservedLock = shim_check_lock,
    .xFileControl = shim_control,
    .xSectorSize = shim_sector,
    .xDeviceCharacteristics = shim_device,
};

static struct image *image_of(const char *path)
{
    for (size_t i = 0; path != NULL && i < COUNT(suffixes); i++)
        if (strcmp(path, path_of("spool.db", suffixes[i])) == 0)
            return &disk.images[i];
    return NULL;
}

static int shim_open(sqlite3_vfs *vfs, const char *name, sqlite3_file *file,
                     int flags, int *out_flags)
{
    struct shim_file *shim = (struct shim_file *)file;
    int rc;

    (void)vfs;
    shim->real = (sqlite3_file *)(shim + 1);
    shim->image = image_of(name);
    rc = disk.real->xOpen(disk.real, name, shim->real, flags, out_flags);
    shim->base.pMethods = shim->real->pMethods == NULL ? NULL : &methods;
    return rc;
}

static int shim_delete(sqlite3_vfs *vfs, const char *name, int sync_dir)
{
    struct image *image = image_of(name);

    (void)vfs;
    if (image != NULL)
        drop_image(image);
    return disk.real->xDelete(disk.real, name, sync_dir);
}

static int shim_access(sqlite3_vfs *vfs, const char *name, int flags, int *out)
{
    (void)vfs;
    return disk.real->xAccess(disk.real, name, flags, out);
}

static int shim_full_path(sqlite3_vfs *vfs, const char *name, int len,
                          char *out)
{
    (void)vfs;
    return disk.real->xFullPathname(disk.real, name, len, out);
}

static int no_error(sqlite3_vfs *vfs, int len, char *out)
{
    (void)vfs;
    (void)len;
    (void)out;
    return 0;
}

static void make_vfs(void)
{
    disk.real = sqlite3_vfs_find(NULL);
    assert_non_null(disk.real);
    disk.vfs = *disk.real;
    disk.vfs.iVersion = 1;
    disk.vfs.zName = "shim";
    disk.vfs.szOsFile = (int)sizeof(struct shim_file) + disk.real->szOsFile;
    disk.vfs.xOpen = shim_open;
    disk.vfs.xDelete = shim_delete;
    disk.vfs.xAccess = shim_access;
    disk.vfs.xFullPathname = shim_full_path;
    disk.vfs.xGetLastError = no_error;
}

/* All that is opened from now on. */
static void disk_is(bool shimmed)
{
    assert_int_equal(sqlite3_vfs_register(&disk.vfs, shimmed), SQLITE_OK);
    if (!shimmed)
        assert_int_equal(sqlite3_vfs_register(disk.real, 1), SQLITE_OK);
    disk.fails = NONE;
    disk.keeps_images = false;
    disk.hit = false;
    memset(disk.calls, 0, sizeof(disk.calls));
    for (size_t i = 0; i < COUNT(disk.images); i++)
        drop_image(&disk.images[i]);
}

/* ---- the model ----------------------------------------------------------- */

struct model {
    bool has[SEQ_MAX];    /* the queue, as it was committed */
    bool next[SEQ_MAX];   /* as it will be */
    bool unsure;          /* which of both it is */
    int64_t aside[2];     /* how many; as above */
    size_t size[SEQ_MAX]; /* of its value */
};

static char bytes[VALUE_MAX + SEQ_MAX];

/* Of each number another one. */
static struct slice value_of(int64_t seq, size_t size)
{
    return (struct slice){bytes + seq, size};
}

static int append(struct spool *sp, struct model *model, size_t size,
                  struct fault *why)
{
    int64_t last = 0;
    struct record record = {.topic = size > KB ? "large" : "small"};
    int64_t seq = 0;

    /* The value has to tell the number, which is not known yet: it is one
     * above the last, and a new file starts with one. */
    for (int64_t i = 1; i < SEQ_MAX; i++)
        if (model->size[i] > 0)
            last = i;
    record.value = value_of(last + 1, size);
    record_add_header(&record, "h", value_of(last + 1, 5));
    if (spool_append(sp, &record, false, &seq, why) == -1)
        return -1;
    assert_int_equal(seq, last + 1);
    assert_true(seq < SEQ_MAX);
    model->size[seq] = size;
    model->next[seq] = true;
    return 0;
}

static void settle(struct model *model, bool committed)
{
    if (committed) {
        memcpy(model->has, model->next, sizeof(model->has));
        model->aside[0] = model->aside[1];
    } else {
        memcpy(model->next, model->has, sizeof(model->has));
        model->aside[1] = model->aside[0];
    }
}

static bool read_topic(struct spool *sp, int64_t id, const struct model *model,
                       bool has[SEQ_MAX])
{
    static struct spool_row rows[SEQ_MAX];
    size_t count = 0;

    arena_reset(&arena);
    if (spool_read(sp, id, 0, rows, SEQ_MAX, SIZE_MAX, &arena, &count, NULL) ==
        -1)
        return false;
    for (size_t i = 0; i < count; i++) {
        const int64_t seq = rows[i].seq;
        struct slice value;

        assert_in_range(seq, 1, SEQ_MAX - 1);
        value = value_of(seq, model->size[seq]);
        assert_false(rows[i].damaged);
        assert_int_equal(rows[i].record.value.len, value.len);
        assert_memory_equal(rows[i].record.value.data, value.data, value.len);
        has[seq] = true;
    }
    return true;
}

/* What the file has must be what the model has. */
static void compare(const char *name, const struct model *model)
{
    struct fault why = FAULT_INIT;
    const struct spool_topic *topics;
    struct spool_totals totals;
    bool has[SEQ_MAX] = {false};
    struct spool *sp = NULL;
    size_t count;
    int64_t records = 0;
    bool is_next;

    if (spool_open(&sp, path_of(name, ""), &limits, &why) == -1)
        fail_msg("%s", why.text);
    assert_int_equal(spool_topics(sp, &topics, &count, &why), 0);
    for (size_t i = 0; i < count; i++)
        assert_true(read_topic(sp, topics[i].id, model, has));
    spool_totals(sp, &totals);
    spool_close(sp);

    is_next = model->unsure && memcmp(has, model->next, sizeof(has)) == 0 &&
              totals.aside == model->aside[1];
    for (int64_t seq = 1; seq < SEQ_MAX && !is_next; seq++)
        if (has[seq] != model->has[seq])
            fail_msg("%d %s", (int)seq, has[seq] ? "is there" : "is missing");
    if (!is_next)
        assert_int_equal(totals.aside, model->aside[0]);
    for (int64_t seq = 1; seq < SEQ_MAX; seq++)
        records += has[seq];
    assert_int_equal(totals.records, records);
    remove_files(name);
}

/* ---- what is done to a spool --------------------------------------------- */

enum act {
    BEGIN,
    APPEND,
    FILL, /* so many of the largest values */
    REMOVE,
    DRAIN, /* all up to that seq */
    GIVE,
    ASIDE,
    COMMIT,
    UNDO,
    TIDY,
    IDLE,
    END
};

struct step {
    enum act act;
    int64_t arg; /* a size, a number, a seq */
};

/* All that there is to do, with little data. */
static const struct step short_script[] = {
    {BEGIN,  0   },
    {APPEND, 10  },
    {APPEND, 500 },
    {COMMIT, 0   },
    {BEGIN,  0   },
    {APPEND, 9000},
    {COMMIT, 0   },
    {TIDY,   0   },
    {BEGIN,  0   },
    {REMOVE, 1   },
    {GIVE,   2   },
    {APPEND, 20  },
    {COMMIT, 0   },
    {IDLE,   0   },
    {BEGIN,  0   },
    {ASIDE,  2   },
    {COMMIT, 0   },
    {BEGIN,  0   },
    {APPEND, 30  },
    {UNDO,   0   },
    {BEGIN,  0   },
    {REMOVE, 3   },
    {COMMIT, 0   },
    {IDLE,   0   },
    {END,    0   },
};

/* So much at a time that SQLite writes before the commit, and that the empty
 * file is made small. */
static const struct step long_script[] = {
    {BEGIN,  0  },
    {APPEND, 100},
    {COMMIT, 0  },
    {BEGIN,  0  },
    {FILL,   10 },
    {COMMIT, 0  },
    {IDLE,   0  },
    {BEGIN,  0  },
    {DRAIN,  11 },
    {COMMIT, 0  },
    {IDLE,   0  },
    {BEGIN,  0  },
    {APPEND, 40 },
    {COMMIT, 0  },
    {END,    0  },
};

/* The WAL is tidied under load, and then written from the start again. */
static const struct step load_script[] = {
    {BEGIN,  0 },
    {FILL,   16},
    {COMMIT, 0 },
    {BEGIN,  0 },
    {FILL,   20},
    {COMMIT, 0 },
    {TIDY,   0 },
    {BEGIN,  0 },
    {APPEND, 9 },
    {REMOVE, 1 },
    {COMMIT, 0 },
    {BEGIN,  0 },
    {APPEND, 9 },
    {COMMIT, 0 },
    {END,    0 },
};

static int remove_one(struct spool *sp, struct model *model, int64_t seq,
                      struct fault *why)
{
    if (spool_remove(sp, seq, why) == -1)
        return -1;
    model->next[seq] = false;
    return 0;
}

static int do_step(struct spool *sp, struct model *model, struct step step,
                   struct fault *why)
{
    int rc = 0;

    switch (step.act) {
    case BEGIN:
        return spool_begin(sp, why);
    case APPEND:
        return append(sp, model, (size_t)step.arg, why);
    case FILL:
        for (int64_t i = 0; i < step.arg && rc == 0; i++)
            rc = append(sp, model, VALUE_MAX, why);
        return rc;
    case REMOVE:
        return remove_one(sp, model, step.arg, why);
    case DRAIN:
        for (int64_t seq = 1; seq <= step.arg && rc == 0; seq++)
            rc = remove_one(sp, model, seq, why);
        return rc;
    case GIVE:
        return spool_give(sp, 1, step.arg, why);
    case ASIDE:
        rc = spool_put_aside(sp, step.arg, "refused", why);
        if (rc == 0) {
            /* an undone append may have left nothing to put aside */
            model->aside[1] += model->next[step.arg];
            model->next[step.arg] = false;
        }
        return rc;
    case COMMIT:
        rc = spool_commit(sp, why);
        if (rc == 0)
            settle(model, true);
        return rc;
    case UNDO:
        spool_undo(sp);
        settle(model, false);
        return 0;
    case TIDY:
    case IDLE:
        return spool_tidy(sp, step.act == IDLE, why);
    case END:
        break;
    }
    return 0;
}

/* After FAULT_IO nothing writes, to the file least of all. */
static void assert_failed(struct spool *sp)
{
    const struct record record = {
        .topic = "t", .value = {"v", 1}
    };
    struct {
        const char *name;
        int rc;
        struct fault why;
    } tries[7] = {0};
    int64_t before[CALLS];
    int64_t seq;

    memcpy(before, disk.calls, sizeof(before));
    assert_false(spool_in_transaction(sp));
    tries[0].rc = spool_begin(sp, &tries[0].why);
    tries[1].rc = spool_append(sp, &record, false, &seq, &tries[1].why);
    tries[2].rc = spool_remove(sp, 1, &tries[2].why);
    tries[3].rc = spool_give(sp, 1, 1, &tries[3].why);
    tries[4].rc = spool_put_aside(sp, 1, "refused", &tries[4].why);
    tries[5].rc = spool_commit(sp, &tries[5].why);
    tries[6].rc = spool_tidy(sp, true, &tries[6].why);
    for (size_t i = 0; i < COUNT(tries); i++) {
        assert_int_equal(tries[i].rc, -1);
        assert_int_equal(tries[i].why.kind, FAULT_IO);
    }
    assert_int_equal(disk.calls[WRITES], before[WRITES]);
    assert_int_equal(disk.calls[SYNCS], before[SYNCS]);
    assert_int_equal(disk.calls[TRUNCATES], before[TRUNCATES]);
}

/* True: the file has failed. */
static bool run_steps(struct spool *sp, const struct step *steps,
                      struct model *model)
{
    bool skips = false; /* to the next transaction */

    for (const struct step *step = steps; step->act != END; step++) {
        struct fault why = FAULT_INIT;

        if (step->act == BEGIN)
            skips = false;
        if (skips && step->act != TIDY && step->act != IDLE)
            continue;
        if (do_step(sp, model, *step, &why) == 0)
            continue;
        if (why.kind == FAULT_IO) {
            model->unsure = step->act == COMMIT;
            if (!model->unsure)
                settle(model, false);
            assert_failed(sp);
            return true;
        }
        if (why.kind != FAULT_FULL)
            fail_msg("kind %d: %s", (int)why.kind, why.text);
        if (step->act == TIDY || step->act == IDLE)
            continue;
        assert_false(spool_in_transaction(sp));
        settle(model, false);
        skips = true;
    }
    return false;
}

/* ---- a call that fails --------------------------------------------------- */

/* Returns whether the fault was met: the script has so many calls. */
static bool run_with_fault(const struct step *steps, enum call call, int rc,
                           bool for_good, int64_t nth)
{
    static struct model model;
    struct fault why = FAULT_INIT;
    struct spool *sp = NULL;
    bool failed = false;
    bool hit;

    memset(&model, 0, sizeof(model));
    remove_files("spool.db");
    disk_is(true);
    disk.fails = call;
    disk.rc = rc;
    disk.for_good = for_good;
    disk.nth = nth;
    if (spool_open(&sp, path_of("spool.db", ""), &limits, &why) == -1) {
        assert_null(sp);
        assert_int_equal(why.kind, rc == SQLITE_FULL ? FAULT_FULL : FAULT_IO);
    } else {
        int64_t before[CALLS];

        failed = run_steps(sp, steps, &model);
        memcpy(before, disk.calls, sizeof(before));
        spool_close(sp);
        if (failed) {
            assert_int_equal(disk.calls[WRITES], before[WRITES]);
            assert_int_equal(disk.calls[SYNCS], before[SYNCS]);
        }
    }
    hit = disk.hit;
    disk_is(false);
    compare("spool.db", &model);
    return hit;
}

static const struct fault_row {
    const char *claim;
    enum call call;
    int rc;
    bool for_good;
} fault_rows[] = {
    {"the disk is full once",           WRITES,    SQLITE_FULL,           false},
    {"the disk is full for good",       WRITES,    SQLITE_FULL,           true },
    {"a write fails once",              WRITES,    SQLITE_IOERR_WRITE,    false},
    {"all writes fail",                 WRITES,    SQLITE_IOERR_WRITE,    true },
    {"a sync fails, the next does not", SYNCS,     SQLITE_IOERR_FSYNC,    false},
    {"all syncs fail",                  SYNCS,     SQLITE_IOERR_FSYNC,    true },
    {"a read fails",                    READS,     SQLITE_IOERR_READ,     false},
    {"all reads fail",                  READS,     SQLITE_IOERR_READ,     true },
    {"a file cannot be cut",            TRUNCATES, SQLITE_IOERR_TRUNCATE, false},
};

static void run_faults(const struct step *steps, int64_t stride)
{
    for (size_t i = 0; i < COUNT(fault_rows); i++) {
        const struct fault_row *row = &fault_rows[i];
        int64_t nth = 0;
        int64_t runs = 1;

        while (run_with_fault(steps, row->call, row->rc, row->for_good, nth)) {
            runs++;
            /* the first ones are those of opening */
            nth += nth > 20 && row->call != SYNCS ? stride : 1;
        }
        print_message("  %s: %d runs\n", row->claim, (int)runs);
        assert_true(runs > 1);
    }
}

static void test_each_call_fails(void **state)
{
    (void)state;
    run_faults(short_script, 1);
}

static void test_calls_fail_with_much_data(void **state)
{
    (void)state;
    run_faults(long_script, 331);
}

/* ---- the power goes ------------------------------------------------------ */

static void restore_images(const char *name)
{
    remove_files(name);
    for (size_t i = 0; i < COUNT(suffixes); i++) {
        const struct image *image = &disk.images[i];
        FILE *file;

        if (image->data == NULL)
            continue;
        file = fopen(path_of(name, suffixes[i]), "wb");
        assert_non_null(file);
        assert_int_equal(fwrite(image->data, 1, image->len, file), image->len);
        fclose(file);
    }
}

/* What compare() opens has no part in it. */
static void compare_images(const struct model *model)
{
    restore_images("after.db");
    assert_int_equal(sqlite3_vfs_register(disk.real, 1), SQLITE_OK);
    compare("after.db", model);
    assert_int_equal(sqlite3_vfs_register(&disk.vfs, 1), SQLITE_OK);
}

static void test_the_power_goes_after_each_step(void **state)
{
    static const struct step *const scripts[] = {short_script, long_script,
                                                 load_script};
    static struct model model;

    (void)state;
    for (size_t i = 0; i < COUNT(scripts); i++) {
        struct fault why = FAULT_INIT;
        struct spool *sp = NULL;

        memset(&model, 0, sizeof(model));
        remove_files("spool.db");
        disk_is(true);
        disk.keeps_images = true;
        assert_int_equal(
            spool_open(&sp, path_of("spool.db", ""), &limits, &why), 0);
        compare_images(&model);
        for (const struct step *step = scripts[i]; step->act != END; step++) {
            assert_int_equal(do_step(sp, &model, *step, &why), 0);
            compare_images(&model);
        }
        spool_close(sp);
        compare_images(&model);
        disk_is(false);
        remove_files("spool.db");
    }
}

/* ---- what a failed file still does --------------------------------------- */

static void test_a_failed_file_can_be_read(void **state)
{
    static struct model model;
    struct fault why = FAULT_INIT;
    bool has[SEQ_MAX] = {false};
    struct spool *sp = NULL;

    (void)state;
    memset(&model, 0, sizeof(model));
    disk_is(true);
    assert_int_equal(spool_open(&sp, path_of("spool.db", ""), &limits, &why),
                     0);
    assert_int_equal(spool_begin(sp, &why), 0);
    assert_int_equal(append(sp, &model, 10, &why), 0);
    assert_int_equal(append(sp, &model, 20, &why), 0);
    assert_int_equal(spool_commit(sp, &why), 0);
    settle(&model, true);
    disk.fails = SYNCS;
    disk.rc = SQLITE_IOERR_FSYNC;
    disk.nth = disk.calls[SYNCS];
    disk.for_good = false;
    assert_int_equal(spool_begin(sp, &why), 0);
    assert_int_equal(spool_remove(sp, 1, &why), 0);
    assert_int_equal(spool_commit(sp, &why), -1);
    assert_int_equal(why.kind, FAULT_IO);
    assert_true(read_topic(sp, 1, &model, has));
    assert_true(has[1] && has[2]);
    assert_failed(sp);
    spool_close(sp);
    disk_is(false);
    remove_files("spool.db");
}

/* ---- main ---------------------------------------------------------------- */

static int make_dir(void **state)
{
    const char *tmp = getenv("TMPDIR");

    (void)state;
    for (size_t i = 0; i < sizeof(bytes); i++)
        bytes[i] = (char)(i * 31 + i / 256 * 7);
    snprintf(dir, sizeof(dir), "%s/test_spool_trouble.XXXXXX",
             tmp == NULL ? "/tmp" : tmp);
    if (mkdtemp(dir) == NULL)
        return -1;
    make_vfs();
    return 0;
}

static int remove_dir(void **state)
{
    (void)state;
    remove_files("spool.db");
    remove_files("after.db");
    arena_release(&arena);
    return rmdir(dir);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_each_call_fails),
        cmocka_unit_test(test_calls_fail_with_much_data),
        cmocka_unit_test(test_the_power_goes_after_each_step),
        cmocka_unit_test(test_a_failed_file_can_be_read),
    };

    return cmocka_run_group_tests(tests, make_dir, remove_dir);
}
