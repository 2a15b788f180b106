/*
 * spool_support.h - what the tests of a spool on a sound disk share
 *
 * A folder for a group of tests, a spool in it, and short words for what all
 * of them do.
 */
#ifndef TEST_SPOOL_SUPPORT_H
#define TEST_SPOOL_SUPPORT_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "spool/spool.h"

#include <dirent.h>
#include <sqlite3.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
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
static inline const char *in_dir(const char *name)
{
    static char paths[4][PATH_SIZE];
    static size_t turn;
    char *path = paths[turn++ % COUNT(paths)];

    snprintf(path, PATH_SIZE, "%s/%s", dir, name);
    return path;
}

static inline const char *db(void) { return in_dir("spool.db"); }

static inline void empty_dir(void)
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
static inline int64_t size_of(const char *path)
{
    struct stat st;

    return stat(path, &st) == -1 ? -1 : (int64_t)st.st_size;
}

static inline void write_file(const char *path, const void *data, size_t len)
{
    FILE *file = fopen(path, "wb");

    assert_non_null(file);
    assert_int_equal(fwrite(data, 1, len, file), len);
    assert_int_equal(fclose(file), 0);
}

static inline char *load_file(const char *path, size_t *len)
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

static inline void copy_file(const char *from, const char *to)
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
static inline void sql(const char *path, const char *text)
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

static inline void open_with(const struct spool_limits *limits)
{
    OK(spool_open(&sp, db(), limits, &why));
}

static inline void open_it(void) { open_with(&ample); }

static inline void close_it(void)
{
    spool_close(sp);
    sp = NULL;
}

static inline void reopen(void)
{
    close_it();
    open_it();
}

static inline struct record record_of(const char *topic, struct slice value)
{
    return (struct record){.topic = topic, .key = BYTES("key"), .value = value};
}

static inline int64_t append(const char *topic, struct slice value)
{
    const struct record record = record_of(topic, value);
    int64_t seq = 0;

    OK(spool_append(sp, &record, false, &seq, &why));
    assert_true(seq >= 1);
    return seq;
}

/* Transactions of their own */
static inline int64_t store(const char *topic, const char *value)
{
    int64_t seq;

    OK(spool_begin(sp, &why));
    seq = append(topic, slice_of(value));
    OK(spool_commit(sp, &why));
    return seq;
}

static inline void drop(int64_t seq)
{
    OK(spool_begin(sp, &why));
    OK(spool_remove(sp, seq, &why));
    OK(spool_commit(sp, &why));
}

static inline const struct spool_topic *topic(const char *name)
{
    const struct spool_topic *topics;
    size_t count;

    OK(spool_topics(sp, &topics, &count, &why));
    for (size_t i = 0; i < count; i++)
        if (strcmp(topics[i].name, name) == 0)
            return &topics[i];
    return NULL;
}

static inline size_t read_some(const char *name, int64_t after, size_t max,
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

static inline size_t read_all(const char *name)
{
    return read_some(name, 0, ROWS_MAX, SIZE_MAX);
}

static inline struct spool_totals totals(void)
{
    struct spool_totals out;

    spool_totals(sp, &out);
    return out;
}

static inline bool exists(int64_t seq, struct spool_row *row)
{
    bool found;

    arena_reset(&arena);
    OK(spool_read_one(sp, seq, row, &found, &arena, &why));
    return found;
}

static inline int setup(void **state)
{
    (void)state;
    empty_dir();
    open_it();
    return 0;
}

static inline int setup_nothing(void **state)
{
    (void)state;
    empty_dir();
    return 0;
}

static inline int teardown(void **state)
{
    (void)state;
    close_it();
    return 0;
}

static inline int make_dir(void **state)
{
    const char *tmp = getenv("TMPDIR");

    (void)state;
    snprintf(dir, sizeof(dir), "%s/test_spool.XXXXXX",
             tmp == NULL ? "/tmp" : tmp);
    for (size_t i = 0; i < sizeof(big); i++)
        big[i] = (char)(i * 31 + i / 256);
    return mkdtemp(dir) == NULL ? -1 : 0;
}

static inline int remove_dir(void **state)
{
    (void)state;
    empty_dir();
    arena_release(&arena);
    return rmdir(dir);
}

#define OPEN(test) cmocka_unit_test_setup_teardown(test, setup, teardown)
#define ALONE(test)                                                            \
    cmocka_unit_test_setup_teardown(test, setup_nothing, teardown)

#endif
