/*
 * spool_gone.h - a set of numbers of records
 *
 * Those that are gone from a file that cannot be written to any more. They
 * come nearly in order and lie close together, so a bit each is what they
 * cost; where they do not, half a kibibyte.
 *
 * Ownership: whoever embeds the struct; it starts zeroed.
 */
#ifndef SPOOL_SPOOL_GONE_H
#define SPOOL_SPOOL_GONE_H

#include "base/fault.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct gone_chunk;

struct spool_gone {
    struct gone_chunk **chunks; /* by their first number */
    size_t count;
    size_t capacity;
};

/* *added is false if it was there. FAULT_NOMEM: it is not there. */
int gone_add(struct spool_gone *gone, int64_t seq, bool *added,
             struct fault *why);

bool gone_has(const struct spool_gone *gone, int64_t seq);

/* It is empty, and can be used again. */
void gone_release(struct spool_gone *gone);

#endif
