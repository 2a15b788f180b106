/*
 * test_spooler_room.c - deliver/spooler.h: when the spool is full
 */
#include "spooler_stage.h"

/* So that not even a record without a value finds room. */
static void fill(void)
{
    static char value[256 * 1024];
    size_t size = sizeof(value);

    for (;;) {
        struct record record = record_of("t", NULL, "");
        const struct keep keep = {.record = &record,
                                  .channel = channel_of("t")};
        struct fault why = FAULT_INIT;

        record.value = (struct slice){value, size};
        if (spooler_keep(stage.sp, &keep, &why) == 0)
            continue;
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

int main(void)
{
    const struct CMUnitTest tests[] = {
        STAGED(test_full_and_kafka_away),
        STAGED(test_full_and_kafka_there),
        STAGED(test_room_again),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
