/*
 * idna.h - labels of internationalized domain names
 *
 * The only door to libidn2, which has Unicode's tables. A label is asked what
 * a registry would ask, because a lookup leaves out the rules on context
 * (CONTEXTO) and then accepts labels that IDNA2008 does not have.
 *
 * Sources: RFC 5890, section 2.3.2.1 (A-label, U-label); RFC 5891, section
 * 4.2; RFC 5892, appendix A; RFC 5893, section 2 (right to left).
 *
 * Threads: any.
 */
#ifndef FORMAT_IDNA_H
#define FORMAT_IDNA_H

#include "base/slice.h"

#include <stdbool.h>
#include <stddef.h>

struct idna_label {
    size_t ascii_len;          /* octets of the A-label */
    bool right_to_left;        /* it makes the name a Bidi domain name, */
    bool beside_right_to_left; /* and in one it may stand */
};

/*
 * Is it a U-label, if there is anything beyond ASCII in it, or else an
 * A-label, in either case? Allocates. *exhausted becomes true, and the answer
 * is no, where there was no memory to tell; it is never set to false.
 */
bool idna_is_label(struct slice label, struct idna_label *out, bool *exhausted);

#endif
