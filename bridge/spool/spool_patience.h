/*
 * spool_patience.h - how long reading has failed, and where
 *
 * A read that fails may succeed later: a disk resets itself, a path to it
 * comes back. So what cannot be read is tried again, and counts as unreadable
 * only when it was in vain for PATIENCE_US. That is counted where it fails,
 * so that nobody waits for ever because reading succeeds elsewhere; and for
 * the file as a whole, so that of a disk that is gone not every record takes
 * as long.
 *
 * What counts is the time in which it was tried: of a pause between two
 * attempts, one second.
 *
 * Ownership: whoever embeds the structs; they start zeroed. Times are of the
 * monotonic clock.
 */
#ifndef SPOOL_SPOOL_PATIENCE_H
#define SPOOL_SPOOL_PATIENCE_H

#include <stdbool.h>
#include <stdint.h>

enum {
    PATIENCE_US = 60 * 1000 * 1000,
    PATIENCE_PLACES = 8 /* that are known at a time: lines stop at one */
};

struct spool_trouble {
    int64_t tried_us; /* the last time; 0: there is none */
    int64_t waited_us;
};

struct spool_patience {
    struct spool_trouble all; /* nothing could be read since */
    struct spool_place {
        int64_t line;
        int64_t at;
        struct spool_trouble trouble;
    } places[PATIENCE_PLACES];
};

/* It was tried, in vain. True: for long enough. */
bool trouble_lasts(struct spool_trouble *trouble, int64_t now_us);

/* It was tried a moment ago, and it is too early to try again. */
bool trouble_rests(const struct spool_trouble *trouble, int64_t now_us);

/* Reading has failed at the place: a number and who reads there. True: there,
 * or all over the file, for long enough; so patience begins anew there. */
bool patience_ends(struct spool_patience *patience, int64_t line, int64_t at,
                   int64_t now_us);

/* A record was read there. */
void patience_renew(struct spool_patience *patience, int64_t line, int64_t at);

#endif
