/*
 * record_same.h - asserts that a record is the one that was wanted
 */
#ifndef TEST_RECORD_SAME_H
#define TEST_RECORD_SAME_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "base/record.h"

static inline void assert_slice(struct slice got, struct slice wanted)
{
    assert_int_equal(got.data == NULL, wanted.data == NULL);
    assert_int_equal(got.len, wanted.len);
    if (wanted.len > 0)
        assert_memory_equal(got.data, wanted.data, wanted.len);
}

static inline void assert_record(const struct record *got,
                                 const struct record *wanted)
{
    assert_string_equal(got->topic, wanted->topic);
    assert_slice(got->key, wanted->key);
    assert_slice(got->value, wanted->value);
    assert_int_equal(got->header_count, wanted->header_count);
    for (size_t i = 0; i < wanted->header_count; i++) {
        assert_string_equal(got->headers[i].name, wanted->headers[i].name);
        assert_slice(got->headers[i].value, wanted->headers[i].value);
    }
}

#endif
