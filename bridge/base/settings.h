/*
 * settings.h - the table of settings, and what is done row by row
 *
 * The rows are in the order in which documentation shows them. Rows of type
 * SETTING_LISTED stand for settings that are lists of key = value (routes and
 * what goes to librdkafka): they are here to be documented, config_pairs.c
 * stores them. Rows of section "source" have offsets in struct config_source,
 * all others in struct config.
 *
 * Threads: any; nothing here changes.
 */
#ifndef BASE_SETTINGS_H
#define BASE_SETTINGS_H

#include "base/config.h"
#include "base/fault.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum setting_type {
    SETTING_TEXT,   /* char *; may be empty, then NULL, if `fallback` is */
    SETTING_PATH,   /* char *, of a URL */
    SETTING_TOPIC,  /* char *, a name that Kafka accepts */
    SETTING_GROUP,  /* the same, of a consumer group */
    SETTING_WORD,   /* char *, one of `choices` */
    SETTING_CHOICE, /* an enum, the place of the word in `choices` */
    SETTING_INT,    /* int64_t, in [min, max] or one of `choices` */
    SETTING_BOOL,   /* bool */
    SETTING_SECRET, /* config_source.c stores it; never shown */
    SETTING_LISTED  /* config_pairs.c stores it */
};

struct setting {
    const char *section;
    const char *key;
    enum setting_type type;
    size_t offset;
    const char *fallback; /* the default as a user would write it, or NULL */
    int64_t min, max;
    int64_t scale;       /* stored is what was written times this; 0: 1 */
    size_t given;        /* offset of a bool: set by more than the default */
    const char *unit;    /* of the number that is written; or NULL */
    const char *choices; /* words, a '|' between them; or NULL */
    unsigned commands;   /* enum config_command */
    const char *help;    /* one sentence, or two */
};

extern const struct setting settings[];
extern const size_t settings_count;

/* The routes that hold where no file gives any. */
struct setting_route {
    const char *pattern;
    const char *topic; /* NULL: topics.other */
};
extern const struct setting_route default_routes[];
extern const size_t default_routes_count;

/* Where a value stands, for messages. */
struct place {
    enum place_kind {
        PLACE_DEFAULT,
        PLACE_FILE,
        PLACE_VARIABLE, /* environment */
        PLACE_SET       /* command line */
    } kind;
    const char *name; /* the file's path, the variable's name; borrowed */
    unsigned line;    /* in the file */
};

enum {
    PLACE_TEXT_MAX = 160,       /* of place_text() */
    SETTING_EXPECTED_MAX = 128, /* of setting_expected() */
    VARIABLE_MAX = 96           /* the longest variable that means anything */
};

/* "bridge.ini:3", "BRIDGE_HTTP_PORT", "--set"; returns `out`. */
const char *place_text(const struct place *place, char out[PLACE_TEXT_MAX]);

/* The row, or NULL. */
const struct setting *setting_find(const char *section, const char *key);

/* Whether any row has this section. */
bool setting_section_known(const char *section);

/*
 * Checks `text` and stores it at `base` (a struct config, or a struct
 * config_source). `section` is how messages call the section. FAULT_CONFIG,
 * FAULT_NOMEM; then what was stored before is still there. Not for types
 * SETTING_SECRET and SETTING_LISTED.
 */
int setting_store(const struct setting *setting, void *base,
                  const char *section, const char *text,
                  const struct place *place, struct fault *why);

/* Stores the default of each row of the section, or of each but source's
 * where `section` is NULL. FAULT_NOMEM. */
int settings_store_defaults(const char *section, void *base, struct fault *why);

/* Frees the strings of rows of `section` (NULL: of all but source's). */
void settings_release(const char *section, void *base);

/* "a whole number from 1 to 5 (ms)"; returns `out`. */
const char *setting_expected(const struct setting *setting,
                             char out[SETTING_EXPECTED_MAX]);

/* What Kafka accepts as the name of a topic or a group. */
bool setting_is_kafka_name(const char *text);
#define SETTING_NAME_EXPECTED                                                  \
    "a name of 1 to 249 letters, digits, '.', '_' and '-'"

/* "unknown setting ... did you mean ...?", FAULT_CONFIG. `shown` is how the
 * message calls the section, `section` what the table calls it. */
int setting_unknown(const char *section, const char *shown, const char *key,
                    const struct place *place, struct fault *why);

/* The same for a section. */
int setting_section_unknown(const char *section, const struct place *place,
                            struct fault *why);

/* "BRIDGE_SECTION_KEY"; section may have dots ("source.aurix"). Returns the
 * length, 0 if it does not fit. */
size_t setting_variable(const char *section, const char *key,
                        char out[VARIABLE_MAX]);

#endif
