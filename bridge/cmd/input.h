/*
 * input.h - files and standard input that a command is pointed at
 */
#ifndef CMD_INPUT_H
#define CMD_INPUT_H

#include "base/buf.h"
#include "base/fault.h"
#include "base/limits.h"

#include <stdbool.h>

/* Whether an operand stands for standard input: "-". */
bool input_is_stdin(const char *name);

/* What to call it in messages: its name, or "standard input". */
const char *input_name(const char *name);

/* Adds all of a file, or of standard input, byte for byte.
 * FAULT_IO, FAULT_TOO_LARGE; the text names it. */
int input_read(struct buf *out, const char *name, struct fault *why);

#endif
