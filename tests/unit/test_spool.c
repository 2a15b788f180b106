/*
 * test_spool.c - spool/spool.h: what goes in, what comes out, what changes
 *
 * Its file is in test_spool_file.c, how much of it in test_spool_limits.c,
 * and what it does when the disk fails in test_spool_trouble.c.
 */
#include "record_same.h"
#include "spool_support.h"

/* ---- what goes in comes out ---------------------------------------------- */

static const struct trip_row {
    const char *claim;
    struct slice key;
    struct slice value;
    size_t headers;
    struct slice header;
    bool doubtful;
} trips[] = {
    {"the least there is",        {NULL, 0}, {"", 0},  0,  {NULL, 0}, false},
    {"an empty key is no null",   {"", 0},   {"v", 1}, 0,  {NULL, 0}, false},
    {"a doubtful one",            {"k", 1},  {"v", 1}, 1,  {"h", 1},  true },
    {"all headers there can be",  {"k", 1},  {"v", 1}, 20, {"h", 1},  false},
    {"an empty header",           {"k", 1},  {"v", 1}, 1,  {"", 0},   false},
    {"bytes that are no text",
     {"\0", 1},
     {"\0\xff\n\x80", 4},
     2,                                                    {"\0", 1},
     false                                                                 },
    {"the largest body there is",
     {"k", 1},
     {big, sizeof(big)},
     6,                                                    {"h", 1},
     false                                                                 },
};

static struct record record_of_trip(const struct trip_row *trip)
{
    static const char *const names[] = {"a", "b", "c", "d", "e", "f",      "g",
                                        "h", "i", "j", "k", "l", "m",      "n",
                                        "o", "p", "q", "r", "s", "ce_time"};
    struct record record = {
        .topic = "aurix.leads", .key = trip->key, .value = trip->value};

    for (size_t i = 0; i < trip->headers; i++)
        record_add_header(&record, names[i], trip->header);
    return record;
}

static void check_trips(void)
{
    assert_int_equal(read_all("aurix.leads"), COUNT(trips));
    for (size_t i = 0; i < COUNT(trips); i++) {
        const struct record record = record_of_trip(&trips[i]);

        assert_false(rows[i].damaged);
        assert_int_equal(rows[i].doubtful, trips[i].doubtful);
        assert_true(rows[i].stored_ms > INT64_C(1600000000000));
        assert_record(&rows[i].record, &record);
    }
}

static void test_round_trip(void **state)
{
    int64_t last = 0;

    (void)state;
    for (size_t i = 0; i < COUNT(trips); i++) {
        const struct record record = record_of_trip(&trips[i]);
        struct spool_row row;
        int64_t seq;

        print_message("  %s\n", trips[i].claim);
        OK(spool_begin(sp, &why));
        OK(spool_append(sp, &record, trips[i].doubtful, &seq, &why));
        OK(spool_commit(sp, &why));
        assert_true(seq > last);
        last = seq;
        assert_true(exists(seq, &row));
        assert_int_equal(row.seq, seq);
        assert_record(&row.record, &record);
    }
    check_trips();
    reopen();
    check_trips();
    OK(spool_tidy(sp, true, &why));
    check_trips();
    reopen();
    check_trips();
}

static void test_a_missing_value_is_an_empty_one(void **state)
{
    (void)state;
    OK(spool_begin(sp, &why));
    append("t", SLICE_ABSENT);
    OK(spool_commit(sp, &why));
    assert_int_equal(read_all("t"), 1);
    assert_slice(rows[0].record.value, BYTES(""));
}

/* ---- reading ------------------------------------------------------------- */

static void test_each_topic_has_its_order(void **state)
{
    static const char *const names[] = {"b", "a", "c"};
    char text[16];

    (void)state;
    OK(spool_begin(sp, &why));
    for (int i = 0; i < 30; i++) {
        snprintf(text, sizeof(text), "%d", i);
        assert_int_equal(append(names[i % 3], slice_of(text)), i + 1);
    }
    OK(spool_commit(sp, &why));
    for (int t = 0; t < 3; t++) {
        assert_int_equal(read_all(names[t]), 10);
        for (int i = 0; i < 10; i++) {
            snprintf(text, sizeof(text), "%d", 3 * i + t);
            assert_true(slice_is(rows[i].record.value, text));
            assert_int_equal(rows[i].seq, 3 * i + t + 1);
            assert_string_equal(rows[i].record.topic, names[t]);
        }
    }
}

static void test_topics(void **state)
{
    const struct spool_topic *topics;
    size_t count;

    (void)state;
    OK(spool_topics(sp, &topics, &count, &why));
    assert_int_equal(count, 0);
    store("b", "1");
    store("a", "2");
    store("b", "3");
    for (int pass = 0; pass < 2; pass++) {
        OK(spool_topics(sp, &topics, &count, &why));
        assert_int_equal(count, 2);
        assert_string_equal(topics[0].name, "b");
        assert_int_equal(topics[0].first_seq, 1);
        assert_int_equal(topics[0].last_seq, 3);
        assert_int_equal(topics[0].given_to, 0);
        assert_string_equal(topics[1].name, "a");
        assert_int_equal(topics[1].first_seq, 2);
        assert_int_equal(topics[1].last_seq, 2);
        reopen();
    }
    drop(2);
    assert_int_equal(topic("a")->first_seq, 0);
    assert_int_equal(topic("a")->last_seq, 0);
    drop(1);
    assert_int_equal(topic("b")->first_seq, 3);
    /* a hundred, for the table of them grows */
    for (int i = 0; i < 100; i++) {
        char name[24];

        snprintf(name, sizeof(name), "topic-%d", i);
        store(name, "x");
        assert_int_equal(topic(name)->last_seq, 4 + i);
    }
    reopen();
    assert_int_equal(topic("topic-99")->first_seq, 103);
}

static void test_what_one_reading_takes(void **state)
{
    static const struct {
        const char *claim;
        int64_t after;
        size_t max;
        size_t max_bytes;
        int64_t first;
        size_t count;
    } cases[] = {
        {"all",                            0,  ROWS_MAX, SIZE_MAX, 1, 8},
        {"behind a cursor",                3,  ROWS_MAX, SIZE_MAX, 4, 5},
        {"behind the last",                8,  ROWS_MAX, SIZE_MAX, 0, 0},
        {"behind what is not there",       99, ROWS_MAX, SIZE_MAX, 0, 0},
        {"so many",                        0,  3,        SIZE_MAX, 1, 3},
        {"none",                           0,  0,        SIZE_MAX, 0, 0},
        {"so many bytes, keys and all",    0,  ROWS_MAX, 350,      1, 3},
        {"as many bytes as two of them",   2,  ROWS_MAX, 212,      3, 2},
        {"one byte less",                  2,  ROWS_MAX, 207,      3, 1},
        {"one, however little is allowed", 5,  ROWS_MAX, 0,        6, 1},
    };

    (void)state;
    OK(spool_begin(sp, &why));
    for (int i = 0; i < 8; i++)
        append("t", (struct slice){big, 100}); /* 3 of key, 1 of headers */
    append("other", BYTES("x"));
    OK(spool_commit(sp, &why));
    for (size_t i = 0; i < COUNT(cases); i++) {
        print_message("  %s\n", cases[i].claim);
        assert_int_equal(
            read_some("t", cases[i].after, cases[i].max, cases[i].max_bytes),
            cases[i].count);
        if (cases[i].count > 0)
            assert_int_equal(rows[0].seq, cases[i].first);
    }
}

static void test_a_small_arena_reads_fewer(void **state)
{
    struct arena tight = ARENA_INIT(1, 3 * KB);
    size_t count;

    (void)state;
    OK(spool_begin(sp, &why));
    for (int i = 0; i < 4; i++)
        append("t", (struct slice){big, KB});
    append("large", (struct slice){big, 4 * KB});
    OK(spool_commit(sp, &why));
    OK(spool_read(sp, topic("t")->id, 0, rows, ROWS_MAX, SIZE_MAX, &tight,
                  &count, &why));
    assert_int_equal(count, 2);
    arena_release(&tight);
    FAILS(spool_read(sp, topic("large")->id, 0, rows, ROWS_MAX, SIZE_MAX,
                     &tight, &count, &why),
          FAULT_NOMEM);
    assert_int_equal(count, 0);
    arena_release(&tight);
    store("t", "and it goes on");
}

/* ---- changing ------------------------------------------------------------ */

static void test_removing(void **state)
{
    struct spool_row row;
    struct spool_totals before;

    (void)state;
    for (int i = 0; i < 3; i++)
        store("t", "value");
    before = totals();
    assert_int_equal(before.records, 3);
    drop(2);
    assert_false(exists(2, &row));
    assert_int_equal(read_all("t"), 2);
    assert_int_equal(rows[1].seq, 3);
    assert_int_equal(totals().records, 2);
    assert_int_equal(totals().bytes, before.bytes / 3 * 2);
    drop(2); /* once more */
    drop(77);
    assert_int_equal(totals().records, 2);
    reopen();
    assert_int_equal(totals().records, 2);
    assert_int_equal(totals().bytes, before.bytes / 3 * 2);
    drop(1);
    drop(3);
    assert_int_equal(totals().records, 0);
    assert_int_equal(totals().bytes, 0);
    assert_int_equal(totals().oldest_ms, 0);
}

static void test_the_oldest(void **state)
{
    (void)state;
    assert_int_equal(totals().oldest_ms, 0);
    store("t", "1");
    sqlite3_sleep(2); /* so that its time is another one */
    store("u", "2");
    for (int pass = 0; pass < 2; pass++) {
        assert_int_equal(read_all("t"), 1);
        assert_int_equal(totals().oldest_ms, rows[0].stored_ms);
        reopen();
    }
    drop(1);
    for (int pass = 0; pass < 2; pass++) {
        assert_int_equal(read_all("u"), 1);
        assert_int_equal(totals().oldest_ms, rows[0].stored_ms);
        reopen();
    }
}

/* Bit n: seq n is doubtful. */
static unsigned doubtful(const char *name)
{
    const size_t count = read_all(name);
    unsigned out = 0;

    for (size_t i = 0; i < count; i++)
        if (rows[i].doubtful)
            out |= 1u << rows[i].seq;
    return out;
}

static void give(const char *name, int64_t seq)
{
    const int64_t id = topic(name)->id;

    OK(spool_begin(sp, &why));
    OK(spool_give(sp, id, seq, &why));
    OK(spool_commit(sp, &why));
}

static void test_what_is_given_is_doubtful(void **state)
{
    struct spool_row row;

    (void)state;
    for (int i = 0; i < 4; i++)
        store(i % 2 == 0 ? "t" : "u", "x"); /* 1 and 3, 2 and 4 */
    assert_int_equal(doubtful("t"), 0);
    give("t", 1);
    for (int pass = 0; pass < 2; pass++) {
        assert_int_equal(doubtful("t"), 1u << 1);
        assert_int_equal(doubtful("u"), 0);
        assert_int_equal(topic("t")->given_to, 1);
        assert_true(exists(1, &row) && row.doubtful);
        assert_int_equal(row.was_doubtful, pass > 0);
        assert_true(exists(3, &row) && !row.doubtful);
        reopen();
    }
    give("t", 0); /* it never goes back */
    assert_int_equal(doubtful("t"), 1u << 1);
    give("t", INT64_MAX); /* and never forward of what there is */
    assert_int_equal(topic("t")->given_to, 4);
    store("t", "x");
    assert_int_equal(doubtful("t"), 1u << 1 | 1u << 3);

    OK(spool_begin(sp, &why));
    OK(spool_give(sp, 999, 5, &why)); /* no such topic */
    OK(spool_give(sp, 1, 5, &why));
    spool_undo(sp);
    assert_int_equal(topic("t")->given_to, 4);
    reopen();
    assert_int_equal(topic("t")->given_to, 4);
}

static void test_putting_aside(void **state)
{
    struct spool_totals before;
    struct spool_row row;

    (void)state;
    for (int i = 0; i < 3; i++)
        store("t", "value");
    before = totals();
    OK(spool_begin(sp, &why));
    OK(spool_put_aside(sp, 3, "refused", &why));
    OK(spool_put_aside(sp, 3, "refused", &why)); /* it is not there */
    OK(spool_put_aside(sp, 1, "damaged", &why));
    OK(spool_commit(sp, &why));
    for (int pass = 0; pass < 2; pass++) {
        assert_false(exists(3, &row));
        assert_int_equal(read_all("t"), 1);
        assert_int_equal(rows[0].seq, 2);
        assert_int_equal(totals().records, 1);
        assert_int_equal(totals().aside, 2);
        assert_int_equal(totals().bytes, before.bytes); /* still on disk */
        reopen();
    }
    assert_int_equal(store("t", "x"), 4);
    close_it();
    sql(db(), "CREATE TEMP TABLE one (n INTEGER CHECK (n = 1));"
              "INSERT INTO one SELECT count(*) FROM aside WHERE seq = 3 AND"
              " reason = 'refused' AND value = x'76616c7565' AND"
              " key = x'6b6579' AND aside_ms >= stored_ms;");
}

static void test_undoing(void **state)
{
    struct spool_totals before;
    struct spool_totals after;
    int64_t seq;

    (void)state;
    store("t", "1");
    store("t", "2");
    before = totals();
    OK(spool_begin(sp, &why));
    assert_true(spool_in_transaction(sp));
    append("t", BYTES("3"));
    append("new", BYTES("4"));
    OK(spool_remove(sp, 1, &why));
    OK(spool_put_aside(sp, 2, "refused", &why));
    OK(spool_give(sp, 1, 2, &why));
    /* what is told meanwhile is what is committed */
    after = totals();
    assert_memory_equal(&after, &before, sizeof(before));
    spool_undo(sp);
    spool_undo(sp); /* nothing left to undo */
    assert_false(spool_in_transaction(sp));
    after = totals();
    assert_memory_equal(&after, &before, sizeof(before));
    assert_null(topic("new"));
    assert_int_equal(doubtful("t"), 0);
    assert_int_equal(read_all("t"), 2);
    seq = store("new", "5");
    assert_true(seq > 2);
    assert_int_equal(topic("new")->first_seq, seq);
    reopen();
    assert_int_equal(totals().records, 3);
    assert_int_equal(read_all("new"), 1);
}

static void test_closing_undoes(void **state)
{
    (void)state;
    store("t", "1");
    OK(spool_begin(sp, &why));
    append("t", BYTES("2"));
    reopen();
    assert_int_equal(totals().records, 1);
    spool_close(NULL);
}

static void test_a_number_is_never_used_twice(void **state)
{
    (void)state;
    assert_int_equal(store("t", "1"), 1);
    assert_int_equal(store("t", "2"), 2);
    drop(1);
    drop(2);
    reopen();
    assert_int_equal(store("t", "3"), 3); /* removed, never given */
    give("t", 3);
    drop(3);
    reopen();
    assert_int_equal(store("t", "4"), 4); /* given, then removed */
    OK(spool_begin(sp, &why));
    OK(spool_put_aside(sp, 4, "refused", &why));
    OK(spool_commit(sp, &why));
    reopen();
    assert_int_equal(store("t", "5"), 5); /* put aside */
    OK(spool_begin(sp, &why));
    append("t", BYTES("6"));
    OK(spool_remove(sp, 6, &why));
    OK(spool_commit(sp, &why));
    reopen();
    assert_int_equal(store("t", "7"), 7); /* came and went */
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        OPEN(test_round_trip),
        OPEN(test_a_missing_value_is_an_empty_one),
        OPEN(test_each_topic_has_its_order),
        OPEN(test_topics),
        OPEN(test_what_one_reading_takes),
        OPEN(test_a_small_arena_reads_fewer),
        OPEN(test_removing),
        OPEN(test_the_oldest),
        OPEN(test_what_is_given_is_doubtful),
        OPEN(test_putting_aside),
        OPEN(test_undoing),
        OPEN(test_closing_undoes),
        OPEN(test_a_number_is_never_used_twice),
    };

    return cmocka_run_group_tests(tests, make_dir, remove_dir);
}
