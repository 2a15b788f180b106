/*
 * test_log_trouble.c - base/log.h: what it does when it cannot write
 *
 * write() is replaced for one descriptor, to make it fail or hang at will.
 */
#include "log_channel.h"

#include <errno.h>
#include <semaphore.h>
#include <stdatomic.h>
#include <stdio.h>
#include <sys/syscall.h>

enum { ERRORS_MAX = 4 };

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

static int teardown(void **state)
{
    int rc = channel_close(state);

    atomic_store(&fake.fd, -1);
    script(NULL, 0);
    return rc;
}

static void wait_for_calls(size_t wanted)
{
    int64_t deadline_us = clock_now_us() + DEADLINE_MS * INT64_C(1000);

    while (atomic_load(&fake.calls) < wanted) {
        assert_true(clock_now_us() < deadline_us);
        poll(NULL, 0, 1);
    }
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
    /* all that had room, and at least one line about those that had not */
    while (ch->lines < lines - 100 + 1) {
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

#define TEST(function)                                                         \
    cmocka_unit_test_setup_teardown(function, channel_open, teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(test_a_blocked_pipe_drops_and_tells),
        TEST(test_stop_gives_up_on_a_blocked_pipe),
        TEST(test_stop_leaves_a_write_that_hangs),
        TEST(test_writes_that_fail),
        TEST(test_a_torn_line_stays_alone),
        TEST(test_a_reader_that_is_gone),
        TEST(test_a_descriptor_that_is_none),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
