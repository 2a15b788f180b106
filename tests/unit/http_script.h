/*
 * http_script.h - a server that says what it is told to, one connection
 * after the other
 */
#ifndef UNIT_HTTP_SCRIPT_H
#define UNIT_HTTP_SCRIPT_H

#include "base/buf.h"
#include "base/limits.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <poll.h>
#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cmocka.h>

enum { REQUEST_MAX = 4 * MIB };

/* What the server does with one connection after the other. */
struct script {
    const char *response; /* to each request; NULL: none, stays silent */
    size_t filler;        /* that many bytes behind it */
    bool hangs_up;        /* after the response */
};

static struct {
    int listener;
    int port;
    pthread_t thread;
    atomic_bool stopping;
    struct script script;
    pthread_mutex_t lock; /* guards the rest */
    int connections;
    struct buf request; /* the last one */
} server = {.lock = PTHREAD_MUTEX_INITIALIZER};

/* Waits for bytes; gives up when the test is over. */
static inline ssize_t receive(int fd, char *data, size_t size)
{
    struct pollfd pfd = {.fd = fd, .events = POLLIN};

    while (!atomic_load(&server.stopping))
        if (poll(&pfd, 1, 10) > 0)
            return recv(fd, data, size, 0);
    return 0;
}

static inline bool is_complete(const struct buf *request)
{
    const char *end =
        request->data == NULL ? NULL : strstr(request->data, "\r\n\r\n");
    const char *length;

    if (end == NULL)
        return false;
    length = strcasestr(request->data, "\r\nContent-Length:");
    if (length == NULL || length > end)
        return true;
    length += strlen("\r\nContent-Length:");
    return (size_t)(request->data + request->len - end - 4) >=
           strtoul(length, NULL, 10);
}

static inline bool read_request(int fd)
{
    struct buf request = BUF_INIT(REQUEST_MAX);
    char piece[64 * KIB];

    while (!is_complete(&request)) {
        ssize_t n = receive(fd, piece, sizeof(piece));

        if (n <= 0 || buf_add(&request, piece, (size_t)n, NULL) == -1) {
            buf_release(&request);
            return false;
        }
    }
    pthread_mutex_lock(&server.lock);
    buf_release(&server.request);
    server.request = request;
    pthread_mutex_unlock(&server.lock);
    return true;
}

static inline bool send_all(int fd, const char *data, size_t len)
{
    while (len > 0) {
        ssize_t n = send(fd, data, len, MSG_NOSIGNAL);

        if (n <= 0)
            return false;
        data += n;
        len -= (size_t)n;
    }
    return true;
}

static inline bool respond(int fd)
{
    static const char filler[4096];
    size_t left = server.script.filler;

    if (server.script.response == NULL)
        return true;
    if (!send_all(fd, server.script.response, strlen(server.script.response)))
        return false;
    while (left > 0) {
        size_t piece = left < sizeof(filler) ? left : sizeof(filler);

        if (!send_all(fd, filler, piece))
            return false;
        left -= piece;
    }
    return !server.script.hangs_up;
}

static inline void *serve(void *arg)
{
    struct pollfd pfd = {.fd = server.listener, .events = POLLIN};

    while (!atomic_load(&server.stopping)) {
        int fd =
            poll(&pfd, 1, 10) > 0 ? accept(server.listener, NULL, NULL) : -1;

        if (fd == -1)
            continue;
        pthread_mutex_lock(&server.lock);
        server.connections++;
        pthread_mutex_unlock(&server.lock);
        while (read_request(fd) && respond(fd))
            ;
        close(fd);
    }
    return arg;
}

static inline void server_open(const struct script *script)
{
    struct sockaddr_in address = {.sin_family = AF_INET,
                                  .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    socklen_t len = sizeof(address);

    server.script = *script;
    server.connections = 0;
    server.request = (struct buf)BUF_INIT(REQUEST_MAX);
    atomic_store(&server.stopping, false);
    server.listener = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    assert_int_not_equal(server.listener, -1);
    assert_int_equal(bind(server.listener, (struct sockaddr *)&address, len),
                     0);
    assert_int_equal(listen(server.listener, 8), 0);
    assert_int_equal(
        getsockname(server.listener, (struct sockaddr *)&address, &len), 0);
    server.port = ntohs(address.sin_port);
    assert_int_equal(pthread_create(&server.thread, NULL, serve, NULL), 0);
}

static inline void server_close(void)
{
    atomic_store(&server.stopping, true);
    pthread_join(server.thread, NULL);
    close(server.listener);
    buf_release(&server.request);
}

#endif
