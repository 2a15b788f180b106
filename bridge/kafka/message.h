/*
 * message.h - a message of librdkafka's as a record of ours
 *
 * For the files of kafka/ alone: it shows librdkafka's types.
 */
#ifndef KAFKA_MESSAGE_H
#define KAFKA_MESSAGE_H

#include "kafka/member.h"

#include <librdkafka/rdkafka.h>

/*
 * Fills *out from a message without an error. The message is taken:
 * member_release() destroys it, and everything in *out points into it.
 * A null value (a tombstone) is an absent one. Headers beyond
 * RECORD_HEADERS_MAX are left out: no record of the bridge's has as many.
 */
void message_take(struct member_record *out, rd_kafka_message_t *message);

#endif
