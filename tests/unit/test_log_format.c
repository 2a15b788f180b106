/*
 * test_log_format.c - base/log_format.h
 */
#include "base/log_format.h"

#include <jansson.h>
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

enum { FIELDS_MAX = 3 };

#define WHEN INT64_C(1767323045678)
#define LOGFMT(rest) "ts=2026-01-02T03:04:05.678Z level=info mod=m " rest "\n"
#define JSON(rest)                                                             \
    "{\"ts\":\"2026-01-02T03:04:05.678Z\",\"level\":\"info\",\"mod\":\"m\","   \
    "" rest "}\n"

#define TEXT(value)                                                            \
    {                                                                          \
        {                                                                      \
            "k", LOG_TEXT,                                                     \
            {                                                                  \
                .text = {(value), sizeof(value) - 1 }                          \
            }                                                                  \
        }                                                                      \
    }
#define INT(value)                                                             \
    {                                                                          \
        {                                                                      \
            "k", LOG_INT, { .integer = (value) }                               \
        }                                                                      \
    }
#define FLOAT(value)                                                           \
    {                                                                          \
        {                                                                      \
            "k", LOG_FLOAT, { .number = (value) }                              \
        }                                                                      \
    }

static const struct row {
    const char *claim;
    const char *message;
    struct log_field fields[FIELDS_MAX]; /* up to one without a name */
    const char *logfmt;
    const char *json;
} rows[] = {
    {"a message alone",
     "started",                                         {{0}},
     LOGFMT("msg=started"),
     JSON("\"msg\":\"started\"")                                                                                                                                                                        },
    {"a message with spaces is quoted",
     "spool is filling",                                {{0}},
     LOGFMT("msg=\"spool is filling\""),
     JSON("\"msg\":\"spool is filling\"")                                                                                                                                                               },
    {"fields of every type, in order",
     "x",                                               {{"n", LOG_INT, {.integer = 7}},
      {"f", LOG_FLOAT, {.number = 0.83}},
      {"b", LOG_BOOL, {.truth = true}}},
     LOGFMT("msg=x n=7 f=0.83 b=true"),
     JSON("\"msg\":\"x\",\"n\":7,\"f\":0.83,\"b\":true")                                                                                                                                                },
    {"false",
     "x",                                               {{"b", LOG_BOOL, {.truth = false}}},
     LOGFMT("msg=x b=false"),
     JSON("\"msg\":\"x\",\"b\":false")                                                                                                                                                                  },
    {"an absent text leaves its field out",
     "x",                                               {{"a", LOG_TEXT, {.text = {NULL, 0}}}, {"n", LOG_INT, {.integer = 1}}},
     LOGFMT("msg=x n=1"),
     JSON("\"msg\":\"x\",\"n\":1")                                                                                                                                                                      },
    {"an empty text does not",                     "x", TEXT(""),                                                               LOGFMT("msg=x k=\"\""),
     JSON("\"msg\":\"x\",\"k\":\"\"")                                                                                                                                                                   },
    {"'=' asks for quotes",                        "x", TEXT("a=b"),                                                            LOGFMT("msg=x k=\"a=b\""),
     JSON("\"msg\":\"x\",\"k\":\"a=b\"")                                                                                                                                                                },
    {"'\"' asks for quotes and is escaped",        "x", TEXT("a\"b"),
     LOGFMT("msg=x k=\"a\\\"b\""),                                                                                                                               JSON("\"msg\":\"x\",\"k\":\"a\\\"b\"") },
    {"'\\' stands for itself without quotes",      "x", TEXT("a\\b"),
     LOGFMT("msg=x k=a\\b"),                                                                                                                                     JSON("\"msg\":\"x\",\"k\":\"a\\\\b\"") },
    {"'\\' is escaped between quotes",             "x", TEXT("a \\b"),
     LOGFMT("msg=x k=\"a \\\\b\""),                                                                                                                              JSON("\"msg\":\"x\",\"k\":\"a \\\\b\"")},
    {"a newline cannot begin a line of its own",   "x", TEXT("a\nlevel=error"),
     LOGFMT("msg=x k=\"a\\nlevel=error\""),
     JSON("\"msg\":\"x\",\"k\":\"a\\nlevel=error\"")                                                                                                                                                    },
    {"other control characters",                   "x", TEXT("\r\t\x1b\x7f"),
     LOGFMT("msg=x k=\"\\r\\t\\u001b\\u007f\""),
     JSON("\"msg\":\"x\",\"k\":\"\\r\\t\\u001b\\u007f\"")                                                                                                                                               },
    {"a NUL is one",                               "x", TEXT("a\0b"),                                                           LOGFMT("msg=x k=\"a\\u0000b\""),
     JSON("\"msg\":\"x\",\"k\":\"a\\u0000b\"")                                                                                                                                                          },
    {"so are those from U+0080 on",                "x", TEXT("\xc2\x80\xc2\x9b\xc2\x9f"),
     LOGFMT("msg=x k=\"\\u0080\\u009b\\u009f\""),
     JSON("\"msg\":\"x\",\"k\":\"\\u0080\\u009b\\u009f\"")                                                                                                                                              },
    {"UTF-8 stays, without quotes",                "x",
     TEXT("\xc2\xa0\xc3\xa4\xe2\x82\xac\xf0\x9f\x98\x80"),
     LOGFMT("msg=x k=\xc2\xa0\xc3\xa4\xe2\x82\xac\xf0\x9f\x98\x80"),
     JSON("\"msg\":\"x\",\"k\":\"\xc2\xa0\xc3\xa4\xe2\x82\xac\xf0\x9f\x98\x80"
          "\"")                                                                                                                                                                                         },
    {"a byte that is no UTF-8 is replaced",        "x",
     TEXT("a\xff"
          "b"),
     LOGFMT("msg=x k=a\xef\xbf\xbd"
            "b"),
     JSON("\"msg\":\"x\",\"k\":\"a\xef\xbf\xbd"
          "b\"")                                                                                                                                                                                        },
    {"a sequence that ends too early is replaced", "x", TEXT("\xe2\x82"),
     LOGFMT("msg=x k=\xef\xbf\xbd\xef\xbf\xbd"),
     JSON("\"msg\":\"x\",\"k\":\"\xef\xbf\xbd\xef\xbf\xbd\"")                                                                                                                                           },
    {"an overlong sequence is replaced",           "x", TEXT("\xc0\xaf"),
     LOGFMT("msg=x k=\xef\xbf\xbd\xef\xbf\xbd"),
     JSON("\"msg\":\"x\",\"k\":\"\xef\xbf\xbd\xef\xbf\xbd\"")                                                                                                                                           },
    {"half a surrogate pair is replaced",          "x", TEXT("\xed\xa0\x80"),
     LOGFMT("msg=x k=\xef\xbf\xbd\xef\xbf\xbd\xef\xbf\xbd"),
     JSON("\"msg\":\"x\",\"k\":\"\xef\xbf\xbd\xef\xbf\xbd\xef\xbf\xbd\"")                                                                                                                               },
    {"what lies above U+10FFFF is replaced",       "x", TEXT("\xf4\x90\x80\x80"),
     LOGFMT("msg=x k=\xef\xbf\xbd\xef\xbf\xbd\xef\xbf\xbd\xef\xbf\xbd"),
     JSON("\"msg\":\"x\",\"k\":\"\xef\xbf\xbd\xef\xbf\xbd\xef\xbf\xbd\xef\xbf"
          "\xbd\"")                                                                                                                                                                                     },
};

#define NUMBER(text) LOGFMT("msg=x k=" text), JSON("\"msg\":\"x\",\"k\":" text)

static const struct row numbers[] = {
    {"zero", "x", INT(0), NUMBER("0")},
    {"negative", "x", INT(-1), NUMBER("-1")},
    {"the largest", "x", INT(INT64_MAX), NUMBER("9223372036854775807")},
    {"the smallest", "x", INT(INT64_MIN), NUMBER("-9223372036854775808")},
    {"0.0", "x", FLOAT(0.0), NUMBER("0")},
    {"a whole float", "x", FLOAT(3.0), NUMBER("3")},
    {"a negative float", "x", FLOAT(-2.5), NUMBER("-2.5")},
    {"six decimals", "x", FLOAT(0.123456), NUMBER("0.123456")},
    {"not seven: rounded up", "x", FLOAT(0.1234567), NUMBER("0.123457")},
    {"rounded to a whole", "x", FLOAT(1.9999999), NUMBER("2")},
    {"zeros within stay", "x", FLOAT(1.000001), NUMBER("1.000001")},
    {"milliseconds", "x", FLOAT(0.001), NUMBER("0.001")},
    {"small", "x", FLOAT(0.000123456), NUMBER("0.000123456")},
    {"tiny", "x", FLOAT(1.5e-9), NUMBER("1.5e-09")},
    {"large", "x", FLOAT(999999999.5), NUMBER("999999999.5")},
    {"huge", "x", FLOAT(2e300), NUMBER("2e+300")},
    {"not a number", "x", FLOAT(NAN), LOGFMT("msg=x k=NaN"),
     JSON("\"msg\":\"x\",\"k\":null")},
    {"infinite", "x", FLOAT(INFINITY), LOGFMT("msg=x k=+Inf"),
     JSON("\"msg\":\"x\",\"k\":null")},
    {"negative infinite", "x", FLOAT(-INFINITY), LOGFMT("msg=x k=-Inf"),
     JSON("\"msg\":\"x\",\"k\":null")},
};

/* The line with a NUL behind it. */
static size_t format(char out[LIMIT_LOG_LINE + 1], enum log_format how,
                     const struct log_entry *entry)
{
    size_t len = log_format_entry(out, how, entry);

    assert_in_range(len, 1, LIMIT_LOG_LINE);
    out[len] = '\0';
    return len;
}

static void check(const struct row *list, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        const struct row *row = &list[i];
        char out[LIMIT_LOG_LINE + 1];
        struct log_entry entry = {LOG_INFO,     WHEN,        "m",
                                  row->message, row->fields, 0};

        while (entry.count < FIELDS_MAX &&
               row->fields[entry.count].name != NULL)
            entry.count++;
        print_message("  %s\n", row->claim);
        format(out, LOG_FORMAT_LOGFMT, &entry);
        assert_string_equal(out, row->logfmt);
        format(out, LOG_FORMAT_JSON, &entry);
        assert_string_equal(out, row->json);
    }
}

static void test_rows(void **state)
{
    (void)state;
    check(rows, sizeof(rows) / sizeof(rows[0]));
}

static void test_numbers(void **state)
{
    (void)state;
    check(numbers, sizeof(numbers) / sizeof(numbers[0]));
}

static void test_no_module(void **state)
{
    struct log_entry entry = {LOG_WARN, WHEN, NULL, "x", NULL, 0};
    char out[LIMIT_LOG_LINE + 1];

    (void)state;
    format(out, LOG_FORMAT_LOGFMT, &entry);
    assert_string_equal(out, "ts=2026-01-02T03:04:05.678Z level=warn msg=x\n");
}

/* Which part of a time is kept from the line before. */
static const struct {
    int64_t real_ms;
    const char *ts;
} times[] = {
    {WHEN,                   "2026-01-02T03:04:05.678Z"},
    {WHEN + 1,               "2026-01-02T03:04:05.679Z"},
    {WHEN + 321,             "2026-01-02T03:04:05.999Z"},
    {WHEN + 322,             "2026-01-02T03:04:06.000Z"},
    {WHEN,                   "2026-01-02T03:04:05.678Z"}, /* set back */
    {WHEN + 86400000,        "2026-01-03T03:04:05.678Z"},
    {0,                      "1970-01-01T00:00:00.000Z"},
    {-1,                     "1970-01-01T00:00:00.000Z"},
    {INT64_C(1709210096005), "2024-02-29T12:34:56.005Z"},
};

static void test_times(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof(times) / sizeof(times[0]); i++) {
        struct log_entry entry = {LOG_INFO, times[i].real_ms, NULL, "x", NULL,
                                  0};
        char out[LIMIT_LOG_LINE + 1];
        char expected[64];

        snprintf(expected, sizeof(expected), "ts=%s level=info msg=x\n",
                 times[i].ts);
        format(out, LOG_FORMAT_LOGFMT, &entry);
        assert_string_equal(out, expected);
    }
}

/* jansson refuses what is not valid UTF-8, and what is not JSON. */
static bool is_utf8(const char *text, size_t len)
{
    json_t *string = json_stringn(text, len);
    bool valid = string != NULL;

    json_decref(string);
    return valid;
}

static json_t *parse(const char *line, size_t len)
{
    return json_loadb(line, len, JSON_REJECT_DUPLICATES | JSON_ALLOW_NUL, NULL);
}

/*
 * Whatever is in front of the limit: the line stays within it, ends with its
 * newline, is valid, and says that it was cut if and only if it was.
 */
static void check_cut(const char *unit, size_t count)
{
    static char text[2 * LIMIT_LOG_LINE];
    struct log_field fields[2] = {log_text("k", text), log_int("n", 12345)};
    struct log_entry entry = {LOG_INFO, WHEN, "m", "x", fields, 2};
    char out[LIMIT_LOG_LINE + 1];
    size_t len;
    json_t *root;

    text[0] = '\0';
    for (size_t i = 0; i < count; i++)
        memcpy(text + i * strlen(unit), unit, strlen(unit) + 1);

    len = format(out, LOG_FORMAT_LOGFMT, &entry);
    assert_true(is_utf8(out, len));
    assert_ptr_equal(strchr(out, '\n'), out + len - 1);
    assert_int_not_equal(strstr(out, " n=12345\n") != NULL,
                         strstr(out, " cut=true\n") != NULL);

    len = format(out, LOG_FORMAT_JSON, &entry);
    assert_ptr_equal(strchr(out, '\n'), out + len - 1);
    root = parse(out, len);
    assert_non_null(root);
    assert_int_not_equal(json_integer_value(json_object_get(root, "n")) ==
                             12345,
                         json_is_true(json_object_get(root, "cut")));
    json_decref(root);
}

static void test_cut_lines(void **state)
{
    static const char *const units[] = {
        "x", "\xc3\xa4", "\xf0\x9f\x98\x80", "\"", "\x01", "\xff", " a"};

    (void)state;
    for (size_t u = 0; u < sizeof(units) / sizeof(units[0]); u++)
        for (size_t n = 0; n < 2 * LIMIT_LOG_LINE / strlen(units[u]); n++)
            check_cut(units[u], n);
}

static void test_a_cut_line_was_cut_as_late_as_possible(void **state)
{
    static char text[LIMIT_LOG_LINE];
    struct log_field field = log_slice("k", (struct slice){text, sizeof(text)});
    struct log_entry entry = {LOG_INFO, WHEN, "m", "x", &field, 1};
    char out[LIMIT_LOG_LINE + 1];

    (void)state;
    memset(text, 'x', sizeof(text));
    assert_true(format(out, LOG_FORMAT_LOGFMT, &entry) > LIMIT_LOG_LINE - 16);
    assert_true(format(out, LOG_FORMAT_JSON, &entry) > LIMIT_LOG_LINE - 16);
}

/* Any bytes at all make a valid line. The generator is a fixed one. */
static void test_any_bytes(void **state)
{
    uint32_t random = 1;

    (void)state;
    for (int round = 0; round < 3000; round++) {
        char bytes[64];
        size_t size = (size_t)round % sizeof(bytes);
        struct log_field field = log_slice("k", (struct slice){bytes, size});
        struct log_entry entry = {LOG_INFO, WHEN, "m", "x", &field, 1};
        char out[LIMIT_LOG_LINE + 1];
        size_t len;
        json_t *root;

        for (size_t i = 0; i < size; i++) {
            random = random * UINT32_C(1664525) + UINT32_C(1013904223);
            /* mostly lead and continuation bytes */
            bytes[i] = (char)((random >> 24) | (random & 0x10000 ? 0x80 : 0));
        }
        len = format(out, LOG_FORMAT_LOGFMT, &entry);
        assert_true(is_utf8(out, len));
        assert_ptr_equal(memchr(out, '\n', len), out + len - 1);
        len = format(out, LOG_FORMAT_JSON, &entry);
        root = parse(out, len);
        assert_non_null(root);
        json_decref(root);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_rows),
        cmocka_unit_test(test_numbers),
        cmocka_unit_test(test_no_module),
        cmocka_unit_test(test_times),
        cmocka_unit_test(test_cut_lines),
        cmocka_unit_test(test_a_cut_line_was_cut_as_late_as_possible),
        cmocka_unit_test(test_any_bytes),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
