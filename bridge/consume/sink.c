/*
 * sink.c - the table of sinks
 */
#include "consume/sink.h"

#include <string.h>

static const struct sink_type *const sinks[] = {&sink_stdout};

const struct sink_type *sink_find(const char *name)
{
    for (size_t i = 0; i < sizeof(sinks) / sizeof(sinks[0]); i++)
        if (strcmp(sinks[i]->name, name) == 0)
            return sinks[i];
    return NULL;
}
