/*
 * test_progress.c - the line that says how far something is
 */
#include "cmd/progress.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#define TEN "##########"
#define TEN_EMPTY ".........."

static const struct {
    const char *claim;
    struct progress_state state;
    const char *line;
} rows[] = {
    {"the begin",
     {0, 200, 0, 0, 79, false},
     "  0 %  " TEN_EMPTY TEN_EMPTY TEN_EMPTY TEN_EMPTY "  0/200  0/s"                                  },
    {"half of it",
     {100, 200, 0, 50, 79, false},
     " 50 %  " TEN TEN TEN_EMPTY TEN_EMPTY "  100/200  50/s  0:02 left"                                },
    {"all of it",
     {200, 200, 0, 50, 79, false},
     "100 %  " TEN TEN TEN TEN "  200/200  50/s  0:00 left"                                            },
    {"failures",
     {100, 200, 3, 50, 79, false},
     " 50 %  ##################..................  100/200  50/s  3 failed  "
     "0:02 "
     "left"                                                                                            },
    {"hours",
     {0, 1000000, 0, 100, 40, false},
     "  0 %  0/1000000  100/s  2:46:40 left"                                                           },
    {"too long to tell",
     {0, 1000000000, 0, 1, 60, false},
     "  0 %  ..................................  0/1000000000  1/s"                                    },
    {"room for a short bar",
     {1, 2, 0, 0, 25, false},
     " 50 %  ####....  1/2  0/s"                                                                       },
    {"no room for a bar",          {1, 2, 0, 0, 24, false}, " 50 %  1/2  0/s"                          },
    {"no room for all numbers",    {1, 2, 0, 0, 9, false},  " 50 %  1/"                                },
    {"hardly any room",            {1, 2, 0, 0, 1, false},  " "                                        },
    {"a terminal without columns", {1, 2, 0, 0, -1, false}, ""                                         },
    {"blocks",                     {1, 2, 0, 0, 25, true},  " 50 %  ████░░░░  1/2  0/s"},
};

static void test_lines(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        char line[PROGRESS_LINE_MAX];

        print_message("  %s\n", rows[i].claim);
        progress_line(line, &rows[i].state);
        assert_string_equal(line, rows[i].line);
    }
}

/* The largest numbers there are. */
static void test_never_wider_than_the_terminal(void **state)
{
    struct progress_state st = {.done = 999999999998,
                                .total = 999999999999,
                                .bad = 999999999998,
                                .per_second = 1e6};
    char line[PROGRESS_LINE_MAX];

    (void)state;
    for (st.columns = 0; st.columns < 300; st.columns++) {
        progress_line(line, &st);
        assert_true(strlen(line) <= (size_t)st.columns);
    }
}

static void test_nothing_but_on_a_terminal(void **state)
{
    FILE *file = tmpfile();
    struct progress pg;

    (void)state;
    assert_non_null(file);
    progress_init(&pg, file, 0, 10);
    progress_draw(&pg, 1000000, 5, 0);
    progress_clear(&pg);
    assert_int_equal(fflush(file), 0);
    assert_int_equal(ftell(file), 0);
    fclose(file);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_lines),
        cmocka_unit_test(test_never_wider_than_the_terminal),
        cmocka_unit_test(test_nothing_but_on_a_terminal),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
