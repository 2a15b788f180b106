/*
 * log.c - the queue of lines, and the thread that writes them
 *
 * The queue is a ring of bytes that holds whole lines. Producers copy a line
 * in, under the lock; the writer copies up to PIPE_BUF bytes of whole lines
 * out, and writes them without it. So what other processes write to the same
 * pipe never lands inside a line of ours.
 *
 * Waking a thread costs more than formatting a line. A producer therefore
 * wakes the writer only where it sleeps because there was nothing to do; the
 * writer rests a moment after each burst, and finds what has gathered in the
 * meantime. Only an error ends that rest early.
 *
 * Standard error is shared with other processes, so O_NONBLOCK, which would
 * be theirs as well, is not for us. poll() says first whether the descriptor
 * takes bytes; a pipe that does takes PIPE_BUF of them without blocking. A
 * terminal can still block in write(): log_stop() then leaves the thread and
 * its memory to themselves.
 *
 * One lock guards the pointer to the writer and everything in it; the
 * settings are atomic.
 */
#include "base/log.h"

#include "base/clock.h"
#include "base/limits.h"
#include "base/log_format.h"
#include "base/log_ring.h"
#include "base/metrics.h"

#include <assert.h>
#include <errno.h>
#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum {
    REST_MS = 10,         /* between bursts: at most 100 wakes a second */
    BLOCKED_POLL_MS = 20, /* how soon a blocked writer sees that it must go */
    TELL_DROPS_MS = 1000, /* where the queue is never empty */
    DIRECT_WAIT_MS = 100, /* for a descriptor that is busy, without a writer */
};

struct writer {
    pthread_t thread;
    pthread_cond_t wake; /* to the thread: there is something to do */
    pthread_cond_t gone; /* from the thread: it has finished */
    int fd;
    bool idle;         /* waits with nothing to do: wake it */
    bool urgent;       /* an error is queued: do not rest */
    bool failing;      /* the last write did not work */
    bool torn;         /* what it left is a piece of a line */
    int64_t dropped;   /* lines, since a line told of them */
    int64_t untold_us; /* since when */
    bool stopping;     /* write what there is, until deadline_us */
    int64_t deadline_us;
    bool finished;
    bool abandoned; /* nobody waits any more: free yourself */
    struct log_ring ring;
};

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static struct writer *writer; /* NULL: lines are written directly */

static _Atomic int least_level = LOG_INFO;
static _Atomic int line_format = LOG_FORMAT_LOGFMT;
static _Atomic int direct_wait_ms = DIRECT_WAIT_MS;

static struct metric dropped_metric = {
    .name = "aurix_bridge_log_dropped_total",
    .help = "Log lines that could not be queued or written.",
    .type = METRIC_COUNTER,
};
static struct metric_series dropped_total;

const char *log_level_name(enum log_level level)
{
    switch (level) {
    case LOG_DEBUG:
        return "debug";
    case LOG_INFO:
        return "info";
    case LOG_WARN:
        return "warn";
    case LOG_ERROR:
        return "error";
    }
    return NULL;
}

bool log_wants(enum log_level level)
{
    return (int)level >=
           atomic_load_explicit(&least_level, memory_order_relaxed);
}

static size_t format(char out[LIMIT_LOG_LINE], struct log_entry *entry)
{
    entry->real_ms = clock_real_ms();
    return log_format_entry(out,
                            (enum log_format)atomic_load_explicit(
                                &line_format, memory_order_relaxed),
                            entry);
}

static int64_t count_lines(const char *data, size_t len)
{
    int64_t lines = 0;

    for (size_t i = 0; i < len; i++)
        lines += data[i] == '\n';
    return lines;
}

/* Needs the lock. */
static void count_dropped(struct writer *w, int64_t lines)
{
    if (lines == 0)
        return;
    if (w->dropped == 0)
        w->untold_us = clock_now_us();
    w->dropped += lines;
    metric_add(&dropped_total, lines);
}

/* Needs the lock. */
static bool must_give_up(const struct writer *w)
{
    return w->abandoned || (w->stopping && clock_now_us() >= w->deadline_us);
}

static bool may_go_on(struct writer *w)
{
    bool go_on;

    pthread_mutex_lock(&lock);
    go_on = !must_give_up(w);
    pthread_mutex_unlock(&lock);
    return go_on;
}

/*
 * Waits for room and writes once. Returns the bytes written, 0 where it is
 * worth trying again, -1 where it is not.
 */
static ssize_t write_some(int fd, const char *data, size_t len, int wait_ms)
{
    struct pollfd pfd = {.fd = fd, .events = POLLOUT};
    ssize_t n;
    int ready = poll(&pfd, 1, wait_ms);

    if (ready == 0 || (ready == -1 && errno == EINTR))
        return 0;
    if (ready == -1 || (pfd.revents & POLLNVAL) != 0)
        return -1;
    n = write(fd, data, len);
    if (n >= 0)
        return n;
    if (errno == EAGAIN) {
        /* somebody made it non-blocking, and there is room, but too little */
        poll(NULL, 0, BLOCKED_POLL_MS);
        return 0;
    }
    return errno == EINTR ? 0 : -1;
}

/* Without the lock. Returns how many bytes are written. */
static size_t write_all(struct writer *w, const char *data, size_t len)
{
    size_t done = 0;

    /* the last attempt is made even at the deadline, but does not wait */
    while (done < len) {
        bool go_on = may_go_on(w);
        ssize_t n = write_some(w->fd, data + done, len - done,
                               go_on ? BLOCKED_POLL_MS : 0);

        if (n == -1 || (n == 0 && !go_on))
            break;
        done += (size_t)n;
    }
    return done;
}

/*
 * Needs the lock, and gives it up meanwhile. Returns how many lines are not
 * written. A disk that is full takes a piece of a line; the next one must
 * not continue it.
 */
static int64_t write_lines(struct writer *w, const char *lines, size_t len)
{
    size_t done = 0;

    pthread_mutex_unlock(&lock);
    if (w->torn)
        w->torn = write_all(w, "\n", 1) == 0;
    if (!w->torn) {
        done = write_all(w, lines, len);
        w->torn = done > 0 && lines[done - 1] != '\n';
    }
    pthread_mutex_lock(&lock);
    w->failing = done < len;
    return count_lines(lines + done, len - done);
}

/*
 * Needs the lock, and gives it up meanwhile. Writes a line about the dropped
 * ones, when all that came before them is out, or they wait for long. Not while
 * writing fails: that line would be lost as well.
 */
static void tell_drops(struct writer *w)
{
    char line[LIMIT_LOG_LINE];
    int64_t dropped = w->dropped;
    int64_t now = clock_now_us();
    struct log_field field = log_int("dropped", dropped);
    struct log_entry entry = {.level = LOG_WARN,
                              .module = "log",
                              .message = "log lines were dropped",
                              .fields = &field,
                              .count = 1};

    if (dropped == 0 || w->failing ||
        (w->ring.used > 0 &&
         now - w->untold_us < TELL_DROPS_MS * INT64_C(1000)))
        return;
    if (log_wants(LOG_WARN) && write_lines(w, line, format(line, &entry)) > 0)
        return; /* not told: they stay in the count */
    w->dropped -= dropped;
    w->untold_us = now;
}

/* Needs the lock, and gives it up meanwhile. */
static void write_burst(struct writer *w)
{
    char chunk[LOG_CHUNK];

    w->urgent = false;
    do {
        size_t len = log_ring_take(&w->ring, chunk);

        count_dropped(w, write_lines(w, chunk, len));
        tell_drops(w);
    } while (w->ring.used >= LOG_CHUNK && !must_give_up(w));
}

/* Needs the lock. */
static void rest(struct writer *w)
{
    struct timespec until =
        clock_timespec(clock_now_us() + REST_MS * INT64_C(1000));

    while (!w->urgent && !w->stopping)
        if (pthread_cond_clockwait(&w->wake, &lock, CLOCK_MONOTONIC, &until) !=
            0)
            break;
}

/* Needs the lock. */
static void wait_for_lines(struct writer *w)
{
    w->idle = true;
    while (w->idle && !w->stopping)
        pthread_cond_wait(&w->wake, &lock);
    w->idle = false;
}

static void writer_free(struct writer *w)
{
    pthread_cond_destroy(&w->wake);
    pthread_cond_destroy(&w->gone);
    free(w);
}

/* Needs the lock. What cannot be written any more is counted. */
static void count_what_is_left(struct writer *w)
{
    char chunk[LOG_CHUNK];

    while (w->ring.used > 0)
        count_dropped(w, count_lines(chunk, log_ring_take(&w->ring, chunk)));
}

static void *run(void *opaque)
{
    struct writer *w = opaque;
    bool alone;

    pthread_mutex_lock(&lock);
    while (!must_give_up(w)) {
        if (w->ring.used > 0) {
            write_burst(w);
            rest(w);
        } else if (w->stopping) {
            break;
        } else {
            wait_for_lines(w);
        }
    }
    count_what_is_left(w);
    w->finished = true;
    alone = w->abandoned;
    if (!alone) {
        /* here, so that no line falls between the queue and what is next */
        writer = NULL;
        pthread_cond_signal(&w->gone);
    }
    pthread_mutex_unlock(&lock);
    if (alone)
        writer_free(w);
    return NULL;
}

/* The thread takes no signals: they are for the main thread's sigwait(). */
static int start_thread(struct writer *w)
{
    sigset_t all;
    sigset_t before;
    int err;

    sigfillset(&all);
    pthread_sigmask(SIG_SETMASK, &all, &before);
    err = pthread_create(&w->thread, NULL, run, w);
    pthread_sigmask(SIG_SETMASK, &before, NULL);
    return err;
}

int log_start(int fd, enum log_level least, enum log_format fmt,
              struct fault *why)
{
    struct writer *w = calloc(1, sizeof(*w));
    int err;

    if (w == NULL)
        return fault_set(why, FAULT_NOMEM, "cannot allocate the log's queue");
    w->fd = fd;
    pthread_cond_init(&w->wake, NULL);
    pthread_cond_init(&w->gone, NULL);

    metrics_register(&dropped_metric);
    metric_series_init(&dropped_metric, &dropped_total, "");
    atomic_store(&least_level, (int)least);
    atomic_store(&line_format, (int)fmt);
    atomic_store(&direct_wait_ms, DIRECT_WAIT_MS);

    pthread_mutex_lock(&lock);
    assert(writer == NULL); /* started twice: our own bug */
    err = start_thread(w);
    if (err == 0)
        writer = w;
    pthread_mutex_unlock(&lock);
    if (err != 0) {
        writer_free(w);
        return fault_set_errno(why, FAULT_IO, err,
                               "cannot start the log's thread");
    }
    return 0;
}

void log_stop(int timeout_ms)
{
    struct writer *w;
    struct timespec until;
    int err = 0;

    pthread_mutex_lock(&lock);
    w = writer;
    if (w == NULL) {
        pthread_mutex_unlock(&lock);
        return;
    }
    w->stopping = true;
    w->deadline_us = clock_now_us() + timeout_ms * INT64_C(1000);
    pthread_cond_signal(&w->wake);

    /* a thread that polls sees the deadline a little later */
    until =
        clock_timespec(w->deadline_us + 2 * BLOCKED_POLL_MS * INT64_C(1000));
    while (!w->finished && err == 0)
        err = pthread_cond_clockwait(&w->gone, &lock, CLOCK_MONOTONIC, &until);
    if (w->finished) {
        pthread_mutex_unlock(&lock);
        pthread_join(w->thread, NULL);
        writer_free(w);
        return;
    }
    /* it hangs in write(), and whoever writes next would hang there too */
    pthread_detach(w->thread);
    w->abandoned = true;
    writer = NULL;
    atomic_store(&direct_wait_ms, 0);
    pthread_mutex_unlock(&lock);
}

/* Before the start and after the stop. */
static void write_directly(const char *line, size_t len)
{
    int wait_ms = atomic_load(&direct_wait_ms);
    int64_t deadline_us = clock_now_us() + wait_ms * INT64_C(1000);
    size_t done = 0;

    while (done < len) {
        ssize_t n = write_some(STDERR_FILENO, line + done, len - done, wait_ms);

        if (n == -1 || (n == 0 && clock_now_us() >= deadline_us))
            break;
        done += (size_t)n;
    }
    if (done < len)
        metric_add(&dropped_total, 1);
}

/* Needs the lock. */
static void enqueue(struct writer *w, enum log_level level, const char *line,
                    size_t len)
{
    bool error = level == LOG_ERROR && !w->urgent;

    if (!log_ring_add(&w->ring, line, len)) {
        count_dropped(w, 1);
        return;
    }
    if (!w->idle && !error)
        return;
    w->urgent = w->urgent || error;
    w->idle = false;
    pthread_cond_signal(&w->wake);
}

void log_write(enum log_level level, const char *module, const char *message,
               const struct log_field *fields, size_t count)
{
    char line[LIMIT_LOG_LINE];
    struct log_entry entry = {.level = level,
                              .module = module,
                              .message = message,
                              .fields = fields,
                              .count = count};
    bool queued;
    size_t len;

    if (!log_wants(level))
        return;
    len = format(line, &entry);
    pthread_mutex_lock(&lock);
    queued = writer != NULL;
    if (queued)
        enqueue(writer, level, line, len);
    pthread_mutex_unlock(&lock);
    if (!queued)
        write_directly(line, len);
}

void log_write_until_end(enum log_level level, const char *module,
                         const char *message, const struct log_field *fields)
{
    size_t count = 0;

    while (fields[count].name != NULL)
        count++;
    log_write(level, module, message, fields, count);
}
