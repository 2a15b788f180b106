/*
 * test_spool_trouble.c - spool/spool.h: when the disk is full or fails, and
 * when the power goes
 */
#include "spool_model.h"

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
