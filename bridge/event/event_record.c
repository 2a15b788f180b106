/*
 * event_record.c - the Kafka record made of an event
 *
 * Source: CloudEvents 1.0.2, Kafka protocol binding, section 3.2 (binary
 * content mode).
 */
#include "event/event_record.h"

static void start(struct record *record, const char *topic,
                  const struct event *event,
                  const struct event_receipt *receipt)
{
    record->topic = topic;
    record->key = event->correlation_id;
    record->value = receipt->body;
    if (record->value.data == NULL)
        record->value = slice_of(""); /* null would be a tombstone */
    record->header_count = 0;
}

/* `content_type` is absent for a body that turned out to be something else. */
static void add_headers(struct record *record, const struct event *event,
                        const struct event_receipt *receipt,
                        struct slice content_type)
{
    record_add_header(record, "ce_specversion", slice_of("1.0"));
    record_add_header(record, "ce_type", event->type);
    record_add_header(record, "ce_source", receipt->ce_source);
    record_add_header(record, "ce_time", event->ce_time);
    record_add_header(record, "content-type", content_type);
    record_add_header(record, "ce_id", event->ce_id);
    record_add_header(record, "x-hub-signature", receipt->signature);
    record_add_header(record, "bridge-received-at", receipt->received_at);
    record_add_header(record, "traceparent", receipt->traceparent);
}

void event_record(struct record *record, const char *topic,
                  const struct event *event,
                  const struct event_receipt *receipt)
{
    start(record, topic, event, receipt);
    add_headers(record, event, receipt, slice_of("application/json"));
}

void event_dead_record(struct record *record, const char *topic,
                       const struct event *event,
                       const struct event_receipt *receipt,
                       const struct dead_reason *reason)
{
    struct slice content_type = SLICE_ABSENT;

    if (event->json != NULL)
        content_type = slice_of("application/json");
    start(record, topic, event, receipt);
    add_headers(record, event, receipt, content_type);
    record_add_header(record, "bridge-dead-kind", slice_of(reason->kind));
    record_add_header(record, "bridge-dead-reason", slice_of(reason->reason));
    record_add_header(record, "bridge-dead-pointer", slice_of(reason->pointer));
    record_add_header(record, "bridge-dead-keyword", slice_of(reason->keyword));
}
