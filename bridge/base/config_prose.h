/*
 * config_prose.h - what documentation says that no row of the table can
 */
#ifndef BASE_CONFIG_PROSE_H
#define BASE_CONFIG_PROSE_H

#include <stddef.h>

struct prose_section {
    const char *section;
    const char *text; /* between heading and table */
};

extern const char prose_help_head[]; /* of --help */
extern const char prose_help_foot[];
extern const char prose_head[];     /* of docs/configuration.md */
extern const char prose_promises[]; /* before the table of promises */
extern const struct prose_section prose_sections[];
extern const size_t prose_sections_count;

#endif
