/*
 * test_spool_row.c - spool/spool_row.h
 */
#include "record_same.h"
#include "spool/spool_row.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { ARENA_MAX = 4 * 1024 * 1024 };

#define BYTES(text) ((struct slice){(text), sizeof(text) - 1})

static struct buf packed = BUF_INIT(ARENA_MAX);
static struct buf scratch = BUF_INIT(ARENA_MAX);
static struct arena arena = ARENA_INIT(4096, ARENA_MAX);

static int forget(void **state)
{
    (void)state;
    buf_release(&packed);
    buf_release(&scratch);
    arena_release(&arena);
    return 0;
}

/* Where the first byte too many is read, the address sanitizer sees it. */
static char *exact(struct slice slice)
{
    char *copy = malloc(slice.len == 0 ? 1 : slice.len);

    assert_non_null(copy);
    memcpy(copy, slice.data, slice.len);
    return copy;
}

static struct spool_cells cells_of(const struct record *record,
                                   unsigned char sum[SPOOL_CHECKSUM_SIZE])
{
    struct fault why = FAULT_INIT;
    struct spool_cells cells = {.seq = 7,
                                .stored_ms = 1700000000123,
                                .topic = record->topic,
                                .key = record->key,
                                .value = record->value};

    buf_clear(&packed);
    assert_int_equal(spool_row_headers(&packed, record, &why), 0);
    cells.headers = buf_slice(&packed);
    assert_int_equal(spool_row_checksum(&cells, &scratch, sum, &why), 0);
    cells.checksum = (struct slice){(const char *)sum, SPOOL_CHECKSUM_SIZE};
    return cells;
}

/* Makes the checksum right for cells that were changed. */
static void seal(struct spool_cells *cells,
                 unsigned char sum[SPOOL_CHECKSUM_SIZE])
{
    struct fault why = FAULT_INIT;

    assert_int_equal(spool_row_checksum(cells, &scratch, sum, &why), 0);
    cells->checksum = (struct slice){(const char *)sum, SPOOL_CHECKSUM_SIZE};
}

static void take(struct spool_row *row, const struct spool_cells *cells)
{
    struct fault why = FAULT_INIT;

    arena_reset(&arena);
    assert_int_equal(spool_row_take(row, cells, &scratch, &arena, &why), 0);
    assert_int_equal(why.kind, FAULT_NONE);
}

static char long_text[20000];

static struct record sample(void)
{
    struct record record = {.topic = "aurix.leads",
                            .key = BYTES("k\0y"),
                            .value = BYTES("{\"a\":1}")};

    record_add_header(&record, "ce_id", BYTES("evt-1.0123456789abcdef"));
    record_add_header(&record, "empty", BYTES(""));
    record_add_header(&record, "bytes", BYTES("\0\xff\x80\n"));
    return record;
}

static void test_rows(void **state)
{
    static const struct {
        const char *claim;
        struct slice key;
        struct slice value;
        size_t headers;
        struct slice header;
    } rows[] = {
        {"the least there is",       {NULL, 0}, {"", 0},     0,  {NULL, 0}         },
        {"an empty key is no null",  {"", 0},   {"", 0},     0,  {NULL, 0}         },
        {"bytes are bytes",          {"\0", 1}, {"\0\1", 2}, 1,  {"\0\xff", 2}     },
        {"all headers there can be", {"k", 1},  {"v", 1},    20, {"x", 1}          },
        {"a length of two bytes",    {"k", 1},  {"v", 1},    2,  {long_text, 127}  },
        {"and of three",             {"k", 1},  {"v", 1},    2,  {long_text, 19999}},
        {"empty headers",            {"k", 1},  {"v", 1},    3,  {"", 0}           },
    };

    (void)state;
    memset(long_text, 'x', sizeof(long_text));
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        struct record record = {
            .topic = "t", .key = rows[i].key, .value = rows[i].value};
        unsigned char sum[SPOOL_CHECKSUM_SIZE];
        char names[RECORD_HEADERS_MAX][32];
        struct spool_cells cells;
        struct spool_row row;

        print_message("  %s\n", rows[i].claim);
        for (size_t n = 0; n < rows[i].headers; n++) {
            snprintf(names[n], sizeof(names[n]), "name-%zu", n);
            record_add_header(&record, names[n], rows[i].header);
        }
        cells = cells_of(&record, sum);
        assert_true(spool_row_size(&cells) >=
                    (int64_t)(record.key.len + record.value.len + packed.len));
        take(&row, &cells);
        /* what was taken does not point to what it was taken from */
        memset(packed.data, '?', packed.len);
        assert_false(row.damaged);
        assert_false(row.doubtful);
        assert_int_equal(row.seq, 7);
        assert_int_equal(row.stored_ms, 1700000000123);
        assert_record(&row.record, &record);
    }
}

static void test_an_absent_header_value_stays_absent(void **state)
{
    struct record record = sample();
    unsigned char sum[SPOOL_CHECKSUM_SIZE];
    struct spool_cells cells;
    struct spool_row row;

    (void)state;
    record.headers[1].value = SLICE_ABSENT;
    cells = cells_of(&record, sum);
    take(&row, &cells);
    assert_record(&row.record, &record);
}

static void assert_damaged(const struct spool_cells *cells)
{
    static const struct record none;
    struct spool_row row;

    take(&row, cells);
    assert_true(row.damaged);
    assert_int_equal(row.seq, cells->seq);
    assert_memory_equal(&row.record, &none, sizeof(none));
}

/* Each bit of each cell, with the checksum that belonged to it before. */
static void flip_each(struct spool_cells *cells, struct slice *cell)
{
    const struct slice before = *cell;
    char *copy = exact(before);

    for (size_t i = 0; i < before.len * 8; i++) {
        copy[i / 8] = (char)(copy[i / 8] ^ (1 << (i % 8)));
        *cell = (struct slice){copy, before.len};
        assert_damaged(cells);
        copy[i / 8] = before.data[i / 8];
    }
    *cell = before;
    free(copy);
}

static void cut_each(struct spool_cells *cells, struct slice *cell)
{
    const struct slice before = *cell;

    for (size_t len = 0; len < before.len; len++) {
        char *copy = exact((struct slice){before.data, len});

        *cell = (struct slice){copy, len};
        assert_damaged(cells);
        free(copy);
    }
    *cell = SLICE_ABSENT;
    assert_damaged(cells);
    *cell = before;
}

static void test_whatever_is_changed_is_seen(void **state)
{
    struct record record = sample();
    unsigned char sum[SPOOL_CHECKSUM_SIZE];
    struct spool_cells cells = cells_of(&record, sum);
    struct slice *const parts[] = {&cells.key, &cells.value, &cells.headers,
                                   &cells.checksum};
    struct spool_cells other;

    (void)state;
    for (size_t i = 0; i < sizeof(parts) / sizeof(parts[0]); i++) {
        flip_each(&cells, parts[i]);
        cut_each(&cells, parts[i]);
    }
    other = cells;
    other.seq++;
    assert_damaged(&other);
    other = cells;
    other.stored_ms--;
    assert_damaged(&other);
    other = cells;
    other.doubtful = true;
    assert_damaged(&other);
    other = cells;
    other.topic = "aurix.leadz";
    assert_damaged(&other);
    other.topic = NULL;
    assert_damaged(&other);
    /* the border between two cells moves */
    other = cells;
    other.topic = "aurix.leadsk";
    other.key = BYTES("\0y");
    assert_damaged(&other);
}

static void test_a_null_key_is_not_an_empty_one(void **state)
{
    struct record record = {.topic = "t", .value = BYTES("v")};
    unsigned char sum[SPOOL_CHECKSUM_SIZE];
    struct spool_cells cells = cells_of(&record, sum);

    (void)state;
    cells.key = BYTES("");
    assert_damaged(&cells);
}

/* Headers that have the right checksum, as if we had packed nonsense: no byte
 * outside of them is read. */
static void test_headers_that_make_no_sense(void **state)
{
    static const struct {
        const char *claim;
        struct slice headers;
    } rows[] = {
        {"nothing at all",               {"", 0}    },
        {"more than there can be",       {"\x15", 1}},
        {"fewer than it says",           {"\x01", 1}},
        {"bytes behind the last",        {"\0a", 2} },
        {"a name without an end",
         {"\x01"
          "ab",
          3}                                        },
        {"no length",
         {"\x01"
          "a\0",
          3}                                        },
        {"a length without an end",
         {"\x01"
          "a\0\xff",
          4}                                        },
        {"a length that never ends",
         {"\x01"
          "a\0\xff\xff\xff\xff\xff\1",
          9}                                        },
        {"a value longer than the rest",
         {"\x01"
          "a\0\x03x",
          5}                                        },
        {"the longest length",
         {"\x01"
          "a\0\xff\xff\xff\xff\x7f",
          8}                                        },
    };
    struct record record = sample();
    unsigned char sum[SPOOL_CHECKSUM_SIZE];
    struct spool_cells cells = cells_of(&record, sum);

    (void)state;
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        char *copy = exact(rows[i].headers);

        print_message("  %s\n", rows[i].claim);
        cells.headers = (struct slice){copy, rows[i].headers.len};
        seal(&cells, sum);
        assert_damaged(&cells);
        free(copy);
    }
}

static void test_truncated_headers_that_are_sealed(void **state)
{
    struct record record = sample();
    unsigned char sum[SPOOL_CHECKSUM_SIZE];
    struct spool_cells cells = cells_of(&record, sum);
    const struct slice whole = cells.headers;
    char *from = exact(whole);

    (void)state;
    for (size_t len = 0; len < whole.len; len++) {
        char *copy = exact((struct slice){from, len});

        cells.headers = (struct slice){copy, len};
        seal(&cells, sum);
        assert_damaged(&cells);
        free(copy);
    }
    /* A flipped byte may make sense. If so, what it makes lies within. */
    for (size_t i = 0; i < whole.len; i++) {
        for (unsigned bit = 0; bit < 8; bit++) {
            char *copy = exact((struct slice){from, whole.len});
            struct spool_row row;

            copy[i] = (char)(copy[i] ^ (1 << bit));
            cells.headers = (struct slice){copy, whole.len};
            seal(&cells, sum);
            take(&row, &cells);
            for (size_t n = 0; n < row.record.header_count; n++)
                assert_true(row.record.headers[n].value.len +
                                strlen(row.record.headers[n].name) <
                            whole.len);
            free(copy);
        }
    }
    free(from);
}

static void test_no_room(void **state)
{
    struct record record = sample();
    unsigned char sum[SPOOL_CHECKSUM_SIZE];
    struct spool_cells cells = cells_of(&record, sum);
    struct buf small = BUF_INIT(10);
    struct fault why = FAULT_INIT;
    struct spool_row row;

    (void)state;
    for (size_t room = 0;; room += 16) {
        struct arena tight = ARENA_INIT(16, room);
        int rc = spool_row_take(&row, &cells, &scratch, &tight, &why);

        arena_release(&tight);
        if (rc == 0)
            break;
        assert_int_equal(why.kind, FAULT_NOMEM);
        fault_clear(&why);
        assert_true(room < 4096);
    }
    assert_int_equal(spool_row_headers(&small, &record, &why), -1);
    assert_int_equal(why.kind, FAULT_TOO_LARGE);
    fault_clear(&why);
    assert_int_equal(spool_row_checksum(&cells, &small, sum, &why), -1);
    assert_int_equal(why.kind, FAULT_TOO_LARGE);
    buf_release(&small);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_rows),
        cmocka_unit_test(test_an_absent_header_value_stays_absent),
        cmocka_unit_test(test_whatever_is_changed_is_seen),
        cmocka_unit_test(test_a_null_key_is_not_an_empty_one),
        cmocka_unit_test(test_headers_that_make_no_sense),
        cmocka_unit_test(test_truncated_headers_that_are_sealed),
        cmocka_unit_test(test_no_room),
    };

    return cmocka_run_group_tests(tests, NULL, forget);
}
