/*
 * spool_note.h - what is gone from a file that has failed, noted in another
 *
 * Nothing is written to a file that has failed, so that a record has left it
 * is known to the process alone. It is noted in a sound file of the folder, or
 * the next process would take it for one that waits.
 */
#ifndef SPOOL_SPOOL_NOTE_H
#define SPOOL_SPOOL_NOTE_H

#include "base/fault.h"
#include "spool/spool.h"
#include "spool/spool_gone.h"

#include <stdbool.h>
#include <stdint.h>

struct spool_note {
    struct spool_gone numbers; /* of the records that have left it */
    int64_t records;           /* how many the file still counts, */
    int64_t bytes;             /* and for how much */
    bool full;                 /* it has failed for want of room alone */
};

/* In a transaction of `sp`: writes it down for `file`, whose number in the
 * folder is given, in the place of what was noted for that before. FAULT_IO as
 * everywhere, FAULT_FULL, FAULT_TOO_LARGE, FAULT_NOMEM. */
int spool_note_write(struct spool *sp, int64_t number, const struct spool *file,
                     const struct spool_note *note, struct fault *why);

/*
 * What `sp` has noted for `file`, if it is that very file: one that was
 * salvaged has other numbers. The numbers are the caller's. *found is false if
 * there is nothing. FAULT_CORRUPT: it is not what was noted. FAULT_IO,
 * FAULT_NOMEM. *out is empty then.
 */
int spool_note_read(struct spool *sp, int64_t number, const struct spool *file,
                    struct spool_note *out, bool *found, struct fault *why);

#endif
