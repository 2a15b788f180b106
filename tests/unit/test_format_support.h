/*
 * test_format_support.h - tables of what a format takes, and what not
 */
#ifndef TEST_FORMAT_SUPPORT_H
#define TEST_FORMAT_SUPPORT_H

#include "test_schema_support.h"

#include "format/format.h"

#define YES(text) {(text), sizeof(text) - 1, true}
#define NO(text) {(text), sizeof(text) - 1, false}

struct test_row {
    const char *text; /* may have a NUL inside */
    size_t len;
    bool valid;
};

static inline struct slice test_text(const struct test_row *row)
{
    return (struct slice){row->text, row->len};
}

static inline bool test_holds(const char *name, struct slice text)
{
    const struct format *format = format_find(slice_of(name));
    bool exhausted = false;
    bool valid;

    assert_non_null(format);
    valid = format_holds(format, text, &exhausted);
    assert_false(exhausted);
    return valid;
}

static inline void test_rows_of(const char *name, const struct test_row *rows,
                                size_t count)
{
    unsigned failures = 0;
    size_t i;

    for (i = 0; i < count; i++) {
        if (test_holds(name, test_text(&rows[i])) == rows[i].valid)
            continue;
        failures++;
        print_error("%s: '%.*s' is %s\n", name, (int)rows[i].len, rows[i].text,
                    rows[i].valid ? "valid" : "not valid");
    }
    print_message("%s: %zu rows\n", name, count);
    assert_int_equal(failures, 0);
}

#define RUN(name, rows)                                                        \
    test_rows_of((name), (rows), sizeof(rows) / sizeof((rows)[0]))

/* `count` times `part`, then `end`; the caller frees it. */
static inline struct slice test_repeat(const char *part, size_t count,
                                       const char *end)
{
    size_t i, len = strlen(part);
    char *text = malloc(len * count + strlen(end) + 1);

    assert_non_null(text);
    for (i = 0; i < count; i++)
        memcpy(text + i * len, part, len);
    memcpy(text + len * count, end, strlen(end) + 1);
    return (struct slice){text, len * count + strlen(end)};
}

#endif
