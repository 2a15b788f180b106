/*
 * mailbox.h - email addresses
 *
 * Sources: RFC 5321, section 4.1.2 (Mailbox), in ASCII; RFC 6531, section 3.3,
 * which adds what lies beyond. They say that the text looks like an address,
 * not that mail would arrive.
 */
#ifndef FORMAT_MAILBOX_H
#define FORMAT_MAILBOX_H

#include "base/slice.h"

#include <stdbool.h>

bool mailbox_is_valid(struct slice text);

/* *exhausted as in idna.h. */
bool mailbox_is_international(struct slice text, bool *exhausted);

#endif
