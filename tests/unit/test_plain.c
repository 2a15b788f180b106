/*
 * test_plain.c - format/plain.h: which expressions are plain, and that they
 * mean what they mean to PCRE2
 */
#include "format/plain.h"

#include "base/buf.h"
#include "format/regex.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdio.h>
#include <stdlib.h>

static void test_which(void **state)
{
    static const struct {
        const char *pattern;
        bool plain;
    } rows[] = {
        {"^",                      true },
        {"^$",                     true },
        {"^x-",                    true },
        {"^[A-Z]{3}-[0-9]{4}$",    true },
        {"^[a-z_][a-z0-9_]*$",     true },
        {"^\\d{4}-\\d\\d-\\d\\d$", true },
        {"^\\+[0-9]{6,15}$",       true },
        {"^[a-z]+\\.[a-z]+$",      true },
        {"^[-a-c]?[x-z]{2,}",      true },
        {"^a?b?c$",                true },
        {"^\\w+$",                 true },
        {"",                       false},
        {"a",                      false}, /* it searches */
        {"^[a-z]+[a-f]$",          false}, /* may have to give back */
        {"^a?b?a$",                false},
        {"^a*a",                   false},
        {"^a|b$",                  false},
        {"^(a)$",                  false},
        {"^[^a]$",                 false},
        {"^.$",                    false},
        {"^a+?$",                  false},
        {"^a++$",                  false},
        {"^a{2}{3}$",              false},
        {"^a{,3}$",                false},
        {"^a{3,2}$",               false},
        {"^a{1234567}$",           false},
        {"^\\s$",                  false},
        {"^\\bword",               false},
        {"^\\1$",                  false},
        {"^[\\d-z]$",              false},
        {"^[z-a]$",                false},
        {"^[a",                    false},
        {"^a$b",                   false},
        {"^\xc3\xa4$",             false},
        {"^[]$",                   false},
        {"^[[:alpha:]]$",          false},
        {"^*$",                    false},
        {"^\\",                    false},
    };

    (void)state;
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        struct plain plain;

        if (plain_parse(&plain, slice_of(rows[i].pattern)) != rows[i].plain)
            fail_msg("%s", rows[i].pattern);
    }
}

/* ---- against PCRE2 --------------------------------------------------------
 */

static uint32_t seed;

static uint32_t below(uint32_t n)
{
    seed = seed * 1664525u + 1013904223u;
    return (seed >> 8) % n;
}

static const char *any(const char *const *texts, uint32_t count)
{
    return texts[below(count)];
}

#define ANY(texts) any(texts, sizeof(texts) / sizeof((texts)[0]))

static void make_pattern(char *out, size_t size)
{
    static const char *const atoms[] = {
        "a",     "b",     "-",     "_",        "\\d",  "\\w",      "\\.",
        "[ab]",  "[a-c]", "[0-9]", "[-a]",     "[b-]", "[\\d_]",   "[$.*]",
        "[A-Z]", "1",     "\\$",   "[\\]\\-]", " ",    "[a-cx-z]", "[/@]",
    };
    static const char *const quantifiers[] = {
        "", "", "", "*", "+", "?", "{2}", "{1,3}", "{0,2}", "{2,}",
    };
    size_t len = (size_t)snprintf(out, size, "^");
    uint32_t count = below(5);

    while (count-- > 0)
        len += (size_t)snprintf(out + len, size - len, "%s%s", ANY(atoms),
                                ANY(quantifiers));
    if (below(3) > 0)
        snprintf(out + len, size - len, "$");
}

static size_t make_text(char *out)
{
    static const char letters[] = "aabbcx01129_-.$*Z@/] \n";
    const size_t len = below(9);

    for (size_t i = 0; i < len; i++)
        out[i] = letters[below(sizeof(letters) - 1)];
    if (len > 2 && below(8) == 0)
        memcpy(out + len - 2, "\xc3\xa4", 2);
    return len;
}

static void test_as_pcre2(void **state)
{
    enum { PATTERNS = 20000, TEXTS = 30 };
    struct regex_scratch *scratch = NULL;
    unsigned plain_ones = 0, matches = 0;

    (void)state;
    seed = 1;
    assert_int_equal(regex_scratch_new(&scratch, NULL), 0);
    for (int i = 0; i < PATTERNS; i++) {
        char pattern[256] = "(?:)"; /* in front, it makes it one for PCRE2 */
        const struct slice whole = {pattern, 0};
        struct regex *engine;
        struct plain plain;
        char text[16];

        make_pattern(pattern + 4, sizeof(pattern) - 4);
        if (!plain_parse(&plain, slice_of(pattern + 4)))
            continue;
        plain_ones++;
        assert_int_equal(regex_new(&engine, slice_of(whole.data), NULL), 0);
        for (int k = 0; k < TEXTS; k++) {
            const struct slice subject = {text, make_text(text)};
            const bool found = plain_matches(&plain, subject);

            matches += found;
            if (found !=
                (regex_search(engine, subject, scratch) == REGEX_MATCH))
                fail_msg("%s: '%.*s'", pattern + 4, (int)subject.len, text);
        }
        regex_free(engine);
    }
    regex_scratch_free(scratch);
    /* both verdicts are there in plenty */
    assert_true(plain_ones > PATTERNS / 4);
    assert_true(matches > plain_ones);
    assert_true(matches < plain_ones * TEXTS / 2);
}

/* What is plain is an expression to the engine, too. */
static void test_all_are_expressions(void **state)
{
    static const char letters[] = "a1-[]{}\\^$,d+*?.";

    (void)state;
    seed = 2;
    for (int i = 0; i < 200000; i++) {
        char pattern[12] = "^";
        struct slice text = {pattern, 1 + below(9)};
        struct regex *regex = NULL;
        struct plain plain;

        for (size_t k = 1; k < text.len; k++)
            pattern[k] = letters[below(sizeof(letters) - 1)];
        if (!plain_parse(&plain, text))
            continue;
        if (regex_new(&regex, text, NULL) == -1)
            fail_msg("%.*s", (int)text.len, pattern);
        regex_free(regex);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_which),
        cmocka_unit_test(test_as_pcre2),
        cmocka_unit_test(test_all_are_expressions),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
