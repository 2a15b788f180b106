/*
 * files.h - small things done with files
 */
#ifndef BASE_FILES_H
#define BASE_FILES_H

#include "base/fault.h"

/*
 * Replaces `path` by a file with this text, by writing beside it and renaming,
 * so that a reader sees the old content or the new one. FAULT_IO.
 */
int file_replace(const char *path, const char *text, struct fault *why);

/* Raises the soft limit of open files to `wanted`, or says how far it got
 * and what to do: FAULT_CONFIG. */
int file_limit_raise(unsigned long wanted, struct fault *why);

#endif
