/*
 * test_regex.c - format/regex.h and format/ecma.h
 *
 * One row: a pattern, a text, whether it is found in it. What is refused is
 * data: tests/data/schema/refused/patterns.json.
 */
#include "test_schema_support.h"

#include "format/ecma.h"
#include "format/regex.h"

static const struct {
    const char *pattern;
    const char *text;
    bool found;
} rows[] = {
    /* anchors */
    {"b",                                      "abc",              true },
    {"^b",                                     "abc",              false},
    {"^abc$",                                  "abc\n",            false},
    {"^b",                                     "a\nb",             false},
    /* any character, but no line terminator */
    {"^.$",                                    "\n",               false},
    {"^.$",                                    "\r",               false},
    {"^.$",                                    "\xe2\x80\xa8",     false},
    {"^.$",                                    "\xe2\x80\xa9",     false},
    {"^.$",                                    "\xc2\x85",         true },
    {"^.$",                                    "\xf0\x9f\x98\x80", true },
    /* classes are ASCII, but for spaces */
    {"^\\d$",                                  "7",                true },
    {"^\\d$",                                  "\xd9\xa3",         false},
    {"^\\w$",                                  "\xc3\xa9",         false},
    {"^\\W$",                                  "\xc3\xa9",         true },
    {"^\\s$",                                  "\xc2\xa0",         true },
    {"^\\s$",                                  "\xef\xbb\xbf",     true },
    {"^\\s$",                                  "\xc2\x85",         false},
    {"^\\S$",                                  "\xe3\x80\x80",     false},
    {"^[^\\s]$",                               "\xe3\x80\x80",     false},
    {"^[\\S]$",                                "\xe3\x80\x80",     false},
    {"^[\\S]$",                                "\xf0\x9f\x98\x80", true },
    {"^[-\\s]$",                               "-",                true },
    {"^[\\s-]$",                               "-",                true },
    {"^[\\s-]$",                               "a",                false},
    /* escapes */
    {"^\\v$",                                  "\v",               true },
    {"^\\v$",                                  "\n",               false},
    {"^[\\v]$",                                "\n",               false},
    {"^\\t\\x41\\u0042\\u{43}$",               "\tABC",            true },
    {"^\\ud83d\\ude00$",                       "\xf0\x9f\x98\x80", true },
    {"^[\\ud83d\\ude00-\\ud83d\\ude02]$",      "\xf0\x9f\x98\x81", true },
    {"^\\u{1F600}$",                           "\xf0\x9f\x98\x80", true },
    {"^\\cJ$",                                 "\n",               true },
    {"^\\/\\-\\\"$",                           "/-\"",             true },
    {"^\\_\\\xc3\xa9$",                        "_\xc3\xa9",        true },
    {"^[\\b]$",                                "\b",               true },
    {"a\\b",                                   "a-",               true },
    {"a\\B",                                   "a-",               false},
    /* braces and brackets that are only characters */
    {"^{a}$",                                  "{a}",              true },
    {"^a{,2}$",                                "a{,2}",            true },
    {"^a{,2}$",                                "aa",               false},
    {"^a]$",                                   "a]",               true },
    {"^[[]$",                                  "[",                true },
    {"^a{2}$",                                 "aa",               true },
    {"^a{2,}?$",                               "aaa",              true },
    {"^[]$",                                   "",                 false},
    {"^[^]$",                                  "\n",               true },
    {"^[]a$",                                  "]a",               false},
    /* groups and references */
    {"^(?:a|b)(?=c)c$",                        "bc",               true },
    {"^a(?!b)",                                "ab",               false},
    {"(?<=a)b",                                "ab",               true },
    {"(?<!a)b",                                "ab",               false},
    {"^(?<x>a|b)\\k<x>$",                      "bb",               true },
    {"^(?<x>a|b)\\k<x>$",                      "ba",               false},
    {"^(a)\\1$",                               "aa",               true },
    {"^(a)?\\1b$",                             "b",                true },
    {"^(a)(b)(c)(d)(e)(f)(g)(h)(i)(j)\\10$",   "abcdefghijj",      true },
    /* properties */
    {"^\\p{Letter}+$",                         "a\xc3\xa9",        true },
    {"^\\p{L}+$",                              "1",                false},
    {"^\\P{Lu}$",                              "a",                true },
    {"^\\p{Uppercase_Letter}$",                "A",                true },
    {"^\\p{General_Category=Decimal_Number}$", "\xd9\xa3",         true },
    {"^\\p{gc=Nd}$",                           "a",                false},
    {"^\\p{LC}$",                              "a",                true },
    {"^[\\p{Script=Greek}]+$",                 "\xce\xb1\xce\xb2", true },
    {"^\\p{sc=Greek}$",                        "a",                false},
    {"^\\p{Alphabetic}$",                      "a",                true },
};

static void test_search(void **state)
{
    struct regex_scratch *scratch = NULL;
    size_t i;

    (void)state;
    assert_int_equal(regex_scratch_new(&scratch, NULL), 0);
    for (i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        struct fault why = FAULT_INIT;
        struct regex *regex = NULL;
        enum regex_answer answer;

        if (regex_new(&regex, slice_of(rows[i].pattern), &why) == -1)
            fail_msg("%s: %s", rows[i].pattern, why.text);
        answer = regex_search(regex, slice_of(rows[i].text), scratch);
        if (answer != (rows[i].found ? REGEX_MATCH : REGEX_NO_MATCH))
            fail_msg("%s in '%s': %d", rows[i].pattern, rows[i].text,
                     (int)answer);
        regex_free(regex);
    }
    regex_scratch_free(scratch);
}

static void test_nul(void **state)
{
    static const struct {
        struct slice pattern, text;
        enum regex_answer answer;
    } cases[] = {
        {{"^a\0b$", 5},  {"a\0b", 3}, REGEX_MATCH   },
        {{"^a\0b$", 5},  {"a\0c", 3}, REGEX_NO_MATCH},
        {{"^a\\0b$", 6}, {"a\0b", 3}, REGEX_MATCH   },
        {{"^a$", 3},     {"a\0b", 3}, REGEX_NO_MATCH},
    };
    struct regex_scratch *scratch = NULL;
    size_t i;

    (void)state;
    assert_int_equal(regex_scratch_new(&scratch, NULL), 0);
    for (i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        struct regex *regex = NULL;

        assert_int_equal(regex_new(&regex, cases[i].pattern, NULL), 0);
        assert_int_equal(regex_search(regex, cases[i].text, scratch),
                         cases[i].answer);
        regex_free(regex);
    }
    regex_scratch_free(scratch);
}

/* A plain pattern must not be exhausted by the length of a body. */
static void test_long_text(void **state)
{
    size_t len = 512 * 1024;
    struct regex_scratch *scratch = NULL;
    struct regex *regex = NULL;
    char *text = malloc(len);

    (void)state;
    assert_non_null(text);
    memset(text, 'a', len);
    assert_int_equal(regex_scratch_new(&scratch, NULL), 0);
    assert_int_equal(regex_new(&regex, slice_of("(a|b)c"), NULL), 0);
    assert_int_equal(regex_search(regex, (struct slice){text, len}, scratch),
                     REGEX_NO_MATCH);
    regex_free(regex);
    assert_int_equal(regex_new(&regex, slice_of("^[ab]*$"), NULL), 0);
    assert_int_equal(regex_search(regex, (struct slice){text, len}, scratch),
                     REGEX_MATCH);
    regex_free(regex);
    regex_scratch_free(scratch);
    free(text);
}

/* One that goes back and forth is given up; several are, together. */
static void test_heavy_searches(void **state)
{
    const struct slice bad = slice_of("aaaaaaaaaaaaaaaaaaa!");
    const struct slice worse =
        slice_of("aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa!");
    struct regex_scratch *scratch = NULL;
    struct regex *regex = NULL;
    int searches = 0;

    (void)state;
    assert_int_equal(regex_scratch_new(&scratch, NULL), 0);
    assert_int_equal(regex_new(&regex, slice_of("^(a+)+$"), NULL), 0);
    assert_int_equal(regex_search(regex, worse, scratch), REGEX_EXHAUSTED);
    regex_scratch_reset(scratch);
    while (regex_search(regex, bad, scratch) == REGEX_NO_MATCH &&
           searches < 1000)
        searches++;
    assert_in_range(searches, 10, 999);
    assert_int_equal(regex_search(regex, bad, scratch), REGEX_EXHAUSTED);
    assert_int_equal(regex_search(regex, slice_of("aa"), scratch), REGEX_MATCH);
    regex_scratch_reset(scratch);
    assert_int_equal(regex_search(regex, bad, scratch), REGEX_NO_MATCH);
    regex_free(regex);
    regex_scratch_free(scratch);
}

/* Any bytes are translated or refused; PCRE2 has the last word. */
static void test_every_short_pattern(void **state)
{
    static const char letters[] = "a\\[](){}?*+^$.|-,:<=!ukpx0s1";
    size_t n = sizeof(letters) - 1, i, j, k;
    unsigned usable = 0;

    (void)state;
    for (i = 0; i < n; i++) {
        for (j = 0; j < n; j++) {
            for (k = 0; k < n; k++) {
                char text[] = {letters[i], letters[j], letters[k]};
                struct fault why = FAULT_INIT;
                struct regex *regex = NULL;

                if (regex_new(&regex, (struct slice){text, 3}, &why) == 0)
                    usable++;
                else
                    assert_int_equal(why.kind, FAULT_CONFIG);
                regex_free(regex);
            }
        }
    }
    assert_true(usable > 1000);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_search),
        cmocka_unit_test(test_nul),
        cmocka_unit_test(test_long_text),
        cmocka_unit_test(test_heavy_searches),
        cmocka_unit_test(test_every_short_pattern),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
