/*
 * test_sink_stdout.c - a line for whatever a record may be
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "consume/sink.h"
#include "event/json_heap.h"

#include <fcntl.h>
#include <jansson.h>
#include <pthread.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static atomic_bool stop;
static int real_stdout;
static int out; /* the reading end of what the sink writes to */

/* cmocka reports on standard output too, so it is ours for as short as
 * possible: a test that fails in between restores it in its teardown. */
static void take_stdout(int fds[2])
{
    fflush(stdout);
    assert_int_equal(pipe(fds), 0);
    assert_int_equal(dup2(fds[1], STDOUT_FILENO), STDOUT_FILENO);
    close(fds[1]);
    out = fds[0];
}

static int restore_stdout(void **state)
{
    (void)state;
    dup2(real_stdout, STDOUT_FILENO);
    if (out != -1)
        close(out);
    out = -1;
    atomic_store(&stop, false);
    return 0;
}

static struct sink *open_sink(void)
{
    struct fault why = FAULT_INIT;
    struct sink *sk = NULL;

    assert_int_equal(sink_stdout.open(&sk, &stop, &why), 0);
    return sk;
}

static struct member_record record_of(struct slice value)
{
    return (struct member_record){
        .record = {.topic = "t", .value = value},
        .partition = 3,
        .offset = INT64_C(5000000000),
    };
}

/* Returns what was written, to be freed. */
static char *written(void)
{
    char *text = calloc(1, 65536);
    ssize_t n = read(out, text, 65535);

    assert_true(n >= 0);
    return text;
}

#define PLACE ",\"topic\":\"t\",\"partition\":3,\"offset\":5000000000"
#define BARE PLACE ",\"ce_id\":null}\n"
#define BYTES(text) {"" text, sizeof(text) - 1}

static const struct {
    const char *claim;
    struct slice value;
    struct slice key;
    struct slice ce_id;
    const char *line;
} rows[] = {
    {.claim = "an event",
     .value = BYTES("{\"event_type\":\"x\",\"data\":{}}"),
     .key = BYTES("Ab-1"),
     .ce_id = BYTES("evt.0123"),
     .line =
         "{\"event\":{\"event_type\":\"x\",\"data\":{}},\"key\":\"Ab-1\"" PLACE
         ",\"ce_id\":\"evt.0123\"}\n"},
    {.claim = "bytes stay as they are",
     .value = BYTES("{ \"a\" : 1.50e+2,\t\"\\u00e9\":\"\xc3\xa9\" }"),
     .line = "{\"event\":{ \"a\" : 1.50e+2,\t\"\\u00e9\":\"\xc3\xa9\" "
             "},\"key\":null" BARE},
    {.claim = "line breaks become spaces",
     .value = BYTES("{\r\n\"a\":\n1}\n"),
     .line = "{\"event\":{  \"a\": 1} ,\"key\":null" BARE},
    {.claim = "an escaped line break stays",
     .value = BYTES("{\"a\":\"\\n\"}"),
     .line = "{\"event\":{\"a\":\"\\n\"},\"key\":null" BARE},
    {.claim = "a raw line break in a string is no JSON",
     .value = BYTES("\"\n\""),
     .line = "{\"raw\":\"Igoi\",\"key\":null" BARE},
    {.claim = "any value is an event",
     .value = BYTES("17"),
     .line = "{\"event\":17,\"key\":null" BARE},
    {.claim = "a number of any size",
     .value = BYTES("123456789012345678901234567890"),
     .line = "{\"event\":123456789012345678901234567890,\"key\":null" BARE},
    {.claim = "an escaped zero",
     .value = BYTES("\"\\u0000\""),
     .line = "{\"event\":\"\\u0000\",\"key\":null" BARE},
    {.claim = "two texts are not one",
     .value = BYTES("{}{}"),
     .line = "{\"raw\":\"e317fQ==\",\"key\":null" BARE},
    {.claim = "a zero byte behind is not the end",
     .value = BYTES("{}\0"),
     .line = "{\"raw\":\"e30A\",\"key\":null" BARE},
    {.claim = "cut off",
     .value = BYTES("{\"a\":"),
     .line = "{\"raw\":\"eyJhIjo=\",\"key\":null" BARE},
    {.claim = "not UTF-8",
     .value = BYTES("\"\xff\""),
     .line = "{\"raw\":\"Iv8i\",\"key\":null" BARE},
    {.claim = "empty",
     .value = BYTES(""),
     .line = "{\"raw\":\"\",\"key\":null" BARE},
    {.claim = "a tombstone",
     .value = SLICE_ABSENT,
     .key = BYTES("k"),
     .line = "{\"raw\":null,\"key\":\"k\"" BARE},
    {.claim = "a key with quotes and a line break",
     .value = BYTES("1"),
     .key = BYTES("\"\n"),
     .line = "{\"event\":1,\"key\":\"\\\"\\n\"" BARE},
    {.claim = "an empty key is not a null key",
     .value = BYTES("1"),
     .key = BYTES(""),
     .line = "{\"event\":1,\"key\":\"\"" BARE},
    {.claim = "a key that is not UTF-8",
     .value = BYTES("1"),
     .key = BYTES("\xff\x00"),
     .line = "{\"event\":1,\"key_raw\":\"/wA=\"" BARE},
    {.claim = "an identity that is not UTF-8",
     .value = BYTES("1"),
     .ce_id = BYTES("\xff"),
     .line = "{\"event\":1,\"key\":null" BARE},
};

static void test_lines(void **state)
{
    char *lines[sizeof(rows) / sizeof(rows[0])];
    struct fault why = FAULT_INIT;
    struct sink *sk = open_sink();
    int fds[2];

    (void)state;
    take_stdout(fds);
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        struct member_record record = record_of(rows[i].value);

        record.record.key = rows[i].key;
        record_add_header(&record.record, "ce_id", rows[i].ce_id);
        assert_int_equal(sink_stdout.take(sk, &record, &why), 0);
        assert_int_equal(sink_stdout.flush(sk, &why), 0);
        lines[i] = written();
    }
    restore_stdout(NULL);
    sink_stdout.close(sk);

    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        json_t *parsed = json_loads(
            lines[i], JSON_ALLOW_NUL | JSON_DECODE_INT_AS_REAL, NULL);

        print_message("%s\n", rows[i].claim);
        assert_string_equal(lines[i], rows[i].line);
        assert_non_null(parsed);
        json_decref(parsed);
        free(lines[i]);
    }
}

/* Nothing is written before flushing, and then all of it, in order. */
static void test_gathers(void **state)
{
    struct fault why = FAULT_INIT;
    struct sink *sk = open_sink();
    char *text;
    int fds[2];

    (void)state;
    take_stdout(fds);
    assert_int_equal(fcntl(out, F_SETFL, O_NONBLOCK), 0);
    for (int i = 0; i < 3; i++) {
        struct member_record record = record_of(slice_of("1"));
        char c;

        record.offset = i;
        assert_int_equal(sink_stdout.take(sk, &record, &why), 0);
        assert_int_equal(read(out, &c, 1), -1);
    }
    assert_int_equal(sink_stdout.flush(sk, &why), 0);
    assert_int_equal(sink_stdout.flush(sk, &why), 0);
    text = written();
    restore_stdout(NULL);
    assert_string_equal(
        text, "{\"event\":1,\"key\":null,\"topic\":\"t\",\"partition\":3,"
              "\"offset\":0,\"ce_id\":null}\n"
              "{\"event\":1,\"key\":null,\"topic\":\"t\",\"partition\":3,"
              "\"offset\":1,\"ce_id\":null}\n"
              "{\"event\":1,\"key\":null,\"topic\":\"t\",\"partition\":3,"
              "\"offset\":2,\"ce_id\":null}\n");
    free(text);
    sink_stdout.close(sk);
}

static void test_closed(void **state)
{
    struct fault why = FAULT_INIT;
    struct sink *sk = open_sink();
    struct member_record record = record_of(slice_of("1"));
    int fds[2];
    int rc;

    (void)state;
    take_stdout(fds);
    close(out);
    out = -1;
    assert_int_equal(sink_stdout.take(sk, &record, &why), 0);
    rc = sink_stdout.flush(sk, &why);
    restore_stdout(NULL);
    assert_int_equal(rc, -1);
    assert_int_equal(why.kind, FAULT_IO);
    assert_string_equal(why.text, "standard output is closed");
    sink_stdout.close(sk);
}

/* A reader that has stopped reading cannot keep a process from stopping. */
static void test_stops_though_nobody_reads(void **state)
{
    char *value = calloc(1, 300000);
    struct fault why = FAULT_INIT;
    struct sink *sk = open_sink();
    struct member_record record;
    int fds[2];
    int rc;

    (void)state;
    memset(value, '1', 299999);
    record = record_of(slice_of(value)); /* more than a pipe holds */
    take_stdout(fds);
    assert_int_equal(sink_stdout.take(sk, &record, &why), 0);
    atomic_store(&stop, true);
    rc = sink_stdout.flush(sk, &why);
    restore_stdout(NULL);
    assert_int_equal(rc, -1);
    assert_int_equal(why.kind, FAULT_STOPPING);
    sink_stdout.close(sk);
    free(value);
}

static void *count_bytes(void *arg)
{
    size_t *total = arg;
    char piece[1000];
    ssize_t n;

    while ((n = read(out, piece, sizeof(piece))) > 0)
        *total += (size_t)n;
    return NULL;
}

/* A slow reader gets everything, also what is larger than its pipe. */
static void test_waits_for_a_slow_reader(void **state)
{
    char *value = calloc(1, 3000000);
    struct fault why = FAULT_INIT;
    struct sink *sk = open_sink();
    struct member_record record;
    size_t total = 0;
    pthread_t thread;
    int fds[2];
    int rc = 0;

    (void)state;
    memset(value, ' ', 2999999);
    value[0] = '1';
    record = record_of(slice_of(value));
    take_stdout(fds);
    pthread_create(&thread, NULL, count_bytes, &total);
    for (int i = 0; i < 3 && rc == 0; i++)
        rc = sink_stdout.take(sk, &record, &why);
    if (rc == 0)
        rc = sink_stdout.flush(sk, &why);
    dup2(real_stdout, STDOUT_FILENO); /* the pipe's end */
    pthread_join(thread, NULL);
    restore_stdout(NULL);
    assert_int_equal(rc, 0);
    assert_int_equal(total,
                     3 * (2999999 + strlen("{\"event\":,\"key\":null" BARE)));
    sink_stdout.close(sk);
    free(value);
}

/* It halts nobody, and says what was left out. */
static void test_too_long(void **state)
{
    size_t len = LIMIT_SINK_LINE + 1024 * 1024;
    char *value = calloc(1, len + 1);
    struct fault why = FAULT_INIT;
    struct sink *sk = open_sink();
    struct member_record record;
    char *text;
    int fds[2];

    (void)state;
    memset(value, 'x', len);
    record = record_of((struct slice){value, len});
    take_stdout(fds);
    assert_int_equal(sink_stdout.take(sk, &record, &why), 0);
    assert_int_equal(sink_stdout.flush(sk, &why), 0);
    text = written();
    restore_stdout(NULL);
    assert_string_equal(text, "{\"omitted\":17825792,\"key\":null" BARE);
    free(text);
    sink_stdout.close(sk);
    free(value);
}

static void test_find(void **state)
{
    (void)state;
    assert_ptr_equal(sink_find("stdout"), &sink_stdout);
    assert_null(sink_find("stdin"));
    assert_null(sink_find(""));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_teardown(test_lines, restore_stdout),
        cmocka_unit_test_teardown(test_gathers, restore_stdout),
        cmocka_unit_test_teardown(test_closed, restore_stdout),
        cmocka_unit_test_teardown(test_stops_though_nobody_reads,
                                  restore_stdout),
        cmocka_unit_test_teardown(test_waits_for_a_slow_reader, restore_stdout),
        cmocka_unit_test_teardown(test_too_long, restore_stdout),
        cmocka_unit_test(test_find),
    };

    json_heap_setup();
    signal(SIGPIPE, SIG_IGN);
    real_stdout = dup(STDOUT_FILENO);
    out = -1;
    return cmocka_run_group_tests(tests, NULL, NULL);
}
