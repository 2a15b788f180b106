/*
 * topics.c - creates the topics that are missing, reports what differs
 *
 * Can be run again and again, and changes nothing that is there: partitions
 * of a topic with events in it are not ours to move. A line for each topic
 * goes to standard output, what should worry somebody to standard error.
 */
#include "cmd/cmd.h"

#include "base/buf.h"
#include "cmd/kafka_hint.h"
#include "event/routes.h"
#include "kafka/admin.h"
#include "kafka/client.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum {
    TIMEOUT_SECONDS = 30, /* for brokers that are still starting */
    LINE_MAX_BYTES = 4 * KIB,
    HOUR_MS = 60 * 60 * 1000
};

struct topics {
    const struct config *config;
    struct routes *routes;
    struct kafka_admin *admin;
    struct topic_wish wish;
    int timeout_ms;
    size_t count;
    struct topic_state *items;
};

/* ---- which topics ---------------------------------------------------------
 */

static void add_topic(struct topics *tp, const char *name)
{
    for (size_t i = 0; i < tp->count; i++)
        if (strcmp(tp->items[i].name, name) == 0)
            return;
    tp->items[tp->count++] = (struct topic_state){.name = name};
}

static int list_topics(struct topics *tp, struct fault *why)
{
    size_t routed;

    if (routes_new(&tp->routes, &tp->config->routes, tp->config->topics.other,
                   why) == -1)
        return -1;
    routed = routes_topic_count(tp->routes);
    tp->items = calloc(routed + 4, sizeof(*tp->items));
    if (tp->items == NULL)
        return fault_set(why, FAULT_NOMEM, "cannot list the topics");
    for (size_t i = 0; i < routed; i++)
        add_topic(tp, routes_topic_at(tp->routes, i));
    add_topic(tp, tp->config->consume.clicks_topic);
    add_topic(tp, tp->config->consume.leads_topic);
    add_topic(tp, tp->config->topics.other);
    add_topic(tp, tp->config->topics.dead_letter);
    return 0;
}

/* ---- a line each ----------------------------------------------------------
 */

static void tell(const char *state, const struct topic_state *topic,
                 const char *text)
{
    printf("%-8s %s  %s\n", state, topic->name, text);
}

static void tell_created(const struct topics *tp,
                         const struct topic_state *topic)
{
    char text[200];

    snprintf(text, sizeof(text),
             "%d partitions, replication %d, min.insync.replicas %d, "
             "retention %" PRId64 " h",
             tp->wish.partitions, tp->wish.replication,
             tp->wish.min_insync_replicas, tp->wish.retention_ms / HOUR_MS);
    tell("created", topic, text);
}

/* One difference, with what to do about it, behind those before. */
static void add_difference(struct buf *out, const char *what, int64_t is,
                           int64_t wanted, const char *advice)
{
    buf_addf(out, NULL, "%s%s is %" PRId64 ", configured %" PRId64 " (%s)",
             out->len == 0 ? "" : "; ", what, is, wanted, advice);
}

/* What a broker does not tell cannot differ. */
static void compare(struct buf *out, const struct topics *tp,
                    const struct topic_state *topic)
{
    const struct topic_wish *wish = &tp->wish;

    if (topic->partitions < wish->partitions)
        add_difference(out, "partitions", topic->partitions, wish->partitions,
                       "kafka-topics.sh --alter --partitions adds some, and "
                       "sends keys to other partitions from then on");
    if (topic->partitions > wish->partitions)
        add_difference(out, "partitions", topic->partitions, wish->partitions,
                       "Kafka takes none away: set topics.partitions, or "
                       "start with a new topic");
    if (topic->replication != wish->replication)
        add_difference(out, "replication", topic->replication,
                       wish->replication,
                       "change it with kafka-reassign-partitions.sh");
    if (topic->min_insync_replicas != -1 &&
        topic->min_insync_replicas != wish->min_insync_replicas)
        add_difference(out, "min.insync.replicas", topic->min_insync_replicas,
                       wish->min_insync_replicas,
                       "change it with kafka-configs.sh --alter --add-config");
    if (topic->retention_ms != INT64_MIN &&
        topic->retention_ms != wish->retention_ms)
        add_difference(out, "retention.ms", topic->retention_ms,
                       wish->retention_ms,
                       "change it with kafka-configs.sh --alter --add-config");
}

static void tell_existing(const struct topics *tp,
                          const struct topic_state *topic)
{
    struct buf out = BUF_INIT(LINE_MAX_BYTES);

    compare(&out, tp, topic);
    if (out.len > 0) {
        tell("differs", topic, out.data);
    } else {
        buf_addf(&out, NULL, "%d partitions, replication %d", topic->partitions,
                 topic->replication);
        tell("there", topic, out.len > 0 ? out.data : "");
    }
    buf_release(&out);
}

/* ---- creating -------------------------------------------------------------
 */

static int create(struct topics *tp, struct topic_state *topic,
                  struct fault *why)
{
    bool created = false;

    if (kafka_admin_create(tp->admin, topic->name, &tp->wish, tp->timeout_ms,
                           &created, why) == -1)
        return -1;
    if (created) {
        topic->exists = true;
        topic->partitions = tp->wish.partitions;
        tell_created(tp, topic);
        return 0;
    }
    /* somebody else was faster: what is there is theirs */
    if (kafka_admin_describe(tp->admin, topic, 1, tp->timeout_ms, why) == -1)
        return -1;
    tell_existing(tp, topic);
    return 0;
}

/* All of them, whatever becomes of one; the first failure is the caller's,
 * the others are told here. */
static int settle(struct topics *tp, struct fault *why)
{
    int rc = 0;

    if (kafka_admin_describe(tp->admin, tp->items, tp->count, tp->timeout_ms,
                             why) == -1)
        return -1;
    for (size_t i = 0; i < tp->count; i++) {
        struct fault reason = FAULT_INIT;

        if (tp->items[i].exists) {
            tell_existing(tp, &tp->items[i]);
        } else if (create(tp, &tp->items[i], &reason) == -1) {
            tell("failed", &tp->items[i], reason.text);
            fault_set(why, reason.kind, "%s", reason.text);
            rc = -1;
        }
    }
    return rc;
}

/* ---- joins ----------------------------------------------------------------
 */

static const struct topic_state *find(const struct topics *tp, const char *name)
{
    for (size_t i = 0; i < tp->count; i++)
        if (strcmp(tp->items[i].name, name) == 0)
            return &tp->items[i];
    return NULL;
}

/* Dead letters are joined with nothing. */
static void warn_of_partitions(const struct topics *tp)
{
    const struct topic_state *first = NULL;

    for (size_t i = 0; i < tp->count; i++) {
        const struct topic_state *topic = &tp->items[i];

        if (!topic->exists ||
            strcmp(topic->name, tp->config->topics.dead_letter) == 0)
            continue;
        if (first == NULL)
            first = topic;
        if (topic->partitions != first->partitions)
            fprintf(stderr,
                    "aurix-bridge topics: warning: '%s' has %d partitions, "
                    "'%s' has %d: events of one key cannot be joined across "
                    "them\n",
                    first->name, first->partitions, topic->name,
                    topic->partitions);
    }
}

/* What clicks and leads are there for. */
static int require_joinable(const struct topics *tp, struct fault *why)
{
    const struct topic_state *clicks =
        find(tp, tp->config->consume.clicks_topic);
    const struct topic_state *leads = find(tp, tp->config->consume.leads_topic);

    if (clicks->partitions != leads->partitions)
        return fault_set(why, FAULT_CONFIG,
                         "'%s' has %d partitions and '%s' has %d: a lead "
                         "cannot be joined with its clicks; give both the "
                         "same number",
                         clicks->name, clicks->partitions, leads->name,
                         leads->partitions);
    return 0;
}

/* ---- the command ----------------------------------------------------------
 */

/* Behind what went wrong: what to do about it. */
static void advise(const struct config *config, const struct fault *why)
{
    const char *version = client_library_version();

    if (why->kind != FAULT_UNAVAILABLE)
        return;
    fprintf(stderr, "aurix-bridge topics: %s\n", kafka_hint(why));
    if (kafka_hint_old_scram(config, version))
        fprintf(stderr,
                "aurix-bridge topics: librdkafka %s " KAFKA_HINT_OLD_SCRAM
                ": " KAFKA_HINT_OLD_SCRAM_ADVICE "\n",
                version);
}

static int run_topics(struct cmd *cmd)
{
    struct topics tp = {
        .config = &cmd->config,
        .wish = {.partitions = (int)cmd->config.topics.partitions,
                 .replication = (int)cmd->config.topics.replication,
                 .min_insync_replicas =
                     (int)cmd->config.topics.min_insync_replicas,
                 .retention_ms = cmd->config.topics.retention_ms},
    };
    struct fault why = FAULT_INIT;
    long seconds = 0;
    int rc = -1;

    if (cmd_option_int(cmd, "timeout", 1, 3600, TIMEOUT_SECONDS, &seconds,
                       &why) == -1)
        goto done;
    tp.timeout_ms = (int)seconds * 1000;
    if (list_topics(&tp, &why) == -1 ||
        kafka_admin_new(&tp.admin, &cmd->config.kafka, &why) == -1 ||
        settle(&tp, &why) == -1)
        goto done;
    fflush(stdout); /* before what goes to standard error */
    warn_of_partitions(&tp);
    rc = require_joinable(&tp, &why);

done:
    fflush(stdout);
    kafka_admin_free(tp.admin);
    routes_free(tp.routes);
    free(tp.items);
    if (rc == 0)
        return CMD_OK;
    rc = cmd_failed(cmd, &why);
    advise(&cmd->config, &why);
    return rc;
}

static const struct cmd_option options[] = {
    {"timeout", "SECONDS",
     "How long to wait for brokers that do not answer; 30 otherwise."},
    {NULL,      NULL,      NULL                                      },
};

const struct cmd_spec cmd_topics = {
    .name = "topics",
    .summary = "creates the topics that are missing, reports what differs",
    .operands = "",
    .details =
        "A line for each topic that the configuration names: created, there,\n"
        "differs (with what to do) or failed. Changes nothing that is there.\n"
        "Exit status 0 if every topic is there at the end, also where\n"
        "something differs; 1 if one is missing, or if the topics of clicks\n"
        "and of leads have different numbers of partitions, because then\n"
        "they cannot be joined.",
    .settings = CONFIG_TOPICS,
    .options = options,
    .run = run_topics,
};
