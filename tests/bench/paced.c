/*
 * paced.c - posts prepared requests at a steady rate
 *
 *   paced PORT RATE CONNECTIONS SECONDS FILE
 *
 * An open loop. Request n is due n / RATE seconds after the start, whether
 * earlier ones have been answered or not, and its latency counts from then:
 * one that has to wait, for a free connection or because this program got no
 * core, is charged for the waiting. How long after its due time each was
 * sent is told as well, so that the client's own share can be judged.
 *
 * FILE is a row of requests, whole as they are sent, each behind a line with
 * its length; they are sent round and round. Prints one line of JSON, with
 * every latency and lateness as a [microseconds, 1] pair. A connection that
 * the answer closes is replaced at once.
 */
#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <netinet/tcp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/timerfd.h>
#include <time.h>
#include <unistd.h>

enum {
    ANSWER_MAX = 32768,
    LANES_MAX = 1024,
    EVENTS_MAX = 64,
    PATIENCE_S = 10 /* for answers, after the last request was due */
};

#define SECOND_NS INT64_C(1000000000)

struct request {
    const char *bytes;
    size_t len;
};

struct lane { /* a connection */
    int fd;
    bool busy;
    int64_t due_ns; /* of the request that is on its way */
    size_t got;
    char answer[ANSWER_MAX];
};

struct pacer {
    uint16_t port;
    int64_t rate;
    int64_t start_ns;
    struct request *requests;
    size_t request_count;
    struct lane *lanes;
    struct lane **idle; /* a ring: who has waited longest comes first */
    size_t lane_count, idle_first, idle_count;
    int epoll, timer;
    int64_t total, next; /* requests: of the whole run, sent so far */
    int64_t answers, refused, broken;
    int64_t *latency_us, *late_us;
};

__attribute__((format(printf, 1, 2), noreturn)) static void
die(const char *format, ...)
{
    va_list arguments;

    va_start(arguments, format);
    fputs("paced: ", stderr);
    vfprintf(stderr, format, arguments);
    fputc('\n', stderr);
    va_end(arguments);
    exit(1);
}

static void *room(size_t count, size_t size)
{
    void *memory = calloc(count, size);

    if (memory == NULL)
        die("out of memory");
    return memory;
}

static int64_t now_ns(void)
{
    struct timespec now;

    clock_gettime(CLOCK_MONOTONIC, &now);
    return now.tv_sec * SECOND_NS + now.tv_nsec;
}

/* ---- the requests -------------------------------------------------------- */

static char *read_file(const char *path, size_t *len)
{
    FILE *file = fopen(path, "rb");
    struct stat st;
    char *text;

    if (file == NULL || fstat(fileno(file), &st) == -1)
        die("cannot open '%s': %s", path, strerror(errno));
    *len = (size_t)st.st_size;
    text = room(*len + 1, 1);
    if (fread(text, 1, *len, file) != *len)
        die("cannot read '%s'", path);
    fclose(file);
    return text;
}

static void load_requests(struct pacer *pa, const char *path)
{
    size_t len, capacity = 0;
    char *text = read_file(path, &len);
    char *at = text;

    while (at < text + len) {
        char *end;
        size_t size = strtoul(at, &end, 10);

        if (end == at || *end != '\n' || size == 0 ||
            size > (size_t)(text + len - end - 1))
            die("'%s' is not a row of requests", path);
        if (pa->request_count == capacity) {
            capacity = capacity == 0 ? 1024 : 2 * capacity;
            pa->requests =
                realloc(pa->requests, capacity * sizeof(*pa->requests));
            if (pa->requests == NULL)
                die("out of memory");
        }
        pa->requests[pa->request_count++] = (struct request){end + 1, size};
        at = end + 1 + size;
    }
    if (pa->request_count == 0)
        die("'%s' is empty", path);
}

/* ---- connections --------------------------------------------------------- */

static void lane_open(struct pacer *pa, struct lane *lane)
{
    const struct sockaddr_in address = {
        .sin_family = AF_INET,
        .sin_port = htons(pa->port),
        .sin_addr.s_addr = htonl(INADDR_LOOPBACK),
    };
    struct epoll_event event = {.events = EPOLLIN, .data.ptr = lane};
    int on = 1;

    lane->fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    if (lane->fd == -1 || connect(lane->fd, (const struct sockaddr *)&address,
                                  sizeof(address)) == -1)
        die("cannot connect to port %u: %s", pa->port, strerror(errno));
    if (fcntl(lane->fd, F_SETFL, O_NONBLOCK) == -1 ||
        setsockopt(lane->fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof(on)) == -1 ||
        epoll_ctl(pa->epoll, EPOLL_CTL_ADD, lane->fd, &event) == -1)
        die("cannot set up a connection: %s", strerror(errno));
}

static void lane_reopen(struct pacer *pa, struct lane *lane)
{
    close(lane->fd);
    lane_open(pa, lane);
}

static void lane_rest(struct pacer *pa, struct lane *lane)
{
    size_t last = (pa->idle_first + pa->idle_count++) % pa->lane_count;

    lane->busy = false;
    lane->got = 0;
    pa->idle[last] = lane;
}

static void lane_break(struct pacer *pa, struct lane *lane)
{
    pa->broken++;
    lane_reopen(pa, lane);
    lane_rest(pa, lane);
}

static void lane_send(struct pacer *pa, int64_t due_ns)
{
    const struct request *request =
        &pa->requests[(size_t)pa->next % pa->request_count];
    struct lane *lane = pa->idle[pa->idle_first];

    pa->idle_first = (pa->idle_first + 1) % pa->lane_count;
    pa->idle_count--;
    lane->busy = true;
    lane->due_ns = due_ns;
    pa->late_us[pa->next++] = (now_ns() - due_ns) / 1000;
    if (send(lane->fd, request->bytes, request->len, MSG_NOSIGNAL) !=
        (ssize_t)request->len)
        lane_break(pa, lane);
}

/* ---- answers ------------------------------------------------------------- */

/* Whether a whole answer is there. */
static bool answer_complete(const struct lane *lane)
{
    const char *end = strstr(lane->answer, "\r\n\r\n");
    const char *length = strcasestr(lane->answer, "\r\ncontent-length:");

    if (end == NULL)
        return false;
    if (length == NULL || length > end)
        die("an answer without Content-Length");
    length += strlen("\r\ncontent-length:");
    return lane->got >=
           (size_t)(end + 4 - lane->answer) + strtoul(length, NULL, 10);
}

static void take_answer(struct pacer *pa, struct lane *lane)
{
    const char *status = strchr(lane->answer, ' ');
    const char *closes = strcasestr(lane->answer, "\r\nconnection: close");

    pa->latency_us[pa->answers++] = (now_ns() - lane->due_ns) / 1000;
    if (status == NULL || status[1] != '2')
        pa->refused++;
    if (closes != NULL && closes < strstr(lane->answer, "\r\n\r\n"))
        lane_reopen(pa, lane);
    lane_rest(pa, lane);
}

static void on_readable(struct pacer *pa, struct lane *lane)
{
    ssize_t n = recv(lane->fd, lane->answer + lane->got,
                     sizeof(lane->answer) - 1 - lane->got, 0);

    if (n == -1 && (errno == EAGAIN || errno == EINTR))
        return;
    if (!lane->busy) {
        lane_reopen(pa, lane); /* it had been idle for too long */
        return;
    }
    if (n <= 0) {
        lane_break(pa, lane);
        return;
    }
    lane->got += (size_t)n;
    lane->answer[lane->got] = '\0';
    if (answer_complete(lane))
        take_answer(pa, lane);
    else if (lane->got == sizeof(lane->answer) - 1)
        die("an answer of more than %d bytes", ANSWER_MAX);
}

/* ---- the schedule -------------------------------------------------------- */

static int64_t due_ns(const struct pacer *pa, int64_t n)
{
    return pa->start_ns + n * SECOND_NS / pa->rate;
}

static void send_what_is_due(struct pacer *pa)
{
    while (pa->next < pa->total && pa->idle_count > 0 &&
           due_ns(pa, pa->next) <= now_ns())
        lane_send(pa, due_ns(pa, pa->next));
}

/* Wakes at the next due time; not while no connection is free. */
static void set_timer(struct pacer *pa)
{
    struct itimerspec when = {0};

    if (pa->next < pa->total && pa->idle_count > 0) {
        when.it_value.tv_sec = due_ns(pa, pa->next) / SECOND_NS;
        when.it_value.tv_nsec = due_ns(pa, pa->next) % SECOND_NS;
    }
    if (timerfd_settime(pa->timer, TFD_TIMER_ABSTIME, &when, NULL) == -1)
        die("cannot set the timer: %s", strerror(errno));
}

static void run(struct pacer *pa)
{
    const int64_t give_up_ns = due_ns(pa, pa->total) + PATIENCE_S * SECOND_NS;
    struct epoll_event events[EVENTS_MAX];

    while (pa->answers + pa->broken < pa->total && now_ns() < give_up_ns) {
        int count;

        send_what_is_due(pa);
        set_timer(pa);
        count = epoll_wait(pa->epoll, events, EVENTS_MAX, 1000);
        if (count == -1 && errno != EINTR)
            die("cannot wait: %s", strerror(errno));
        for (int i = 0; i < count; i++) {
            uint64_t expirations;

            if (events[i].data.ptr != NULL)
                on_readable(pa, events[i].data.ptr);
            else if (read(pa->timer, &expirations, sizeof(expirations)) == -1 &&
                     errno != EAGAIN)
                die("cannot read the timer: %s", strerror(errno));
        }
    }
}

/* ---- start and end ------------------------------------------------------- */

static int64_t number(const char *text, const char *what, int64_t max)
{
    char *end;
    long value = strtol(text, &end, 10);

    if (end == text || *end != '\0' || value < 1 || value > max)
        die("%s is a number from 1 to %" PRId64 ", got '%s'", what, max, text);
    return value;
}

static void get_ready(struct pacer *pa)
{
    struct epoll_event event = {.events = EPOLLIN, .data.ptr = NULL};

    pa->epoll = epoll_create1(EPOLL_CLOEXEC);
    pa->timer = timerfd_create(CLOCK_MONOTONIC, TFD_CLOEXEC | TFD_NONBLOCK);
    if (pa->epoll == -1 || pa->timer == -1 ||
        epoll_ctl(pa->epoll, EPOLL_CTL_ADD, pa->timer, &event) == -1)
        die("cannot get ready: %s", strerror(errno));
    pa->latency_us = room((size_t)pa->total, sizeof(*pa->latency_us));
    pa->late_us = room((size_t)pa->total, sizeof(*pa->late_us));
    pa->lanes = room(pa->lane_count, sizeof(*pa->lanes));
    pa->idle = room(pa->lane_count, sizeof(struct lane *));
    for (size_t i = 0; i < pa->lane_count; i++) {
        lane_open(pa, &pa->lanes[i]);
        lane_rest(pa, &pa->lanes[i]);
    }
}

static void print_pairs(const char *name, const int64_t *values, int64_t count)
{
    printf(",\"%s\":[", name);
    for (int64_t i = 0; i < count; i++)
        printf("%s[%" PRId64 ",1]", i == 0 ? "" : ",", values[i]);
    printf("]");
}

int main(int argc, char **argv)
{
    struct pacer pa = {0};
    int64_t ended_ns;

    if (argc != 6) {
        fprintf(stderr, "usage: paced PORT RATE CONNECTIONS SECONDS FILE\n");
        return 2;
    }
    pa.port = (uint16_t)number(argv[1], "PORT", 65535);
    pa.rate = number(argv[2], "RATE", 1000000);
    pa.lane_count = (size_t)number(argv[3], "CONNECTIONS", LANES_MAX);
    pa.total = pa.rate * number(argv[4], "SECONDS", 3600);
    load_requests(&pa, argv[5]);
    get_ready(&pa);

    pa.start_ns = now_ns() + SECOND_NS / 100;
    run(&pa);
    ended_ns = now_ns();

    printf("{\"answers\":%" PRId64 ",\"duration_us\":%" PRId64
           ",\"refused\":%" PRId64 ",\"socket_errors\":%" PRId64
           ",\"timeouts\":%" PRId64,
           pa.answers, (ended_ns - pa.start_ns) / 1000, pa.refused, pa.broken,
           pa.total - pa.answers - pa.broken);
    print_pairs("latency", pa.latency_us, pa.answers);
    print_pairs("lateness", pa.late_us, pa.next);
    printf("}\n");
    return 0;
}
