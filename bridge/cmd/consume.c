/*
 * consume.c - a member of a consumer group, from a topic into a sink
 */
#include "cmd/cmd.h"

#include "cmd/kafka_hint.h"
#include "consume/consumer.h"
#include "kafka/client.h"
#include "ops/admin.h"

#include <string.h>

/* `*topic` has to live as long as the options. */
static int choose_kind(struct consumer_options *options, const char **topic,
                       const struct cmd *cmd, struct fault *why)
{
    const struct config *config = &cmd->config;

    options->kind = cmd->argv[0];
    if (strcmp(options->kind, "clicks") == 0) {
        *topic = config->consume.clicks_topic;
        options->member.group = config->consume.clicks_group;
    } else if (strcmp(options->kind, "leads") == 0) {
        *topic = config->consume.leads_topic;
        options->member.group = config->consume.leads_group;
    } else {
        return fault_set(why, FAULT_USAGE,
                         "cannot consume '%s': expected 'clicks' or 'leads'",
                         options->kind);
    }
    options->member.topics = topic;
    options->member.topic_count = 1;
    return 0;
}

static int run_consume(struct cmd *cmd)
{
    const struct config *config = &cmd->config;
    static atomic_bool stop; /* the thread that sets it outlives this call */
    const char *topic = NULL;
    struct consumer_options options = {
        .member = {.kafka = &config->kafka, .consumer = &config->consumer},
        .sink = sink_find(config->consume.sink),
        .stop = &stop,
    };
    struct fault why = FAULT_INIT;
    struct admin *admin = NULL;
    int rc = -1;

    if (choose_kind(&options, &topic, cmd, &why) == -1)
        goto done;
    if (options.sink == NULL) {
        fault_set(&why, FAULT_CONFIG, "unknown sink '%s' in 'consume.sink'",
                  config->consume.sink);
        goto done;
    }
    client_metrics_register();
    kafka_hint_log(config);
    if (cmd_stop_on_signal(&stop, &why) == -1 ||
        cmd_start_admin(&admin, cmd, &why) == -1)
        goto done;
    rc = consumer_run(&options, &why);

done:
    admin_stop(admin);
    return rc == -1 ? cmd_failed(cmd, &why) : CMD_OK;
}

const struct cmd_spec cmd_consume = {
    .name = "consume",
    .summary = "reads events of one kind as a member of a consumer group",
    .operands = "clicks|leads",
    .details =
        "Writes one line of JSON for each event to standard output: the\n"
        "event as it was received, its key, topic, partition and offset, and\n"
        "its identity (ce_id). An offset is committed only after its line was\n"
        "written, so that an event can come twice, but is never missed.\n"
        "Start it several times, here or on other machines, and the members\n"
        "share the partitions. Ends at SIGTERM or SIGINT, and leaves the\n"
        "group.",
    .min_operands = 1,
    .max_operands = 1,
    .settings = CONFIG_CONSUME,
    .logs = true,
    .run = run_consume,
};
