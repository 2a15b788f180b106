/*
 * lag.h - how far the consumers of this process are behind
 *
 * aurix_bridge_consumer_lag{topic,partition}: records of a partition that is
 * assigned to this process and that are not done yet. The numbers come from
 * librdkafka's statistics. A series appears when its partition is assigned
 * and its lag is known, and goes to zero when the partition is taken away:
 * from then on another process tells.
 *
 * For the files of kafka/ alone: it shows librdkafka's types.
 * Threads: all functions are safe.
 */
#ifndef KAFKA_LAG_H
#define KAFKA_LAG_H

#include <librdkafka/rdkafka.h>

void lag_metrics_register(void);

/* These are ours from now on. */
void lag_watch(const rd_kafka_topic_partition_list_t *assigned);

/* These are no longer. */
void lag_forget(const rd_kafka_topic_partition_list_t *revoked);

/* Takes the lag of what is ours from librdkafka's statistics, a JSON text as
 * STATISTICS.md of librdkafka has it. */
void lag_update(const char *statistics, size_t len);

#endif
