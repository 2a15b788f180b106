/*
 * client.c - what all Kafka clients of this program share
 *
 * Every client is made of one configuration: our defaults, then what the
 * user wrote, so that any setting of librdkafka can be given and SASL and TLS
 * need nothing of ours. A setting that librdkafka refuses is named the way
 * the user wrote it, section and all, with librdkafka's reason; where the
 * value is a secret, the reason is left out, because it quotes the value.
 *
 * Logs come on librdkafka's own threads, errors on the thread that polls. A
 * broken connection raises both with the same text, so the log's half is
 * shown at level debug only.
 */
#include "kafka/client.h"

#include "base/log.h"
#include "base/metrics.h"
#include "base/nearest.h"

#include <stdio.h>
#include <string.h>

#define MODULE "kafka"

/* ---- errors by kind ------------------------------------------------------ */

enum error_kind {
    ERROR_TRANSPORT,
    ERROR_ALL_BROKERS_DOWN,
    ERROR_AUTHENTICATION,
    ERROR_SSL,
    ERROR_RESOLVE,
    ERROR_TIMED_OUT,
    ERROR_FATAL,
    ERROR_OTHER,
    ERROR_KINDS
};

/* What goes away by itself is a warning; what somebody must repair is not. */
static const struct {
    const char *name; /* the metric's label */
    enum log_level level;
} error_kinds[ERROR_KINDS] = {
    [ERROR_TRANSPORT] = {"transport",        LOG_WARN },
    [ERROR_ALL_BROKERS_DOWN] = {"all_brokers_down", LOG_WARN },
    [ERROR_AUTHENTICATION] = {"authentication",   LOG_ERROR},
    [ERROR_SSL] = {"ssl",              LOG_ERROR},
    [ERROR_RESOLVE] = {"resolve",          LOG_WARN },
    [ERROR_TIMED_OUT] = {"timed_out",        LOG_WARN },
    [ERROR_FATAL] = {"fatal",            LOG_ERROR},
    [ERROR_OTHER] = {"other",            LOG_WARN },
};

static const struct {
    rd_kafka_resp_err_t err;
    enum error_kind kind;
} errors[] = {
    {RD_KAFKA_RESP_ERR__TRANSPORT,                 ERROR_TRANSPORT       },
    {RD_KAFKA_RESP_ERR__ALL_BROKERS_DOWN,          ERROR_ALL_BROKERS_DOWN},
    {RD_KAFKA_RESP_ERR__AUTHENTICATION,            ERROR_AUTHENTICATION  },
    {RD_KAFKA_RESP_ERR_SASL_AUTHENTICATION_FAILED, ERROR_AUTHENTICATION  },
    {RD_KAFKA_RESP_ERR_UNSUPPORTED_SASL_MECHANISM, ERROR_AUTHENTICATION  },
    {RD_KAFKA_RESP_ERR_ILLEGAL_SASL_STATE,         ERROR_AUTHENTICATION  },
    {RD_KAFKA_RESP_ERR__SSL,                       ERROR_SSL             },
    {RD_KAFKA_RESP_ERR__RESOLVE,                   ERROR_RESOLVE         },
    {RD_KAFKA_RESP_ERR__TIMED_OUT,                 ERROR_TIMED_OUT       },
    {RD_KAFKA_RESP_ERR__TIMED_OUT_QUEUE,           ERROR_TIMED_OUT       },
    {RD_KAFKA_RESP_ERR_REQUEST_TIMED_OUT,          ERROR_TIMED_OUT       },
    {RD_KAFKA_RESP_ERR__FATAL,                     ERROR_FATAL           },
};

static struct metric errors_total = {
    .name = "aurix_bridge_kafka_errors_total",
    .help = "Errors that the Kafka clients of this process reported, by kind.",
    .type = METRIC_COUNTER,
};
static struct metric_series error_series[ERROR_KINDS];

static enum error_kind error_kind(rd_kafka_resp_err_t err)
{
    for (size_t i = 0; i < sizeof(errors) / sizeof(errors[0]); i++)
        if (errors[i].err == err)
            return errors[i].kind;
    return ERROR_OTHER;
}

void client_metrics_register(void)
{
    metrics_register(&errors_total);
    for (size_t i = 0; i < ERROR_KINDS; i++) {
        char labels[METRIC_LABELS_MAX];

        metric_labels(labels, "kind", error_kinds[i].name, (char *)NULL);
        metric_series_init(&errors_total, &error_series[i], labels);
    }
}

void client_count_error(rd_kafka_resp_err_t err)
{
    metric_add(&error_series[error_kind(err)], 1);
}

/* ---- callbacks ------------------------------------------------------------
 */

/* Syslog's levels. "err" is what librdkafka calls a broken connection, and it
 * mends that itself: not yet a case for a person. */
static enum log_level log_level_of(int syslog_level)
{
    if (syslog_level <= 2)
        return LOG_ERROR;
    if (syslog_level <= 4)
        return LOG_WARN;
    return syslog_level <= 6 ? LOG_INFO : LOG_DEBUG;
}

/* On librdkafka's threads: must not block, and log_line() does not. */
static void on_log(const rd_kafka_t *rk, int syslog_level, const char *fac,
                   const char *text)
{
    enum log_level level = log_level_of(syslog_level);

    if (strcmp(fac, "FAIL") == 0)
        level = LOG_DEBUG; /* on_error() has it too */
    if (!log_wants(level))
        return;
    log_line(level, MODULE, "librdkafka says", log_text("fac", fac),
             log_text("client", rk == NULL ? NULL : rd_kafka_name(rk)),
             log_text("text", text));
}

/* On the thread that polls. */
static void on_error(rd_kafka_t *rk, int code, const char *reason, void *opaque)
{
    rd_kafka_resp_err_t err = (rd_kafka_resp_err_t)code;
    enum error_kind kind = error_kind(err);
    char fatal[512] = "";

    (void)opaque;
    client_count_error(err);
    if (kind == ERROR_FATAL) {
        /* the error behind it is what happened */
        err = rd_kafka_fatal_error(rk, fatal, sizeof(fatal));
        reason = fatal;
    }
    log_line(error_kinds[kind].level, MODULE, "Kafka client reports an error",
             log_text("client", rd_kafka_name(rk)),
             log_text("kind", error_kinds[kind].name),
             log_text("error", rd_kafka_err2name(err)),
             log_text("text", reason));
}

/* ---- configuration --------------------------------------------------------
 */

/* Settings of every client, before what the user says. */
static const struct client_setting defaults[] = {
    {"client.id",            "aurix-bridge"},
    /* brokers close idle connections, and that is all right */
    {"log.connection.close", "false"       },
    {NULL,                   NULL          },
};

/* What rd_kafka_conf_dump() leaves out, settings without a default and second
 * names: without them the likeliest mistakes would find no neighbour. */
static const char *const names_not_dumped[] = {
    "acks",
    "bootstrap.servers",
    "client.rack",
    "compression.type",
    "debug",
    "delivery.timeout.ms",
    "group.id",
    "group.instance.id",
    "linger.ms",
    "metadata.broker.list",
    "sasl.mechanism",
    "sasl.oauthbearer.client.id",
    "sasl.oauthbearer.client.secret",
    "sasl.oauthbearer.config",
    "sasl.oauthbearer.token.endpoint.url",
    "sasl.password",
    "sasl.username",
    "ssl.ca.location",
    "ssl.ca.pem",
    "ssl.certificate.location",
    "ssl.certificate.pem",
    "ssl.cipher.suites",
    "ssl.crl.location",
    "ssl.key.location",
    "ssl.key.password",
    "ssl.key.pem",
    "ssl.keystore.location",
    "ssl.keystore.password",
};

/* Parts of names whose values nobody may read in a log. */
static const char *const secret_parts[] = {
    "password", "secret", "pem", "ssl_key", "username", "oauthbearer.config",
};

static bool is_secret(const char *key)
{
    for (size_t i = 0; i < sizeof(secret_parts) / sizeof(secret_parts[0]); i++)
        if (strstr(key, secret_parts[i]) != NULL)
            return true;
    return false;
}

static int refuse(const char *section, const char *key, const char *reason,
                  struct fault *why)
{
    if (is_secret(key))
        return fault_set(why, FAULT_CONFIG,
                         "cannot use setting '%s.%s': librdkafka refuses its "
                         "value (which is not shown)",
                         section, key);
    return fault_set(why, FAULT_CONFIG, "cannot use setting '%s.%s': %s",
                     section, key, reason);
}

/* An unknown name, with the one that was probably meant. */
static int refuse_unknown(rd_kafka_conf_t *conf, const char *section,
                          const char *key, struct fault *why)
{
    rd_kafka_topic_conf_t *topic_conf = rd_kafka_topic_conf_new();
    size_t global_count = 0;
    size_t topic_count = 0;
    const char **global = rd_kafka_conf_dump(conf, &global_count);
    const char **topic = rd_kafka_topic_conf_dump(topic_conf, &topic_count);
    struct nearest nearest;
    size_t i;

    nearest_init(&nearest, key);
    for (i = 0; i < sizeof(names_not_dumped) / sizeof(names_not_dumped[0]); i++)
        nearest_offer(&nearest, names_not_dumped[i]);
    for (i = 0; i < global_count; i += 2)
        nearest_offer(&nearest, global[i]);
    for (i = 0; i < topic_count; i += 2)
        nearest_offer(&nearest, topic[i]);

    if (nearest.best != NULL)
        fault_set(why, FAULT_CONFIG,
                  "unknown setting '%s.%s' of librdkafka %s, did you mean "
                  "'%s'?",
                  section, key, rd_kafka_version_str(), nearest.best);
    else
        fault_set(why, FAULT_CONFIG, "unknown setting '%s.%s' of librdkafka %s",
                  section, key, rd_kafka_version_str());

    rd_kafka_conf_dump_free(global, global_count);
    rd_kafka_conf_dump_free(topic, topic_count);
    rd_kafka_topic_conf_destroy(topic_conf);
    return -1;
}

static int set_one(rd_kafka_conf_t *conf, const char *section, const char *key,
                   const char *value, struct fault *why)
{
    char reason[512] = "";

    switch (rd_kafka_conf_set(conf, key, value, reason, sizeof(reason))) {
    case RD_KAFKA_CONF_OK:
        return 0;
    case RD_KAFKA_CONF_UNKNOWN:
        return refuse_unknown(conf, section, key, why);
    default:
        reason[strcspn(reason, "\n")] = '\0';
        return refuse(section, key, reason, why);
    }
}

static int set_ours(rd_kafka_conf_t *conf,
                    const struct client_setting *settings, struct fault *why)
{
    for (; settings != NULL && settings->key != NULL; settings++)
        if (set_one(conf, "built-in", settings->key, settings->value, why) ==
            -1)
            return -1;
    return 0;
}

static int set_pairs(rd_kafka_conf_t *conf, const char *section,
                     const struct config_pairs *pairs, struct fault *why)
{
    if (pairs == NULL)
        return 0;
    for (size_t i = 0; i < pairs->count; i++)
        if (set_one(conf, section, pairs->items[i].key, pairs->items[i].value,
                    why) == -1)
            return -1;
    return 0;
}

int client_conf_new(rd_kafka_conf_t **out, const char *role,
                    const struct client_setting *settings,
                    const struct config_pairs *common,
                    const struct config_pairs *own, struct fault *why)
{
    rd_kafka_conf_t *conf = rd_kafka_conf_new();
    int rc = -1;

    if (set_ours(conf, defaults, why) == -1 ||
        set_ours(conf, settings, why) == -1 ||
        set_pairs(conf, "kafka", common, why) == -1 ||
        set_pairs(conf, role, own, why) == -1)
        goto done;
    rd_kafka_conf_set_log_cb(conf, on_log);
    rd_kafka_conf_set_error_cb(conf, on_error);

    *out = conf;
    conf = NULL; /* handed over */
    rc = 0;

done:
    if (conf != NULL)
        rd_kafka_conf_destroy(conf);
    return rc;
}

int client_new(rd_kafka_t **out, rd_kafka_type_t type, rd_kafka_conf_t **conf,
               struct fault *why)
{
    char reason[512] = "";
    rd_kafka_t *rk = rd_kafka_new(type, *conf, reason, sizeof(reason));

    if (rk == NULL)
        rd_kafka_conf_destroy(*conf); /* taken on success only */
    *conf = NULL;
    if (rk == NULL) {
        reason[strcspn(reason, "\n")] = '\0';
        return fault_set(why, FAULT_CONFIG, "cannot make a Kafka client: %s",
                         reason);
    }
    *out = rk;
    return 0;
}

/* The last one that was given wins, as in librdkafka. */
static const char *find_brokers(const struct config_pairs *pairs,
                                const char *otherwise)
{
    for (size_t i = 0; pairs != NULL && i < pairs->count; i++)
        if (strcmp(pairs->items[i].key, "bootstrap.servers") == 0 ||
            strcmp(pairs->items[i].key, "metadata.broker.list") == 0)
            otherwise = pairs->items[i].value;
    return otherwise;
}

const char *client_brokers(const struct config_pairs *common,
                           const struct config_pairs *own)
{
    return find_brokers(own, find_brokers(common, "none configured"));
}

const char *client_library_version(void) { return rd_kafka_version_str(); }
