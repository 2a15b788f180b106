/*
 * help.h - what --help says
 */
#ifndef CMD_HELP_H
#define CMD_HELP_H

#include "cmd/cmd.h"

#include <stdio.h>

/* The list of commands. `specs` ends with NULL. */
void help_program(FILE *out, const struct cmd_spec *const *specs);

/* One command: usage, details, options, and the settings it uses.
 * FAULT_NOMEM. */
int help_command(FILE *out, const struct cmd_spec *spec, struct fault *why);

#endif
