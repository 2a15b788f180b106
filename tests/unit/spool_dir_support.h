/*
 * spool_dir_support.h - what the tests of a spool's folder share
 */
#ifndef TEST_SPOOL_DIR_SUPPORT_H
#define TEST_SPOOL_DIR_SUPPORT_H

#include "spool_shim.h"

#include "spool/spool_dir.h"

#include <dirent.h>
#include <sys/stat.h>

enum { KB = 1024, MB = 1024 * KB, ROWS_MAX = 64 };

static const struct spool_limits ample = {.max_bytes = 1024 * MB};
static struct spool_dir *sd;
static struct arena arena = ARENA_INIT(64 * KB, 64 * MB);
static struct spool_row rows[ROWS_MAX];
static char folder[PATH_SIZE]; /* in `dir` */

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

/* ---- files --------------------------------------------------------------- */

/* Four of them are good at a time. */
static inline const char *in_folder(const char *name)
{
    static char paths[4][2 * PATH_SIZE];
    static size_t turn;
    char *path = paths[turn++ % COUNT(paths)];

    snprintf(path, sizeof(paths[0]), "%s/%s", folder, name);
    return path;
}

static inline void empty_folder(void)
{
    DIR *found = opendir(folder);
    struct dirent *entry;

    if (found == NULL)
        return;
    while ((entry = readdir(found)) != NULL)
        if (entry->d_name[0] != '.')
            remove(in_folder(entry->d_name));
    closedir(found);
}

/* -1: there is none. */
static inline int64_t size_of(const char *name)
{
    struct stat st;

    return stat(in_folder(name), &st) == -1 ? -1 : (int64_t)st.st_size;
}

static inline bool has(const char *name) { return size_of(name) >= 0; }

static int by_name(const void *a, const void *b) { return strcmp(a, b); }

/* What is in it, but for the lock: "a b c", in order. */
static inline const char *names(void)
{
    static char text[PATH_SIZE];
    static char found[64][64];
    DIR *opened = opendir(folder);
    struct dirent *entry;
    size_t count = 0;

    assert_non_null(opened);
    while ((entry = readdir(opened)) != NULL) {
        if (entry->d_name[0] == '.' || strcmp(entry->d_name, "lock") == 0)
            continue;
        assert_true(count < COUNT(found));
        snprintf(found[count++], sizeof(found[0]), "%.63s", entry->d_name);
    }
    closedir(opened);
    qsort(found, count, sizeof(found[0]), by_name);
    text[0] = '\0';
    for (size_t i = 0; i < count; i++)
        snprintf(text + strlen(text), sizeof(text) - strlen(text), "%s%s",
                 i > 0 ? " " : "", found[i]);
    return text;
}

static inline void write_file(const char *name, const void *data, size_t len)
{
    FILE *file = fopen(in_folder(name), "wb");

    assert_non_null(file);
    assert_int_equal(fwrite(data, 1, len, file), len);
    assert_int_equal(fclose(file), 0);
}

static inline char *load_file(const char *name, size_t *len)
{
    const int64_t size = size_of(name);
    FILE *file = fopen(in_folder(name), "rb");
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
    char *data = load_file(from, &len);

    write_file(to, data, len);
    free(data);
}

static inline void move_file(const char *from, const char *to)
{
    assert_int_equal(rename(in_folder(from), in_folder(to)), 0);
}

/* By another connection, while nobody has the file. */
static inline void sql(const char *name, const char *text)
{
    sqlite3 *other;

    assert_int_equal(sqlite3_open_v2(in_folder(name), &other,
                                     SQLITE_OPEN_READWRITE, disk.real->zName),
                     SQLITE_OK);
    if (sqlite3_exec(other, text, NULL, NULL, NULL) != SQLITE_OK)
        fail_msg("%s: %s", text, sqlite3_errmsg(other));
    assert_int_equal(sqlite3_close(other), SQLITE_OK);
}

/* ---- short for what all tests do ----------------------------------------- */

static inline void open_with(const struct spool_limits *limits)
{
    OK(spool_dir_open(&sd, folder, limits, &why));
}

static inline void open_it(void) { open_with(&ample); }

static inline void close_it(void)
{
    spool_dir_close(sd);
    sd = NULL;
}

static inline void reopen(void)
{
    close_it();
    open_it();
}

static inline int try_append_as(const char *topic, const char *value,
                                bool doubtful, int64_t *seq, struct fault *why)
{
    const struct record record = {
        .topic = topic, .key = {"key", 3},
             .value = slice_of(value)
    };

    return spool_dir_append(sd, &record, doubtful, seq, why);
}

static inline int try_append(const char *topic, const char *value, int64_t *seq,
                             struct fault *why)
{
    return try_append_as(topic, value, false, seq, why);
}

static inline int64_t append(const char *topic, const char *value)
{
    int64_t seq = 0;

    OK(try_append(topic, value, &seq, &why));
    assert_true(seq > spool_dir_opened_at(sd));
    return seq;
}

/* Transactions of their own */
static inline int64_t store(const char *topic, const char *value)
{
    int64_t seq;

    spool_dir_begin(sd);
    seq = append(topic, value);
    OK(spool_dir_commit(sd, &why));
    return seq;
}

static inline void drop(int64_t seq)
{
    spool_dir_begin(sd);
    OK(spool_dir_remove(sd, seq, &why));
    OK(spool_dir_commit(sd, &why));
}

static inline void put_aside(int64_t seq)
{
    spool_dir_begin(sd);
    OK(spool_dir_put_aside(sd, seq, "refused", &why));
    OK(spool_dir_commit(sd, &why));
}

static inline struct spool_dir_totals totals(void)
{
    struct spool_dir_totals out;

    spool_dir_totals(sd, &out);
    return out;
}

static inline int64_t records(void) { return totals().of_all.records; }

/* All of a topic's, as the drain does it. */
static inline size_t read_all(const char *topic)
{
    int64_t at = 0;
    size_t count = 0;

    arena_reset(&arena);
    for (;;) {
        int64_t reached;
        size_t more;

        assert_true(count < ROWS_MAX);
        OK(spool_dir_read(sd, topic, at, rows + count, ROWS_MAX - count,
                          SIZE_MAX, &arena, &more, &reached, &why));
        assert_true(reached >= at);
        if (reached == at) {
            assert_int_equal(more, 0);
            return count;
        }
        for (size_t i = count; i < count + more; i++) {
            assert_true(rows[i].seq > (i == count ? at : rows[i - 1].seq));
            assert_true(rows[i].seq <= reached);
        }
        count += more;
        at = reached;
    }
}

/* "1 2? 3": the values, with a mark behind those that are doubtful and behind
 * those that are damaged. */
static inline const char *values(const char *topic)
{
    static char text[PATH_SIZE];
    const size_t count = read_all(topic);

    text[0] = '\0';
    for (size_t i = 0; i < count; i++)
        snprintf(text + strlen(text), sizeof(text) - strlen(text), "%s%.*s%s%s",
                 i > 0 ? " " : "", (int)rows[i].record.value.len,
                 rows[i].damaged ? "" : rows[i].record.value.data,
                 rows[i].doubtful ? "?" : "", rows[i].damaged ? "!" : "");
    return text;
}

static inline bool exists(int64_t seq)
{
    struct spool_row row;
    bool found;

    arena_reset(&arena);
    OK(spool_dir_read_one(sd, seq, &row, &found, &arena, &why));
    if (found)
        assert_int_equal(row.seq, seq);
    return found;
}

static inline void tidy(void) { OK(spool_dir_tidy(sd, true, &why)); }

/* ---- damage -------------------------------------------------------------- */

enum { PAGE = 4096, LARGE = 3000 }; /* so large that each has a page alone */

/* A value that is told apart: "#7#xxx". */
static inline int64_t store_large(const char *topic, int number)
{
    static char value[LARGE + 1];

    memset(value, 'x', LARGE);
    value[snprintf(value, LARGE, "#%d#", number)] = 'x';
    return store(topic, value);
}

/* Their numbers: "1 2 3", marked as by values(). */
static inline const char *numbers(const char *topic)
{
    static char text[PATH_SIZE];
    const size_t count = read_all(topic);

    text[0] = '\0';
    for (size_t i = 0; i < count; i++)
        snprintf(text + strlen(text), sizeof(text) - strlen(text), "%s%d%s%s",
                 i > 0 ? " " : "",
                 rows[i].damaged
                     ? 0
                     : (int)strtol(rows[i].record.value.data + 1, NULL, 10),
                 rows[i].doubtful ? "?" : "", rows[i].damaged ? "!" : "");
    return text;
}

static inline void ruin_page(const char *name, int64_t page)
{
    static char junk[PAGE];
    FILE *file = fopen(in_folder(name), "r+b");

    memset(junk, 0xa5, sizeof(junk));
    assert_non_null(file);
    assert_int_equal(fseek(file, (long)((page - 1) * PAGE), SEEK_SET), 0);
    assert_int_equal(fwrite(junk, 1, PAGE, file), PAGE);
    assert_int_equal(fclose(file), 0);
}

/* The leaf of the table that has the value; in others it may be left over. */
static inline int64_t page_of(const char *name, int number)
{
    char wanted[16];
    size_t len;
    char *data = load_file(name, &len);
    int64_t page = 0;

    snprintf(wanted, sizeof(wanted), "#%d#", number);
    for (size_t at = 0; at < len; at += PAGE) {
        if (data[at] != 0x0d ||
            memmem(data + at, PAGE, wanted, strlen(wanted)) == NULL)
            continue;
        assert_int_equal(page, 0);
        page = (int64_t)at / PAGE + 1;
    }
    assert_true(page > 0);
    free(data);
    return page;
}

static inline void ruin_value(const char *name, int number)
{
    ruin_page(name, page_of(name, number));
}

/* ---- failing ------------------------------------------------------------- */

/* The next call of that kind fails, in a file whose path has `only` in it. */
static inline void next_fails(enum call call, int rc, const char *only)
{
    disk.fails = call;
    disk.rc = rc;
    disk.only = only;
    disk.nth = 0;
    disk.for_good = false;
    disk.hit = false;
    memset(disk.calls, 0, sizeof(disk.calls));
}

static inline void nothing_fails(void)
{
    disk.fails = NONE;
    disk.only = NULL;
    disk.reads_at = -1;
}

/* The current file fails, with nothing lost and no more in it. */
static inline void fail_current(void)
{
    int64_t seq;

    next_fails(WRITES, SQLITE_IOERR_WRITE, NULL);
    spool_dir_begin(sd);
    OK(try_append("t", "never", &seq, &why));
    FAILS(spool_dir_commit(sd, &why), FAULT_IO);
    assert_true(disk.hit);
    assert_false(spool_dir_in_transaction(sd));
    assert_false(spool_dir_is_sound(sd));
    nothing_fails();
}

static inline void renew(void)
{
    OK(spool_dir_renew(sd, &why));
    assert_true(spool_dir_is_sound(sd));
}

/* A file that has failed has "1" to "3" of the topic "t", and another one is
 * begun. */
static inline void fail_with_three(int64_t seqs[3])
{
    for (int i = 0; i < 3; i++)
        seqs[i] = store("t", (char[]){(char)('1' + i), '\0'});
    fail_current();
    renew();
}

static inline int setup_nothing(void **state)
{
    (void)state;
    empty_folder();
    disk_is(true);
    return 0;
}

static inline int setup(void **state)
{
    setup_nothing(state);
    open_it();
    return 0;
}

static inline int teardown(void **state)
{
    (void)state;
    nothing_fails();
    close_it();
    disk_is(false);
    return 0;
}

static inline int make_dir(void **state)
{
    const char *tmp = getenv("TMPDIR");

    (void)state;
    snprintf(dir, sizeof(dir), "%s/test_spool_dir.XXXXXX",
             tmp == NULL ? "/tmp" : tmp);
    if (mkdtemp(dir) == NULL)
        return -1;
    snprintf(folder, sizeof(folder), "%s/spool", dir);
    make_vfs();
    return 0;
}

static inline int remove_dir(void **state)
{
    (void)state;
    empty_folder();
    arena_release(&arena);
    rmdir(folder);
    return rmdir(dir);
}

#define OPEN(test) cmocka_unit_test_setup_teardown(test, setup, teardown)
#define ALONE(test)                                                            \
    cmocka_unit_test_setup_teardown(test, setup_nothing, teardown)

#endif
