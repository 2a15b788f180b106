/*
 * wire.c - a connection by its descriptor
 */
#include "ingest/wire.h"

#include <arpa/inet.h>
#include <dirent.h>
#include <errno.h>
#include <netinet/in.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

void wire_ends_set(struct wire_ends *ends, const char *peer, int peer_port,
                   int local_port)
{
    size_t len = strlen(peer);

    if (len >= sizeof(ends->peer))
        len = sizeof(ends->peer) - 1;
    memcpy(ends->peer, peer, len);
    ends->peer[len] = '\0';
    ends->peer_port = peer_port;
    ends->local_port = local_port;
}

static bool has_ends(int fd, const struct wire_ends *ends)
{
    struct sockaddr_in peer = {.sin_family = AF_UNSPEC};
    struct sockaddr_in self = {.sin_family = AF_UNSPEC};
    socklen_t peer_len = sizeof(peer);
    socklen_t self_len = sizeof(self);
    char address[WIRE_ADDRESS_SIZE];

    /* most descriptors are told apart by the first call alone */
    if (getpeername(fd, (struct sockaddr *)&peer, &peer_len) == -1 ||
        peer.sin_family != AF_INET || ntohs(peer.sin_port) != ends->peer_port)
        return false; /* or not a socket, or not connected */
    return getsockname(fd, (struct sockaddr *)&self, &self_len) == 0 &&
           self.sin_family == AF_INET &&
           ntohs(self.sin_port) == ends->local_port &&
           inet_ntop(AF_INET, &peer.sin_addr, address, sizeof(address)) !=
               NULL &&
           strcmp(address, ends->peer) == 0;
}

int wire_find(int *fd, const struct wire_ends *ends)
{
    DIR *dir = opendir("/proc/self/fd");
    struct dirent *item;
    int found = 0;

    if (dir == NULL)
        return 0;
    while ((item = readdir(dir)) != NULL) {
        int candidate = (int)strtol(item->d_name, NULL, 10);

        if (item->d_name[0] == '.' || !has_ends(candidate, ends))
            continue;
        if (found++ == 0)
            *fd = candidate;
    }
    closedir(dir);
    return found;
}

size_t wire_send(int fd, const char *text, size_t len)
{
    ssize_t n;

    do
        n = send(fd, text, len, MSG_DONTWAIT | MSG_NOSIGNAL);
    while (n == -1 && errno == EINTR);
    return n == -1 ? 0 : (size_t)n;
}
