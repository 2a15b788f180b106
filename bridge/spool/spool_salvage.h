/*
 * spool_salvage.h - saves what can be read of a damaged file
 */
#ifndef SPOOL_SPOOL_SALVAGE_H
#define SPOOL_SPOOL_SALVAGE_H

#include "base/fault.h"

#include <stdint.h>

/*
 * The damaged file becomes *.bad. If anything in it is intact, a sound file
 * with the same number has that now, in the same order, all of it doubtful;
 * *records is how many. Nobody has it open. FAULT_FULL, FAULT_IO, FAULT_NOMEM:
 * nothing is lost, and it can be called again.
 */
int spool_salvage(const char *folder, int64_t number, int64_t *records,
                  struct fault *why);

#endif
