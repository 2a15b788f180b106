/*
 * routes.c - which topic an event type goes to
 */
#include "event/routes.h"

#include "base/arena.h"
#include "base/limits.h"

#include <stdlib.h>
#include <string.h>

struct route {
    const char *pattern;
    const char *topic;
};

struct routes {
    struct arena arena; /* all that is pointed to */
    size_t count;
    struct route *items;
    const char *other;
    size_t topic_count;
    const char **topics;
};

/*
 * Whether `pattern` covers all of `text`. When a byte differs, the last '*'
 * takes one more; an earlier one never has to, since what stands between two
 * of them was found as far to the left as it occurs. So the worst case is the
 * product of both lengths, whatever the number of '*'.
 */
static bool matches(const char *pattern, struct slice text)
{
    const char *star = NULL; /* behind the last '*' */
    size_t resume = 0;       /* where its match in the text ends */
    size_t at = 0;

    while (at < text.len) {
        if (*pattern == '*') {
            star = ++pattern;
            resume = at;
        } else if (*pattern != '\0' && *pattern == text.data[at]) {
            pattern++;
            at++;
        } else if (star != NULL) {
            pattern = star;
            at = ++resume;
        } else {
            return false;
        }
    }
    while (*pattern == '*')
        pattern++;
    return *pattern == '\0';
}

static bool matches_everything(const char *pattern)
{
    return matches(pattern, slice_of("")) && *pattern == '*';
}

static void add_topic(struct routes *routes, const char *topic)
{
    for (size_t i = 0; i < routes->topic_count; i++)
        if (strcmp(routes->topics[i], topic) == 0)
            return;
    routes->topics[routes->topic_count++] = topic;
}

/* Behind the same pattern it is never reached. */
static bool is_repeated(const struct routes *routes, size_t index)
{
    for (size_t i = 0; i < index; i++)
        if (strcmp(routes->items[i].pattern, routes->items[index].pattern) == 0)
            return true;
    return false;
}

/* Nor is what follows a pattern that matches everything. */
static void collect_topics(struct routes *routes)
{
    for (size_t i = 0; i < routes->count; i++) {
        if (!is_repeated(routes, i))
            add_topic(routes, routes->items[i].topic);
        if (matches_everything(routes->items[i].pattern))
            break;
    }
    add_topic(routes, routes->other);
}

static char *copy(struct routes *routes, const char *text)
{
    return arena_copy(&routes->arena, text, strlen(text));
}

static int fill(struct routes *routes, const struct config_pairs *patterns,
                const char *other)
{
    routes->count = patterns->count;
    routes->items =
        arena_alloc(&routes->arena, patterns->count * sizeof(struct route));
    routes->topics =
        arena_alloc(&routes->arena, (patterns->count + 1) * sizeof(char *));
    routes->other = copy(routes, other);
    if (routes->items == NULL || routes->topics == NULL ||
        routes->other == NULL)
        return -1;
    for (size_t i = 0; i < patterns->count; i++) {
        struct route *route = &routes->items[i];

        route->pattern = copy(routes, patterns->items[i].key);
        route->topic = copy(routes, patterns->items[i].value);
        if (route->pattern == NULL || route->topic == NULL)
            return -1;
    }
    return 0;
}

int routes_new(struct routes **out, const struct config_pairs *patterns,
               const char *other, struct fault *why)
{
    const struct arena empty = ARENA_INIT(4 * KIB, 4 * LIMIT_CONFIG_FILE);
    struct routes *routes = calloc(1, sizeof(*routes));

    if (routes == NULL)
        goto fail;
    routes->arena = empty;
    if (fill(routes, patterns, other) == -1)
        goto fail;
    collect_topics(routes);
    *out = routes;
    return 0;

fail:
    routes_free(routes);
    return fault_set(why, FAULT_NOMEM, "cannot allocate the route table");
}

void routes_free(struct routes *routes)
{
    if (routes == NULL)
        return;
    arena_release(&routes->arena);
    free(routes);
}

const char *routes_topic(const struct routes *routes, struct slice type,
                         bool has_schema)
{
    if (!has_schema || type.data == NULL)
        return routes->other;
    for (size_t i = 0; i < routes->count; i++)
        if (matches(routes->items[i].pattern, type))
            return routes->items[i].topic;
    return routes->other;
}

size_t routes_topic_count(const struct routes *routes)
{
    return routes->topic_count;
}

const char *routes_topic_at(const struct routes *routes, size_t index)
{
    return routes->topics[index];
}
