/*
 * assignment.h - which partitions are a member's, and telling so
 *
 * Keeps the list, aurix_bridge_consumer_assigned_partitions,
 * aurix_bridge_consumer_rebalances_total{change}, and who is asked for its
 * lag.
 *
 * For the files of kafka/ alone: it shows librdkafka's types.
 * Threads: one assignment, one thread at a time.
 */
#ifndef KAFKA_ASSIGNMENT_H
#define KAFKA_ASSIGNMENT_H

#include <librdkafka/rdkafka.h>
#include <stdbool.h>

struct assignment {
    rd_kafka_topic_partition_list_t *partitions;
};

void assignment_metrics_register(void);

void assignment_init(struct assignment *as);
void assignment_release(struct assignment *as); /* what is left is gone */

void assignment_add(struct assignment *as,
                    const rd_kafka_topic_partition_list_t *added);
void assignment_remove(struct assignment *as,
                       const rd_kafka_topic_partition_list_t *removed,
                       bool lost);

#endif
