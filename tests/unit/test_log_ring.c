/*
 * test_log_ring.c - base/log_ring.h
 */
#include "base/log_ring.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

static struct log_ring ring;
static char chunk[LOG_CHUNK];
static char line[LIMIT_LOG_LINE];

/* A line of `len` bytes, all of them the letter, but for the newline. */
static bool add(char letter, size_t len)
{
    memset(line, letter, len);
    line[len - 1] = '\n';
    return log_ring_add(&ring, line, len);
}

static int empty(void **state)
{
    (void)state;
    memset(&ring, 0, sizeof(ring));
    return 0;
}

static void test_nothing_comes_out_of_an_empty_one(void **state)
{
    (void)state;
    assert_int_equal(log_ring_take(&ring, chunk), 0);
}

static const struct row {
    const char *claim;
    size_t lines[3]; /* their lengths; 0: none */
    size_t taken[3]; /* what one call after the other takes */
} rows[] = {
    {"one line",                   {10},            {10, 0}     },
    {"several at once",            {10, 20, 30},    {60, 0}     },
    {"what fills a chunk exactly", {2048, 2048},    {4096, 0}   },
    {"no line is taken in parts",  {2048, 2047, 2}, {4095, 2, 0}},
    {"the shortest lines",         {1, 1, 1},       {3, 0}      },
};

static void test_rows(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        print_message("  %s\n", rows[i].claim);
        for (size_t n = 0; n < 3 && rows[i].lines[n] > 0; n++)
            assert_true(add('x', rows[i].lines[n]));
        for (size_t n = 0; n < 3; n++)
            assert_int_equal(log_ring_take(&ring, chunk), rows[i].taken[n]);
    }
}

static void test_a_full_one_refuses_and_keeps_what_it_has(void **state)
{
    size_t lines = 0;
    size_t taken = 0;
    size_t len;

    (void)state;
    while (add('x', LIMIT_LOG_LINE))
        lines++;
    assert_int_equal(lines, LIMIT_LOG_QUEUE / LIMIT_LOG_LINE);
    assert_false(add('y', 1)); /* not a byte is left */
    while ((len = log_ring_take(&ring, chunk)) > 0) {
        assert_null(memchr(chunk, 'y', len));
        taken += len;
    }
    assert_int_equal(taken, LIMIT_LOG_QUEUE);
    assert_true(add('y', 2));
}

/* Round the end at every offset that these lengths meet. */
static void test_the_end_tears_no_line(void **state)
{
    (void)state;
    for (size_t i = 0; i < 5000; i++) {
        size_t len = 2 + i * 37 % (LIMIT_LOG_LINE - 1);
        char letter = (char)('a' + i % 26);

        assert_true(add(letter, len));
        assert_int_equal(log_ring_take(&ring, chunk), len);
        assert_memory_equal(chunk, line, len);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup(test_nothing_comes_out_of_an_empty_one, empty),
        cmocka_unit_test_setup(test_rows, empty),
        cmocka_unit_test_setup(test_a_full_one_refuses_and_keeps_what_it_has,
                               empty),
        cmocka_unit_test_setup(test_the_end_tears_no_line, empty),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
