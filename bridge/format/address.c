#include "format/address.h"

#include <arpa/inet.h>

/* inet_pton() wants a terminated text; no address is longer than this. */
static bool is_address(int family, struct slice text)
{
    unsigned char address[sizeof(struct in6_addr)];
    char copy[INET6_ADDRSTRLEN];

    if (text.len == 0 || text.len >= sizeof(copy) ||
        memchr(text.data, '\0', text.len) != NULL)
        return false;
    memcpy(copy, text.data, text.len);
    copy[text.len] = '\0';
    return inet_pton(family, copy, address) == 1;
}

bool address_is_ipv4(struct slice text) { return is_address(AF_INET, text); }

bool address_is_ipv6(struct slice text) { return is_address(AF_INET6, text); }
