/*
 * client.h - what all Kafka clients of this program share
 *
 * For the files of kafka/ alone: it shows librdkafka's types.
 */
#ifndef KAFKA_CLIENT_H
#define KAFKA_CLIENT_H

#include "base/config.h"
#include "base/fault.h"

#include <librdkafka/rdkafka.h>

/* One setting of ours, that [kafka], [producer] or [consumer] may override;
 * those that must not be overridden are refused by base/config. */
struct client_setting {
    const char *key;
    const char *value;
};

/*
 * A configuration with `settings` (ended by a NULL key), then `common`
 * ([kafka]), then `own` ([producer], [consumer] or NULL), and with logs and
 * errors going to the log (mod=kafka) and to the metrics. A log or an error
 * never names a value of a secret setting. `role` is the section that `own`
 * comes from, "producer" or "consumer", and with the client's name, which
 * librdkafka makes of client.id, it is what the logs show.
 * FAULT_CONFIG: names the key and says what librdkafka expected.
 */
int client_conf_new(rd_kafka_conf_t **out, const char *role,
                    const struct client_setting *settings,
                    const struct config_pairs *common,
                    const struct config_pairs *own, struct fault *why);

/*
 * Makes the client. `*conf` is taken: NULL afterwards, whatever happens. On
 * success the caller owns *out. FAULT_CONFIG: settings that librdkafka finds
 * contradictory, or files (keys, certificates) that it cannot use.
 */
int client_new(rd_kafka_t **out, rd_kafka_type_t type, rd_kafka_conf_t **conf,
               struct fault *why);

/* What people should look at: "bootstrap.servers" as configured, for texts
 * about brokers that did not answer. Never NULL. */
const char *client_brokers(const struct config_pairs *common,
                           const struct config_pairs *own);

/* Counts an error that came another way than through the error callback,
 * e.g. as a consumed message. Any thread. */
void client_count_error(rd_kafka_resp_err_t err);

/* Registers aurix_bridge_kafka_errors_total{kind}; later calls do nothing. */
void client_metrics_register(void);

/* "2.0.2" */
const char *client_library_version(void);

#endif
