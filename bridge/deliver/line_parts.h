/*
 * line_parts.h - what the two files of the line share
 *
 * line.c has the records, and what is skipped of them; line_plan.c how many
 * may be sent. Nobody else includes this.
 */
#ifndef DELIVER_LINE_PARTS_H
#define DELIVER_LINE_PARTS_H

#include "deliver/line.h"

static inline int64_t later_of(int64_t a, int64_t b) { return a > b ? a : b; }

static inline int64_t earlier_of(int64_t a, int64_t b) { return a < b ? a : b; }

static inline bool line_may_send(const struct line *ln, const struct share *sh)
{
    return sh->allowance > 0 && (sh->down || ln->budget > 0);
}

/* Begins another pass if it is worth it. */
void line_go_back(struct line *ln, int64_t now_us);

/* Begins one if the topic's number of partitions has changed. */
void line_renumber(struct line *ln, int64_t now_us);

#endif
