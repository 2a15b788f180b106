/*
 * test_spool.c - deliver/spool.h
 *
 * What it does when the disk fails is in test_spool_trouble.c.
 */
#include "deliver/spool.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <dirent.h>
#include <fcntl.h>
#include <sqlite3.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

enum { KB = 1024, MB = 1024 * KB, ROWS_MAX = 64, PATH_SIZE = 1024 };

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))
#define BYTES(text) ((struct slice){(text), sizeof(text) - 1})

static const struct spool_limits ample = {.max_bytes = 1024 * MB};

static char dir[512];
static struct spool *sp;
static struct arena arena = ARENA_INIT(64 * KB, 64 * MB);
static struct spool_row rows[ROWS_MAX];
static char big[512 * KB]; /* a value */

/* ---- files --------------------------------------------------------------- */

/* Four of them are good at a time. */
static const char *in_dir(const char *name)
{
    static char paths[4][PATH_SIZE];
    static size_t turn;
    char *path = paths[turn++ % COUNT(paths)];

    snprintf(path, PATH_SIZE, "%s/%s", dir, name);
    return path;
}

static const char *db(void) { return in_dir("spool.db"); }

static void empty_dir(void)
{
    DIR *folder = opendir(dir);
    struct dirent *entry;

    assert_non_null(folder);
    while ((entry = readdir(folder)) != NULL)
        if (entry->d_name[0] != '.')
            remove(in_dir(entry->d_name));
    closedir(folder);
}

/* -1: there is none. */
static int64_t size_of(const char *path)
{
    struct stat st;

    return stat(path, &st) == -1 ? -1 : (int64_t)st.st_size;
}

static void write_file(const char *path, const void *data, size_t len)
{
    FILE *file = fopen(path, "wb");

    assert_non_null(file);
    assert_int_equal(fwrite(data, 1, len, file), len);
    assert_int_equal(fclose(file), 0);
}

static char *load_file(const char *path, size_t *len)
{
    const int64_t size = size_of(path);
    FILE *file = fopen(path, "rb");
    char *data;

    assert_non_null(file);
    assert_true(size >= 0);
    data = malloc((size_t)size + 1);
    assert_non_null(data);
    *len = fread(data, 1, (size_t)size, file);
    assert_int_equal(*len, size);
    fclose(file);
    return data;
}

static void copy_file(const char *from, const char *to)
{
    size_t len;
    char *data;

    if (size_of(from) == -1)
        return;
    data = load_file(from, &len);
    write_file(to, data, len);
    free(data);
}

/* By another connection, while no spool has the file. */
static void sql(const char *path, const char *text)
{
    sqlite3 *other;

    assert_int_equal(sqlite3_open(path, &other), SQLITE_OK);
    assert_int_equal(sqlite3_exec(other, text, NULL, NULL, NULL), SQLITE_OK);
    assert_int_equal(sqlite3_close(other), SQLITE_OK);
}

/* ---- short for what all tests do ----------------------------------------- */

/* All of `call`, which wants a `why`, has to work. */
#define OK(call)                                                               \
    do {                                                                       \
        struct fault why = FAULT_INIT;                                         \
                                                                               \
        if ((call) != 0)                                                       \
            fail_msg("%s: %s", #call, why.text);                               \
        assert_int_equal(why.kind, FAULT_NONE);                                \
    } while (0)

#define FAILS(call, expected)                                                  \
    do {                                                                       \
        struct fault why = FAULT_INIT;                                         \
                                                                               \
        assert_int_equal((call), -1);                                          \
        if (why.kind != (expected))                                            \
            fail_msg("%s: kind %d, %s", #call, (int)why.kind, why.text);       \
        assert_true(strlen(why.text) > 0);                                     \
    } while (0)

static void open_with(const struct spool_limits *limits)
{
    OK(spool_open(&sp, db(), limits, &why));
}

static void open_it(void) { open_with(&ample); }

static void close_it(void)
{
    spool_close(sp);
    sp = NULL;
}

static void reopen(void)
{
    close_it();
    open_it();
}

static struct record record_of(const char *topic, struct slice value)
{
    return (struct record){.topic = topic, .key = BYTES("key"), .value = value};
}

static int64_t append(const char *topic, struct slice value)
{
    const struct record record = record_of(topic, value);
    int64_t seq = 0;

    OK(spool_append(sp, &record, false, &seq, &why));
    assert_true(seq >= 1);
    return seq;
}

/* Transactions of their own */
static int64_t store(const char *topic, const char *value)
{
    int64_t seq;

    OK(spool_begin(sp, &why));
    seq = append(topic, slice_of(value));
    OK(spool_commit(sp, &why));
    return seq;
}

static void drop(int64_t seq)
{
    OK(spool_begin(sp, &why));
    OK(spool_remove(sp, seq, &why));
    OK(spool_commit(sp, &why));
}

static const struct spool_topic *topic(const char *name)
{
    const struct spool_topic *topics;
    size_t count;

    OK(spool_topics(sp, &topics, &count, &why));
    for (size_t i = 0; i < count; i++)
        if (strcmp(topics[i].name, name) == 0)
            return &topics[i];
    return NULL;
}

static size_t read_some(const char *name, int64_t after, size_t max,
                        size_t max_bytes)
{
    const struct spool_topic *from = topic(name);
    size_t count;

    assert_non_null(from);
    arena_reset(&arena);
    OK(spool_read(sp, from->id, after, rows, max, max_bytes, &arena, &count,
                  &why));
    return count;
}

static size_t read_all(const char *name)
{
    return read_some(name, 0, ROWS_MAX, SIZE_MAX);
}

static struct spool_totals totals(void)
{
    struct spool_totals out;

    spool_totals(sp, &out);
    return out;
}

static bool exists(int64_t seq, struct spool_row *row)
{
    bool found;

    arena_reset(&arena);
    OK(spool_read_one(sp, seq, row, &found, &arena, &why));
    return found;
}

static int setup(void **state)
{
    (void)state;
    empty_dir();
    open_it();
    return 0;
}

static int setup_nothing(void **state)
{
    (void)state;
    empty_dir();
    return 0;
}

static int teardown(void **state)
{
    (void)state;
    close_it();
    return 0;
}

/* ---- what goes in comes out ---------------------------------------------- */

static void assert_slice(struct slice got, struct slice wanted)
{
    assert_int_equal(got.data == NULL, wanted.data == NULL);
    assert_int_equal(got.len, wanted.len);
    if (wanted.len > 0)
        assert_memory_equal(got.data, wanted.data, wanted.len);
}

static void assert_same(const struct record *got, const struct record *wanted)
{
    assert_string_equal(got->topic, wanted->topic);
    assert_slice(got->key, wanted->key);
    assert_slice(got->value, wanted->value);
    assert_int_equal(got->header_count, wanted->header_count);
    for (size_t i = 0; i < wanted->header_count; i++) {
        assert_string_equal(got->headers[i].name, wanted->headers[i].name);
        assert_slice(got->headers[i].value, wanted->headers[i].value);
    }
}

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
        assert_same(&rows[i].record, &record);
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
        assert_same(&row.record, &record);
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

/* ---- limits -------------------------------------------------------------- */

static void test_max_bytes(void **state)
{
    struct spool_limits limits = {.max_bytes = 10 * KB};
    const struct record record = record_of("t", (struct slice){big, KB});
    int64_t seq;
    int64_t stored = 0;

    (void)state;
    close_it();
    open_with(&limits);
    OK(spool_begin(sp, &why));
    while (stored < 9) {
        append("t", record.value);
        stored++;
    }
    FAILS(spool_append(sp, &record, false, &seq, &why), FAULT_FULL);
    /* the others are not lost by it */
    assert_true(spool_in_transaction(sp));
    append("t", BYTES("small"));
    OK(spool_commit(sp, &why));
    assert_int_equal(totals().records, 10);
    assert_true(totals().bytes <= limits.max_bytes);

    OK(spool_begin(sp, &why));
    FAILS(spool_append(sp, &record, false, &seq, &why), FAULT_FULL);
    OK(spool_remove(sp, 1, &why));
    OK(spool_append(sp, &record, false, &seq, &why));
    OK(spool_commit(sp, &why));
    /* what is aside is in the way as well */
    OK(spool_begin(sp, &why));
    OK(spool_put_aside(sp, 2, "refused", &why));
    FAILS(spool_append(sp, &record, false, &seq, &why), FAULT_FULL);
    OK(spool_commit(sp, &why));
    close_it();
    open_with(&limits);
    OK(spool_begin(sp, &why));
    FAILS(spool_append(sp, &record, false, &seq, &why), FAULT_FULL);
    OK(spool_commit(sp, &why));
    assert_int_equal(totals().records, 9);
}

static void test_min_free_bytes(void **state)
{
    const struct spool_limits limits = {.max_bytes = MB,
                                        .min_free_bytes = INT64_MAX};
    const struct record record = record_of("t", BYTES("x"));
    int64_t seq;

    (void)state;
    store("t", "1");
    close_it();
    open_with(&limits);
    OK(spool_begin(sp, &why));
    FAILS(spool_append(sp, &record, false, &seq, &why), FAULT_FULL);
    OK(spool_remove(sp, 1, &why)); /* helps, so it is allowed */
    OK(spool_commit(sp, &why));
    assert_int_equal(totals().records, 0);
}

static void test_too_large(void **state)
{
    static char huge[17 * MB];
    const struct record value = record_of("t", BYTES(huge));
    struct record header = record_of("t", BYTES("x"));
    int64_t seq;

    (void)state;
    record_add_header(&header, "h", BYTES(huge));
    OK(spool_begin(sp, &why));
    append("t", BYTES("x"));
    FAILS(spool_append(sp, &value, false, &seq, &why), FAULT_TOO_LARGE);
    FAILS(spool_append(sp, &header, false, &seq, &why), FAULT_TOO_LARGE);
    OK(spool_commit(sp, &why));
    assert_int_equal(totals().records, 1);
}

/* ---- the file ------------------------------------------------------------ */

static void test_what_is_made(void **state)
{
    struct stat st;

    (void)state;
    assert_int_equal(stat(db(), &st), 0);
    assert_int_equal(st.st_mode & 0777, 0600); /* it will hold people's data */
    store("t", "1");
    assert_int_equal(stat(in_dir("spool.db-wal"), &st), 0);
    assert_int_equal(st.st_mode & 0777, 0600);
    assert_int_equal(size_of(in_dir("spool.db-shm")), -1);
    close_it();
    assert_int_equal(size_of(in_dir("spool.db-wal")), -1);
    assert_memory_equal(spool_library_version(), "SQLite 3.", 9);
}

static void test_an_empty_file_is_a_new_one(void **state)
{
    (void)state;
    write_file(db(), "", 0);
    open_it();
    store("t", "1");
    reopen();
    assert_int_equal(totals().records, 1);
}

static void test_a_bare_name(void **state)
{
    char before[PATH_SIZE];

    (void)state;
    assert_non_null(getcwd(before, sizeof(before)));
    assert_int_equal(chdir(dir), 0);
    OK(spool_open(&sp, "spool.db", &ample, &why));
    store("t", "1");
    close_it();
    assert_int_equal(chdir(before), 0);
    open_it();
    assert_int_equal(totals().records, 1);
}

/* A copy of the files is what a process leaves that is killed now. */
static void test_killed(void **state)
{
    (void)state;
    store("t", "1");
    store("t", "2");
    OK(spool_begin(sp, &why));
    for (int i = 0; i < 16; i++) /* so much that some is in the WAL already */
        append("t", BYTES(big));
    OK(spool_remove(sp, 1, &why));
    assert_true(size_of(in_dir("spool.db-wal")) > MB);
    copy_file(db(), in_dir("copy.db"));
    copy_file(in_dir("spool.db-wal"), in_dir("copy.db-wal"));
    spool_undo(sp);
    close_it();

    OK(spool_open(&sp, in_dir("copy.db"), &ample, &why));
    assert_int_equal(totals().records, 2);
    assert_int_equal(read_all("t"), 2);
    assert_true(slice_is(rows[0].record.value, "1"));
    assert_true(slice_is(rows[1].record.value, "2"));
    assert_int_equal(store("t", "3"), 3);
}

/* Does another process see a lock on it? */
static bool locked(void)
{
    struct flock lock = {.l_type = F_WRLCK, .l_whence = SEEK_SET};
    const pid_t pid = fork();
    int status;

    assert_int_not_equal(pid, -1);
    if (pid == 0) {
        const int fd = open(db(), O_RDWR);

        if (fd == -1 || fcntl(fd, F_GETLK, &lock) == -1)
            _exit(2);
        _exit(lock.l_type == F_UNLCK ? 0 : 1);
    }
    assert_int_equal(waitpid(pid, &status, 0), pid);
    assert_true(WIFEXITED(status) && WEXITSTATUS(status) < 2);
    return WEXITSTATUS(status) == 1;
}

static void test_one_at_a_time_in_a_process(void **state)
{
    struct spool *second = NULL;

    (void)state;
    assert_true(locked());
    FAILS(spool_open(&second, db(), &ample, &why), FAULT_BUSY);
    assert_null(second);
    /* trying took nothing away from the first */
    assert_true(locked());
    FAILS(spool_open(&second, db(), &ample, &why), FAULT_BUSY);
    store("t", "1");
    OK(spool_tidy(sp, true, &why));
    FAILS(spool_open(&second, db(), &ample, &why), FAULT_BUSY);
    close_it();
    assert_false(locked());
    open_it();
    assert_int_equal(totals().records, 1);
}

static void test_one_process_at_a_time(void **state)
{
    int ready[2], done[2];
    int status;
    char byte;
    pid_t pid;

    (void)state;
    assert_int_equal(pipe(ready), 0);
    assert_int_equal(pipe(done), 0);
    pid = fork();
    assert_int_not_equal(pid, -1);
    if (pid == 0) {
        struct spool *theirs;

        close(done[1]);
        if (spool_open(&theirs, db(), &ample, NULL) == -1 ||
            write(ready[1], "", 1) != 1)
            _exit(1);
        (void)!read(done[0], &byte, 1); /* until the parent closes it */
        _exit(0);
    }
    close(ready[1]);
    assert_int_equal(read(ready[0], &byte, 1), 1);
    FAILS(spool_open(&sp, db(), &ample, &why), FAULT_BUSY);
    close(done[1]);
    assert_int_equal(waitpid(pid, &status, 0), pid);
    assert_int_equal(status, 0);
    open_it();
    close(ready[0]);
    close(done[0]);
}

static void test_cannot_be_opened(void **state)
{
    (void)state;
    FAILS(spool_open(&sp, in_dir("missing/spool.db"), &ample, &why), FAULT_IO);
    assert_int_equal(mkdir(in_dir("folder"), 0700), 0);
    FAILS(spool_open(&sp, in_dir("folder"), &ample, &why), FAULT_IO);
    assert_null(sp);
}

/* ---- files that are not ours, or not whole ------------------------------- */

static void make_sample(void)
{
    open_it();
    OK(spool_begin(sp, &why));
    for (int i = 0; i < 20; i++)
        append("t", (struct slice){big, 3000});
    OK(spool_commit(sp, &why));
    close_it();
}

static void make_text(void)
{
    memset(big, 'x', 8192);
    write_file(db(), big, 8192);
}

static void make_short_text(void) { write_file(db(), "hello\n", 6); }

static void make_zeros(void)
{
    memset(big, 0, 8192);
    write_file(db(), big, 8192);
}

static void make_foreign(void) { sql(db(), "CREATE TABLE x (y)"); }

static void make_foreign_wal(void)
{
    sql(db(), "PRAGMA journal_mode = WAL; CREATE TABLE x (y)");
}

static void make_foreign_id(void)
{
    sql(db(), "PRAGMA application_id = 42; CREATE TABLE x (y)");
}

static void make_foreign_version(void) { sql(db(), "PRAGMA user_version = 1"); }

static void make_newer(void)
{
    make_sample();
    sql(db(), "PRAGMA user_version = 2");
}

static void make_older(void)
{
    make_sample();
    sql(db(), "PRAGMA user_version = 0");
}

static void make_without_table(void)
{
    make_sample();
    sql(db(), "DROP TABLE aside");
}

static void make_used_up(void)
{
    make_sample();
    sql(db(), "UPDATE topic SET given_to = 9223372036854775807");
}

static void make_half(void)
{
    make_sample();
    assert_int_equal(truncate(db(), size_of(db()) / 2), 0);
}

static void make_one_page(void)
{
    make_sample();
    assert_int_equal(truncate(db(), 4096), 0);
}

static void make_part_of_a_page(void)
{
    make_sample();
    assert_int_equal(truncate(db(), 1000), 0);
}

static void make_bad_header(void)
{
    FILE *file;

    make_sample();
    file = fopen(db(), "r+b");
    assert_non_null(file);
    assert_int_equal(fwrite("not", 1, 3, file), 3);
    fclose(file);
}

static void test_files_that_are_none_of_ours(void **state)
{
    static const struct {
        const char *claim;
        void (*make)(void);
        enum fault_kind kind;
    } cases[] = {
        {"a text",                           make_text,            FAULT_CORRUPT},
        {"a short one",                      make_short_text,      FAULT_CORRUPT},
        {"zeros",                            make_zeros,           FAULT_CORRUPT},
        {"another database",                 make_foreign,         FAULT_CORRUPT},
        {"another one in WAL mode",          make_foreign_wal,     FAULT_CORRUPT},
        {"another program's",                make_foreign_id,      FAULT_CORRUPT},
        {"another one, without tables",      make_foreign_version, FAULT_CORRUPT},
        {"one of a newer version",           make_newer,           FAULT_NEWER  },
        {"one of a version there never was", make_older,           FAULT_CORRUPT},
        {"one without one of the tables",    make_without_table,   FAULT_CORRUPT},
        {"one whose numbers are used up",    make_used_up,         FAULT_CORRUPT},
        {"half of one",                      make_half,            FAULT_CORRUPT},
        {"the first page of one",            make_one_page,        FAULT_CORRUPT},
        {"part of that",                     make_part_of_a_page,  FAULT_CORRUPT},
        {"one whose first bytes are wrong",  make_bad_header,      FAULT_CORRUPT},
    };

    (void)state;
    for (size_t i = 0; i < COUNT(cases); i++) {
        char *before;
        char *after;
        size_t len;
        size_t len_after;

        print_message("  %s\n", cases[i].claim);
        empty_dir();
        cases[i].make();
        before = load_file(db(), &len);
        for (int pass = 0; pass < 2; pass++) {
            FAILS(spool_open(&sp, db(), &ample, &why), cases[i].kind);
            assert_null(sp);
        }
        after = load_file(db(), &len_after);
        assert_int_equal(len, len_after);
        assert_memory_equal(before, after, len);
        assert_true(size_of(in_dir("spool.db-wal")) <= 0);
        assert_true(size_of(in_dir("spool.db-journal")) <= 0);
        free(before);
        free(after);
    }
}

static void test_a_damaged_row_harms_no_other(void **state)
{
    static const char *const damages[] = {
        "UPDATE record SET value = x'00' || substr(value, 2) WHERE seq = 2",
        "UPDATE record SET value = substr(value, 2) WHERE seq = 2",
        "UPDATE record SET key = NULL WHERE seq = 2",
        "UPDATE record SET headers = x'01' WHERE seq = 2",
        "UPDATE record SET checksum = x'' WHERE seq = 2",
        "UPDATE record SET checksum = 'a text' WHERE seq = 2",
        "UPDATE record SET value = 17 WHERE seq = 2",
        "UPDATE record SET stored_ms = stored_ms + 1 WHERE seq = 2",
        "UPDATE record SET doubtful = 1 WHERE seq = 2",
        "UPDATE record SET size = -1000000 WHERE seq = 2",
    };
    const size_t seen = COUNT(damages) - 1; /* the size is not of the record */

    (void)state;
    for (size_t i = 0; i < COUNT(damages); i++) {
        struct spool_row row;

        print_message("  %s\n", damages[i]);
        empty_dir();
        open_it();
        for (int n = 0; n < 3; n++)
            store("t", "value");
        close_it();
        sql(db(), damages[i]);
        open_it();
        assert_int_equal(read_all("t"), 3);
        assert_int_equal(rows[1].damaged, i < seen);
        assert_true(!rows[0].damaged && !rows[2].damaged);
        assert_true(slice_is(rows[2].record.value, "value"));
        assert_true(exists(2, &row));
        assert_int_equal(row.damaged, i < seen);
        if (i < seen)
            assert_null(row.record.value.data);
        OK(spool_begin(sp, &why));
        OK(spool_put_aside(sp, 2, "damaged", &why));
        OK(spool_commit(sp, &why));
        assert_int_equal(read_all("t"), 2);
        assert_int_equal(totals().aside, 1);
        drop(1);
        drop(3);
        assert_true(totals().bytes >= 0);
        close_it();
    }
}

static void test_a_row_of_another_topic_is_damaged(void **state)
{
    struct spool_row row;

    (void)state;
    store("t", "1");
    store("u", "2");
    close_it();
    sql(db(), "UPDATE record SET topic = 2 WHERE seq = 1");
    open_it();
    assert_int_equal(read_all("u"), 2);
    assert_true(rows[0].damaged);
    assert_false(rows[1].damaged);
    close_it();
    sql(db(), "UPDATE record SET topic = 99 WHERE seq = 1");
    open_it();
    assert_true(exists(1, &row));
    assert_true(row.damaged && row.doubtful);
    drop(1);
    assert_int_equal(totals().records, 1);
}

/* Leaves of a tree, not only values. Opening looks at the first and the last
 * of them, so it is the others. */
static void test_damaged_pages(void **state)
{
    const size_t from = 10 * 4096; /* what is before is not only leaves */
    struct fault cause = FAULT_INIT;
    size_t count;
    size_t len;
    char *data;
    int rc;

    (void)state;
    make_sample();
    data = load_file(db(), &len);
    assert_true(len > 2 * from);
    memset(data + from, 0xa5, from / 2);
    write_file(db(), data, len);
    free(data);

    open_it();
    arena_reset(&arena);
    /* what is before the damage is read, and only then is it told */
    OK(spool_read(sp, 1, 0, rows, ROWS_MAX, SIZE_MAX, &arena, &count, &why));
    assert_in_range(count, 1, 5);
    assert_slice(rows[0].record.value, (struct slice){big, 3000});
    rc = spool_read(sp, 1, rows[count - 1].seq, rows, ROWS_MAX, SIZE_MAX,
                    &arena, &count, &cause);
    assert_int_equal(rc, -1);
    assert_int_equal(cause.kind, FAULT_CORRUPT);
    assert_int_equal(count, 0);
    /* what is not understood is not written to */
    FAILS(spool_begin(sp, &why), FAULT_IO);
    FAILS(spool_tidy(sp, true, &why), FAULT_IO);
}

/* ---- tidying ------------------------------------------------------------- */

static void test_tidying(void **state)
{
    const char *wal = "spool.db-wal";
    int64_t large;

    (void)state;
    store("t", "1");
    OK(spool_tidy(sp, false, &why)); /* it is small yet, and stays */
    assert_true(size_of(in_dir(wal)) > 0);
    OK(spool_tidy(sp, true, &why));
    assert_int_equal(size_of(in_dir(wal)), 0);
    OK(spool_tidy(sp, true, &why));

    while (size_of(in_dir(wal)) < 16 * MB) {
        OK(spool_begin(sp, &why));
        append("t", BYTES(big));
        OK(spool_commit(sp, &why));
    }
    large = size_of(in_dir(wal));
    OK(spool_tidy(sp, false, &why));
    assert_true(size_of(db()) > 16 * MB);
    /* it is written from the start again, so it does not grow */
    for (int i = 0; i < 3; i++) {
        OK(spool_begin(sp, &why));
        append("t", BYTES(big));
        OK(spool_commit(sp, &why));
    }
    assert_int_equal(size_of(in_dir(wal)), large);
    OK(spool_tidy(sp, true, &why));
    assert_int_equal(size_of(in_dir(wal)), 0);
}

static void test_an_empty_file_is_small(void **state)
{
    int64_t last = 0;

    (void)state;
    OK(spool_begin(sp, &why));
    for (int i = 0; i < 20; i++)
        last = append("t", BYTES(big));
    OK(spool_commit(sp, &why));
    OK(spool_tidy(sp, true, &why));
    assert_true(size_of(db()) > 10 * MB);
    OK(spool_begin(sp, &why));
    for (int64_t seq = 1; seq < last; seq++)
        OK(spool_remove(sp, seq, &why));
    OK(spool_commit(sp, &why));
    OK(spool_tidy(sp, true, &why));
    assert_true(size_of(db()) > 10 * MB); /* one is left */
    drop(last);
    OK(spool_tidy(sp, true, &why));
    assert_true(size_of(db()) < MB);
    assert_int_equal(store("t", "x"), last + 1);
    reopen();
    assert_int_equal(read_all("t"), 1);
}

static int make_dir(void **state)
{
    const char *tmp = getenv("TMPDIR");

    (void)state;
    snprintf(dir, sizeof(dir), "%s/test_spool.XXXXXX",
             tmp == NULL ? "/tmp" : tmp);
    for (size_t i = 0; i < sizeof(big); i++)
        big[i] = (char)(i * 31 + i / 256);
    return mkdtemp(dir) == NULL ? -1 : 0;
}

static int remove_dir(void **state)
{
    (void)state;
    empty_dir();
    arena_release(&arena);
    return rmdir(dir);
}

#define OPEN(test) cmocka_unit_test_setup_teardown(test, setup, teardown)
#define ALONE(test)                                                            \
    cmocka_unit_test_setup_teardown(test, setup_nothing, teardown)

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
        OPEN(test_max_bytes),
        OPEN(test_min_free_bytes),
        OPEN(test_too_large),
        OPEN(test_what_is_made),
        ALONE(test_an_empty_file_is_a_new_one),
        ALONE(test_a_bare_name),
        OPEN(test_killed),
        OPEN(test_one_at_a_time_in_a_process),
        ALONE(test_one_process_at_a_time),
        ALONE(test_cannot_be_opened),
        ALONE(test_files_that_are_none_of_ours),
        ALONE(test_a_damaged_row_harms_no_other),
        OPEN(test_a_row_of_another_topic_is_damaged),
        ALONE(test_damaged_pages),
        OPEN(test_tidying),
        OPEN(test_an_empty_file_is_small),
    };

    return cmocka_run_group_tests(tests, make_dir, remove_dir);
}
