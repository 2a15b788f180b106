/*
 * test_event_record.c - event/event_record.h
 */
#include "event/event_record.h"

#include "base/buf.h"
#include "base/limits.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

#define TEXT(text) {(text), sizeof(text) - 1}

/* Only compared with NULL, as the contract has it. */
static const json_t *const parsed = (const json_t *)&parsed;

static const struct row {
    const char *claim;
    bool is_object;
    struct event event;
    struct event_receipt receipt;
    const struct dead_reason *reason; /* NULL: not a dead letter */
    const char *expected;
} rows[] = {
    {"an event with all there can be",
     true,  {NULL, TEXT("widget.click"), TEXT("evt_1"), TEXT("O-aB3dE9z"),
      TEXT("2026-01-02T03:04:05"), TEXT("evt_1.0123456789abcdef"),
      TEXT("2026-01-02T03:04:05Z")},
     {TEXT("{ }"), TEXT("5157"), TEXT("/aurix/main"),
      TEXT("2026-01-02T03:04:06.789Z"), TEXT("00-1-2-01")},
     NULL,                                                                      "topic: t\n"
     "key: O-aB3dE9z\n"
     "value: { }\n"
     "ce_specversion: 1.0\n"
     "ce_type: widget.click\n"
     "ce_source: /aurix/main\n"
     "ce_time: 2026-01-02T03:04:05Z\n"
     "content-type: application/json\n"
     "ce_id: evt_1.0123456789abcdef\n"
     "x-hub-signature: 5157\n"
     "bridge-received-at: 2026-01-02T03:04:06.789Z\n"
     "traceparent: 00-1-2-01\n"         },
    {"an event with as little as there can be",
     true,  {.type = TEXT("a.b"), .ce_id = TEXT("-.0123456789abcdef")},
     {.body = TEXT("{}"),
      .signature = TEXT("5157"),
      .ce_source = TEXT("/aurix/main"),
      .received_at = TEXT("now")},
     NULL,                                                                      "topic: t\n"
     "no key\n"
     "value: {}\n"
     "ce_specversion: 1.0\n"
     "ce_type: a.b\n"
     "ce_source: /aurix/main\n"
     "content-type: application/json\n"
     "ce_id: -.0123456789abcdef\n"
     "x-hub-signature: 5157\n"
     "bridge-received-at: now\n"        },
    {"a body that is not JSON does not claim to be",
     false, {.ce_id = TEXT("-.0123456789abcdef")},
     {.body = TEXT("{"),
      .signature = TEXT("5157"),
      .ce_source = TEXT("/aurix/main"),
      .received_at = TEXT("now")},
     &(const struct dead_reason){"parse", "cannot parse the body", NULL, NULL},
     "topic: t\n"
     "no key\n"
     "value: {\n"
     "ce_specversion: 1.0\n"
     "ce_source: /aurix/main\n"
     "ce_id: -.0123456789abcdef\n"
     "x-hub-signature: 5157\n"
     "bridge-received-at: now\n"
     "bridge-dead-kind: parse\n"
     "bridge-dead-reason: cannot parse the body\n"},
    {"an event that breaks its schema keeps what is known",
     true,  {.type = TEXT("widget.click"),
      .correlation_id = TEXT("c"),
      .ce_id = TEXT("-.0123456789abcdef")},
     {.body = TEXT("{}"),
      .signature = TEXT("5157"),
      .ce_source = TEXT("/aurix/main"),
      .received_at = TEXT("now"),
      .traceparent = TEXT("00-1-2-01")},
     &(const struct dead_reason){"schema", "expected a string", "/data/a",
                                 "type"},
     "topic: t\n"
     "key: c\n"
     "value: {}\n"
     "ce_specversion: 1.0\n"
     "ce_type: widget.click\n"
     "ce_source: /aurix/main\n"
     "content-type: application/json\n"
     "ce_id: -.0123456789abcdef\n"
     "x-hub-signature: 5157\n"
     "bridge-received-at: now\n"
     "traceparent: 00-1-2-01\n"
     "bridge-dead-kind: schema\n"
     "bridge-dead-reason: expected a string\n"
     "bridge-dead-pointer: /data/a\n"
     "bridge-dead-keyword: type\n"                },
    {"an error of the whole document has an empty pointer",
     true,  {.ce_id = TEXT("-.0")},
     {.body = TEXT("{}")},
     &(const struct dead_reason){"schema", "r", "", "required"},
     "topic: t\n"
     "no key\n"
     "value: {}\n"
     "ce_specversion: 1.0\n"
     "content-type: application/json\n"
     "ce_id: -.0\n"
     "bridge-dead-kind: schema\n"
     "bridge-dead-reason: r\n"
     "bridge-dead-pointer: \n"
     "bridge-dead-keyword: required\n"            },
};

static void add_line(struct buf *out, const char *name, struct slice value)
{
    assert_int_equal(buf_addf(out, NULL, "%s: ", name), 0);
    assert_int_equal(buf_add(out, value.data, value.len, NULL), 0);
    assert_int_equal(buf_add_text(out, "\n", NULL), 0);
}

static void render(struct buf *out, const struct record *record)
{
    add_line(out, "topic", slice_of(record->topic));
    if (record->key.data == NULL)
        assert_int_equal(buf_add_text(out, "no key\n", NULL), 0);
    else
        add_line(out, "key", record->key);
    assert_non_null(record->value.data);
    add_line(out, "value", record->value);
    for (size_t i = 0; i < record->header_count; i++)
        add_line(out, record->headers[i].name, record->headers[i].value);
}

static void a_record_is_made_of_an_event(void **state)
{
    (void)state;
    for (size_t i = 0; i < COUNT(rows); i++) {
        struct event event = rows[i].event;
        struct buf found = BUF_INIT(4 * KIB);
        struct record record;

        memset(&record, 0xA5, sizeof(record)); /* nothing of it may remain */
        event.json = rows[i].is_object ? parsed : NULL;
        if (rows[i].reason == NULL)
            event_record(&record, "t", &event, &rows[i].receipt);
        else
            event_dead_record(&record, "t", &event, &rows[i].receipt,
                              rows[i].reason);
        render(&found, &record);
        if (strcmp(found.data, rows[i].expected) != 0)
            fail_msg("%s: found\n%s", rows[i].claim, found.data);
        buf_release(&found);
    }
}

static void nothing_is_copied(void **state)
{
    const struct event event = rows[0].event;
    struct record record;

    (void)state;
    event_record(&record, "t", &event, &rows[0].receipt);
    assert_ptr_equal(record.value.data, rows[0].receipt.body.data);
    assert_ptr_equal(record.key.data, event.correlation_id.data);
}

static void an_empty_body_is_no_tombstone(void **state)
{
    static const struct slice bodies[] = {
        {NULL, 0},
        {"",   0}
    };
    const struct dead_reason reason = {"parse", "empty", NULL, NULL};
    const struct event event = {.ce_id = TEXT("-.e3b0c44298fc1c14")};

    (void)state;
    for (size_t i = 0; i < COUNT(bodies); i++) {
        const struct event_receipt receipt = {.body = bodies[i]};
        struct record record;

        event_dead_record(&record, "t", &event, &receipt, &reason);
        assert_non_null(record.value.data);
        assert_int_equal(record.value.len, 0);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_record_is_made_of_an_event),
        cmocka_unit_test(nothing_is_copied),
        cmocka_unit_test(an_empty_body_is_no_tombstone),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
