/*
 * test_verdict.c - how it is told what was found of a document
 */
#include "cmd/verdict.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdlib.h>
#include <string.h>

static struct schema_error errors[] = {
    {.instance_location = "",
     .keyword_location = "/required",
     .absolute_keyword_location = "file:///s.json#/required",
     .keyword = "required",
     .error = "must have a member \"a\""},
    {.instance_location = "/b/\x1b[2J~1\xff",
     .keyword_location = "/properties/b/$ref/type",
     .absolute_keyword_location = "file:///t.json#/type",
     .keyword = "type",
     .error = "must be string, is\nnull"},
};

#define REPORT(n, has_more)                                                    \
    {.verdict = SCHEMA_INVALID,                                                \
     .count = (n),                                                             \
     .more = (has_more),                                                       \
     .errors = errors}

#define FIRST                                                                  \
    "{\"instanceLocation\": \"\", \"keywordLocation\": \"/required\", "        \
    "\"absoluteKeywordLocation\": \"file:///s.json#/required\", "              \
    "\"error\": \"must have a member \\\"a\\\"\"}"

static const struct {
    const char *claim;
    struct verdict verdict;
    const char *text;
    const char *basic;
} rows[] = {
    {"a file",
     {.file = "a b.json", .valid = true},
     "a b.json: valid\n",                                             "{\"file\": \"a b.json\", \"valid\": true}\n"                   },
    {"a name for a terminal and for JSON",
     {.file = "a\"\x1b[2J\n", .valid = true},
     "a\"\\x1b[2J\\x0a: valid\n",                                     "{\"file\": \"a\\\"\\u001b[2J\\n\", \"valid\": true}\n"         },
    {"a line is told where it is of use",
     {.line = 12, .valid = true},
     "",                                                              "{\"line\": 12, \"valid\": true}\n"                             },
    {"an event",
     {.file = "a", .valid = true, .type = "widget.click"},
     "a: valid (widget.click)\n",                                     "{\"file\": \"a\", \"valid\": true}\n"                          },
    {"an event that nothing is known of",
     {.file = "a", .valid = true, .type = "x\x7f", .unknown = true},
     "a: valid (x\\x7f, no schema for its type)\n",                   "{\"file\": \"a\", \"valid\": true}\n"                          },
    {"no JSON",
     {.line = 3, .reason = "it is empty"},
     "line 3: invalid: it is empty\n",                                "{\"line\": 3, \"valid\": false, \"errors\": [{\"instanceLocation\": "
     "\"\", \"keywordLocation\": \"\", \"error\": \"it is empty\"}]}\n"                         },
    {"an error",
     {.file = "a", .report = REPORT(1, false)},
     "a: invalid: (document): must have a member \"a\" (required)\n", "{\"file\": \"a\", \"valid\": false, \"errors\": [" FIRST "]}\n"},
    {"more than are told",
     {.line = 1, .report = REPORT(1, true)},
     "line 1: invalid: (document): must have a member \"a\" (required)\n"
     "line 1: invalid: and more\n",                                   "{\"line\": 1, \"valid\": false, \"errors\": [" FIRST
     "], \"moreErrors\": true}\n"                                                                  },
};

static char *told(enum verdict_form form, const struct verdict *vd)
{
    char *text = NULL;
    size_t size = 0;
    FILE *out = open_memstream(&text, &size);

    assert_non_null(out);
    assert_int_equal(verdict_tell(out, form, vd, NULL), 0);
    fclose(out);
    return text;
}

static void assert_told(const char *claim, enum verdict_form form,
                        const struct verdict *vd, const char *expected)
{
    char *text = told(form, vd);

    if (strcmp(text, expected) != 0)
        fail_msg("%s: got '%s'", claim, text);
    free(text);
}

static void test_forms(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        const struct verdict *vd = &rows[i].verdict;

        assert_told(rows[i].claim, VERDICT_TEXT, vd, rows[i].text);
        assert_told(rows[i].claim, VERDICT_BASIC, vd, rows[i].basic);
        assert_told(rows[i].claim, VERDICT_FLAG, vd,
                    vd->valid ? "{\"valid\": true}\n" : "{\"valid\": false}\n");
    }
}

static void test_nothing_that_a_terminal_obeys(void **state)
{
    const struct verdict vd = {.file = "a", .report = REPORT(2, false)};

    (void)state;
    assert_told("text", VERDICT_TEXT, &vd,
                "a: invalid: (document): must have a member \"a\" (required)\n"
                "a: invalid: /b/\\x1b[2J~1\\xff: must be string, is\\x0anull "
                "(type)\n");
}

static void test_words(void **state)
{
    (void)state;
    assert_string_equal(verdict_forms[VERDICT_TEXT], "text");
    assert_string_equal(verdict_forms[VERDICT_BASIC], "basic");
    assert_string_equal(verdict_forms[VERDICT_FLAG], "flag");
    assert_null(verdict_forms[VERDICT_FLAG + 1]);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_forms),
        cmocka_unit_test(test_nothing_that_a_terminal_obeys),
        cmocka_unit_test(test_words),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
