/*
 * mailbox.h - email addresses
 *
 * Source: RFC 5321, section 4.1.2 (Mailbox), in ASCII, without its quoted
 * pairs outside quotation marks. It says that the text looks like an
 * address, not that mail would arrive.
 */
#ifndef SCHEMA_MAILBOX_H
#define SCHEMA_MAILBOX_H

#include "base/slice.h"

#include <stdbool.h>

bool mailbox_is_valid(struct slice text);

#endif
