/*
 * patience.h - is there anybody at all?
 *
 * Who sends for minutes does not want to stop because a server was started
 * anew, and who sends to nobody does not want to go on. So: as long as
 * nothing was ever answered, the first event without an answer ends it; from
 * then on, only PATIENCE_SECONDS in which no event is answered and some are
 * not.
 *
 * Threads: one at a time.
 */
#ifndef CMD_PATIENCE_H
#define CMD_PATIENCE_H

#include <stdbool.h>
#include <stdint.h>

enum { PATIENCE_SECONDS = 30 };

struct patience {
    bool answered;    /* ever */
    bool alone;       /* an event got no answer, and none did since */
    int64_t since_us; /* when that was */
};

/* {0} is how it begins. */

/* An event was answered, whatever the status. */
void patience_answered(struct patience *pt);

/* An event got no answer. True: there is nobody, give up. */
bool patience_unanswered(struct patience *pt, int64_t now_us);

#endif
