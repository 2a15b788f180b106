/*
 * sources.h - the source that a command was told to use
 */
#ifndef CMD_SOURCES_H
#define CMD_SOURCES_H

#include "cmd/cmd.h"

/* The one that option --source names, or the first one. NULL: FAULT_USAGE,
 * there is none of that name; says which one was probably meant. */
const struct config_source *cmd_source(const struct cmd *cmd,
                                       struct fault *why);

#endif
