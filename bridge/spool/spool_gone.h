/*
 * spool_gone.h - a set of numbers of records
 *
 * Those that are gone from a file that cannot be written to any more. They
 * come nearly in order and lie close together, so a bit each is what they
 * cost; where they do not, half a kibibyte. So do they on disk.
 *
 * Ownership: whoever embeds the struct; it starts zeroed.
 */
#ifndef SPOOL_SPOOL_GONE_H
#define SPOOL_SPOOL_GONE_H

#include "base/buf.h"
#include "base/fault.h"
#include "base/slice.h"

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

/* All behind `after` up to there are in it; `after`: not even the next. */
int64_t gone_end(const struct spool_gone *gone, int64_t after);

/* Adds them to `out`, as bytes to be written down. FAULT_TOO_LARGE: past its
 * ceiling. FAULT_NOMEM. */
int gone_pack(const struct spool_gone *gone, struct buf *out,
              struct fault *why);

/* Fills an empty one. FAULT_CORRUPT: that is not what gone_pack() makes.
 * FAULT_NOMEM. It is empty then. */
int gone_unpack(struct spool_gone *gone, struct slice packed,
                struct fault *why);

/* It is empty, and can be used again. */
void gone_release(struct spool_gone *gone);

#endif
