/*
 * quantiles.h - how values are spread, in memory that does not grow
 *
 * A log-linear histogram, as HdrHistogram has it: values below 128 are kept
 * exactly, and every power of two above is cut into 128 parts of the same
 * width. So a quantile is never less than the true one, and more by less
 * than 1/128 of it (0.8 %), however many values there were. The largest
 * value is exact.
 *
 * Threads: one at a time; each thread has its own, merged at the end.
 */
#ifndef CMD_QUANTILES_H
#define CMD_QUANTILES_H

#include "base/fault.h"

#include <stdint.h>

struct quantiles; /* some 34 KiB */

/* Empty. FAULT_NOMEM. */
int quantiles_new(struct quantiles **out, struct fault *why);
void quantiles_free(struct quantiles *qu); /* NULL is fine */

/* Below 0 counts as 0; beyond 2^40 (12 days in microseconds) the quantiles
 * are 2^40, and only the largest value is still told as it was. */
void quantiles_add(struct quantiles *qu, int64_t value);

/* Adds all that `from` has. */
void quantiles_merge(struct quantiles *qu, const struct quantiles *from);

uint64_t quantiles_count(const struct quantiles *qu);

/* 0 where there is none. */
int64_t quantiles_max(const struct quantiles *qu);

/*
 * The value that `permille` of all values do not exceed: the smallest for 0,
 * the median for 500, the largest for 1000. 0 where there is none.
 */
int64_t quantiles_at(const struct quantiles *qu, int permille);

#endif
