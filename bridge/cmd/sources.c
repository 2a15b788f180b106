/*
 * sources.c - the source that a command was told to use; see sources.h
 */
#include "cmd/sources.h"

#include "base/nearest.h"

#include <string.h>

const struct config_source *cmd_source(const struct cmd *cmd, struct fault *why)
{
    const struct config *config = &cmd->config;
    const char *name = cmd_option(cmd, "source");
    struct nearest nearest;

    if (name == NULL && config->source_count > 0)
        return &config->sources[0];
    nearest_init(&nearest, name == NULL ? "" : name);
    for (size_t i = 0; i < config->source_count; i++) {
        if (strcmp(config->sources[i].name, nearest.wanted) == 0)
            return &config->sources[i];
        nearest_offer(&nearest, config->sources[i].name);
    }
    if (nearest.best != NULL)
        fault_set(why, FAULT_USAGE,
                  "no source '%s' is configured, did you mean '%s'?",
                  nearest.wanted, nearest.best);
    else
        fault_set(why, FAULT_USAGE, "no source '%s' is configured",
                  nearest.wanted);
    return NULL;
}
