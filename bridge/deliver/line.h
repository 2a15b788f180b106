/*
 * line.h - the records of one topic that wait in the spool, in order
 *
 * The drain goes through them in passes. `read_to` is how far the pass has
 * come: what lies before it is with the producer, or in Kafka, or was skipped.
 *
 * Skipped is what may not be sent yet: because its partition is down, because
 * it has come back and is not due, or because something of its stripe was
 * skipped. Nothing is remembered of it but where it begins, for each
 * partition. When it may be different, another pass goes back to there, and
 * passes by what is on the roll: whatever the producer has. Partitions of
 * which something was skipped before that have to wait for yet another one.
 *
 * What comes back while its place lies behind the pass is skipped thereby.
 *
 * Times are microseconds of the monotonic clock. Threads: the spooler's.
 */
#ifndef DELIVER_LINE_H
#define DELIVER_LINE_H

#include "base/fault.h"
#include "deliver/channel.h"
#include "deliver/passage.h"
#include "deliver/roll.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* What a line knows of a partition. */
struct share {
    int64_t first;     /* that was skipped; 0: none */
    int64_t since;     /* of `rows`, when it was */
    int64_t due_us;    /* when that may be different, at the earliest */
    bool lost;         /* it is not there any more, or of another partition */
    bool left;         /* it lies before the pass: so all of it is skipped */
    bool down;         /* in this round */
    bool slow;         /* the line has waited for it long enough */
    int allowance;     /* how many may be sent, in this round */
    int64_t waited_us; /* since when the line waits for it; 0: it does not */
    int64_t sent_us;   /* the last that was sent */
};

struct line {
    struct channel *ch;
    int64_t read_to;
    int64_t ready_to;   /* there is nothing to read behind it */
    int64_t old_to;     /* of what was there at the start */
    int64_t pass;       /* its number */
    int64_t pass_from;  /* it has begun behind this one */
    int64_t skipped;    /* the first of all that are; 0: none */
    int64_t rows;       /* that were read at all */
    int64_t back_at_us; /* no other pass begins before */
    int64_t pause_until_us;
    int partition_count;     /* as the shares have it */
    struct share *waits_for; /* what was read last waits for it; NULL: none */
    size_t returned;         /* on the roll */
    int64_t ended_old_in;    /* the last pass that came past `old_to` */
    struct roll roll;
    struct share shares[PARTITION_SLOTS];

    /* of a round */
    int budget;        /* how many may be sent */
    int64_t window_to; /* how far it was read; 0: it was not */
    int64_t give_to;   /* the last that is to be sent; 0: none */
    int64_t unsent;    /* the first that was read, and could not be sent */
    bool stopped;      /* nothing more is sent */
};

/* `old_to`: of what was there at the start, 0: nothing was. */
void line_init(struct line *ln, struct channel *ch, int64_t old_to);

/* There is something to read up to there. */
void line_add(struct line *ln, int64_t seq);

/* Its record is with the producer. */
void line_enroll(struct line *ln, struct passage *pg);

/* It has come back. */
void line_take_back(struct line *ln, struct passage *pg);

/* It has come back, and its row cannot be read any more. */
void line_drop(struct line *ln, struct passage *pg);

/* Frees those that have come back; the others are on no roll any more. */
void line_release(struct line *ln);

/* ---- a round ------------------------------------------------------------- */

/* Sees what may be sent now, and whether it is time for another pass. */
void line_plan(struct line *ln, int64_t now_us);

/* How many records are worth reading behind `read_to`. */
size_t line_wish(const struct line *ln, size_t most);

/* The first that was skipped of a partition, which may be tried as a probe;
 * 0: there is none, or others may lie before it. */
int64_t line_probe_of(const struct line *ln, size_t share);

enum verdict {
    VERDICT_SEND,
    VERDICT_SKIP, /* it is skipped now */
    VERDICT_WAIT  /* the line waits for its turn */
};

/* The partition of a key, by the number that the shares have. */
struct partition *line_partition(const struct line *ln, int64_t hash);
struct share *line_share(struct line *ln, const struct partition *pt);

/* What becomes of a row; `pg`: of its record, if it has come back, else NULL.
 * If it is to be sent, that is accounted for. */
enum verdict line_judge(struct line *ln, int64_t seq, struct partition *pt,
                        struct stripe *stripe, struct passage *pg,
                        int64_t now_us);

/* It was read up to there, so many records. */
void line_read(struct line *ln, int64_t seq, size_t count);

/* Its turn has come: the producer is asked to take it, and does not. */
void line_sending(struct line *ln, struct passage *pg, int64_t now_us);
void line_kept(struct line *ln, struct passage *pg);

/* One that was read in this round is not sent. */
void line_unsent(struct line *ln, int64_t seq);

/* What was read is sent, or skipped. */
void line_end(struct line *ln);

/* The producer takes none now; records cannot be read now. */
void line_pause(struct line *ln, int64_t now_us);
void line_rest(struct line *ln, int64_t now_us);

/* When there is something to do; INT64_MAX: when a report comes, or a
 * record. */
int64_t line_due_us(struct line *ln, int64_t now_us);

#endif
