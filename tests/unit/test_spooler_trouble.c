/*
 * test_spooler_trouble.c - deliver/spooler.h: when the disk fails
 */
#include "spool_shim.h"

#include "spooler_stage.h"

#include <sys/stat.h>

static int setup_shimmed(void **state)
{
    make_vfs();
    disk_is(true);
    return setup(state);
}

static int teardown_shimmed(void **state)
{
    int rc;

    disk_fails(NONE, 0, 0, false);
    rc = teardown(state);
    disk_is(false);
    return rc;
}

/* Sends of the values "a" to "e", each at least once; those after the first
 * are marked. */
static void assert_all_are_sent(void)
{
    for (char c = 'a'; c <= 'e'; c++) {
        int times = 0;

        for (size_t i = 0; i < sent_count(); i++) {
            if (stage.sent[i].value[0] != c)
                continue;
            assert_true(times == 0 || stage.sent[i].marked);
            times++;
        }
        assert_true(times > 0);
    }
}

static const struct way {
    enum call call;
    int rc;
} ways[] = {
    {WRITES, SQLITE_IOERR_WRITE},
    {SYNCS,  SQLITE_IOERR_FSYNC},
};

/* Each call of a run fails once: nobody notices but the log. */
static void test_one_call_fails(void **state)
{
    (void)state;
    for (size_t w = 0; w < COUNT(ways); w++) {
        bool hit = true;

        for (int64_t nth = 0; hit; nth++) {
            disk_fails(ways[w].call, ways[w].rc, nth, false);
            for (char c = 'a'; c <= 'e'; c++)
                keep("t", "k", (char[]){c, '\0'});
            wait_empty();
            hit = disk_was_hit();
            assert_all_are_sent();
            disk_fails(NONE, 0, 0, false);
            abandon_stage();
            open_stage();
            wait_empty(); /* what could not be removed */
            close_stage();
            open_stage();
        }
    }
}

/* The disk is gone: nothing is answered for, and what is there is sent. */
static void test_the_disk_is_gone(void **state)
{
    struct passage *pg;
    char text[FAULT_TEXT_MAX];

    (void)state;
    pg = keep_in_doubt("t", "k", "-");
    take_down("t");
    for (char c = 'a'; c <= 'e'; c++)
        keep("t", "k", (char[]){c, '\0'});
    disk_fails(SYNCS, SQLITE_IOERR_FSYNC, 0, true);
    assert_int_equal(keep_until("t", "k", "x", NULL, 0), FAULT_IO);
    assert_false(spooler_accepts(stage.sp, text, sizeof(text)));
    report(pg, REPORT_DELIVERED, false);
    assert_sent("abcde");
    wait_empty();
    disk_fails(NONE, 0, 0, false);
    /* without any event that would show it */
    WAIT_FOR(spooler_accepts(stage.sp, text, sizeof(text)));
    keep("t", "k", "y");
    assert_string_equal(sent_at(5)->value, "y");
    wait_empty();
}

/* The files that have records, and those that were set aside. */
static size_t file_count(void)
{
    DIR *folder = opendir(stage.dir);
    struct dirent *entry;
    size_t count = 0;

    assert_non_null(folder);
    while ((entry = readdir(folder)) != NULL)
        count += strncmp(entry->d_name, "spool-", 6) == 0;
    closedir(folder);
    return count;
}

/* Not even what is given can be written down: after a while it is sent all
 * the same. */
static void test_the_disk_is_full_for_long(void **state)
{
    struct passage *pg;

    (void)state;
    pg = keep_in_doubt("t", "k", "-");
    take_down("t");
    for (char c = 'a'; c <= 'e'; c++)
        keep("t", "k", (char[]){c, '\0'});
    disk_fails(WRITES, SQLITE_FULL, 0, true);
    assert_int_equal(keep_until("t", "k", "x", NULL, 0), FAULT_FULL);
    report(pg, REPORT_DELIVERED, false);
    assert_sent("abcde");
    wait_empty();
    WAIT_FOR(file_count() == 0); /* it may be what has filled the disk */
    disk_fails(NONE, 0, 0, false);
    WAIT_FOR(keep_until("t", "k", "y", NULL, 0) == FAULT_NONE);
    wait_empty();
    assert_string_equal(stage.sent[stage.sent_count - 1].value, "y");
}

/* The newest file is one that has failed, and there is no room for another. */
static void test_the_disk_is_full_at_the_start(void **state)
{
    char text[FAULT_TEXT_MAX];

    (void)state;
    take_down("t");
    keep("t", "k", "a");
    disk_fails(WRITES, SQLITE_IOERR_WRITE, 0, true);
    assert_int_equal(keep_until("t", "k", "x", NULL, 0), FAULT_IO);
    abandon_stage();
    disk_fails(WRITES, SQLITE_FULL, 0, true);
    open_stage();
    assert_false(spooler_accepts(stage.sp, text, sizeof(text)));
    assert_int_equal(keep_until("t", "k", "y", NULL, 0), FAULT_IO);
    assert_sent("a");
    assert_true(stage.sent[0].marked);
    wait_empty();
    disk_fails(NONE, 0, 0, false);
    WAIT_FOR(keep_until("t", "k", "z", NULL, 0) == FAULT_NONE);
    WAIT_FOR(spooler_accepts(stage.sp, text, sizeof(text)));
    wait_empty();
}

/* ---- rows that cannot be read -------------------------------------------- */

/* So large that SQLite's cache does not hold many. */
static void keep_large(const char *key, char c)
{
    static char value[200 * 1024];
    struct record record = record_of("t", key, "");
    struct stripe *stripe =
        channel_stripe(channel_of("t"), channel_hash(record.key));
    const struct keep keep = {.record = &record,
                              .partition = partition_of("t")};

    memset(value, c, sizeof(value));
    record.value = (struct slice){value, sizeof(value)};
    stripe_lock(stripe);
    stripe_join(stripe);
    stripe_unlock(stripe);
    assert_int_equal(spooler_keep(stage.sp, &keep, NULL), 0);
}

/* The first that is sent, and others that take its place in the cache: they
 * are all there before the first of them is in Kafka, for the pages of what is
 * removed are used again. */
static void keep_out_of_cache(const char *key)
{
    enum { OTHERS = 30 };

    keep_large(key, 'x');
    sent_at(0);
    for (size_t i = 1; i <= OTHERS; i++)
        keep_large("other", 'o');
    for (size_t i = 1; i <= OTHERS; i++)
        report_at(i, REPORT_DELIVERED, false);
    WAIT_FOR(spooler_records(stage.sp) == 1);
}

/* The spooler has nothing to do, and has folded in the log: so the next to
 * read is a record's. */
static bool is_tidy(void)
{
    char path[PATH_SIZE];
    struct stat st;

    snprintf(path, sizeof(path), "%s/spool-00000001.db-wal", stage.dir);
    return stat(path, &st) == 0 && st.st_size == 0;
}

/* The n-th has come once more. */
static bool was_sent_again(size_t n)
{
    const size_t count = sent_count();

    for (size_t i = n + 1; i < count; i++)
        if (strcmp(stage.sent[i].value, stage.sent[n].value) == 0)
            return true;
    return false;
}

/* It comes back, and cannot be read any more: nobody waits for it, and others
 * that come back are sent. */
static void test_one_cannot_be_read(void **state)
{
    const struct stripe *stripe = stripe_of("t", "bad");
    size_t last;

    (void)state;
    keep_out_of_cache("bad");
    last = sent_count();
    keep("u", "k", "L");
    sent_at(last);
    assert_int_equal(spooler_records(stage.sp), 2);
    WAIT_FOR(is_tidy());
    disk_only("spool-00000001.db");
    disk_fails(READS, SQLITE_CORRUPT, 0, true);
    /* Kafka is there, however long this took */
    partition_confirmed(partition_of("t"), clock_now_us());
    report_at(0, REPORT_FAILED, false);
    WAIT_FOR(disk_was_hit());
    WAIT_FOR(spooler_records(stage.sp) == 1); /* without the bad one */
    disk_fails(NONE, 0, 0, false);
    WAIT_FOR(!channel_waits(channel_of("t")));
    assert_int_equal(stripe_waiting(stripe), 0);
    report_at(last, REPORT_FAILED, false);
    WAIT_FOR(was_sent_again(last));
    wait_empty();
}

/* The disk answers nothing for a while: nothing of what is in the spool is
 * given up for that, and others go on. */
static void test_reading_fails_for_a_while(void **state)
{
    enum { MANY = 40 }; /* more than SQLite's cache has */

    struct passage *pg = keep_in_doubt("t", "-", "-");

    (void)state;
    take_down("t");
    for (int i = 0; i < MANY; i++)
        keep_large("k", (char)('A' + i));
    disk_only("spool-00000001.db");
    disk_fails(READS, SQLITE_IOERR_READ, 0, true);
    report(pg, REPORT_DELIVERED, false);
    WAIT_FOR((deliver_all_from(0), disk_was_hit()));
    for (char c = 'a'; c <= 'e'; c++) {
        const size_t count = sent_count();

        keep("u", "k", (char[]){c, '\0'});
        WAIT_FOR(sent_count() > count);
        assert_int_equal(sent_at(sent_count() - 1)->value[0], c);
    }
    disk_fails(NONE, 0, 0, false);
    WAIT_FOR((deliver_all_from(0), spooler_records(stage.sp) == 0));
    for (int i = 0; i < MANY; i++) {
        bool sent = false;

        for (size_t k = 0; k < sent_count(); k++)
            sent |= stage.sent[k].value[0] == 'A' + i;
        assert_true(sent);
    }
}

/* Nobody knows whose it was: so nobody waits for it. */
static void test_one_that_was_never_read(void **state)
{
    struct passage *pg = keep_in_doubt("t", "-", "-");

    (void)state;
    take_down("t");
    for (int i = 0; i < 30; i++) /* more than SQLite's cache has */
        keep_large(i < 10 ? "bad" : "other", 'x');
    assert_true(channel_waits(channel_of("t")));
    disk_only("spool-00000001.db-wal");
    disk_fails(READS, SQLITE_CORRUPT, 0, true);
    report(pg, REPORT_DELIVERED, false);
    WAIT_FOR((deliver_all_from(0), !channel_waits(channel_of("t"))));
    assert_true(sent_count() < 30);
    disk_fails(NONE, 0, 0, false);
    wait_empty();
    assert_false(channel_waits(channel_of("t")));
}

/* While Kafka is away somebody removes the folder: what was in it is sent, and
 * what comes is kept where it can be found. */
static void test_the_folder_is_removed(void **state)
{
    (void)state;
    take_down("t");
    keep("t", "k", "a");
    empty_folder();
    assert_int_equal(rmdir(stage.dir), 0);
    keep("t", "k", "b");
    keep("t", "k", "c");
    assert_true(file_count() > 0);
    close_stage();
    open_stage();
    assert_sent("bc");
    wait_empty();
}

static bool metrics_tell(const char *line)
{
    struct buf text = BUF_INIT(1024 * 1024);
    bool told;

    assert_int_equal(metrics_render(&text, NULL), 0);
    told = strstr(text.data, line) != NULL;
    buf_release(&text);
    return told;
}

/* What is written again after a failed commit is behind what was there. */
static void test_written_again_in_order(void **state)
{
    struct passage *pg;

    (void)state;
    pg = keep_in_doubt("t", "k", "-");
    take_down("t");
    keep("t", "k", "a");
    keep("t", "k", "b");
    disk_fails(SYNCS, SQLITE_IOERR_FSYNC, 0, false);
    keep("t", "k", "c");
    assert_true(disk_was_hit());
    keep("t", "k", "d");
    assert_int_equal(sent_count(), 0);
    report(pg, REPORT_DELIVERED, false);
    assert_sent("abcd");
    assert_false(stage.sent[1].marked);
    assert_true(stage.sent[2].marked); /* the failed file may have it, too */
    deliver_all_from(1);
    WAIT_FOR(spooler_records(stage.sp) == 1);
    wait_empty();
    /* it leaves when nothing else is to be done */
    WAIT_FOR(metrics_tell("\naurix_bridge_spool_failed_files 0\n"));
    assert_true(metrics_tell("\naurix_bridge_spool_bad_files_total 1\n"));
}

/* ---- the log ------------------------------------------------------------- */

/* While Kafka is away nothing is due between two appends, and yet it is no
 * time to fold in the log: that takes more syncs than the appends. */
static void test_an_append_is_one_sync(void **state)
{
    enum { APPENDS = 50 };
    struct passage *pg;
    int64_t syncs;

    (void)state;
    pg = keep_in_doubt("t", "k", "-");
    take_down("t");
    disk_fails(NONE, 0, 0, false); /* counts from here on */
    for (int i = 0; i < APPENDS; i++)
        keep("t", "k", "a");
    pthread_mutex_lock(&disk_lock);
    syncs = disk.calls[SYNCS];
    pthread_mutex_unlock(&disk_lock);
    assert_true(syncs >= APPENDS && syncs < 2 * APPENDS);
    report(pg, REPORT_DELIVERED, false);
    wait_empty();
}

#define SHIMMED(test)                                                          \
    cmocka_unit_test_setup_teardown(test, setup_shimmed, teardown_shimmed)

int main(void)
{
    const struct CMUnitTest tests[] = {
        SHIMMED(test_an_append_is_one_sync),
        SHIMMED(test_one_cannot_be_read),
        SHIMMED(test_reading_fails_for_a_while),
        SHIMMED(test_one_that_was_never_read),
        SHIMMED(test_written_again_in_order),
        SHIMMED(test_one_call_fails),
        SHIMMED(test_the_disk_is_gone),
        SHIMMED(test_the_disk_is_full_for_long),
        SHIMMED(test_the_disk_is_full_at_the_start),
        SHIMMED(test_the_folder_is_removed),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
