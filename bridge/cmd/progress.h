/*
 * progress.h - a line on a terminal that says how far something is
 *
 * Only on a terminal that can write a line anew, so nothing of it is in a
 * file or a pipe. The line is to be cleared before anything else is written
 * to the terminal, and at the end.
 *
 * Threads: one.
 */
#ifndef CMD_PROGRESS_H
#define CMD_PROGRESS_H

#include "cmd/terminal.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum { PROGRESS_LINE_MAX = 512, PROGRESS_WINDOW = 16 };

struct progress {
    struct terminal term;
    int64_t total;
    bool shown;
    /* what was done when, of the last draws: for the speed as it is now */
    struct progress_mark {
        int64_t at_us;
        int64_t done;
    } marks[PROGRESS_WINDOW];
    unsigned draws;
};

/* For lines on `out`, of what begins now; nothing is drawn yet. */
void progress_init(struct progress *pg, FILE *out, int64_t now_us,
                   int64_t total);

/* Draws the line; `bad` of those that are done went wrong. */
void progress_draw(struct progress *pg, int64_t now_us, int64_t done,
                   int64_t bad);

/* Takes the line away, if it is there. */
void progress_clear(struct progress *pg);

/* What is told in a line. */
struct progress_state {
    int64_t done;
    int64_t total;
    int64_t bad;
    double per_second;
    int columns; /* that the line may take */
    bool utf8;
};

/*
 * Writes the line into `out`: how much, a bar if there is room, numbers. It
 * never takes more columns than there are.
 */
void progress_line(char out[PROGRESS_LINE_MAX],
                   const struct progress_state *state);

#endif
