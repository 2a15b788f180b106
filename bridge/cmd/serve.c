/*
 * serve.c - receives webhooks, publishes to Kafka
 *
 * Starts from the inside out, so that whatever a request needs is there
 * before the port opens, and goes down the other way round:
 *
 *   notice   readiness says 503, requests are taken, connections end
 *   drain    new requests get 503, those in hand are answered
 *   stop     the public server, then the admin server
 *   flush    what librdkafka still has is given a moment
 */
#include "base/clock.h"
#include "base/files.h"
#include "base/log.h"
#include "base/ready.h"
#include "cmd/cmd.h"
#include "cmd/kafka_hint.h"
#include "deliver/delivery.h"
#include "event/catalog.h"
#include "event/routes.h"
#include "ingest/intake.h"
#include "ingest/server.h"
#include "ingest/traffic.h"
#include "ops/admin.h"

#include <sched.h>
#include <signal.h>
#include <stdlib.h>
#include <time.h>

enum { FLUSH_MS = 1000 };

struct service {
    struct admin *admin;
    struct catalog *catalog;
    struct routes *routes;
    const char **topics; /* all that are written to */
    size_t topic_count;
    struct delivery *dl;
    struct intake in;
    struct server *server;
    struct ready *running;
};

/* Woken threads then do not preempt the one that wakes them, and reports and
 * answers go in batches. Needs no privilege; failing costs speed only. */
static void be_a_batch(void)
{
    const struct sched_param param = {0};

    (void)sched_setscheduler(0, SCHED_BATCH, &param);
}

static int collect_topics(struct service *sv, const struct config *config,
                          struct fault *why)
{
    size_t routed = routes_topic_count(sv->routes);
    bool buried = false;

    sv->topics = calloc(routed + 1, sizeof(*sv->topics));
    if (sv->topics == NULL)
        return fault_set(why, FAULT_NOMEM, "cannot allocate the topics");
    for (size_t i = 0; i < routed; i++) {
        sv->topics[i] = routes_topic_at(sv->routes, i);
        if (strcmp(sv->topics[i], config->topics.dead_letter) == 0)
            buried = true;
    }
    sv->topic_count = routed;
    if (!buried)
        sv->topics[sv->topic_count++] = config->topics.dead_letter;
    return 0;
}

static void warn_of_known_secrets(const struct config *config)
{
    for (size_t i = 0; i < config->source_count; i++)
        if (config->sources[i].secret_is_known_default)
            log_line(LOG_WARN, "serve",
                     "a secret of this source is published in examples: "
                     "anybody can sign with it",
                     log_text("source", config->sources[i].name));
}

static int open_all(struct service *sv, struct cmd *cmd, struct fault *why)
{
    const struct config *config = &cmd->config;
    struct delivery_options options = {
        .kafka = &config->kafka,
        .producer = &config->producer,
        .dead_letter = config->topics.dead_letter,
        .lanes = (int)config->deliver.lanes,
        .deadline_ms = (int)config->deliver.deadline_ms,
        .patience_ms = (int)config->deliver.patience_ms};

    if (config_require_secrets(config, why) == -1 ||
        file_limit_raise(cmd_open_files(config), why) == -1 ||
        catalog_load(&sv->catalog, config->schemas.dir, why) == -1 ||
        routes_new(&sv->routes, &config->routes, config->topics.other, why) ==
            -1 ||
        collect_topics(sv, config, why) == -1 ||
        traffic_setup(config, sv->catalog, why) == -1)
        return -1;
    warn_of_known_secrets(config);
    kafka_hint_log(config);
    sv->running = ready_register("running");
    options.topics = sv->topics;
    options.topic_count = sv->topic_count;
    if (config->spool.enabled) {
        options.spool_dir = config->spool.dir;
        options.spool_limits = (struct spool_limits){
            config->spool.max_bytes, config->spool.min_free_bytes};
    }
    /* the admin server last but one: it shows what all others register */
    if (delivery_open(&sv->dl, &options, why) == -1 ||
        cmd_start_admin(&sv->admin, cmd, why) == -1)
        return -1;
    sv->in = (struct intake){.config = config,
                             .catalog = sv->catalog,
                             .routes = sv->routes,
                             .dl = sv->dl};
    if (server_start(&sv->server, &sv->in, why) == -1)
        return -1;
    ready_set(sv->running, true, "taking requests");
    return 0;
}

static void close_all(struct service *sv)
{
    server_stop(sv->server);
    admin_stop(sv->admin); /* before what its metrics look into */
    delivery_close(sv->dl, FLUSH_MS);
    free(sv->topics);
    routes_free(sv->routes);
    catalog_free(sv->catalog);
}

static void go_down(struct service *sv, const struct config *config)
{
    int64_t deadline_us = clock_now_us() + config->deliver.shutdown_ms * 1000;
    const struct timespec notice =
        clock_timespec(config->deliver.notice_ms * 1000);
    int64_t left_ms;
    int unanswered;

    log_line(LOG_INFO, "serve", "going down: giving notice",
             log_int("ms", config->deliver.notice_ms));
    ready_set(sv->running, false, "going down");
    server_give_notice(sv->server);
    nanosleep(&notice, NULL);

    log_line(LOG_INFO, "serve", "going down: answering what is in hand");
    left_ms = (deadline_us - clock_now_us()) / 1000;
    unanswered = server_drain(sv->server, left_ms < 0 ? 0 : (int)left_ms);
    if (unanswered > 0)
        log_line(LOG_ERROR, "serve", "requests were not answered in time",
                 log_int("requests", unanswered));
}

static int serve(struct cmd *cmd)
{
    struct service sv = {0};
    struct fault why = FAULT_INIT;
    int status = CMD_OK;

    be_a_batch();
    if (open_all(&sv, cmd, &why) == -1) {
        status = cmd_failed(cmd, &why);
    } else {
        int signal_number;

        /* many use SIGHUP to reopen logs or to reload: it must not cost the
         * events of a restart */
        while ((signal_number = cmd_wait_signal()) == SIGHUP)
            log_line(LOG_WARN, "serve",
                     "nothing is reloaded on SIGHUP: restart to use a "
                     "changed configuration");
        log_line(LOG_INFO, "serve", "signal received",
                 log_int("signal", signal_number));
        go_down(&sv, &cmd->config);
    }
    close_all(&sv);
    if (status == CMD_OK)
        log_line(LOG_INFO, "serve", "stopped");
    return status;
}

const struct cmd_spec cmd_serve = {
    .name = "serve",
    .summary = "receives webhooks, publishes to Kafka",
    .operands = "",
    .details =
        "Answers 200 to a webhook once Kafka has confirmed the event, or it\n"
        "is on disk in the spool, from where it goes to Kafka. Stops on\n"
        "SIGTERM: what was read is answered first.",
    .settings = CONFIG_SERVE,
    .logs = true,
    .run = serve,
};
