/*
 * message.c - a message of librdkafka's as a record of ours
 */
#include "kafka/message.h"

static struct slice bytes(const void *data, size_t len)
{
    return (struct slice){data, data == NULL ? 0 : len};
}

static void take_headers(struct record *record,
                         const rd_kafka_message_t *message)
{
    rd_kafka_headers_t *headers;
    const char *name;
    const void *value;
    size_t len;

    if (rd_kafka_message_headers(message, &headers) !=
        RD_KAFKA_RESP_ERR_NO_ERROR)
        return; /* none, or none that can be parsed */
    for (size_t i = 0;
         record->header_count < RECORD_HEADERS_MAX &&
         rd_kafka_header_get_all(headers, i, &name, &value, &len) ==
             RD_KAFKA_RESP_ERR_NO_ERROR;
         i++)
        record_add_header(record, name, bytes(value, len));
}

void message_take(struct member_record *out, rd_kafka_message_t *message)
{
    *out = (struct member_record){
        .record = {.topic = rd_kafka_topic_name(message->rkt),
                   .key = bytes(message->key, message->key_len),
                   .value = bytes(message->payload, message->len)},
        .partition = message->partition,
        .offset = message->offset,
        .timestamp_ms = rd_kafka_message_timestamp(message, NULL),
        .message = message,
    };
    take_headers(&out->record, message);
}

void member_release(struct member_record *record)
{
    if (record->message != NULL)
        rd_kafka_message_destroy(record->message);
    *record = (struct member_record){0};
}
