/*
 * reader.c - reads a topic from its first record to its present end
 *
 * Where the end is was asked for each partition at opening. Records behind it
 * are not delivered, so a topic that grows while it is read has an end too.
 * Offsets have gaps (compaction, transactions), so the last offset before the
 * end need not exist: a partition is finished by the record before its end,
 * by any record at or behind it, or by librdkafka saying that the log ends.
 *
 * Partitions are read without a group, by librdkafka's simple consumer: a
 * reader needs no right to any group and leaves no trace in one.
 */
#include "kafka/reader.h"

#include "base/clock.h"
#include "base/log.h"
#include "kafka/client.h"
#include "kafka/message.h"

#include <stdlib.h>

#define MODULE "kafka"

struct reader_partition {
    int64_t end; /* the first offset that is not read */
    bool reading;
};

struct reader {
    rd_kafka_t *rk;
    rd_kafka_topic_t *topic;
    rd_kafka_queue_t *queue;
    int partition_count;
    int reading; /* partitions that are not finished */
    struct reader_partition *partitions;
    const char *brokers; /* as configured, for texts; the caller's */
};

static const struct client_setting settings[] = {
    {"client.id",            "aurix-bridge-reader"},
    {"enable.partition.eof", "true"               },
    {"enable.auto.commit",   "false"              },
    /* what was deleted while we read is no longer there to be read */
    {"auto.offset.reset",    "earliest"           },
    {NULL,                   NULL                 },
};

static int ms_left(int64_t deadline_us)
{
    int64_t left = (deadline_us - clock_now_us()) / 1000;

    return left < 0 ? 0 : (int)left;
}

/* Asks for the number of partitions; makes the table of them. */
static int find_partitions(struct reader *rd, int timeout_ms, struct fault *why)
{
    const struct rd_kafka_metadata *metadata = NULL;
    const char *name = rd_kafka_topic_name(rd->topic);
    const struct rd_kafka_metadata_topic *topic;
    rd_kafka_resp_err_t err;
    int rc = -1;

    err = rd_kafka_metadata(rd->rk, 0, rd->topic, &metadata, timeout_ms);
    if (err != RD_KAFKA_RESP_ERR_NO_ERROR)
        return fault_set(why, FAULT_UNAVAILABLE,
                         "cannot ask '%s' for topic '%s': %s", rd->brokers,
                         name, rd_kafka_err2str(err));
    topic = metadata->topic_cnt == 1 ? &metadata->topics[0] : NULL;
    if (topic == NULL || topic->err != RD_KAFKA_RESP_ERR_NO_ERROR ||
        topic->partition_cnt < 1) {
        err = topic == NULL ? RD_KAFKA_RESP_ERR_UNKNOWN_TOPIC_OR_PART
                            : topic->err;
        fault_set(why, FAULT_UNAVAILABLE, "cannot read topic '%s': %s", name,
                  rd_kafka_err2str(err));
        goto done;
    }
    rd->partitions =
        calloc((size_t)topic->partition_cnt, sizeof(rd->partitions[0]));
    if (rd->partitions == NULL) {
        fault_set(why, FAULT_NOMEM, "cannot allocate the partitions of '%s'",
                  name);
        goto done;
    }
    rd->partition_count = topic->partition_cnt;
    rc = 0;

done:
    rd_kafka_metadata_destroy(metadata);
    return rc;
}

/* Finds where partition `p` ends, and starts reading it if it has anything. */
static int start_partition(struct reader *rd, int32_t p, int timeout_ms,
                           struct fault *why)
{
    const char *name = rd_kafka_topic_name(rd->topic);
    rd_kafka_resp_err_t err;
    int64_t low = 0;
    int64_t high = 0;

    err = rd_kafka_query_watermark_offsets(rd->rk, name, p, &low, &high,
                                           timeout_ms);
    if (err != RD_KAFKA_RESP_ERR_NO_ERROR)
        return fault_set(why, FAULT_UNAVAILABLE,
                         "cannot find the end of topic '%s', partition %d: %s",
                         name, (int)p, rd_kafka_err2str(err));
    rd->partitions[p].end = high;
    if (high <= low)
        return 0; /* empty */

    if (rd_kafka_consume_start_queue(rd->topic, p, low, rd->queue) == -1)
        return fault_set(why, FAULT_KAFKA,
                         "cannot start to read topic '%s', partition %d: %s",
                         name, (int)p, rd_kafka_err2str(rd_kafka_last_error()));
    rd->partitions[p].reading = true;
    rd->reading++;
    return 0;
}

int reader_open(struct reader **out, const struct config_pairs *kafka,
                const char *topic, int timeout_ms, struct fault *why)
{
    int64_t deadline_us = clock_now_us() + (int64_t)timeout_ms * 1000;
    struct reader *rd = calloc(1, sizeof(*rd));
    rd_kafka_conf_t *conf = NULL;
    int rc = -1;

    if (rd == NULL) {
        fault_set(why, FAULT_NOMEM, "cannot allocate a reader");
        goto done;
    }
    rd->brokers = client_brokers(kafka, NULL);
    if (client_conf_new(&conf, "reader", settings, kafka, NULL, why) == -1 ||
        client_new(&rd->rk, RD_KAFKA_CONSUMER, &conf, why) == -1)
        goto done;
    rd->topic = rd_kafka_topic_new(rd->rk, topic, NULL);
    rd->queue = rd_kafka_queue_new(rd->rk);
    if (rd->topic == NULL || rd->queue == NULL) {
        fault_set(why, FAULT_CONFIG, "cannot read a topic named '%s': %s",
                  topic, rd_kafka_err2str(rd_kafka_last_error()));
        goto done;
    }
    if (find_partitions(rd, ms_left(deadline_us), why) == -1)
        goto done;
    for (int32_t p = 0; p < rd->partition_count; p++)
        if (start_partition(rd, p, ms_left(deadline_us), why) == -1)
            goto done;

    *out = rd;
    rd = NULL; /* handed over */
    rc = 0;

done:
    if (rc == -1 && rd != NULL && rd->rk != NULL)
        rd_kafka_poll(rd->rk, 0); /* what the client has to say about it */
    reader_close(rd);
    return rc;
}

static void finish_partition(struct reader *rd, int32_t p)
{
    if (!rd->partitions[p].reading)
        return;
    rd->partitions[p].reading = false;
    rd->reading--;
    /* or a busy topic would go on filling our queue */
    rd_kafka_consume_stop(rd->topic, p);
}

/* Whether an error on the queue ends the reading; others pass. */
static int take_error(struct reader *rd, const rd_kafka_message_t *message,
                      struct fault *why)
{
    bool ours = message->rkt != NULL && message->partition >= 0 &&
                message->partition < rd->partition_count;

    switch (message->err) {
    case RD_KAFKA_RESP_ERR__PARTITION_EOF:
        if (ours)
            finish_partition(rd, message->partition);
        return 0;
    case RD_KAFKA_RESP_ERR_TOPIC_AUTHORIZATION_FAILED:
    case RD_KAFKA_RESP_ERR__UNKNOWN_TOPIC:
    case RD_KAFKA_RESP_ERR__UNKNOWN_PARTITION:
    case RD_KAFKA_RESP_ERR__FATAL:
        client_count_error(message->err);
        return fault_set(why, FAULT_KAFKA, "cannot read topic '%s': %s",
                         rd_kafka_topic_name(rd->topic),
                         rd_kafka_message_errstr(message));
    default:
        client_count_error(message->err);
        log_line(LOG_WARN, MODULE, "reading is retried",
                 log_text("topic", rd_kafka_topic_name(rd->topic)),
                 log_int("partition", message->partition),
                 log_text("error", rd_kafka_err2name(message->err)),
                 log_text("text", rd_kafka_message_errstr(message)));
        return 0;
    }
}

/* 1: handed over. 0: nothing for the caller. -1: the reading is over. */
static int take(struct reader *rd, rd_kafka_message_t *message,
                struct member_record *out, struct fault *why)
{
    struct reader_partition *partition;
    int rc = 0;

    if (message->err != RD_KAFKA_RESP_ERR_NO_ERROR) {
        rc = take_error(rd, message, why);
        goto done;
    }
    partition = &rd->partitions[message->partition];
    if (!partition->reading)
        goto done; /* was fetched before we stopped */
    if (message->offset + 1 >= partition->end)
        finish_partition(rd, message->partition);
    if (message->offset >= partition->end)
        goto done;
    message_take(out, message);
    message = NULL; /* handed over */
    rc = 1;

done:
    if (message != NULL)
        rd_kafka_message_destroy(message);
    return rc;
}

int reader_next(struct reader *rd, int timeout_ms, struct member_record *out,
                struct fault *why)
{
    int64_t deadline_us = clock_now_us() + (int64_t)timeout_ms * 1000;
    int rc = 0;

    while (rc == 0 && rd->reading > 0) {
        rd_kafka_message_t *message =
            rd_kafka_consume_queue(rd->queue, ms_left(deadline_us));

        rd_kafka_poll(rd->rk, 0); /* errors, for the log */
        if (message != NULL)
            rc = take(rd, message, out, why);
        else if (ms_left(deadline_us) == 0)
            return fault_set(why, FAULT_UNAVAILABLE,
                             "cannot read topic '%s' to its end: no record "
                             "within %d ms from '%s'",
                             rd_kafka_topic_name(rd->topic), timeout_ms,
                             rd->brokers);
    }
    return rc;
}

void reader_close(struct reader *rd)
{
    if (rd == NULL)
        return;
    for (int32_t p = 0; p < rd->partition_count; p++)
        finish_partition(rd, p);
    if (rd->queue != NULL)
        rd_kafka_queue_destroy(rd->queue);
    if (rd->topic != NULL)
        rd_kafka_topic_destroy(rd->topic);
    if (rd->rk != NULL)
        rd_kafka_destroy(rd->rk);
    free(rd->partitions);
    free(rd);
}
