/*
 * config_parts.h - what the files of config share; for nobody else
 *
 * config.c              origins and their order, the file
 * config_environment.c  BRIDGE_... and AURIX_... variables
 * config_source.c       [source NAME] and secrets
 * config_pairs.c        [routes], [kafka], [producer], [consumer]
 * config_help.c         the same table for readers
 */
#ifndef BASE_CONFIG_PARTS_H
#define BASE_CONFIG_PARTS_H

#include "base/config.h"
#include "base/settings.h"

/* Everything while it is being put together. */
struct loading {
    struct config *config;
    /* Routes of the command line, to go in front of all others. */
    struct config_pairs set_routes;
    /* Where the secrets of a source stand: one origin's replace another's. */
    enum place_kind secrets_from[LIMIT_SOURCES];
};

/* --- config_environment.c --- */

int environment_apply(struct loading *ld, const char *const *environment,
                      struct buf *warnings, struct fault *why);

/* --- config_source.c --- */

/* NULL: there is no such source. */
struct config_source *source_find(struct config *config, const char *name,
                                  size_t len);

/* Adds a source with the defaults. FAULT_CONFIG: bad name, or already
 * there. */
int source_add(struct loading *ld, const char *name, size_t len,
               const struct place *place, struct config_source **out,
               struct fault *why);

/* Sets `key` of a source; secrets add up within an origin. */
int source_set(struct loading *ld, struct config_source *source,
               const char *key, const char *value, const struct place *place,
               struct fault *why);

/* After all origins: secrets_dir is read, paths are compared. */
int sources_finish(struct config *config, struct fault *why);

void source_release(struct config_source *source);

/* Reads the file of a ..._FILE variable into `out`, for the setting `name`;
 * one newline at its end is dropped. The caller wipes and releases. */
int secret_read(struct buf *out, const char *path, const char *name,
                const struct place *place, struct fault *why);

/* Wipes and releases. */
void secret_release(struct buf *secret);

/* --- config_pairs.c --- */

/* The list that belongs to a section, or NULL. */
struct config_pairs *pairs_of_section(struct config *config,
                                      const char *section);

/* Sets one key of [kafka], [producer] or [consumer]. FAULT_CONFIG: it would
 * weaken a promise; it is twice in a file. */
int kafka_set(struct config_pairs *pairs, const char *section, const char *key,
              const char *value, const struct place *place, struct fault *why);

/* Adds a route at the end. */
int route_add(struct config_pairs *routes, const char *pattern,
              const char *topic, const struct place *place, struct fault *why);

/* After all origins: defaults where nothing was given, and the routes of the
 * command line in front. */
int pairs_finish(struct loading *ld, struct fault *why);

void pairs_release(struct config_pairs *pairs);

/* Whether [section] key is refused, as documentation tells it: the row with
 * this number; false past the last one. */
struct promise {
    const char *key;
    const char *sections; /* "kafka|producer" */
    const char *only;     /* values that are what we use anyway; or NULL */
    const char *because;
};
extern const struct promise promises[];
extern const size_t promises_count;

#endif
