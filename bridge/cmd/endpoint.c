/*
 * endpoint.c - addresses to listen on and to ask at; see endpoint.h
 */
#include "cmd/endpoint.h"

#include <errno.h>
#include <netdb.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

int endpoint_url(char *out, size_t size, const char *host, long port,
                 const char *path, struct fault *why)
{
    bool v6;
    int len;

    if (host == NULL || host[0] == '\0' || strcmp(host, "0.0.0.0") == 0)
        host = "127.0.0.1";
    else if (strcmp(host, "::") == 0)
        host = "::1";
    v6 = strchr(host, ':') != NULL;
    len = snprintf(out, size, "http://%s%s%s:%ld%s", v6 ? "[" : "", host,
                   v6 ? "]" : "", port, path);
    if (len < 0 || (size_t)len >= size)
        return fault_set(why, FAULT_CONFIG, "the URL of '%s' is too long",
                         host);
    return 0;
}

static int try_bind(const struct addrinfo *at)
{
    int one = 1;
    int err = 0;
    int fd =
        socket(at->ai_family, at->ai_socktype | SOCK_CLOEXEC, at->ai_protocol);

    if (fd == -1)
        return errno;
    /* As a server does: connections that have ended are no obstacle. */
    setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &one, sizeof(one));
    if (bind(fd, at->ai_addr, at->ai_addrlen) == -1 || listen(fd, 1) == -1)
        err = errno;
    close(fd);
    return err;
}

int endpoint_try(const char *host, long port, struct fault *why)
{
    struct addrinfo hints = {.ai_socktype = SOCK_STREAM,
                             .ai_flags = AI_PASSIVE | AI_NUMERICSERV};
    struct addrinfo *found = NULL;
    char service[16];
    int err;

    snprintf(service, sizeof(service), "%ld", port);
    err = getaddrinfo(host, service, &hints, &found);
    if (err != 0)
        return fault_set(why, FAULT_IO, "cannot resolve '%s': %s", host,
                         gai_strerror(err));
    err = try_bind(found);
    freeaddrinfo(found);
    if (err != 0)
        return fault_set_errno(why, FAULT_IO, err, "cannot listen on %s:%ld",
                               host, port);
    return 0;
}
