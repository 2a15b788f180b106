/*
 * test_bodies.c - events that have not been sent before
 */
#include "cmd/bodies.h"

#include "base/limits.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>
#include <jansson.h>

enum { MANY = 5000, ID_MAX = 32 };

static char event_text[] =
    "{\"event_type\":\"widget.click\",\"event_id\":\"old\","
    "\"timestamp\":\"2024-01-02T12:00:00Z\",\"more\":[1,\"\\u00fc\"],"
    "\"data\":{\"correlation_id\":\"old\",\"ip_address\":\"1.2.3.4\"}}";

static char name[] = "event";

static struct body body_of(char *text)
{
    size_t len = strlen(text);

    return (struct body){
        name, {text, len, len + 1, LIMIT_INPUT}
    };
}

/* The event, renewed; the caller lets go of it. */
static json_t *renewed(uint64_t serial, int64_t key)
{
    const struct renewal renewal = {serial, key};
    const struct body body = body_of(event_text);
    struct buf out = BUF_INIT(LIMIT_INPUT);
    json_t *event;

    assert_int_equal(bodies_renew(&out, &body, &renewal, NULL), 0);
    event = json_loadb(out.data, out.len, 0, NULL);
    assert_non_null(event);
    buf_release(&out);
    return event;
}

static const char *text_of(const json_t *event, const char *member)
{
    const char *text = json_string_value(json_object_get(event, member));

    assert_non_null(text);
    return text;
}

static const char *correlation_id(const json_t *event)
{
    return text_of(json_object_get(event, "data"), "correlation_id");
}

static void test_only_what_makes_it_another_event(void **state)
{
    json_t *before = json_loads(event_text, 0, NULL);
    json_t *after = renewed(1, -1);

    (void)state;
    assert_string_not_equal(text_of(after, "event_id"), "old");
    assert_string_not_equal(text_of(after, "timestamp"),
                            text_of(before, "timestamp"));
    assert_string_not_equal(correlation_id(after), "old");

    json_object_set(after, "event_id", json_object_get(before, "event_id"));
    json_object_set(after, "timestamp", json_object_get(before, "timestamp"));
    json_object_set_new(json_object_get(after, "data"), "correlation_id",
                        json_string("old"));
    assert_true(json_equal(before, after));
    json_decref(before);
    json_decref(after);
}

static int compare(const void *a, const void *b) { return strcmp(a, b); }

/* Also where serials begin anew, and where their words do. */
static void test_no_id_twice(void **state)
{
    static const uint64_t begins[] = {0, UINT64_MAX - MANY / 2,
                                      3521614606208 - MANY / 2};

    (void)state;
    for (size_t i = 0; i < sizeof(begins) / sizeof(begins[0]); i++) {
        static char ids[MANY][ID_MAX];

        for (int k = 0; k < MANY; k++) {
            json_t *event = renewed(begins[i] + (uint64_t)k, -1);
            const char *id = correlation_id(event);

            assert_int_equal(strlen(id), strlen("O-aB3dE9z"));
            assert_non_null(strstr(text_of(event, "event_id"), id + 2));
            memcpy(ids[k], id, strlen(id) + 1);
            json_decref(event);
        }
        qsort(ids, MANY, ID_MAX, compare);
        for (int k = 1; k < MANY; k++)
            assert_string_not_equal(ids[k - 1], ids[k]);
    }
}

/* Serials that are far apart. */
static void test_all_of_a_serial_counts(void **state)
{
    const uint64_t powers[] = {1, 62, 3844, 916132832, 56800235584};

    (void)state;
    for (size_t i = 0; i < sizeof(powers) / sizeof(powers[0]); i++) {
        json_t *none = renewed(0, -1);

        for (uint64_t times = 1; times < 62; times++) {
            json_t *event = renewed(powers[i] * times, -1);

            assert_string_not_equal(correlation_id(event),
                                    correlation_id(none));
            json_decref(event);
        }
        json_decref(none);
    }
}

static void test_a_key_is_the_same_in_every_run(void **state)
{
    json_t *one = renewed(1, 42);
    json_t *other = renewed(UINT64_MAX, 42);
    json_t *last = renewed(2, 999999);

    (void)state;
    assert_string_equal(correlation_id(one), "O-k000042");
    assert_string_equal(correlation_id(other), "O-k000042");
    assert_string_equal(correlation_id(last), "O-k999999");
    assert_string_not_equal(text_of(one, "event_id"),
                            text_of(other, "event_id"));
    json_decref(one);
    json_decref(other);
    json_decref(last);
}

static void test_what_is_no_event(void **state)
{
    static char texts[][8] = {"", "[", "[]", "{}{}"};
    const struct renewal renewal = {1, -1};

    (void)state;
    for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++) {
        const struct body body = body_of(texts[i]);
        struct buf out = BUF_INIT(LIMIT_INPUT);
        struct fault why = FAULT_INIT;

        assert_int_equal(bodies_renew(&out, &body, &renewal, &why), -1);
        assert_int_equal(why.kind, FAULT_USAGE);
        assert_non_null(strstr(why.text, "'event'"));
        buf_release(&out);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_only_what_makes_it_another_event),
        cmocka_unit_test(test_no_id_twice),
        cmocka_unit_test(test_all_of_a_serial_counts),
        cmocka_unit_test(test_a_key_is_the_same_in_every_run),
        cmocka_unit_test(test_what_is_no_event),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
