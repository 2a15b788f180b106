/*
 * address.h - IP addresses as text
 *
 * Sources: RFC 2673, section 3.2 (IPv4: four decimal numbers, no leading
 * zeros); RFC 4291, section 2.2 (IPv6), without a zone.
 */
#ifndef FORMAT_ADDRESS_H
#define FORMAT_ADDRESS_H

#include "base/slice.h"

#include <stdbool.h>

bool address_is_ipv4(struct slice text);
bool address_is_ipv6(struct slice text);

#endif
