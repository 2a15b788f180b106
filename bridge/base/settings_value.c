/*
 * settings_value.c - one row of the table: finding, checking, storing
 *
 * The defaults go through the same checks as what a user writes, so a row
 * whose default breaks its own range cannot go unnoticed.
 */
#include "base/nearest.h"
#include "base/settings.h"

#include <assert.h>
#include <ctype.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

enum {
    KAFKA_NAME_MAX = 249, /* of topics; Kafka's own limit */
    SHOWN_MAX = 64        /* of a value in a message */
};

/* setting_store() writes an enum by way of an int */
static_assert(sizeof(enum log_level) == sizeof(int), "enums are ints");
static_assert(sizeof(enum log_format) == sizeof(int), "enums are ints");

const char *place_text(const struct place *place, char out[PLACE_TEXT_MAX])
{
    enum {
        TAIL = 120 /* of a long path the end tells more */
    };
    const char *name = place->name == NULL ? "" : place->name;
    size_t len = strlen(name);

    switch (place->kind) {
    case PLACE_FILE:
        snprintf(out, PLACE_TEXT_MAX, "%s%s:%u", len > TAIL ? "..." : "",
                 len > TAIL ? name + len - TAIL : name, place->line);
        break;
    case PLACE_VARIABLE:
        snprintf(out, PLACE_TEXT_MAX, "%s", name);
        break;
    case PLACE_SET:
        snprintf(out, PLACE_TEXT_MAX, "--set");
        break;
    case PLACE_DEFAULT:
        snprintf(out, PLACE_TEXT_MAX, "the defaults");
        break;
    }
    return out;
}

const struct setting *setting_find(const char *section, const char *key)
{
    for (size_t i = 0; i < settings_count; i++)
        if (settings[i].type != SETTING_LISTED &&
            strcmp(settings[i].section, section) == 0 &&
            strcmp(settings[i].key, key) == 0)
            return &settings[i];
    return NULL;
}

bool setting_section_known(const char *section)
{
    for (size_t i = 0; i < settings_count; i++)
        if (strcmp(settings[i].section, section) == 0)
            return true;
    return false;
}

/* The place of `text` among "a|b|c", or -1. */
static int choice_index(const char *choices, const char *text)
{
    size_t len = strlen(text);

    for (int i = 0; choices != NULL; i++) {
        const char *bar = strchrnul(choices, '|');

        if ((size_t)(bar - choices) == len && memcmp(choices, text, len) == 0)
            return i;
        choices = *bar == '\0' ? NULL : bar + 1;
    }
    return -1;
}

/* "a|b|c" as "a, b or c" */
static void choices_text(const char *choices, char *out, size_t size)
{
    size_t used = 0;

    out[0] = '\0';
    while (choices != NULL && used < size) {
        const char *bar = strchrnul(choices, '|');
        const char *joint = "";

        if (used > 0)
            joint = *bar == '\0' ? " or " : ", ";
        used += (size_t)snprintf(out + used, size - used, "%s%.*s", joint,
                                 (int)(bar - choices), choices);
        choices = *bar == '\0' ? NULL : bar + 1;
    }
}

const char *setting_expected(const struct setting *setting,
                             char out[SETTING_EXPECTED_MAX])
{
    enum { SIZE = SETTING_EXPECTED_MAX };

    switch (setting->type) {
    case SETTING_TEXT:
        snprintf(out, SIZE, "text without control characters%s",
                 setting->fallback == NULL ? "" : ", and not empty");
        break;
    case SETTING_PATH:
        snprintf(out, SIZE,
                 "a path that begins with '/', without '?', '#' and spaces");
        break;
    case SETTING_TOPIC:
    case SETTING_GROUP:
        snprintf(out, SIZE, SETTING_NAME_EXPECTED);
        break;
    case SETTING_WORD:
    case SETTING_CHOICE:
        choices_text(setting->choices, out, SIZE);
        break;
    case SETTING_INT:
        if (setting->choices != NULL)
            choices_text(setting->choices, out, SIZE);
        else
            snprintf(out, SIZE, "a whole number from %lld to %lld%s%s%s",
                     (long long)setting->min, (long long)setting->max,
                     setting->unit == NULL ? "" : " (",
                     setting->unit == NULL ? "" : setting->unit,
                     setting->unit == NULL ? "" : ")");
        break;
    case SETTING_BOOL:
        snprintf(out, SIZE, "true or false");
        break;
    case SETTING_SECRET:
    case SETTING_LISTED:
        snprintf(out, SIZE, "text that is not empty");
        break;
    }
    return out;
}

static int refuse(const struct setting *setting, const char *section,
                  const char *text, const struct place *place,
                  struct fault *why)
{
    char expected[SETTING_EXPECTED_MAX];
    char at[PLACE_TEXT_MAX];

    return fault_set(why, FAULT_CONFIG,
                     "bad value '%.*s' for %s.%s in %s: "
                     "expected %s",
                     SHOWN_MAX, text, section, setting->key,
                     place_text(place, at),
                     setting_expected(setting, expected));
}

static bool parse_bool(const char *text, bool *out)
{
    static const struct {
        const char *word;
        bool value;
    } words[] = {
        {"true",  true },
        {"yes",   true },
        {"on",    true },
        {"1",     true },
        {"false", false},
        {"no",    false},
        {"off",   false},
        {"0",     false},
    };

    for (size_t i = 0; i < sizeof(words) / sizeof(words[0]); i++) {
        if (strcasecmp(words[i].word, text) == 0) {
            *out = words[i].value;
            return true;
        }
    }
    return false;
}

/* Digits, with a '-' in front at most; no spaces, no overflow. */
static bool parse_int(const char *text, int64_t *out)
{
    const char *digits = text[0] == '-' ? text + 1 : text;
    char *end;
    long long value;

    if (!isdigit((unsigned char)digits[0]))
        return false;
    errno = 0;
    value = strtoll(text, &end, 10);
    if (*end != '\0' || errno != 0)
        return false;
    *out = value;
    return true;
}

bool setting_is_kafka_name(const char *text)
{
    static const char legal[] = "abcdefghijklmnopqrstuvwxyz"
                                "ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789._-";
    size_t len = strlen(text);

    return len > 0 && len <= KAFKA_NAME_MAX && strspn(text, legal) == len &&
           strcmp(text, ".") != 0 && strcmp(text, "..") != 0;
}

static bool is_plain_text(const char *text)
{
    for (; *text != '\0'; text++)
        if (iscntrl((unsigned char)*text))
            return false;
    return true;
}

static bool is_url_path(const char *text)
{
    if (text[0] != '/')
        return false;
    for (; *text != '\0'; text++)
        if (!isgraph((unsigned char)*text) || *text == '?' || *text == '#')
            return false;
    return true;
}

static bool text_fits(const struct setting *setting, const char *text)
{
    switch (setting->type) {
    case SETTING_PATH:
        return is_url_path(text);
    case SETTING_TOPIC:
    case SETTING_GROUP:
        return setting_is_kafka_name(text);
    case SETTING_WORD:
        return choice_index(setting->choices, text) != -1;
    default:
        return is_plain_text(text) &&
               (text[0] != '\0' || setting->fallback == NULL);
    }
}

static int store_text(const struct setting *setting, void *at, const char *text,
                      struct fault *why)
{
    char *copy = NULL;
    char *old;

    if (text[0] != '\0') {
        copy = strdup(text);
        if (copy == NULL)
            return fault_set(why, FAULT_NOMEM, "cannot store %s.%s",
                             setting->section, setting->key);
    }
    /* memcpy: the table knows bytes, not types */
    memcpy(&old, at, sizeof(old));
    memcpy(at, &copy, sizeof(copy));
    free(old);
    return 0;
}

static bool store_int(const struct setting *setting, void *at, const char *text)
{
    int64_t value;

    if (!parse_int(text, &value))
        return false;
    if (setting->choices != NULL) {
        if (choice_index(setting->choices, text) == -1)
            return false;
    } else if (value < setting->min || value > setting->max) {
        return false;
    }
    if (setting->scale != 0)
        value *= setting->scale; /* max * scale fits: see test_config.c */
    memcpy(at, &value, sizeof(value));
    return true;
}

int setting_store(const struct setting *setting, void *base,
                  const char *section, const char *text,
                  const struct place *place, struct fault *why)
{
    char *at = (char *)base + setting->offset;
    bool fits = false;
    int choice;
    bool truth;

    assert(setting->type != SETTING_SECRET && setting->type != SETTING_LISTED);
    switch (setting->type) {
    case SETTING_TEXT:
    case SETTING_PATH:
    case SETTING_TOPIC:
    case SETTING_GROUP:
    case SETTING_WORD:
        fits = text_fits(setting, text);
        if (fits && store_text(setting, at, text, why) == -1)
            return -1;
        break;
    case SETTING_CHOICE:
        choice = choice_index(setting->choices, text);
        fits = choice != -1;
        if (fits)
            memcpy(at, &choice, sizeof(choice));
        break;
    case SETTING_INT:
        fits = store_int(setting, at, text);
        break;
    case SETTING_BOOL:
        fits = parse_bool(text, &truth);
        if (fits)
            memcpy(at, &truth, sizeof(truth));
        break;
    case SETTING_SECRET:
    case SETTING_LISTED:
        break;
    }
    if (!fits)
        return refuse(setting, section, text, place, why);
    if (setting->given != 0 && place->kind != PLACE_DEFAULT)
        memcpy((char *)base + setting->given, &(bool){true}, sizeof(bool));
    return 0;
}

/* Rows that live in a struct config (NULL) or in that of a section. */
static bool is_row_of(const struct setting *setting, const char *section)
{
    if (section == NULL)
        return strcmp(setting->section, "source") != 0;
    return strcmp(setting->section, section) == 0;
}

static bool is_stored_text(const struct setting *setting)
{
    return setting->type <= SETTING_WORD;
}

int settings_store_defaults(const char *section, void *base, struct fault *why)
{
    static const struct place here = {PLACE_DEFAULT, NULL, 0};

    for (size_t i = 0; i < settings_count; i++) {
        const struct setting *setting = &settings[i];

        if (!is_row_of(setting, section) || setting->fallback == NULL ||
            setting->type == SETTING_LISTED)
            continue;
        if (setting_store(setting, base, setting->section, setting->fallback,
                          &here, why) == -1)
            return -1;
    }
    return 0;
}

void settings_release(const char *section, void *base)
{
    for (size_t i = 0; i < settings_count; i++) {
        const struct setting *setting = &settings[i];
        char *text;

        if (!is_row_of(setting, section) || !is_stored_text(setting))
            continue;
        memcpy(&text, (char *)base + setting->offset, sizeof(text));
        free(text);
        text = NULL;
        memcpy((char *)base + setting->offset, &text, sizeof(text));
    }
}

int setting_unknown(const char *section, const char *shown, const char *key,
                    const struct place *place, struct fault *why)
{
    const char *right = shown;
    char at[PLACE_TEXT_MAX];
    struct nearest nearest;

    nearest_init(&nearest, key);
    for (size_t i = 0; i < settings_count; i++)
        if (strcmp(settings[i].section, section) == 0 &&
            settings[i].type != SETTING_LISTED)
            nearest_offer(&nearest, settings[i].key);
    /* or the right key below the wrong section */
    for (size_t i = 0; i < settings_count && nearest.best == NULL; i++) {
        if (settings[i].type != SETTING_LISTED &&
            strcmp(settings[i].key, key) == 0) {
            nearest.best = settings[i].key;
            right = settings[i].section;
        }
    }
    place_text(place, at);
    if (nearest.best == NULL)
        return fault_set(why, FAULT_CONFIG, "unknown setting '%s.%.*s' in %s",
                         shown, SHOWN_MAX, key, at);
    return fault_set(why, FAULT_CONFIG,
                     "unknown setting '%s.%.*s' in %s, did you mean '%s.%s'?",
                     shown, SHOWN_MAX, key, at, right, nearest.best);
}

int setting_section_unknown(const char *section, const struct place *place,
                            struct fault *why)
{
    struct nearest nearest;
    char at[PLACE_TEXT_MAX];

    nearest_init(&nearest, section);
    for (size_t i = 0; i < settings_count; i++)
        nearest_offer(&nearest, settings[i].section);
    place_text(place, at);
    if (nearest.best == NULL)
        return fault_set(why, FAULT_CONFIG, "unknown section '%.*s' in %s",
                         SHOWN_MAX, section, at);
    return fault_set(why, FAULT_CONFIG,
                     "unknown section '%.*s' in %s, did you mean '%s'?",
                     SHOWN_MAX, section, at, nearest.best);
}

size_t setting_variable(const char *section, const char *key,
                        char out[VARIABLE_MAX])
{
    int len = snprintf(out, VARIABLE_MAX, "BRIDGE_%s_%s", section, key);

    if (len < 0 || len >= VARIABLE_MAX)
        return 0;
    for (char *c = out; *c != '\0'; c++)
        *c = *c == '.' || *c == '-' ? '_' : (char)toupper((unsigned char)*c);
    return (size_t)len;
}
