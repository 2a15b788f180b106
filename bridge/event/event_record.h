/*
 * event_record.h - the Kafka record made of an event
 *
 * Key: the correlation id, null where there is none. Value: the bytes that
 * were signed, unchanged. Headers: CloudEvents 1.0, Kafka protocol binding,
 * binary mode, and the bridge's own.
 *
 * Nothing is copied: the record lives as long as what it was made from.
 */
#ifndef EVENT_EVENT_RECORD_H
#define EVENT_EVENT_RECORD_H

#include "base/record.h"
#include "base/slice.h"
#include "event/event.h"
#include "schema/schema.h"

/* How a body came in. */
struct event_receipt {
    struct slice body;        /* as signed */
    struct slice signature;   /* bare lower-case hex */
    struct slice ce_source;   /* of the source it came from */
    struct slice received_at; /* RFC 3339, UTC, milliseconds */
    struct slice traceparent; /* absent if there was no valid one */
};

void event_record(struct record *record, const char *topic,
                  const struct event *event,
                  const struct event_receipt *receipt);

/* Why an event became a dead letter. */
struct dead_reason {
    const char *kind;    /* "parse", "schema", "refused", "consumer" */
    const char *reason;  /* a sentence without values */
    const char *pointer; /* of the first error, NULL if there is none */
    const char *keyword; /* likewise */
};

/* A dead letter: the same key, value and headers as far as they are known,
 * and the reason. */
void event_dead_record(struct record *record, const char *topic,
                       const struct event *event,
                       const struct event_receipt *receipt,
                       const struct dead_reason *reason);

#endif
