/*
 * mock.c - librdkafka's embedded broker
 *
 * A cluster lives inside a client that does nothing else: it is never polled
 * and connects to nobody.
 */
#include "kafka/mock.h"

#include "kafka/client.h"

#include <librdkafka/rdkafka_mock.h>
#include <stdlib.h>

struct mock {
    rd_kafka_t *rk; /* the host */
    rd_kafka_mock_cluster_t *cluster;
    int brokers;
};

static const struct client_setting settings[] = {
    {"client.id", "aurix-bridge-mock"},
    /* a host without bootstrap.servers says so on level 5 */
    {"log_level", "4"                },
    {NULL,        NULL               },
};

int mock_start(struct mock **out, int brokers, struct fault *why)
{
    struct mock *mk = calloc(1, sizeof(*mk));
    rd_kafka_conf_t *conf = NULL;
    int rc = -1;

    if (mk == NULL) {
        fault_set(why, FAULT_NOMEM, "cannot allocate a mock cluster");
        goto done;
    }
    if (client_conf_new(&conf, "mock", settings, NULL, NULL, why) == -1 ||
        client_new(&mk->rk, RD_KAFKA_PRODUCER, &conf, why) == -1)
        goto done;
    mk->brokers = brokers;
    mk->cluster = rd_kafka_mock_cluster_new(mk->rk, brokers);
    if (mk->cluster == NULL) {
        fault_set(why, FAULT_KAFKA, "cannot start a mock cluster of %d brokers",
                  brokers);
        goto done;
    }

    *out = mk;
    mk = NULL; /* handed over */
    rc = 0;

done:
    mock_stop(mk);
    return rc;
}

const char *mock_brokers(const struct mock *mk)
{
    return rd_kafka_mock_cluster_bootstraps(mk->cluster);
}

int mock_topic(struct mock *mk, const char *name, int partitions,
               struct fault *why)
{
    int copies = mk->brokers < 3 ? mk->brokers : 3;
    rd_kafka_resp_err_t err =
        rd_kafka_mock_topic_create(mk->cluster, name, partitions, copies);

    if (err != RD_KAFKA_RESP_ERR_NO_ERROR)
        return fault_set(why, FAULT_KAFKA,
                         "cannot create topic '%s' on the mock cluster: %s",
                         name, rd_kafka_err2str(err));
    return 0;
}

void mock_stop(struct mock *mk)
{
    if (mk == NULL)
        return;
    if (mk->cluster != NULL)
        rd_kafka_mock_cluster_destroy(mk->cluster);
    if (mk->rk != NULL)
        rd_kafka_destroy(mk->rk);
    free(mk);
}
