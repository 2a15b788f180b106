/*
 * test_routes.c - event/routes.h
 */
#include "event/routes.h"

#include "base/limits.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

enum {
    EVENT_BYTES = 512 /* as long as a type can be */
};

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

static struct config_pair defaults[] = {
    {"widget.*", "aurix.clicks"},
    {"lead.*",   "aurix.leads" },
    {"*",        "aurix.other" },
};

static struct routes *make(struct config_pair *items, size_t count)
{
    const struct config_pairs pairs = {count, items};
    struct routes *routes = NULL;

    assert_int_equal(routes_new(&routes, &pairs, "others", NULL), 0);
    return routes;
}

/* ---- which pattern covers which type ------------------------------------ */

static const struct match_row {
    const char *pattern;
    const char *type;
    bool matches;
} match_rows[] = {
    {"widget.click", "widget.click",  true },
    {"widget.click", "widget.clic",   false},
    {"widget.click", "widget.clicks", false},
    {"widget.click", "Widget.click",  false},
    {"widget.click", "",              false},
    {"",             "",              true },
    {"",             "a",             false},
    {"*",            "",              true },
    {"*",            "anything",      true },
    {"**",           "anything",      true },
    {"*",            "*",             true },
    {"a*",           "a",             true },
    {"a*",           "ab*",           true },
    {"a*",           "ba",            false},
    {"*a",           "a",             true },
    {"*a",           "ba",            true },
    {"*a",           "aab",           false},
    {"*a",           "aba",           true },
    {"widget.*",     "widget.click",  true },
    {"widget.*",     "widget.",       true },
    {"widget.*",     "widget",        false},
    {"*.click",      "widget.click",  true },
    {"*.click",      ".click",        true },
    {"*.click",      "a.click.click", true },
    {"*.click",      "a.click.clic",  false},
    {"a*b*c",        "abc",           true },
    {"a*b*c",        "a1b2b3c",       true },
    {"a*b*c",        "a1c2b",         false},
    {"a*b*c",        "acb",           false},
    {"*ab*ab*",      "abab",          true },
    {"*ab*ab*",      "aba",           false},
    {"*aab",         "aaaab",         true },
    {"a?c",          "abc",           false}, /* only '*' is special */
    {"a.c",          "abc",           false},
    {"[ab]",         "a",             false},
    {"é*",          "é.1",          true },
};

static void a_star_stands_for_any_characters(void **state)
{
    (void)state;
    for (size_t i = 0; i < COUNT(match_rows); i++) {
        const struct match_row *row = &match_rows[i];
        char pattern[64];
        struct config_pair pair = {pattern, "topic"};
        struct routes *routes;
        const char *topic;

        snprintf(pattern, sizeof(pattern), "%s", row->pattern);
        routes = make(&pair, 1);
        topic = routes_topic(routes, slice_of(row->type), true);
        if ((strcmp(topic, "topic") == 0) != row->matches)
            fail_msg("'%s' and '%s'", row->pattern, row->type);
        routes_free(routes);
    }
}

static void a_type_need_not_be_terminated(void **state)
{
    struct routes *routes = make(defaults, COUNT(defaults));
    const struct slice type = {"lead.complete", 5};

    (void)state;
    assert_string_equal(routes_topic(routes, type, true), "aurix.leads");
    routes_free(routes);
}

static void many_stars_take_no_time(void **state)
{
    char pattern[2001];
    char type[EVENT_BYTES];
    struct config_pair pair = {pattern, "topic"};
    struct routes *routes;

    (void)state;
    for (size_t i = 0; i + 1 < sizeof(pattern); i += 2)
        memcpy(pattern + i, "*a", 2);
    pattern[sizeof(pattern) - 2] = 'b';
    pattern[sizeof(pattern) - 1] = '\0';
    memset(type, 'a', sizeof(type));
    routes = make(&pair, 1);
    for (int i = 0; i < 1000; i++)
        assert_string_equal(
            routes_topic(routes, (struct slice){type, sizeof(type)}, true),
            "others");
    routes_free(routes);
}

/* ---- which pattern of several ------------------------------------------- */

static const struct route_row {
    const char *claim;
    const char *type; /* NULL: absent */
    bool has_schema;
    const char *topic;
} route_rows[] = {
    {"a click",                            "widget.click",  true,  "aurix.clicks"},
    {"a lead",                             "lead.complete", true,  "aurix.leads" },
    {"anything else",                      "invoice.paid",  true,  "aurix.other" },
    {"without a schema, whatever matches", "widget.hover",  false, "others"      },
    {"without a type",                     NULL,            false, "others"      },
    {"an empty type",                      "",              true,  "aurix.other" },
};

static void the_first_match_wins(void **state)
{
    struct routes *routes = make(defaults, COUNT(defaults));

    (void)state;
    for (size_t i = 0; i < COUNT(route_rows); i++) {
        const struct route_row *row = &route_rows[i];
        const char *topic =
            routes_topic(routes, slice_of(row->type), row->has_schema);

        if (strcmp(topic, row->topic) != 0)
            fail_msg("%s: found '%s'", row->claim, topic);
    }
    routes_free(routes);
}

static void without_a_match_it_is_the_topic_for_others(void **state)
{
    struct routes *routes = make(defaults, 2);
    struct routes *none = make(NULL, 0);

    (void)state;
    assert_string_equal(routes_topic(routes, slice_of("x"), true), "others");
    assert_string_equal(routes_topic(none, slice_of("x"), true), "others");
    routes_free(routes);
    routes_free(none);
    routes_free(NULL);
}

static void what_is_passed_is_copied(void **state)
{
    char pattern[] = "a*";
    char topic[] = "topic";
    char other[] = "others";
    struct config_pair pair = {pattern, topic};
    const struct config_pairs pairs = {1, &pair};
    struct routes *routes = NULL;

    (void)state;
    assert_int_equal(routes_new(&routes, &pairs, other, NULL), 0);
    pattern[0] = topic[0] = other[0] = '!';
    assert_string_equal(routes_topic(routes, slice_of("ab"), true), "topic");
    assert_string_equal(routes_topic(routes, slice_of("b"), true), "others");
    routes_free(routes);
}

/* ---- topics ------------------------------------------------------------- */

static const struct topics_row {
    const char *claim;
    struct config_pair pairs[4];
    size_t count;
    const char *topics; /* one behind the other */
} topics_rows[] = {
    {"the one for others alone",                          {{NULL, NULL}},                            0, "others "    },
    {"in the order of the list",                          {{"b", "x"}, {"a", "y"}},                  2, "x y others "},
    {"each once",                                         {{"a", "x"}, {"b", "x"}, {"c", "others"}}, 3, "x others "  },
    {"not what is behind a pattern for everything",
     {{"a", "x"}, {"**", "y"}, {"b", "z"}},
     3,                                                                                                 "x y others "},
    {"not what is behind the same pattern",
     {{"a", "x"}, {"a", "y"}},
     2,                                                                                                 "x others "  },
    {"behind a pattern for the empty type there is more",
     {{"", "x"}, {"*a", "y"}},
     2,                                                                                                 "x y others "},
};

static void every_topic_is_listed_once(void **state)
{
    (void)state;
    for (size_t i = 0; i < COUNT(topics_rows); i++) {
        const struct topics_row *row = &topics_rows[i];
        struct config_pair pairs[COUNT(row->pairs)];
        struct routes *routes;
        char found[100] = "";

        memcpy(pairs, row->pairs, sizeof(pairs));
        routes = make(pairs, row->count);
        for (size_t at = 0; at < routes_topic_count(routes); at++) {
            size_t len = strlen(found);

            snprintf(found + len, sizeof(found) - len, "%s ",
                     routes_topic_at(routes, at));
        }
        if (strcmp(found, row->topics) != 0)
            fail_msg("%s: found '%s'", row->claim, found);
        routes_free(routes);
    }
}

static void a_table_past_its_ceiling_is_refused(void **state)
{
    const size_t size = 5 * LIMIT_CONFIG_FILE;
    char *pattern = malloc(size);
    struct config_pair pair = {pattern, "topic"};
    const struct config_pairs pairs = {1, &pair};
    struct routes *routes = NULL;
    struct fault why = FAULT_INIT;

    (void)state;
    assert_non_null(pattern);
    memset(pattern, 'a', size);
    pattern[size - 1] = '\0';
    assert_int_equal(routes_new(&routes, &pairs, "others", &why), -1);
    assert_int_equal(why.kind, FAULT_NOMEM);
    assert_null(routes);
    free(pattern);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_star_stands_for_any_characters),
        cmocka_unit_test(a_type_need_not_be_terminated),
        cmocka_unit_test(many_stars_take_no_time),
        cmocka_unit_test(the_first_match_wins),
        cmocka_unit_test(without_a_match_it_is_the_topic_for_others),
        cmocka_unit_test(what_is_passed_is_copied),
        cmocka_unit_test(every_topic_is_listed_once),
        cmocka_unit_test(a_table_past_its_ceiling_is_refused),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
