/*
 * test_spooler_room.c - deliver/spooler.h: when the spool is full
 */
#include "spooler_stage.h"

#include <sys/stat.h>
#include <sys/statvfs.h>

/* ---- a small disk -------------------------------------------------------- */

static _Atomic int64_t disk_bytes; /* 0: as large as it is */

int __real_statvfs(const char *path, struct statvfs *out);
int __wrap_statvfs(const char *path, struct statvfs *out);

int __wrap_statvfs(const char *path, struct statvfs *out)
{
    const int rc = __real_statvfs(path, out);
    int64_t left = disk_bytes;
    char name[512];
    DIR *folder;
    struct dirent *entry;
    struct stat st;

    if (rc == -1 || left == 0)
        return rc;
    folder = opendir(stage.dir);
    while ((entry = readdir(folder)) != NULL) {
        snprintf(name, sizeof(name), "%s/%s", stage.dir, entry->d_name);
        if (stat(name, &st) == 0 && S_ISREG(st.st_mode))
            left -= st.st_size;
    }
    closedir(folder);
    out->f_bavail = left <= 0 ? 0 : (fsblkcnt_t)left / out->f_frsize;
    return 0;
}

/* ---- the spool's limit --------------------------------------------------- */

/* So that not even a record without a value finds room. */
static void fill(void)
{
    static char value[256 * 1024];
    size_t size = sizeof(value);

    for (;;) {
        struct record record = record_of("t", "k", "");
        const struct keep keep = {.record = &record,
                                  .partition = partition_of("t")};
        struct stripe *stripe = stripe_of("t", "k");
        struct fault why = FAULT_INIT;

        record.value = (struct slice){value, size};
        stripe_lock(stripe);
        stripe_join(stripe);
        stripe_unlock(stripe);
        if (spooler_keep(stage.sp, &keep, &why) == 0)
            continue;
        stripe_lock(stripe);
        stripe_leave(stripe);
        stripe_unlock(stripe);
        assert_int_equal(why.kind, FAULT_FULL);
        if (size == 0)
            return;
        size /= 4;
    }
}

static void test_full_and_kafka_away(void **state)
{
    char text[FAULT_TEXT_MAX];

    (void)state;
    fill();
    take_down("t");
    assert_false(spooler_accepts(stage.sp, text, sizeof(text)));
    assert_non_null(strstr(text, "full"));
    /* not waited for: Kafka makes no room */
    assert_int_equal(keep_until("t", "k", "a", NULL,
                                clock_now_us() + 3600 * INT64_C(1000000)),
                     FAULT_FULL);
    wait_empty();
    keep("t", "k", "b");
    WAIT_FOR(spooler_accepts(stage.sp, text, sizeof(text)));
    wait_empty();
}

/* Without any event that would show it. */
static void test_room_again(void **state)
{
    char text[FAULT_TEXT_MAX];

    (void)state;
    fill();
    assert_false(spooler_accepts(stage.sp, text, sizeof(text)));
    wait_empty();
    WAIT_FOR(spooler_accepts(stage.sp, text, sizeof(text)));
}

static void *keep_late(void *ctx)
{
    *(enum fault_kind *)ctx = keep_until(
        "t", "k", "a", NULL, clock_now_us() + DEADLINE_S * INT64_C(1000000));
    return NULL;
}

static void test_full_and_kafka_there(void **state)
{
    enum fault_kind kind = FAULT_NOMEM;
    pthread_t thread;

    (void)state;
    fill();
    assert_int_equal(pthread_create(&thread, NULL, keep_late, &kind), 0);
    wait_empty(); /* makes room for it */
    pthread_join(thread, NULL);
    assert_int_equal(kind, FAULT_NONE);
    wait_empty();
    assert_string_equal(stage.sent[stage.sent_count - 1].value, "a");
}

/* ---- the disk's ---------------------------------------------------------- */

static int setup_small(void **state)
{
    int rc = setup(state);

    close_stage();
    disk_bytes = 24 * 1024 * 1024;
    stage.limits.min_free_bytes = 8 * 1024 * 1024;
    open_stage();
    return rc;
}

static int teardown_small(void **state)
{
    disk_bytes = 0;
    return teardown(state);
}

/* What an empty spool gives back is what was missing. */
static void test_room_on_the_disk_again(void **state)
{
    char text[FAULT_TEXT_MAX];

    (void)state;
    fill();
    assert_false(spooler_accepts(stage.sp, text, sizeof(text)));
    assert_non_null(strstr(text, "free"));
    wait_empty();
    WAIT_FOR(spooler_accepts(stage.sp, text, sizeof(text)));
    keep("t", "k", "a");
    wait_empty();
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        STAGED(test_full_and_kafka_away),
        STAGED(test_full_and_kafka_there),
        STAGED(test_room_again),
        cmocka_unit_test_setup_teardown(test_room_on_the_disk_again,
                                        setup_small, teardown_small),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
