/*
 * admin.h - topics: what is there, what should be, making it so
 *
 * Threads: one client, one thread.
 */
#ifndef KAFKA_ADMIN_H
#define KAFKA_ADMIN_H

#include "base/config.h"
#include "base/fault.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct kafka_admin;

/* Connects lazily. FAULT_CONFIG: a setting that librdkafka refuses. */
int kafka_admin_new(struct kafka_admin **out, const struct config_pairs *kafka,
                    struct fault *why);
void kafka_admin_free(struct kafka_admin *admin); /* NULL is fine */

struct topic_state {
    const char *name; /* the caller's */
    bool exists;
    int partitions;
    int replication;         /* of the first partition */
    int min_insync_replicas; /* -1: the broker did not say */
    int64_t retention_ms; /* INT64_MIN: the broker did not say; -1: for ever */
    int64_t max_message_bytes; /* -1: the broker did not say */
};

/*
 * Fills exists … for each `name`. FAULT_UNAVAILABLE: no broker answered in
 * time; the text says which were asked. FAULT_KAFKA: refused (authorisation).
 */
int kafka_admin_describe(struct kafka_admin *admin, struct topic_state *topics,
                         size_t count, int timeout_ms, struct fault *why);

struct topic_wish {
    int partitions;
    int replication;
    int min_insync_replicas;
    int64_t retention_ms;
};

/*
 * Creates one topic, and waits until the brokers tell of it. It being there
 * already, also because somebody else made it just now, is a success with
 * *created false. FAULT_UNAVAILABLE, FAULT_KAFKA (the broker's own reason, e.g.
 * too few brokers).
 */
int kafka_admin_create(struct kafka_admin *admin, const char *name,
                       const struct topic_wish *wish, int timeout_ms,
                       bool *created, struct fault *why);

/* Brokers in the cluster, as the metadata has it. FAULT_UNAVAILABLE. */
int kafka_admin_brokers(struct kafka_admin *admin, int timeout_ms, int *count,
                        struct fault *why);

#endif
