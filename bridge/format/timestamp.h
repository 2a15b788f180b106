/*
 * timestamp.h - dates, times and durations
 *
 * Source: RFC 3339, section 5.6, and appendix A for durations. Letters may be
 * of either case, as in all of its grammar.
 *
 * A date must exist in its month. A 60th second is only where the clock in
 * UTC shows 23:59, and, if there is a date, at the end of a month: leap
 * seconds are put nowhere else (section 5.7).
 */
#ifndef FORMAT_TIMESTAMP_H
#define FORMAT_TIMESTAMP_H

#include "base/slice.h"

#include <stdbool.h>

bool timestamp_is_date_time(struct slice text);
bool timestamp_is_date(struct slice text);
bool timestamp_is_time(struct slice text);

/*
 * "P1Y2M3DT4H5M6S" or "P7W". Units follow each other without a gap, so that
 * "P1Y3D" and "PT1H6S" are none; numbers are whole, and no unit has a limit.
 */
bool timestamp_is_duration(struct slice text);

#endif
