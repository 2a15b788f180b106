/*
 * config_environment.c - BRIDGE_SECTION_KEY, and the tutorial's names
 *
 * A name in the environment has lost its dots, dashes and lower case, so it
 * is not taken apart: each setting's own variable is made and compared. Only
 * librdkafka's keys are open-ended; there '_' becomes '.', as none of its
 * public keys has a '_'. What nobody knows is a warning, not a failure: the
 * environment also belongs to others.
 */
#include "base/config_parts.h"
#include "base/nearest.h"

#include <ctype.h>
#include <stdio.h>
#include <string.h>

#define FILE_SUFFIX "_FILE"
#define WEBHOOK_SECRET "AURIX_WEBHOOK_SECRET"

/* One NAME=value, and what it is read for. */
struct variable {
    char name[VARIABLE_MAX];
    const char *value;
    struct place place;
    const char *const *environment;
};

static bool starts_with(const char *text, const char *prefix)
{
    return strncmp(text, prefix, strlen(prefix)) == 0;
}

static bool is_set(const char *const *environment, const char *name)
{
    size_t len = strlen(name);

    for (; *environment != NULL; environment++)
        if (strncmp(*environment, name, len) == 0 && (*environment)[len] == '=')
            return true;
    return false;
}

/* Length of "NAME" in "NAME_FILE", 0 if it is not such a name. */
static size_t file_stem(const char *name)
{
    size_t len = strlen(name);
    size_t suffix = sizeof(FILE_SUFFIX) - 1;

    if (len <= suffix || strcmp(name + len - suffix, FILE_SUFFIX) != 0)
        return 0;
    return len - suffix;
}

/* NAME and NAME_FILE together: nobody could tell which one is meant. */
static int refuse_both(const struct variable *var, struct fault *why)
{
    char stem[VARIABLE_MAX];

    snprintf(stem, sizeof(stem), "%.*s", (int)file_stem(var->name), var->name);
    if (!is_set(var->environment, stem))
        return 0;
    return fault_set(why, FAULT_CONFIG, "%s and %s are both set: keep one",
                     stem, var->name);
}

/* Sets source.NAME.secret from the file that a ..._FILE variable names. */
static int source_secret_file(struct loading *ld, struct config_source *source,
                              const struct variable *var, struct fault *why)
{
    struct buf secret = BUF_INIT(LIMIT_SECRET_FILE);
    char label[VARIABLE_MAX];
    int rc = -1;

    snprintf(label, sizeof(label), "source.%s.secret", source->name);
    if (refuse_both(var, why) == 0 &&
        secret_read(&secret, var->value, label, &var->place, why) == 0)
        rc = source_set(ld, source, "secret", secret.data, &var->place, why);
    secret_release(&secret);
    return rc;
}

/* AURIX_WEBHOOK_SECRET and AURIX_WEBHOOK_SECRET_FILE */
static int webhook_secret(struct loading *ld, const struct variable *var,
                          struct fault *why)
{
    if (ld->config->source_count != 1)
        return fault_set(why, FAULT_CONFIG,
                         "%s is set, but there are %zu sources: give each its "
                         "own with `secret` or `secrets_dir` in [source NAME]",
                         var->name, ld->config->source_count);
    if (file_stem(var->name) > 0)
        return source_secret_file(ld, &ld->config->sources[0], var, why);
    return source_set(ld, &ld->config->sources[0], "secret", var->value,
                      &var->place, why);
}

static const struct setting *find_plain(const struct variable *var)
{
    char name[VARIABLE_MAX];

    for (size_t i = 0; i < settings_count; i++) {
        const struct setting *setting = &settings[i];

        if (setting->type == SETTING_LISTED ||
            strcmp(setting->section, "source") == 0)
            continue;
        if (setting_variable(setting->section, setting->key, name) > 0 &&
            strcmp(name, var->name) == 0)
            return setting;
    }
    return NULL;
}

/* BRIDGE_KAFKA_SASL_PASSWORD_FILE, where `key` is "sasl.password" */
static int kafka_secret_file(struct config_pairs *pairs, const char *section,
                             const char *key, const struct variable *var,
                             struct fault *why)
{
    struct buf secret = BUF_INIT(LIMIT_SECRET_FILE);
    char label[2 * VARIABLE_MAX];
    int rc = -1;

    snprintf(label, sizeof(label), "%s.%s", section, key);
    if (refuse_both(var, why) == 0 &&
        secret_read(&secret, var->value, label, &var->place, why) == 0)
        rc = kafka_set(pairs, section, key, secret.data, &var->place, why);
    secret_release(&secret);
    return rc;
}

/* BRIDGE_KAFKA_..., BRIDGE_PRODUCER_..., BRIDGE_CONSUMER_...: 1 if it was
 * one of these. */
static int kafka_variable(struct loading *ld, const struct variable *var,
                          struct fault *why)
{
    static const struct {
        const char *prefix;
        const char *section;
    } lists[] = {
        {"BRIDGE_KAFKA_",    "kafka"   },
        {"BRIDGE_PRODUCER_", "producer"},
        {"BRIDGE_CONSUMER_", "consumer"},
    };

    for (size_t i = 0; i < sizeof(lists) / sizeof(lists[0]); i++) {
        size_t prefix = strlen(lists[i].prefix);
        struct config_pairs *pairs;
        char key[VARIABLE_MAX];
        size_t stem;
        int rc;

        if (!starts_with(var->name, lists[i].prefix))
            continue;
        pairs = pairs_of_section(ld->config, lists[i].section);
        snprintf(key, sizeof(key), "%s", var->name + prefix);
        for (char *c = key; *c != '\0'; c++)
            *c = *c == '_' ? '.' : (char)tolower((unsigned char)*c);
        stem = file_stem(var->name);
        if (stem > prefix && config_key_is_secret(key)) {
            key[stem - prefix] = '\0';
            rc = kafka_secret_file(pairs, lists[i].section, key, var, why);
        } else {
            rc = kafka_set(pairs, lists[i].section, key, var->value,
                           &var->place, why);
        }
        return rc == -1 ? -1 : 1;
    }
    return 0;
}

/* BRIDGE_SOURCE_NAME_KEY: 1 if it was one of these. */
static int source_variable(struct loading *ld, const struct variable *var,
                           struct fault *why)
{
    for (size_t i = 0; i < ld->config->source_count; i++) {
        struct config_source *source = &ld->config->sources[i];
        char label[VARIABLE_MAX];
        char name[VARIABLE_MAX];

        snprintf(label, sizeof(label), "source.%s", source->name);
        for (size_t j = 0; j < settings_count; j++) {
            const struct setting *setting = &settings[j];

            if (strcmp(setting->section, "source") != 0 ||
                setting_variable(label, setting->key, name) == 0)
                continue;
            if (strcmp(name, var->name) == 0)
                return source_set(ld, source, setting->key, var->value,
                                  &var->place, why) == -1
                           ? -1
                           : 1;
            if (setting->type == SETTING_SECRET &&
                file_stem(var->name) == strlen(name) &&
                starts_with(var->name, name))
                return source_secret_file(ld, source, var, why) == -1 ? -1 : 1;
        }
    }
    return 0;
}

/* Offers the name that was made in `name`, and keeps it in `kept` if it is
 * the nearest: candidates are made one after another in the same place. */
static void offer_made(struct nearest *nearest, const char *name,
                       char kept[VARIABLE_MAX])
{
    size_t before = nearest->distance;
    const char *best = nearest->best;

    nearest_offer(nearest, name);
    if (nearest->best == best && nearest->distance == before)
        return;
    snprintf(kept, VARIABLE_MAX, "%s", name);
    nearest->best = kept;
}

static void nearest_variable(const struct config *config,
                             struct nearest *nearest, char kept[VARIABLE_MAX])
{
    char label[VARIABLE_MAX];
    char name[VARIABLE_MAX];

    for (size_t i = 0; i < settings_count; i++) {
        const struct setting *setting = &settings[i];
        bool of_source = strcmp(setting->section, "source") == 0;

        if (setting->type == SETTING_LISTED && setting->fallback == NULL)
            continue;
        if (!of_source &&
            setting_variable(setting->section, setting->key, name) > 0)
            offer_made(nearest, name, kept);
        for (size_t j = 0; of_source && j < config->source_count; j++) {
            snprintf(label, sizeof(label), "source.%s",
                     config->sources[j].name);
            if (setting_variable(label, setting->key, name) > 0)
                offer_made(nearest, name, kept);
        }
    }
}

/* FAULT_NOMEM alone is a failure: no more room for warnings is not. */
static int warn_unknown(const struct config *config, struct buf *warnings,
                        const char *name, struct fault *why)
{
    struct fault unsaid = FAULT_INIT;
    char kept[VARIABLE_MAX];
    struct nearest nearest;

    if (warnings == NULL)
        return 0;
    nearest_init(&nearest, name);
    nearest_variable(config, &nearest, kept);
    if (starts_with(name, "BRIDGE_ROUTES_"))
        buf_addf(warnings, &unsaid,
                 "variable %s has no effect: routes are set in a file or with "
                 "--set routes.PATTERN=TOPIC\n",
                 name);
    else if (nearest.best != NULL)
        buf_addf(warnings, &unsaid, "unknown variable %s, did you mean %s?\n",
                 name, nearest.best);
    else
        buf_addf(warnings, &unsaid, "unknown variable %s\n", name);
    if (unsaid.kind == FAULT_NOMEM)
        return fault_set(why, unsaid.kind, "%s", unsaid.text);
    return 0;
}

static int bridge_variable(struct loading *ld, const struct variable *var,
                           struct buf *warnings, struct fault *why)
{
    const struct setting *setting = find_plain(var);
    int rc;

    if (setting != NULL)
        return setting_store(setting, ld->config, setting->section, var->value,
                             &var->place, why);
    rc = kafka_variable(ld, var, why);
    if (rc == 0)
        rc = source_variable(ld, var, why);
    if (rc == 0)
        rc = warn_unknown(ld->config, warnings, var->name, why);
    return rc == -1 ? -1 : 0;
}

int environment_apply(struct loading *ld, const char *const *environment,
                      struct buf *warnings, struct fault *why)
{
    for (const char *const *entry = environment; *entry != NULL; entry++) {
        const char *equals = strchr(*entry, '=');
        struct variable var;
        int rc = 0;

        /* longer than any of ours: only pieces of it would be compared */
        if (equals == NULL || equals - *entry >= VARIABLE_MAX)
            continue;
        snprintf(var.name, sizeof(var.name), "%.*s", (int)(equals - *entry),
                 *entry);
        var.value = equals + 1;
        var.place = (struct place){PLACE_VARIABLE, var.name, 0};
        var.environment = environment;
        if (strcmp(var.name, WEBHOOK_SECRET) == 0 ||
            strcmp(var.name, WEBHOOK_SECRET FILE_SUFFIX) == 0)
            rc = webhook_secret(ld, &var, why);
        else if (starts_with(var.name, "BRIDGE_") &&
                 strcmp(var.name, "BRIDGE_CONFIG") != 0 &&
                 !starts_with(var.name, "BRIDGE_TEST_"))
            rc = bridge_variable(ld, &var, warnings, why);
        if (rc == -1)
            return -1;
    }
    return 0;
}
