/*
 * line.h - the records of one topic that wait in the spool, in order
 *
 * `read_to` is how far the line was read. What lies before it has been with
 * the producer, and is there still, or is in Kafka, or has come back. What has
 * come back is in a list, sorted; so is what may not be sent yet because of
 * others of its stripe.
 *
 * What is in the list and lies behind `read_to` was never with the producer,
 * and has to wait until the line was read up to it.
 *
 * Times are microseconds of the monotonic clock. Threads: the spooler's.
 */
#ifndef DELIVER_LINE_H
#define DELIVER_LINE_H

#include "deliver/channel.h"
#include "deliver/passage.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct line {
    struct channel *ch;
    int64_t read_to;
    int64_t ready_to;     /* there is nothing to read behind it */
    int64_t old_to;       /* of what was there at the start */
    int64_t window_to;    /* of the window that was read; 0: none */
    struct passage *back; /* sorted by seq */
    size_t back_count;
    int64_t back_due_us; /* the first of them, at the earliest */
    bool stopped;        /* the producer took nothing, in this round */
    int64_t pause_until_us;
    int64_t probe_us; /* the next one, though others are on trial */
};

/* There is something to read up to there. */
void line_add(struct line *ln, int64_t seq);

/* Read up to there, and all of it was sent, or is in the list. */
void line_advance(struct line *ln, int64_t seq);

/* Tells the channel whether anything is left to be sent. */
void line_tell(struct line *ln);

/* ---- the list ------------------------------------------------------------ */

void line_take_back(struct line *ln, struct passage *pg);

/* Out of the list. Needs the stripe's lock. */
void line_unlist(struct line *ln, struct passage *pg);

/* It is not its turn: into the list. Needs the stripe's lock. */
void line_hold_back(struct line *ln, struct passage *pg);

/* Whether records may be read that are not in the list. */
bool line_has_fresh(const struct line *ln);

/* ---- when ---------------------------------------------------------------- */

/* How many may be sent now. */
size_t line_allowance(const struct line *ln, int64_t now_us);

/* The producer took one, or it takes none now. */
void line_sent(struct line *ln, int64_t now_us);
void line_pause(struct line *ln, int64_t now_us);

/* Its records cannot be read now. */
void line_rest(struct line *ln, int64_t now_us);

/* The topic is down, and nothing is left that could tell that it is not. */
bool line_is_stuck(const struct line *ln);

/* When there is something to do; INT64_MAX: when a report comes, or a
 * record. */
int64_t line_due_us(const struct line *ln);

#endif
