/*
 * timestamp.h - dates and times as RFC 3339, section 5.6, has them
 *
 * A date must exist in its month, and a 60th second only where the clock in
 * UTC shows 23:59: leap seconds are put nowhere else.
 */
#ifndef SCHEMA_TIMESTAMP_H
#define SCHEMA_TIMESTAMP_H

#include "base/slice.h"

#include <stdbool.h>

bool timestamp_is_date_time(struct slice text);
bool timestamp_is_date(struct slice text);
bool timestamp_is_time(struct slice text);

#endif
