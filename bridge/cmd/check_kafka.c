/*
 * check_kafka.c - are brokers and topics as the bridge needs them?
 *
 * Unlike the other checks these can change under a running bridge, and none
 * of them stops its start: it is what readiness will say.
 */
#include "cmd/check.h"

#include "base/limits.h"
#include "cmd/kafka_hint.h"
#include "kafka/admin.h"
#include "kafka/client.h"
#include "kafka/producer.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

enum {
    KAFKA_TIMEOUT_MS = 5000,
    RECORD_HEADERS_ROOM = LIMIT_HEADER_BLOCK, /* more than ours ever take */
    REPLICATION_GOOD = 3,
    MIN_INSYNC_GOOD = 2
};

/* The topics that the configuration names, each once. */
struct topic_list {
    size_t count;
    struct topic_state *items;
};

static void add_topic(struct topic_list *list, const char *name)
{
    for (size_t i = 0; i < list->count; i++)
        if (strcmp(list->items[i].name, name) == 0)
            return;
    list->items[list->count++] = (struct topic_state){.name = name};
}

static int list_topics(struct topic_list *list, const struct check *ck,
                       struct fault *why)
{
    size_t routed = ck->routes == NULL ? 0 : routes_topic_count(ck->routes);

    list->count = 0;
    list->items = calloc(routed + 4, sizeof(*list->items));
    if (list->items == NULL)
        return fault_set(why, FAULT_NOMEM, "cannot list the topics");
    for (size_t i = 0; i < routed; i++)
        add_topic(list, routes_topic_at(ck->routes, i));
    add_topic(list, ck->config->topics.other);
    add_topic(list, ck->config->topics.dead_letter);
    add_topic(list, ck->config->consume.clicks_topic);
    add_topic(list, ck->config->consume.leads_topic);
    return 0;
}

static void check_partitions(struct check *ck, const struct topic_list *list)
{
    const struct topic_state *first = NULL;

    for (size_t i = 0; i < list->count; i++) {
        const struct topic_state *topic = &list->items[i];

        if (!topic->exists ||
            strcmp(topic->name, ck->config->topics.dead_letter) == 0)
            continue;
        if (first == NULL)
            first = topic;
        if (topic->partitions != first->partitions)
            check_tell(ck, CHECK_FAIL,
                       "give both the same number, so that a lead can be "
                       "joined with its clicks",
                       "topics: '%s' has %d partitions, '%s' has %d",
                       topic->name, topic->partitions, first->name,
                       first->partitions);
    }
}

static void check_copies(struct check *ck, const struct topic_state *topic,
                         int brokers)
{
    int min_insync = topic->min_insync_replicas;

    if (min_insync > topic->replication) {
        check_tell(ck, CHECK_FAIL, "lower min.insync.replicas, or add replicas",
                   "topics: '%s' wants %d replicas in sync and has %d, so "
                   "nothing can be written to it",
                   topic->name, min_insync, topic->replication);
        return;
    }
    if (topic->replication < REPLICATION_GOOD)
        check_tell(ck, CHECK_WARN,
                   brokers < REPLICATION_GOOD
                       ? "fine for development; in production use 3 brokers "
                         "and 3 replicas"
                       : "use 3 replicas",
                   "topics: '%s' has %d replica%s: a broker's disk that dies "
                   "takes confirmed events along",
                   topic->name, topic->replication,
                   topic->replication == 1 ? "" : "s");
    else if (min_insync != -1 && min_insync < MIN_INSYNC_GOOD)
        check_tell(ck, CHECK_WARN, "set min.insync.replicas=2",
                   "topics: '%s' confirms with %d replica in sync", topic->name,
                   min_insync);
}

static int64_t batch_size(const struct config *config)
{
    const struct config_pairs *origins[] = {&config->kafka, &config->producer};
    const char *value = PRODUCER_BATCH_SIZE;

    for (size_t o = 0; o < 2; o++)
        for (size_t i = 0; i < origins[o]->count; i++)
            if (strcmp(origins[o]->items[i].key, "batch.size") == 0)
                value = origins[o]->items[i].value;
    return strtoll(value, NULL, 10); /* librdkafka checks it at the start */
}

static void check_message_size(struct check *ck,
                               const struct topic_state *topic)
{
    int64_t needed = ck->config->http.max_body_bytes + RECORD_HEADERS_ROOM;
    int64_t batch = batch_size(ck->config);

    if (topic->max_message_bytes == -1)
        return;
    if (topic->max_message_bytes < batch)
        check_tell(ck, CHECK_FAIL,
                   "raise the topic's max.message.bytes, or lower [producer] "
                   "batch.size",
                   "topics: '%s' takes %" PRId64 " bytes a batch, and batches "
                   "have up to %" PRId64 ": all events in one would be refused",
                   topic->name, topic->max_message_bytes, batch);
    else if (topic->max_message_bytes < needed)
        check_tell(ck, CHECK_FAIL,
                   "raise the topic's max.message.bytes, or lower "
                   "http.max_body_bytes",
                   "topics: '%s' takes %" PRId64 " bytes a record, bodies of "
                   "%" PRId64 " with headers need %" PRId64,
                   topic->name, topic->max_message_bytes,
                   ck->config->http.max_body_bytes, needed);
}

static void check_topics(struct check *ck, struct kafka_admin *admin,
                         int brokers)
{
    struct topic_list list = {0, NULL};
    struct fault why = FAULT_INIT;

    if (list_topics(&list, ck, &why) == -1 ||
        kafka_admin_describe(admin, list.items, list.count, KAFKA_TIMEOUT_MS,
                             &why) == -1) {
        check_tell(ck, CHECK_FAIL, "see whether this client may describe them",
                   "topics: %s", why.text);
        goto done;
    }
    for (size_t i = 0; i < list.count; i++) {
        const struct topic_state *topic = &list.items[i];

        if (!topic->exists) {
            check_tell(ck, CHECK_FAIL, "run `aurix-bridge topics`",
                       "topics: '%s' does not exist", topic->name);
            continue;
        }
        check_tell(ck, CHECK_OK, NULL, "topics: '%s' has %d partition%s",
                   topic->name, topic->partitions,
                   topic->partitions == 1 ? "" : "s");
        check_copies(ck, topic, brokers);
        check_message_size(ck, topic);
    }
    check_partitions(ck, &list);

done:
    free(list.items);
}

void check_kafka(struct check *ck)
{
    const char *version = client_library_version();
    struct kafka_admin *admin = NULL;
    struct fault why = FAULT_INIT;
    int brokers = 0;

    if (kafka_hint_old_scram(ck->config, version))
        check_tell(ck, CHECK_WARN, KAFKA_HINT_OLD_SCRAM_ADVICE,
                   "brokers: librdkafka %s " KAFKA_HINT_OLD_SCRAM, version);
    if (kafka_admin_new(&admin, &ck->config->kafka, &why) == -1) {
        check_tell(ck, CHECK_FAIL, "correct [kafka]", "brokers: %s", why.text);
        return;
    }
    if (kafka_admin_brokers(admin, KAFKA_TIMEOUT_MS, &brokers, &why) == -1) {
        check_tell(ck, CHECK_FAIL, kafka_hint(&why),
                   "brokers: topics cannot be looked at, %s", why.text);
    } else {
        check_tell(ck, CHECK_OK, NULL, "brokers: %d", brokers);
        check_topics(ck, admin, brokers);
    }
    kafka_admin_free(admin);
}
