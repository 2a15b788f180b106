/*
 * test_log.c - base/log.h: the queue, its writer, and what stands in its way
 *
 * write() is replaced for one descriptor, to make it fail or hang at will.
 */
#include "base/log.h"

#include "base/clock.h"
#include "base/limits.h"
#include "base/metrics.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <pthread.h>
#include <semaphore.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <cmocka.h>

enum {
    DEADLINE_MS = 30000, /* only a broken program takes that long */
    ERRORS_MAX = 4
};

static const char drops_line[] = "msg=\"log lines were dropped\"";

/* What write() does on `fake.fd`, one after the other; then it works. */
static struct {
    _Atomic int fd;
    _Atomic int errors[ERRORS_MAX]; /* 0: none */
    _Atomic size_t first_takes;     /* so many bytes by the first; 0: all */
    _Atomic size_t calls;
    atomic_bool hangs;
    sem_t entered;
    sem_t release;
} fake = {.fd = -1};

ssize_t write(int fd, const void *data, size_t len)
{
    if (fd == atomic_load(&fake.fd)) {
        size_t part = atomic_load(&fake.first_takes);
        size_t call;

        if (atomic_load(&fake.hangs)) {
            sem_post(&fake.entered);
            sem_wait(&fake.release);
        }
        call = atomic_fetch_add(&fake.calls, 1);
        if (call < ERRORS_MAX && atomic_load(&fake.errors[call]) != 0) {
            errno = atomic_load(&fake.errors[call]);
            return -1;
        }
        if (call == 0 && part > 0)
            len = part;
    }
    return syscall(SYS_write, fd, data, len);
}

/* From now on, on `fake.fd`; NULL: all works. */
static void script(const int errors[ERRORS_MAX], size_t first_takes)
{
    for (size_t i = 0; i < ERRORS_MAX; i++)
        atomic_store(&fake.errors[i], errors == NULL ? 0 : errors[i]);
    atomic_store(&fake.first_takes, first_takes);
    atomic_store(&fake.calls, 0);
    atomic_store(&fake.hangs, false);
}

struct channel {
    int in; /* the log writes here */
    int out;
    struct buf text; /* what was read so far */
};

static int setup(void **state)
{
    static struct channel ch;
    int ends[2];

    metrics_reset();
    signal(SIGPIPE, SIG_IGN); /* as the program does */
    if (pipe(ends) == -1)
        return -1;
    ch = (struct channel){ends[1], ends[0], BUF_INIT(64 * MIB)};
    *state = &ch;
    return 0;
}

static int teardown(void **state)
{
    struct channel *ch = *state;

    log_stop(0);
    atomic_store(&fake.fd, -1);
    script(NULL, 0);
    if (ch->in != -1)
        close(ch->in);
    if (ch->out != -1)
        close(ch->out);
    buf_release(&ch->text);
    metrics_reset();
    return 0;
}

static void start(int fd, enum log_level least, enum log_format format)
{
    struct fault why = FAULT_INIT;

    assert_int_equal(log_start(fd, least, format, &why), 0);
}

/* Reads once, waiting for `wait_ms`. False: nothing came, or the end did. */
static bool read_some(struct channel *ch, int wait_ms)
{
    struct pollfd pfd = {.fd = ch->out, .events = POLLIN};
    char piece[4096];
    ssize_t n;

    if (poll(&pfd, 1, wait_ms) != 1)
        return false;
    n = read(ch->out, piece, sizeof(piece));
    if (n <= 0)
        return false;
    assert_int_equal(buf_add(&ch->text, piece, (size_t)n, NULL), 0);
    return true;
}

static void read_until(struct channel *ch, const char *wanted)
{
    int64_t deadline_us = clock_now_us() + DEADLINE_MS * INT64_C(1000);
    size_t from = 0;

    for (;;) {
        if (ch->text.data != NULL &&
            strstr(ch->text.data + from, wanted) != NULL)
            return;
        /* not the same megabytes again and again */
        if (ch->text.len > from + 8192)
            from = ch->text.len - 8192;
        if (clock_now_us() > deadline_us)
            fail_msg("'%s' was not written", wanted);
        read_some(ch, 100);
    }
}

/* Reads what is there, without waiting. */
static void read_rest(struct channel *ch)
{
    while (read_some(ch, 0))
        ;
}

/*
 * Where `what` is next, from `at` on; NULL: nowhere. Not strstr(), which
 * under a sanitizer looks for the end of all the text at each call.
 */
static const char *next(const struct buf *text, const char *at,
                        const char *what)
{
    if (at == NULL)
        return NULL;
    return memmem(at, (size_t)(text->data + text->len - at), what,
                  strlen(what));
}

static int64_t count_lines(const struct buf *text, const char *with)
{
    int64_t count = 0;

    for (const char *at = next(text, text->data, with); at != NULL;
         at = next(text, at + 1, with))
        count++;
    return count;
}

/* The metric's value; the log must have been started since the reset. */
static int64_t dropped(void)
{
    static const char name[] = "\naurix_bridge_log_dropped_total ";
    struct buf out = BUF_INIT(LIMIT_METRICS_TEXT);
    const char *at;
    int64_t value;

    assert_int_equal(metrics_render(&out, NULL), 0);
    at = strstr(out.data, name);
    assert_non_null(at);
    value = strtoll(at + strlen(name), NULL, 10);
    buf_release(&out);
    return value;
}

static void wait_for_drops(int64_t wanted)
{
    int64_t deadline_us = clock_now_us() + DEADLINE_MS * INT64_C(1000);

    while (dropped() < wanted) {
        assert_true(clock_now_us() < deadline_us);
        poll(NULL, 0, 1);
    }
}

static void wait_for_calls(size_t wanted)
{
    int64_t deadline_us = clock_now_us() + DEADLINE_MS * INT64_C(1000);

    while (atomic_load(&fake.calls) < wanted) {
        assert_true(clock_now_us() < deadline_us);
        poll(NULL, 0, 1);
    }
}

/* The sum of all "log lines were dropped". */
static int64_t told(const struct buf *text)
{
    int64_t sum = 0;

    for (const char *at = next(text, text->data, drops_line); at != NULL;
         at = next(text, at + 1, drops_line)) {
        const char *number = next(text, at, " dropped=");

        if (number == NULL || next(text, number, "\n") == NULL)
            break; /* the rest of it is still to be read */
        sum += strtoll(number + strlen(" dropped="), NULL, 10);
    }
    return sum;
}

static void test_lines_arrive_whole_and_in_order(void **state)
{
    struct channel *ch = *state;
    const char *at;

    start(ch->in, LOG_INFO, LOG_FORMAT_LOGFMT);
    for (int i = 0; i < 300; i++)
        log_line(LOG_INFO, "test", "counting", log_int("i", i));
    log_stop(DEADLINE_MS);
    read_rest(ch);
    assert_int_equal(count_lines(&ch->text, "\n"), 300);
    at = ch->text.data;
    for (int i = 0; i < 300; i++) {
        char expected[64];

        snprintf(expected, sizeof(expected),
                 " level=info mod=test msg=counting i=%d\n", i);
        at = strstr(at, " level=");
        assert_non_null(at);
        assert_memory_equal(at, expected, strlen(expected));
        at += strlen(expected);
    }
    assert_int_equal(dropped(), 0);
}

static void test_lines_arrive_without_a_stop(void **state)
{
    struct channel *ch = *state;

    start(ch->in, LOG_INFO, LOG_FORMAT_LOGFMT);
    /* the writer sleeps in between, so each wakes it */
    for (int i = 0; i < 5; i++) {
        char expected[32];

        log_line(i % 2 == 0 ? LOG_INFO : LOG_ERROR, "test", "x",
                 log_int("i", i));
        snprintf(expected, sizeof(expected), " i=%d\n", i);
        read_until(ch, expected);
    }
}

static void test_json(void **state)
{
    struct channel *ch = *state;

    start(ch->in, LOG_INFO, LOG_FORMAT_JSON);
    log_line(LOG_WARN, "test", "two words", log_bool("ok", true));
    log_stop(DEADLINE_MS);
    read_rest(ch);
    assert_non_null(strstr(ch->text.data, "\",\"level\":\"warn\",\"mod\":"
                                          "\"test\",\"msg\":\"two words\","
                                          "\"ok\":true}\n"));
}

static void test_levels(void **state)
{
    struct channel *ch = *state;

    for (int least = LOG_DEBUG; least <= LOG_ERROR; least++) {
        start(ch->in, (enum log_level)least, LOG_FORMAT_LOGFMT);
        for (int level = LOG_DEBUG; level <= LOG_ERROR; level++) {
            assert_int_equal(log_wants((enum log_level)level), level >= least);
            log_line((enum log_level)level, "test", "x");
        }
        log_stop(DEADLINE_MS);
        buf_clear(&ch->text);
        read_rest(ch);
        for (int level = LOG_DEBUG; level <= LOG_ERROR; level++) {
            char expected[32];

            snprintf(expected, sizeof(expected), " level=%s ",
                     log_level_name((enum log_level)level));
            assert_int_equal(count_lines(&ch->text, expected), level >= least);
        }
    }
    assert_null(log_level_name((enum log_level)(LOG_ERROR + 1)));
}

/* log_line() and log_write() while no writer runs. */
static void test_without_a_writer_lines_go_to_standard_error(void **state)
{
    struct channel *ch = *state;
    int saved = dup(STDERR_FILENO);

    assert_int_not_equal(saved, -1);
    start(ch->in, LOG_INFO, LOG_FORMAT_LOGFMT);
    log_stop(DEADLINE_MS);
    assert_int_not_equal(dup2(ch->in, STDERR_FILENO), -1);
    log_line(LOG_INFO, "test", "after");
    dup2(saved, STDERR_FILENO);
    close(saved);
    read_rest(ch);
    assert_non_null(strstr(ch->text.data, " mod=test msg=after\n"));
}

/* A pipe nobody reads: the queue fills, and nobody who logs waits for it. */
static int64_t fill(void)
{
    static char text[1000];
    const struct log_field field =
        log_slice("fill", (struct slice){text, sizeof(text)});
    int64_t lines = 0;

    memset(text, 'x', sizeof(text));
    while (dropped() < 100) {
        assert_true(lines < 10000);
        log_write(LOG_INFO, "test", "x", &field, 1);
        lines++;
    }
    return lines;
}

static void test_a_blocked_pipe_drops_and_tells(void **state)
{
    struct channel *ch = *state;
    int64_t deadline_us = clock_now_us() + DEADLINE_MS * INT64_C(1000);
    int64_t lines;

    start(ch->in, LOG_INFO, LOG_FORMAT_LOGFMT);
    lines = fill();
    while (count_lines(&ch->text, " fill=") < lines - 100 ||
           told(&ch->text) < 100) {
        assert_true(clock_now_us() < deadline_us);
        read_some(ch, 100);
    }
    log_stop(DEADLINE_MS);
    read_rest(ch);
    assert_int_equal(dropped(), 100);
    assert_int_equal(told(&ch->text), 100);
    assert_int_equal(count_lines(&ch->text, " fill="), lines - 100);
    /* whole lines only */
    assert_int_equal(count_lines(&ch->text, "\nts="),
                     count_lines(&ch->text, "\n") - 1);
}

static void test_stop_gives_up_on_a_blocked_pipe(void **state)
{
    struct channel *ch = *state;
    int64_t deadline_us = clock_now_us() + DEADLINE_MS * INT64_C(1000);
    int64_t lines;

    start(ch->in, LOG_INFO, LOG_FORMAT_LOGFMT);
    lines = fill();
    log_stop(1);
    read_rest(ch);
    /* each line was written or counted; a slow thread may still count */
    while (count_lines(&ch->text, " fill=") + dropped() < lines) {
        assert_true(clock_now_us() < deadline_us);
        read_some(ch, 1);
    }
    assert_int_equal(count_lines(&ch->text, " fill=") + dropped(), lines);
    assert_true(dropped() > 100);
}

static void test_stop_leaves_a_write_that_hangs(void **state)
{
    struct channel *ch = *state;

    atomic_store(&fake.hangs, true);
    assert_int_equal(sem_init(&fake.entered, 0, 0), 0);
    assert_int_equal(sem_init(&fake.release, 0, 0), 0);
    atomic_store(&fake.fd, ch->in);
    start(ch->in, LOG_INFO, LOG_FORMAT_LOGFMT);
    log_line(LOG_INFO, "test", "one");
    sem_wait(&fake.entered);
    log_stop(1);
    /* it returned, and the log can be started again */
    start(ch->out, LOG_INFO, LOG_FORMAT_LOGFMT);
    log_stop(1);

    sem_post(&fake.release);
    read_until(ch, "msg=one\n");
}

static const struct failing_row {
    const char *claim;
    int errors[ERRORS_MAX]; /* of the first writes */
    int64_t dropped;
    size_t calls; /* of write(), until a line and its drop line are out */
} failing_rows[] = {
    {"an interrupted write is made again",            {EINTR, EINTR},      0, 3},
    {"so is one that would block",                    {EAGAIN},            0, 2},
    {"a full disk drops lines, and they are told of", {ENOSPC},            1, 3},
    {"an error that lasts a while",                   {EIO, EIO, EIO},     3, 5},
    {"a drop line that fails comes again",            {ENOSPC, 0, ENOSPC}, 1, 3},
};

static void test_writes_that_fail(void **state)
{
    struct channel *ch = *state;

    for (size_t i = 0; i < sizeof(failing_rows) / sizeof(failing_rows[0]);
         i++) {
        const struct failing_row *row = &failing_rows[i];
        int64_t before;

        print_message("  %s\n", row->claim);
        buf_clear(&ch->text);
        script(row->errors, 0);
        atomic_store(&fake.fd, ch->in);
        start(ch->in, LOG_INFO, LOG_FORMAT_LOGFMT);
        before = dropped();
        for (int64_t n = 0; n < row->dropped; n++) {
            log_line(LOG_INFO, "test", "lost");
            wait_for_drops(before + n + 1); /* one write a line */
        }
        log_line(LOG_INFO, "test", "kept");
        wait_for_calls(row->calls);
        log_line(LOG_INFO, "test", "last");
        read_until(ch, "msg=last\n");
        log_stop(DEADLINE_MS);
        read_rest(ch);
        assert_int_equal(count_lines(&ch->text, "msg=lost"), 0);
        assert_int_equal(count_lines(&ch->text, "msg=kept\n"), 1);
        assert_int_equal(dropped() - before, row->dropped);
        assert_int_equal(told(&ch->text), row->dropped);
        atomic_store(&fake.fd, -1);
    }
}

/* A full disk takes a piece of a line: the next does not continue it. */
static void test_a_torn_line_stays_alone(void **state)
{
    static const int errors[ERRORS_MAX] = {0, ENOSPC};
    struct channel *ch = *state;

    script(errors, strlen("ts="));
    atomic_store(&fake.fd, ch->in);
    start(ch->in, LOG_INFO, LOG_FORMAT_LOGFMT);
    log_line(LOG_INFO, "test", "torn");
    wait_for_drops(1);
    log_line(LOG_INFO, "test", "kept");
    log_stop(DEADLINE_MS);
    read_rest(ch);
    assert_memory_equal(ch->text.data, "ts=\nts=", strlen("ts=\nts="));
    assert_int_equal(count_lines(&ch->text, "msg=torn"), 0);
    assert_int_equal(count_lines(&ch->text, "msg=kept\n"), 1);
    assert_int_equal(dropped(), 1);
    assert_int_equal(told(&ch->text), 1);
}

/* Lines into nowhere are counted, and the writer does not spin on them. */
static void test_a_reader_that_is_gone(void **state)
{
    struct channel *ch = *state;

    close(ch->out);
    ch->out = -1;
    atomic_store(&fake.fd, ch->in); /* counts the calls */
    start(ch->in, LOG_INFO, LOG_FORMAT_LOGFMT);
    for (int i = 0; i < 3; i++) {
        log_line(LOG_INFO, "test", "lost");
        wait_for_drops(i + 1);
    }
    log_stop(DEADLINE_MS);
    assert_int_equal(dropped(), 3);
    assert_int_equal(atomic_load(&fake.calls), 3);
}

static void test_a_descriptor_that_is_none(void **state)
{
    struct channel *ch = *state;

    close(ch->in);
    start(ch->in, LOG_INFO, LOG_FORMAT_LOGFMT);
    ch->in = -1;
    log_line(LOG_INFO, "test", "lost");
    log_stop(DEADLINE_MS);
    assert_int_equal(dropped(), 1);
}

enum {
    PRODUCERS = 4,
    LINES_EACH = 8000 /* 4 MB in all: round the ring, several times */
};

static void *produce(void *arg)
{
    static const char padding[] = "01234567890123456789012345678901234567890123"
                                  "45678901234567890123456789";

    for (int i = 0; i < LINES_EACH; i++)
        log_line(i % 100 == 0 ? LOG_ERROR : LOG_INFO, "test", "x",
                 log_text("padding", padding), log_int("t", *(int *)arg),
                 log_int("i", i), log_bool("end", true));
    return NULL;
}

static void *drain(void *arg)
{
    struct channel *ch = arg;

    while (read_some(ch, -1))
        ;
    return NULL;
}

/* Each line is whole, each thread's lines are in order, and what is missing
 * was counted. */
static void check_producers(const struct buf *text)
{
    int last[PRODUCERS] = {-1, -1, -1, -1};
    int64_t lines = 0;
    const char *at = text->data;
    const char *end;

    while ((end = next(text, at, "\n")) != NULL) {
        char line[LIMIT_LOG_LINE];
        char tail[16] = "";
        int t = -1;
        int i = -1;

        assert_true(end - at < (ptrdiff_t)sizeof(line));
        memcpy(line, at, (size_t)(end - at));
        line[end - at] = '\0';
        at = end + 1;
        assert_memory_equal(line, "ts=", 3);
        if (strstr(line, drops_line) != NULL)
            continue;
        assert_int_equal(
            sscanf(line,
                   "%*s %*s mod=test msg=x padding=%*[0-9] t=%d i=%d %15s", &t,
                   &i, tail),
            3);
        assert_string_equal(tail, "end=true");
        assert_in_range(t, 0, PRODUCERS - 1);
        assert_true(i > last[t]);
        last[t] = i;
        lines++;
    }
    assert_ptr_equal(at, text->data + text->len);
    assert_int_equal(lines + dropped(), PRODUCERS * LINES_EACH);
    assert_int_equal(told(text), dropped());
}

static void test_many_producers(void **state)
{
    struct channel *ch = *state;
    pthread_t threads[PRODUCERS];
    pthread_t reader;
    int numbers[PRODUCERS];

    start(ch->in, LOG_INFO, LOG_FORMAT_LOGFMT);
    assert_int_equal(pthread_create(&reader, NULL, drain, ch), 0);
    for (int i = 0; i < PRODUCERS; i++) {
        numbers[i] = i;
        assert_int_equal(
            pthread_create(&threads[i], NULL, produce, &numbers[i]), 0);
    }
    for (int i = 0; i < PRODUCERS; i++)
        pthread_join(threads[i], NULL);
    log_stop(DEADLINE_MS);
    close(ch->in);
    ch->in = -1;
    pthread_join(reader, NULL);
    check_producers(&ch->text);
}

/* Not blocked in the writer, the signal would end this process. */
static void test_the_writer_takes_no_signals(void **state)
{
    struct channel *ch = *state;
    sigset_t set;
    sigset_t before;
    int taken = 0;

    sigemptyset(&set);
    sigaddset(&set, SIGUSR1);
    start(ch->in, LOG_INFO, LOG_FORMAT_LOGFMT);
    pthread_sigmask(SIG_BLOCK, &set, &before);
    assert_int_equal(kill(getpid(), SIGUSR1), 0);
    assert_int_equal(sigwait(&set, &taken), 0);
    assert_int_equal(taken, SIGUSR1);
    pthread_sigmask(SIG_SETMASK, &before, NULL);
}

static void test_stop_without_start(void **state)
{
    struct channel *ch = *state;

    log_stop(DEADLINE_MS);
    start(ch->in, LOG_INFO, LOG_FORMAT_LOGFMT);
    log_stop(DEADLINE_MS);
    log_stop(DEADLINE_MS);
}

#define TEST(function)                                                         \
    cmocka_unit_test_setup_teardown(function, setup, teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(test_lines_arrive_whole_and_in_order),
        TEST(test_lines_arrive_without_a_stop),
        TEST(test_json),
        TEST(test_levels),
        TEST(test_without_a_writer_lines_go_to_standard_error),
        TEST(test_a_blocked_pipe_drops_and_tells),
        TEST(test_stop_gives_up_on_a_blocked_pipe),
        TEST(test_stop_leaves_a_write_that_hangs),
        TEST(test_writes_that_fail),
        TEST(test_a_torn_line_stays_alone),
        TEST(test_a_reader_that_is_gone),
        TEST(test_a_descriptor_that_is_none),
        TEST(test_many_producers),
        TEST(test_the_writer_takes_no_signals),
        TEST(test_stop_without_start),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
