/*
 * test_nearest.c - which names are taken for which
 */
#include "base/nearest.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

static const char *const names[] = {
    "http.port", "http.host",  "http.threads", "admin.port",
    "log.level", "log.format", "port",         "a",
};

static const struct {
    const char *what;
    const char *wanted;
    const char *best;
    size_t distance;
} rows[] = {
    {"the same",                   "http.port",    "http.port",    0},
    {"one letter left out",        "htp.port",     "http.port",    1},
    {"one letter too many",        "http.portt",   "http.port",    1},
    {"one letter replaced",        "http.pork",    "http.port",    1},
    {"two neighbours swapped",     "http.prot",    "http.port",    1},
    {"swapped in a short name",    "prot",         "port",         1},
    {"three places in a long one", "http.thrxyzs", "http.threads", 3},
    {"the nearer of two",          "http.posrt",   "http.port",    1},
    {"the first of equals",        "http.pqst",    "http.port",    2},
    {"two places in a short one",  "pxxt",         NULL,           0},
    {"four places in a long one",  "http.wxyzads", NULL,           0},
    {"something else",             "retention",    NULL,           0},
    {"nothing at all",             "",             "a",            1},
};

static void test_rows(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        struct nearest nearest;

        nearest_init(&nearest, rows[i].wanted);
        for (size_t j = 0; j < sizeof(names) / sizeof(names[0]); j++)
            nearest_offer(&nearest, names[j]);
        if (rows[i].best == NULL) {
            if (nearest.best != NULL)
                fail_msg("%s: got '%s'", rows[i].what, nearest.best);
            continue;
        }
        if (nearest.best == NULL || strcmp(nearest.best, rows[i].best) != 0)
            fail_msg("%s: got '%s'", rows[i].what,
                     nearest.best == NULL ? "nothing" : nearest.best);
        if (nearest.distance != rows[i].distance)
            fail_msg("%s: distance %zu", rows[i].what, nearest.distance);
    }
}

static void test_long_names(void **state)
{
    char text[5000];
    struct nearest nearest;

    (void)state;
    memset(text, 'a', sizeof(text));
    text[sizeof(text) - 1] = '\0';
    nearest_init(&nearest, text);
    nearest_offer(&nearest, "http.port");
    nearest_offer(&nearest, text);
    assert_null(nearest.best);

    nearest_init(&nearest, "http.port");
    nearest_offer(&nearest, text);
    assert_null(nearest.best);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_rows),
        cmocka_unit_test(test_long_names),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
