/*
 * spool_row.h - a record as the cells of one row
 *
 * What spool.c stores of a record and how it knows that it is still that
 * record; nothing here knows of files. The layout is drawn in spool_row.c.
 */
#ifndef SPOOL_SPOOL_ROW_H
#define SPOOL_SPOOL_ROW_H

#include "base/arena.h"
#include "base/buf.h"
#include "base/fault.h"
#include "base/record.h"
#include "spool/spool.h"

#include <stdbool.h>
#include <stdint.h>

enum { SPOOL_CHECKSUM_SIZE = 8 };

/* Borrowed, all of it, from whoever filled it in. */
struct spool_cells {
    int64_t seq;
    int64_t stored_ms;
    bool doubtful;         /* as it was appended, and never changed */
    const char *topic;     /* NULL: the file does not know it */
    struct slice key;      /* absent: a null key */
    struct slice value;    /* absent: damaged */
    struct slice headers;  /* as spool_row_headers() packs them */
    struct slice checksum; /* SPOOL_CHECKSUM_SIZE bytes */
};

/* What a record counts for among the bytes of a spool. */
int64_t spool_row_size(const struct spool_cells *cells);

/* Packs the record's headers, behind what is in `out`. FAULT_TOO_LARGE: past
 * its ceiling. FAULT_NOMEM. */
int spool_row_headers(struct buf *out, const struct record *record,
                      struct fault *why);

/* Over all cells but the checksum; topic and value must be there. `scratch`
 * is overwritten. FAULT_TOO_LARGE, FAULT_NOMEM. */
int spool_row_checksum(const struct spool_cells *cells, struct buf *scratch,
                       unsigned char out[SPOOL_CHECKSUM_SIZE],
                       struct fault *why);

/*
 * Makes a row of cells that were read: all that it points to is copied into
 * `arena`. Cells that are not what was written make a row that is `damaged`,
 * and no fault. FAULT_NOMEM: the arena is full.
 */
int spool_row_take(struct spool_row *row, const struct spool_cells *cells,
                   struct buf *scratch, struct arena *arena, struct fault *why);

/*
 * Fills the record of a damaged row with what its cells still tell, for people
 * to look at: headers only where they can be taken apart. FAULT_NOMEM.
 */
int spool_row_guess(struct spool_row *row, const struct spool_cells *cells,
                    struct arena *arena, struct fault *why);

#endif
