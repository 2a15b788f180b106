/*
 * config_pairs.c - settings that are lists: routes, and librdkafka's keys
 *
 * librdkafka's keys are passed on as they are; whether it knows them is for
 * kafka/ to find out. What is refused here are the few that would make a
 * promise of this program untrue. Where one of them is given with the very
 * value that the program sets anyway it is accepted, and not kept, so that
 * one file can be shared with other clients of the cluster.
 */
#include "base/config_parts.h"
#include "base/digest.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

enum {
    PAIRS_MAX = LIMIT_ROUTES, /* of any list */
    PATTERN_MAX = 128,
    KEY_MAX = 128
};

#define LOST "an event that was answered 200 could be lost"
#define UNKNOWN "events that Kafka has would be reported as failed"
#define COMMITTED "an offset could be committed before its event was handled"

const struct promise promises[] = {
    {"acks",                                  "kafka|producer",          "all|-1",             LOST     },
    {"request.required.acks",                 "kafka|producer",          "all|-1",             LOST     },
    {"enable.idempotence",                    "kafka|producer",          "true",
     "events could change their order"                                                                  },
    {"message.timeout.ms",                    "kafka|producer",          "0",                  UNKNOWN  },
    {"delivery.timeout.ms",                   "kafka|producer",          "0",                  UNKNOWN  },
    {"delivery.report.only.error",            "kafka|producer",          "false",
     "no event could be confirmed"                                                                      },
    {"max.in.flight.requests.per.connection", "kafka|producer",          "1",                  LOST     },
    {"max.in.flight",                         "kafka|producer",          "1",                  LOST     },
    {"partitioner",                           "kafka|producer",          "murmur2_random",
     "keys would not be where Java clients have them"                                                   },
    {"transactional.id",                      "kafka|producer",          NULL,
     "no event would be sent: the bridge has no transactions"                                           },
    {"enable.auto.commit",                    "kafka|consumer",          "true",               COMMITTED},
    {"enable.auto.offset.store",              "kafka|consumer",          "false",              COMMITTED},
    {"partition.assignment.strategy",         "kafka|consumer",          "cooperative-sticky",
     "members would stop one another"                                                                   },
    {"group.id",                              "kafka|consumer",          NULL,
     "use consume.clicks_group and consume.leads_group"                                                 },
    {"test.mock.num.brokers",                 "kafka|producer|consumer", "0",
     "events would be in memory only"                                                                   },
};

const size_t promises_count = sizeof(promises) / sizeof(promises[0]);

/* Whether "a|b|c" has `word`; librdkafka does not mind the case either. */
static bool has_word(const char *words, const char *word)
{
    size_t len = strlen(word);

    while (words != NULL) {
        const char *bar = strchrnul(words, '|');

        if ((size_t)(bar - words) == len && strncasecmp(words, word, len) == 0)
            return true;
        words = *bar == '\0' ? NULL : bar + 1;
    }
    return false;
}

static struct config_pair *pairs_find(const struct config_pairs *pairs,
                                      const char *key)
{
    for (size_t i = 0; i < pairs->count; i++)
        if (strcmp(pairs->items[i].key, key) == 0)
            return &pairs->items[i];
    return NULL;
}

static void pair_release(struct config_pair *pair)
{
    /* among librdkafka's are passwords and private keys */
    if (pair->value != NULL)
        digest_wipe(pair->value, strlen(pair->value));
    free(pair->value);
    free(pair->key);
}

void pairs_release(struct config_pairs *pairs)
{
    for (size_t i = 0; i < pairs->count; i++)
        pair_release(&pairs->items[i]);
    free(pairs->items);
    *pairs = (struct config_pairs){0, NULL};
}

static int pairs_add(struct config_pairs *pairs, const char *key,
                     const char *value, struct fault *why)
{
    struct config_pair pair = {NULL, NULL};
    struct config_pair *items;

    if (pairs->count == PAIRS_MAX)
        return fault_set(why, FAULT_CONFIG,
                         "cannot keep more than %d settings in one section",
                         PAIRS_MAX);
    items = realloc(pairs->items, (pairs->count + 1) * sizeof(*items));
    if (items == NULL)
        return fault_set(why, FAULT_NOMEM, "cannot store setting '%s'", key);
    pairs->items = items;
    pair.key = strdup(key);
    pair.value = strdup(value);
    if (pair.key == NULL || pair.value == NULL) {
        pair_release(&pair);
        return fault_set(why, FAULT_NOMEM, "cannot store setting '%s'", key);
    }
    items[pairs->count++] = pair;
    return 0;
}

static int pair_replace(struct config_pair *pair, const char *value,
                        struct fault *why)
{
    char *copy = strdup(value);

    if (copy == NULL)
        return fault_set(why, FAULT_NOMEM, "cannot store setting '%s'",
                         pair->key);
    digest_wipe(pair->value, strlen(pair->value));
    free(pair->value);
    pair->value = copy;
    return 0;
}

struct config_pairs *pairs_of_section(struct config *config,
                                      const char *section)
{
    if (strcmp(section, "routes") == 0)
        return &config->routes;
    if (strcmp(section, "kafka") == 0)
        return &config->kafka;
    if (strcmp(section, "producer") == 0)
        return &config->producer;
    if (strcmp(section, "consumer") == 0)
        return &config->consumer;
    return NULL;
}

bool config_key_is_secret(const char *key)
{
    static const char *const marks[] = {"password", "secret", ".pem",
                                        "sasl.oauthbearer.config", "ssl_key"};

    for (size_t i = 0; i < sizeof(marks) / sizeof(marks[0]); i++)
        if (strcasestr(key, marks[i]) != NULL)
            return true;
    return false;
}

static int refuse_promise(const struct promise *promise, const char *section,
                          const char *value, const struct place *place,
                          struct fault *why)
{
    char at[PLACE_TEXT_MAX];

    place_text(place, at);
    if (promise->only == NULL)
        return fault_set(why, FAULT_CONFIG, "cannot set %s.%s in %s: %s",
                         section, promise->key, at, promise->because);
    return fault_set(why, FAULT_CONFIG,
                     "cannot set %s.%s to '%.64s' in %s: only '%.*s' is "
                     "possible, otherwise %s",
                     section, promise->key, value, at,
                     (int)strcspn(promise->only, "|"), promise->only,
                     promise->because);
}

int kafka_set(struct config_pairs *pairs, const char *section, const char *key,
              const char *value, const struct place *place, struct fault *why)
{
    struct config_pair *there;
    char at[PLACE_TEXT_MAX];

    /* two names of one setting must not both reach librdkafka */
    if (strcmp(key, "metadata.broker.list") == 0)
        key = "bootstrap.servers";
    if (key[0] == '\0' || strlen(key) > KEY_MAX)
        return fault_set(why, FAULT_CONFIG,
                         "bad name '%.64s' for a setting of "
                         "[%s] in %s: expected 1 to %d characters",
                         key, section, place_text(place, at), KEY_MAX);
    for (size_t i = 0; i < promises_count; i++) {
        if (strcmp(promises[i].key, key) != 0 ||
            !has_word(promises[i].sections, section))
            continue;
        if (!has_word(promises[i].only, value))
            return refuse_promise(&promises[i], section, value, place, why);
        return 0;
    }
    there = pairs_find(pairs, key);
    if (there == NULL)
        return pairs_add(pairs, key, value, why);
    if (place->kind == PLACE_FILE)
        return fault_set(why, FAULT_CONFIG,
                         "%s.%s is given for the second time in %s", section,
                         key, place_text(place, at));
    return pair_replace(there, value, why);
}

static bool is_pattern(const char *pattern)
{
    size_t len = strlen(pattern);

    if (len == 0 || len > PATTERN_MAX)
        return false;
    for (; *pattern != '\0'; pattern++)
        if (*pattern <= ' ' || *pattern > '~')
            return false;
    return true;
}

int route_add(struct config_pairs *routes, const char *pattern,
              const char *topic, const struct place *place, struct fault *why)
{
    char at[PLACE_TEXT_MAX];

    place_text(place, at);
    if (!is_pattern(pattern))
        return fault_set(why, FAULT_CONFIG,
                         "bad route '%.64s' in %s: expected "
                         "an event type of 1 to %d characters without spaces, "
                         "'*' stands for any others",
                         pattern, at, PATTERN_MAX);
    if (!setting_is_kafka_name(topic))
        return fault_set(why, FAULT_CONFIG,
                         "bad topic '%.64s' for route "
                         "'%.64s' in %s: expected " SETTING_NAME_EXPECTED,
                         topic, pattern, at);
    if (pairs_find(routes, pattern) != NULL)
        return fault_set(why, FAULT_CONFIG,
                         "route '%.64s' is given for the second time in %s",
                         pattern, at);
    return pairs_add(routes, pattern, topic, why);
}

static int default_routes_add(struct config *config, struct fault *why)
{
    for (size_t i = 0; i < default_routes_count; i++) {
        const char *topic = default_routes[i].topic;

        if (pairs_add(&config->routes, default_routes[i].pattern,
                      topic == NULL ? config->topics.other : topic, why) == -1)
            return -1;
    }
    return 0;
}

/* Puts the routes of the command line in front, in their own order. */
static int set_routes_prepend(struct loading *ld, struct fault *why)
{
    struct config_pairs *routes = &ld->config->routes;
    size_t added = ld->set_routes.count;
    struct config_pair *items;

    if (added == 0)
        return 0;
    if (added + routes->count > LIMIT_ROUTES)
        return fault_set(why, FAULT_CONFIG, "cannot keep more than %d routes",
                         LIMIT_ROUTES);
    items = realloc(routes->items, (routes->count + added) * sizeof(*items));
    if (items == NULL)
        return fault_set(why, FAULT_NOMEM, "cannot store the routes");
    memmove(items + added, items, routes->count * sizeof(*items));
    memcpy(items, ld->set_routes.items, added * sizeof(*items));
    routes->items = items;
    routes->count += added;
    ld->set_routes.count = 0; /* handed over */
    return 0;
}

int pairs_finish(struct loading *ld, struct fault *why)
{
    struct config *config = ld->config;

    if (config->routes.count == 0 && default_routes_add(config, why) == -1)
        return -1;
    if (set_routes_prepend(ld, why) == -1)
        return -1;
    for (size_t i = 0; i < settings_count; i++) {
        const struct setting *setting = &settings[i];
        struct config_pairs *pairs;

        if (setting->type != SETTING_LISTED || setting->fallback == NULL)
            continue;
        pairs = pairs_of_section(config, setting->section);
        if (pairs_find(pairs, setting->key) == NULL &&
            pairs_add(pairs, setting->key, setting->fallback, why) == -1)
            return -1;
    }
    return 0;
}
