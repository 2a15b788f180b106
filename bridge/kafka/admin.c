/*
 * admin.c - topics: what is there, what should be, making it so
 *
 * Metadata is asked for all topics at a time: asking for one that is missing
 * could make a broker create it, with one partition. Requests of the Admin
 * API answer on a queue of their own, one request at a time.
 */
#include "kafka/admin.h"

#include "base/clock.h"
#include "kafka/client.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

enum { LOOK_AGAIN_US = 50000 };

struct kafka_admin {
    rd_kafka_t *rk;
    rd_kafka_queue_t *queue;
    char *brokers;        /* as configured, for texts */
    char last_error[200]; /* the client's latest, "" if there was none */
};

static const struct client_setting settings[] = {
    {"client.id", "aurix-bridge-admin"},
    {NULL,        NULL                },
};

/*
 * Commands that use this client talk to a person, who wants to read why no
 * broker answers and not only that none does. Runs in rd_kafka_poll(). That
 * all brokers are down says less than what came before it.
 */
static void on_error(rd_kafka_t *rk, int code, const char *reason, void *opaque)
{
    struct kafka_admin *admin = opaque;
    rd_kafka_resp_err_t err = (rd_kafka_resp_err_t)code;

    (void)rk;
    client_count_error(err);
    if (err != RD_KAFKA_RESP_ERR__ALL_BROKERS_DOWN ||
        admin->last_error[0] == '\0')
        snprintf(admin->last_error, sizeof(admin->last_error), "%s", reason);
}

int kafka_admin_new(struct kafka_admin **out, const struct config_pairs *kafka,
                    struct fault *why)
{
    struct kafka_admin *admin = calloc(1, sizeof(*admin));
    rd_kafka_conf_t *conf = NULL;
    int rc = -1;

    if (admin != NULL)
        admin->brokers = strdup(client_brokers(kafka, NULL));
    if (admin == NULL || admin->brokers == NULL) {
        fault_set(why, FAULT_NOMEM, "cannot allocate an admin client");
        goto done;
    }
    if (client_conf_new(&conf, "admin", settings, kafka, NULL, why) == -1)
        goto done;
    rd_kafka_conf_set_opaque(conf, admin);
    rd_kafka_conf_set_error_cb(conf, on_error);
    if (client_new(&admin->rk, RD_KAFKA_PRODUCER, &conf, why) == -1)
        goto done;
    admin->queue = rd_kafka_queue_new(admin->rk);

    *out = admin;
    admin = NULL; /* handed over */
    rc = 0;

done:
    kafka_admin_free(admin);
    return rc;
}

void kafka_admin_free(struct kafka_admin *admin)
{
    if (admin == NULL)
        return;
    if (admin->queue != NULL)
        rd_kafka_queue_destroy(admin->queue);
    if (admin->rk != NULL)
        rd_kafka_destroy(admin->rk);
    free(admin->brokers);
    free(admin);
}

/* ---- failures -------------------------------------------------------------
 */

static int no_answer(struct kafka_admin *admin, rd_kafka_resp_err_t err,
                     struct fault *why)
{
    rd_kafka_poll(admin->rk, 0); /* fills last_error */
    return fault_set(why, FAULT_UNAVAILABLE,
                     "no answer from Kafka, asked at '%s': %s", admin->brokers,
                     admin->last_error[0] != '\0' ? admin->last_error
                                                  : rd_kafka_err2str(err));
}

static bool is_absence(rd_kafka_resp_err_t err)
{
    switch (err) {
    case RD_KAFKA_RESP_ERR__TRANSPORT:
    case RD_KAFKA_RESP_ERR__TIMED_OUT:
    case RD_KAFKA_RESP_ERR__TIMED_OUT_QUEUE:
    case RD_KAFKA_RESP_ERR__ALL_BROKERS_DOWN:
    case RD_KAFKA_RESP_ERR__RESOLVE:
    case RD_KAFKA_RESP_ERR_REQUEST_TIMED_OUT:
        return true;
    default:
        return false;
    }
}

/* A request as a whole that failed: nobody there, or somebody who refused. */
static int failed(struct kafka_admin *admin, const char *action,
                  rd_kafka_resp_err_t err, const char *text, struct fault *why)
{
    if (is_absence(err))
        return no_answer(admin, err, why);
    return fault_set(why, FAULT_KAFKA, "cannot %s: %s", action,
                     text != NULL ? text : rd_kafka_err2str(err));
}

/* ---- metadata -------------------------------------------------------------
 */

static int ask_metadata(struct kafka_admin *admin, int timeout_ms,
                        const struct rd_kafka_metadata **out, struct fault *why)
{
    int64_t deadline_us = clock_now_us() + (int64_t)timeout_ms * 1000;
    rd_kafka_resp_err_t err;

    /* librdkafka asks one broker once; the next may be there */
    do {
        int64_t left_ms = (deadline_us - clock_now_us()) / 1000;

        err = rd_kafka_metadata(admin->rk, 1, NULL, out,
                                left_ms > 0 ? (int)left_ms : 0);
        /* and a moment later, where none is */
        rd_kafka_poll(admin->rk, is_absence(err) ? 100 : 0);
    } while (is_absence(err) && clock_now_us() < deadline_us);

    if (err != RD_KAFKA_RESP_ERR_NO_ERROR)
        return failed(admin, "ask for the topics", err, NULL, why);
    return 0;
}

int kafka_admin_brokers(struct kafka_admin *admin, int timeout_ms, int *count,
                        struct fault *why)
{
    const struct rd_kafka_metadata *metadata = NULL;

    if (ask_metadata(admin, timeout_ms, &metadata, why) == -1)
        return -1;
    *count = metadata->broker_cnt;
    rd_kafka_metadata_destroy(metadata);
    return 0;
}

static int fill_from_metadata(struct topic_state *topic,
                              const struct rd_kafka_metadata *metadata,
                              struct fault *why)
{
    const struct rd_kafka_metadata_topic *found = NULL;

    for (int i = 0; i < metadata->topic_cnt && found == NULL; i++)
        if (strcmp(metadata->topics[i].topic, topic->name) == 0)
            found = &metadata->topics[i];
    if (found == NULL || found->err == RD_KAFKA_RESP_ERR_UNKNOWN_TOPIC_OR_PART)
        return 0;
    if (found->err == RD_KAFKA_RESP_ERR_TOPIC_AUTHORIZATION_FAILED)
        return fault_set(why, FAULT_KAFKA, "cannot describe topic '%s': %s",
                         topic->name, rd_kafka_err2str(found->err));
    topic->partitions = found->partition_cnt;
    topic->exists = topic->partitions > 0; /* none: it is just being made */
    if (topic->exists)
        topic->replication = found->partitions[0].replica_cnt;
    return 0;
}

/* ---- the Admin API --------------------------------------------------------
 */

static rd_kafka_AdminOptions_t *
options_new(struct kafka_admin *admin, rd_kafka_admin_op_t op, int timeout_ms)
{
    rd_kafka_AdminOptions_t *options = rd_kafka_AdminOptions_new(admin->rk, op);
    char ignored[128];

    /* fails for a timeout out of its range only; then the default serves */
    rd_kafka_AdminOptions_set_request_timeout(options, timeout_ms, ignored,
                                              sizeof(ignored));
    return options;
}

/* The answer, or NULL: none in time. Errors of the client come here too. */
static rd_kafka_event_t *wait_for(struct kafka_admin *admin,
                                  rd_kafka_event_type_t type, int timeout_ms)
{
    /* the request's own timeout should come first */
    int64_t deadline_us = clock_now_us() + ((int64_t)timeout_ms + 1000) * 1000;
    rd_kafka_event_t *event;

    for (;;) {
        int64_t left_ms = (deadline_us - clock_now_us()) / 1000;

        event =
            rd_kafka_queue_poll(admin->queue, left_ms > 0 ? (int)left_ms : 0);
        if (event == NULL || rd_kafka_event_type(event) == type)
            return event;
        rd_kafka_event_destroy(event);
    }
}

/* A whole number of a topic's configuration. */
static void take_number(const rd_kafka_ConfigEntry_t *entry, int64_t *out)
{
    const char *text = rd_kafka_ConfigEntry_value(entry);
    char *end = NULL;
    long long number;

    if (text == NULL || text[0] == '\0')
        return;
    errno = 0;
    number = strtoll(text, &end, 10);
    if (errno == 0 && *end == '\0')
        *out = number;
}

static void fill_from_config(struct topic_state *topic,
                             const rd_kafka_ConfigResource_t *resource)
{
    size_t count = 0;
    const rd_kafka_ConfigEntry_t **entries =
        rd_kafka_ConfigResource_configs(resource, &count);
    int64_t in_sync = topic->min_insync_replicas;

    for (size_t i = 0; i < count; i++) {
        const char *name = rd_kafka_ConfigEntry_name(entries[i]);

        if (strcmp(name, "min.insync.replicas") == 0)
            take_number(entries[i], &in_sync);
        else if (strcmp(name, "retention.ms") == 0)
            take_number(entries[i], &topic->retention_ms);
        else if (strcmp(name, "max.message.bytes") == 0)
            take_number(entries[i], &topic->max_message_bytes);
    }
    topic->min_insync_replicas = (int)in_sync;
}

/* What one topic's configuration came to. That it may not be read (it takes
 * a right of its own) leaves the numbers unknown. */
static void take_resource(struct topic_state *topics, size_t count,
                          const rd_kafka_ConfigResource_t *resource)
{
    if (rd_kafka_ConfigResource_error(resource) != RD_KAFKA_RESP_ERR_NO_ERROR)
        return;
    for (size_t i = 0; i < count; i++)
        if (strcmp(topics[i].name, rd_kafka_ConfigResource_name(resource)) == 0)
            fill_from_config(&topics[i], resource);
}

static int take_configs(struct kafka_admin *admin, rd_kafka_event_t *event,
                        struct topic_state *topics, size_t count,
                        struct fault *why)
{
    const rd_kafka_ConfigResource_t **resources;
    rd_kafka_resp_err_t err;
    size_t found = 0;

    if (event == NULL)
        return no_answer(admin, RD_KAFKA_RESP_ERR__TIMED_OUT, why);
    err = rd_kafka_event_error(event);
    if (err == RD_KAFKA_RESP_ERR__UNSUPPORTED_FEATURE)
        return 0; /* a broker that has no such request */
    if (err != RD_KAFKA_RESP_ERR_NO_ERROR)
        return failed(admin, "ask for the topics' configuration", err,
                      rd_kafka_event_error_string(event), why);
    resources = rd_kafka_DescribeConfigs_result_resources(
        rd_kafka_event_DescribeConfigs_result(event), &found);
    for (size_t i = 0; i < found; i++)
        take_resource(topics, count, resources[i]);
    return 0;
}

static int ask_configs(struct kafka_admin *admin, struct topic_state *topics,
                       size_t count, int timeout_ms, struct fault *why)
{
    rd_kafka_ConfigResource_t **asked = calloc(count, sizeof(*asked));
    rd_kafka_AdminOptions_t *options;
    rd_kafka_event_t *event;
    size_t n = 0;
    int rc = 0;

    if (asked == NULL)
        return fault_set(why, FAULT_NOMEM, "cannot allocate a request");
    for (size_t i = 0; i < count; i++)
        if (topics[i].exists)
            asked[n++] = rd_kafka_ConfigResource_new(RD_KAFKA_RESOURCE_TOPIC,
                                                     topics[i].name);
    if (n > 0) {
        options =
            options_new(admin, RD_KAFKA_ADMIN_OP_DESCRIBECONFIGS, timeout_ms);
        rd_kafka_DescribeConfigs(admin->rk, asked, n, options, admin->queue);
        rd_kafka_AdminOptions_destroy(options);
        event =
            wait_for(admin, RD_KAFKA_EVENT_DESCRIBECONFIGS_RESULT, timeout_ms);
        rc = take_configs(admin, event, topics, count, why);
        if (event != NULL)
            rd_kafka_event_destroy(event);
    }
    rd_kafka_ConfigResource_destroy_array(asked, n);
    free(asked);
    return rc;
}

int kafka_admin_describe(struct kafka_admin *admin, struct topic_state *topics,
                         size_t count, int timeout_ms, struct fault *why)
{
    int64_t deadline_us = clock_now_us() + (int64_t)timeout_ms * 1000;
    const struct rd_kafka_metadata *metadata = NULL;
    int64_t left_ms;
    int rc = 0;

    if (ask_metadata(admin, timeout_ms, &metadata, why) == -1)
        return -1;
    for (size_t i = 0; i < count && rc == 0; i++) {
        topics[i] = (struct topic_state){
            .name = topics[i].name,
            .min_insync_replicas = -1,
            .retention_ms = INT64_MIN,
            .max_message_bytes = -1,
        };
        rc = fill_from_metadata(&topics[i], metadata, why);
    }
    rd_kafka_metadata_destroy(metadata);
    if (rc == -1)
        return -1;
    left_ms = (deadline_us - clock_now_us()) / 1000;
    return ask_configs(admin, topics, count,
                       left_ms > 1000 ? (int)left_ms : 1000, why);
}

static rd_kafka_NewTopic_t *
new_topic(const char *name, const struct topic_wish *wish, struct fault *why)
{
    char text[256] = "";
    rd_kafka_NewTopic_t *topic = rd_kafka_NewTopic_new(
        name, wish->partitions, wish->replication, text, sizeof(text));

    if (topic == NULL) {
        fault_set(why, FAULT_KAFKA, "cannot create topic '%s': %s", name, text);
        return NULL;
    }
    snprintf(text, sizeof(text), "%d", wish->min_insync_replicas);
    rd_kafka_NewTopic_set_config(topic, "min.insync.replicas", text);
    snprintf(text, sizeof(text), "%" PRId64, wish->retention_ms);
    rd_kafka_NewTopic_set_config(topic, "retention.ms", text);
    return topic;
}

static int take_created(struct kafka_admin *admin, rd_kafka_event_t *event,
                        const char *name, bool *created, struct fault *why)
{
    const rd_kafka_topic_result_t **results;
    char action[300];
    rd_kafka_resp_err_t err;
    size_t count = 0;

    if (event == NULL)
        return no_answer(admin, RD_KAFKA_RESP_ERR__TIMED_OUT, why);
    snprintf(action, sizeof(action), "create topic '%s'", name);
    err = rd_kafka_event_error(event);
    if (err != RD_KAFKA_RESP_ERR_NO_ERROR)
        return failed(admin, action, err, rd_kafka_event_error_string(event),
                      why);
    results = rd_kafka_CreateTopics_result_topics(
        rd_kafka_event_CreateTopics_result(event), &count);
    if (count != 1)
        return fault_set(why, FAULT_KAFKA, "cannot %s: no result", action);
    err = rd_kafka_topic_result_error(results[0]);
    *created = err == RD_KAFKA_RESP_ERR_NO_ERROR;
    if (*created || err == RD_KAFKA_RESP_ERR_TOPIC_ALREADY_EXISTS)
        return 0;
    return failed(admin, action, err,
                  rd_kafka_topic_result_error_string(results[0]), why);
}

/* The controller knows of a topic before the brokers tell of it. */
static int wait_visible(struct kafka_admin *admin, const char *name,
                        int timeout_ms, struct fault *why)
{
    const struct timespec pause = clock_timespec(LOOK_AGAIN_US);
    int64_t deadline_us = clock_now_us() + (int64_t)timeout_ms * 1000;
    struct topic_state topic = {.name = name};

    for (;;) {
        if (kafka_admin_describe(admin, &topic, 1, timeout_ms, why) == -1)
            return -1;
        if (topic.exists)
            return 0;
        if (clock_now_us() >= deadline_us)
            return fault_set(why, FAULT_UNAVAILABLE,
                             "topic '%s' was created, but no broker tells of "
                             "it yet",
                             name);
        nanosleep(&pause, NULL);
    }
}

int kafka_admin_create(struct kafka_admin *admin, const char *name,
                       const struct topic_wish *wish, int timeout_ms,
                       bool *created, struct fault *why)
{
    rd_kafka_NewTopic_t *topic = new_topic(name, wish, why);
    rd_kafka_AdminOptions_t *options;
    rd_kafka_event_t *event;
    char ignored[128];
    int rc;

    if (topic == NULL)
        return -1;
    options = options_new(admin, RD_KAFKA_ADMIN_OP_CREATETOPICS, timeout_ms);
    /* have the controller answer when the topic is there, not when it knows */
    rd_kafka_AdminOptions_set_operation_timeout(options, timeout_ms, ignored,
                                                sizeof(ignored));
    rd_kafka_CreateTopics(admin->rk, &topic, 1, options, admin->queue);
    rd_kafka_AdminOptions_destroy(options);
    rd_kafka_NewTopic_destroy(topic);

    event = wait_for(admin, RD_KAFKA_EVENT_CREATETOPICS_RESULT, timeout_ms);
    rc = take_created(admin, event, name, created, why);
    if (event != NULL)
        rd_kafka_event_destroy(event);
    return rc == -1 ? -1 : wait_visible(admin, name, timeout_ms, why);
}
