/*
 * test_document.c - any JSON value, from bytes
 */
#include "cmd/document.h"

#include "base/buf.h"
#include "base/limits.h"
#include "event/json_heap.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <string.h>

static struct json_heap *heap;

static int make_heap(void **state)
{
    (void)state;
    return json_heap_new_alone(&heap, 8 * MIB, NULL);
}

static int free_heap(void **state)
{
    (void)state;
    json_heap_free(heap);
    return 0;
}

#define TEXT(literal) {literal, sizeof(literal) - 1}

static const struct {
    struct slice text;
    json_type type;
} good[] = {
    {TEXT("{}"),                JSON_OBJECT },
    {TEXT("[]"),                JSON_ARRAY  },
    {TEXT("\"\""),              JSON_STRING },
    {TEXT("\"\\u0000\""),       JSON_STRING },
    {TEXT("0"),                 JSON_INTEGER},
    {TEXT("-0.5e3"),            JSON_REAL   },
    {TEXT("true"),              JSON_TRUE   },
    {TEXT("false"),             JSON_FALSE  },
    {TEXT("null"),              JSON_NULL   },
    {TEXT(" \t\r\n{ }\r\n\t "), JSON_OBJECT },
};

static void test_good(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof(good) / sizeof(good[0]); i++) {
        struct fault why = FAULT_INIT;
        json_t *json = NULL;

        json_heap_enter(heap);
        if (document_parse(&json, good[i].text, false, &why) == -1)
            fail_msg("%s: %s", good[i].text.data, why.text);
        assert_int_equal(json_typeof(json), good[i].type);
        json_heap_leave(heap);
    }
}

static const struct {
    struct slice text;
    const char *as_file; /* behind "cannot parse it: " */
    const char *as_line;
} bad[] = {
    {TEXT(""),                         "it is empty",                                       "it is empty"                                   },
    {TEXT(" \r\n"),                    "only white space",                                  "only white space"                              },
    {TEXT("\xEF\xBB\xBF{}"),           "a byte order mark near line 1, column 1",
     "a byte order mark near column 1"                                                                                                      },
    {TEXT("[1,\n \"\xC3\xA9\", 2\0]"), "a zero byte near line 2, column 8",
     "a zero byte near column 8"                                                                                                            },
    {TEXT("[1,\n2,]"),                 "invalid JSON near line 2, column 3",
     "invalid JSON near column 3"                                                                                                           },
    {TEXT("{\"a\":1,\n\"a\":2}"),
     "a name occurs twice in an object near line 2, column 3",                              "a name occurs twice in an object near column 3"},
    {TEXT("[\"\xFF\"]"),               "invalid UTF-8 near line 1, column 2",
     "invalid UTF-8 near column 2"                                                                                                          },
    {TEXT("{} {}"),                    "something follows the value near line 1, column 4",
     "something follows the value near column 4"                                                                                            },
    {TEXT("[1, 2"),                    "it ends early near line 1, column 5",
     "it ends early near column 5"                                                                                                          },
    {TEXT("1e400"),                    "a number is out of range near line 1, column 5",
     "a number is out of range near column 5"                                                                                               },
    {TEXT("{\"\\u0000\":1}"),          "a name contains \\u0000 near line 1, column 9",
     "a name contains \\u0000 near column 9"                                                                                                },
    {TEXT("'a'"),                      "invalid JSON near line 1, column 1",
     "invalid JSON near column 1"                                                                                                           },
    {TEXT("NaN"),                      "invalid JSON near line 1, column 3",
     "invalid JSON near column 3"                                                                                                           },
};

static void assert_refused(struct slice text, bool is_line,
                           const char *expected)
{
    static const char start[] = "cannot parse it: ";
    struct fault why = FAULT_INIT;
    json_t *json = NULL;

    json_heap_enter(heap);
    assert_int_equal(document_parse(&json, text, is_line, &why), -1);
    json_heap_leave(heap);
    assert_null(json);
    assert_int_equal(why.kind, FAULT_PARSE);
    assert_memory_equal(why.text, start, strlen(start));
    assert_string_equal(why.text + strlen(start), expected);
}

static void test_bad(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
        assert_refused(bad[i].text, false, bad[i].as_file);
        assert_refused(bad[i].text, true, bad[i].as_line);
    }
}

static void test_deep(void **state)
{
    char text[5000];

    (void)state;
    memset(text, '[', sizeof(text));
    assert_refused((struct slice){text, sizeof(text)}, true,
                   "nested too deep near column 2049");
}

static void test_more_than_the_heap_holds(void **state)
{
    struct buf text = BUF_INIT(4 * MIB);
    struct fault why = FAULT_INIT;
    json_t *json = NULL;

    (void)state;
    for (int i = 0; i < 500000; i++)
        assert_int_equal(buf_add_text(&text, i == 0 ? "[{}" : ",{}", NULL), 0);
    json_heap_enter(heap);
    assert_int_equal(document_parse(&json, buf_slice(&text), true, &why), -1);
    json_heap_leave(heap);
    assert_int_equal(why.kind, FAULT_PARSE);
    assert_non_null(strstr(why.text, "memory"));
    buf_release(&text);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_good),
        cmocka_unit_test(test_bad),
        cmocka_unit_test(test_deep),
        cmocka_unit_test(test_more_than_the_heap_holds),
    };

    json_heap_setup();
    return cmocka_run_group_tests(tests, make_heap, free_heap);
}
