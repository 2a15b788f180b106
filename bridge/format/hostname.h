/*
 * hostname.h - names of hosts and of mail domains
 *
 * Sources: RFC 1123, section 2.1 (letters, digits, inner hyphens; labels of up
 * to 63 characters; no dot at the end); RFC 1035, section 2.3.4 (255 octets on
 * the wire, which are 253 characters); idna.h for labels that begin with
 * "xn--" or go beyond ASCII.
 *
 * What these functions say about *exhausted is in idna.h. Names without
 * such labels need no memory.
 */
#ifndef FORMAT_HOSTNAME_H
#define FORMAT_HOSTNAME_H

#include "base/slice.h"

#include <stdbool.h>

/*
 * The name of a host, in ASCII; what begins with "xn--" is an A-label. Four
 * numbers are no name but an address, as RFC 1123 has it.
 */
bool hostname_is_valid(struct slice text, bool *exhausted);

/*
 * The same, or with U-labels. Their dots may be ideographic, fullwidth or
 * halfwidth ones too (RFC 3490, section 3.1).
 */
bool hostname_is_international(struct slice text, bool *exhausted);

/* RFC 5321, section 4.1.2: a mail domain, which knows nothing of IDNA. */
bool hostname_is_domain(struct slice text);

/* RFC 6531, section 3.3: one that may have U-labels. */
bool hostname_is_international_domain(struct slice text, bool *exhausted);

#endif
