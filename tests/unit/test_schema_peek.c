/*
 * test_schema_peek.c - schema/peek.h: what is read is what jansson says
 */
#include "schema/peek.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdio.h>
#include <string.h>

static void same(const json_t *value);

static void same_object(const json_t *object)
{
    void *iter = json_object_iter((json_t *)object);
    peek_iter peeked = peek_first(object);

    assert_int_equal(peek_object_size(object), json_object_size(object));
    while (iter != NULL) {
        assert_ptr_equal(peeked, iter);
        assert_ptr_equal(peek_key(peeked).data, json_object_iter_key(iter));
        assert_int_equal(peek_key(peeked).len, json_object_iter_key_len(iter));
        assert_ptr_equal(peek_value(peeked), json_object_iter_value(iter));
        same(peek_value(peeked));
        iter = json_object_iter_next((json_t *)object, iter);
        peeked = peek_next(object, peeked);
    }
    assert_null(peeked);
}

static void same(const json_t *value)
{
    if (json_is_object(value))
        same_object(value);
    if (json_is_string(value)) {
        assert_ptr_equal(peek_text(value).data, json_string_value(value));
        assert_int_equal(peek_text(value).len, json_string_length(value));
    }
    if (!json_is_array(value))
        return;
    assert_int_equal(peek_array_size(value), json_array_size(value));
    for (size_t i = 0; i < json_array_size(value); i++) {
        assert_ptr_equal(peek_item(value, i), json_array_get(value, i));
        same(peek_item(value, i));
    }
}

static json_t *document(void)
{
    json_t *object = json_object();
    char name[32];

    for (int i = 0; i < 300; i++) {
        snprintf(name, sizeof(name), "%d", i * 7919);
        json_object_set_new(
            object, name,
            json_pack("{s:[i,f,s], s:{}}", "a", i, 0.5, name, name));
    }
    /* members that are set again, or were there and are not */
    for (int i = 0; i < 300; i += 3) {
        snprintf(name, sizeof(name), "%d", i * 7919);
        if (i % 2 == 0)
            json_object_del(object, name);
        else
            json_object_set_new(object, name, json_string("other"));
    }
    json_object_set_new(object, "", json_array());
    return object;
}

static void test_parts(void **state)
{
    json_t *json = document();

    (void)state;
    assert_non_null(json);
    same(json);
    json_decref(json);
}

/* Of the releases that Debian 12 and 13 have, the layout is known. */
static void test_known(void **state)
{
    (void)state;
    if (strcmp(jansson_version_str(), "2.14") != 0) {
        print_message("NOT TESTED: this is jansson %s\n",
                      jansson_version_str());
        skip();
    }
    assert_true(peek_direct);
}

static int by_calls(void **state)
{
    (void)state;
    peek_direct = false;
    return 0;
}

static int init(void **state)
{
    (void)state;
    peek_init();
    return 0;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_known),
        cmocka_unit_test(test_parts),
        cmocka_unit_test_setup(test_parts, by_calls),
    };

    return cmocka_run_group_tests(tests, init, NULL);
}
