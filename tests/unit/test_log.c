/*
 * test_log.c - base/log.h, while nothing stands in its way
 */
#include "log_channel.h"

#include <pthread.h>
#include <stdio.h>

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

    while ((end = memchr(at, '\n', (size_t)(text->data + text->len - at))) !=
           NULL) {
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
    log_line(LOG_INFO, "test", "running");
    read_until(ch, "msg=running\n"); /* or the signal comes too early */
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
    cmocka_unit_test_setup_teardown(function, channel_open, channel_close)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(test_lines_arrive_whole_and_in_order),
        TEST(test_lines_arrive_without_a_stop),
        TEST(test_json),
        TEST(test_levels),
        TEST(test_without_a_writer_lines_go_to_standard_error),
        TEST(test_many_producers),
        TEST(test_the_writer_takes_no_signals),
        TEST(test_stop_without_start),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
