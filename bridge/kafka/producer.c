/*
 * producer.c - an idempotent producer, one delivery report per record
 *
 * The broker threads of librdkafka run at nice 19. When the workers want the
 * cores, a broker thread gets its turn only after those that were runnable
 * have produced, so that what they produced leaves in one request; when
 * nobody else wants the core it runs at once. This buys batches without
 * linger.ms and its delay.
 */
#include "kafka/producer.h"

#include "base/log.h"
#include "kafka/client.h"

#include <errno.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <unistd.h>

enum { BROKER_NICE = 19 };

struct producer {
    rd_kafka_t *rk;
    producer_report_fn *on_report;
    const char *const *topics;
    size_t topic_count;
    /* Made at the first use: making one asks for the topic's metadata, and
     * that would create a topic that is missing, where brokers do so. */
    _Atomic(rd_kafka_topic_t *) *handles;
    pthread_mutex_t making_handle;
};

/*
 * max.in.flight: a broker that has no state of this producer for a partition
 * takes any first sequence number. If the first batch fails there ("not
 * leader", as for a topic that was made just now) while a second one is on
 * its way, the second is taken, and librdkafka concludes that the first was
 * too: it reports records as delivered that are nowhere. With one request at
 * a time there is no second one.
 *
 * batch.size: a topic's max.message.bytes limits a batch, not a record, and
 * a batch that is too large is refused with all that is in it. This one is
 * smaller than any limit that leaves room for the bodies; `check` compares.
 */
static const struct client_setting settings[] = {
    {"max.in.flight.requests.per.connection", "1"                },
    {"batch.size",                            PRODUCER_BATCH_SIZE},
    {"enable.idempotence",                    "true"             },
    {"acks",                                  "all"              },
    {"message.timeout.ms",                    "0"                },
    {"partitioner",                           "murmur2_random"   },
    {"linger.ms",                             "0"                },
    {"socket.nagle.disable",                  "true"             },
    {"compression.type",                      "none"             },
    {"request.timeout.ms",                    "5000"             },
    {"socket.timeout.ms",                     "10000"            },
    {"reconnect.backoff.ms",                  "100"              },
    {"reconnect.backoff.max.ms",              "1000"             },
    {"queue.buffering.max.messages",          "20000"            },
    {"queue.buffering.max.kbytes",            "65536"            },
    {NULL,                                    NULL               }
};

static enum report_outcome outcome_of(rd_kafka_resp_err_t err)
{
    switch (err) {
    case RD_KAFKA_RESP_ERR_NO_ERROR:
        return REPORT_DELIVERED;
    case RD_KAFKA_RESP_ERR_MSG_SIZE_TOO_LARGE:
    case RD_KAFKA_RESP_ERR_INVALID_MSG:
    case RD_KAFKA_RESP_ERR_INVALID_MSG_SIZE:
    case RD_KAFKA_RESP_ERR_INVALID_RECORD:
    case RD_KAFKA_RESP_ERR_INVALID_TIMESTAMP:
        return REPORT_REFUSED;
    case RD_KAFKA_RESP_ERR__UNKNOWN_TOPIC:
    case RD_KAFKA_RESP_ERR__UNKNOWN_PARTITION:
    case RD_KAFKA_RESP_ERR_UNKNOWN_TOPIC_OR_PART:
    case RD_KAFKA_RESP_ERR_TOPIC_EXCEPTION:
    case RD_KAFKA_RESP_ERR_TOPIC_AUTHORIZATION_FAILED:
    case RD_KAFKA_RESP_ERR_CLUSTER_AUTHORIZATION_FAILED:
        return REPORT_TOPIC;
    default:
        return REPORT_FAILED;
    }
}

static void on_delivery(rd_kafka_t *rk, const rd_kafka_message_t *message,
                        void *opaque)
{
    struct producer *pr = opaque;
    struct report report = {
        .outcome = outcome_of(message->err),
        .maybe_persisted = message->err != RD_KAFKA_RESP_ERR_NO_ERROR &&
                           rd_kafka_message_status(message) !=
                               RD_KAFKA_MSG_STATUS_NOT_PERSISTED,
        .error = message->err == RD_KAFKA_RESP_ERR_NO_ERROR
                     ? ""
                     : rd_kafka_err2str(message->err),
    };

    (void)rk;
    pr->on_report(message->_private, &report);
}

static rd_kafka_resp_err_t on_thread_start(rd_kafka_t *rk,
                                           rd_kafka_thread_type_t type,
                                           const char *name, void *opaque)
{
    (void)rk;
    (void)name;
    (void)opaque;
    /* failing to be nice costs speed only */
    if (type == RD_KAFKA_THREAD_BROKER)
        (void)setpriority(PRIO_PROCESS, (id_t)gettid(), BROKER_NICE);
    return RD_KAFKA_RESP_ERR_NO_ERROR;
}

static rd_kafka_resp_err_t on_new(rd_kafka_t *rk, const rd_kafka_conf_t *conf,
                                  void *opaque, char *errstr, size_t size)
{
    (void)conf;
    (void)errstr;
    (void)size;
    return rd_kafka_interceptor_add_on_thread_start(rk, "nice", on_thread_start,
                                                    opaque);
}

void producer_metrics_register(void) { client_metrics_register(); }

int producer_open(struct producer **out, const struct producer_options *options,
                  struct fault *why)
{
    struct producer *pr = NULL;
    rd_kafka_conf_t *conf = NULL;
    char errstr[256];
    int rc = -1;

    pr = calloc(1, sizeof(*pr));
    if (pr == NULL)
        goto no_memory;
    pthread_mutex_init(&pr->making_handle, NULL);
    pr->on_report = options->on_report;
    pr->topics = options->topics;
    pr->topic_count = options->topic_count;
    pr->handles = calloc(options->topic_count, sizeof(*pr->handles));
    if (pr->handles == NULL)
        goto no_memory;

    if (client_conf_new(&conf, "producer", settings, options->kafka,
                        options->producer, why) == -1)
        goto done;
    rd_kafka_conf_set_opaque(conf, pr);
    rd_kafka_conf_set_dr_msg_cb(conf, on_delivery);
    rd_kafka_conf_interceptor_add_on_new(conf, "nice", on_new, NULL);

    pr->rk = rd_kafka_new(RD_KAFKA_PRODUCER, conf, errstr, sizeof(errstr));
    if (pr->rk == NULL) {
        fault_set(why, FAULT_CONFIG, "cannot make a Kafka producer: %s",
                  errstr);
        goto done;
    }
    conf = NULL; /* the producer's now */
    *out = pr;
    pr = NULL;
    rc = 0;
    goto done;

no_memory:
    fault_set(why, FAULT_NOMEM, "cannot allocate a Kafka producer");
done:
    if (conf != NULL)
        rd_kafka_conf_destroy(conf);
    producer_close(pr);
    return rc;
}

void producer_close(struct producer *pr)
{
    if (pr == NULL)
        return;
    for (size_t i = 0; pr->handles != NULL && i < pr->topic_count; i++)
        if (pr->handles[i] != NULL)
            rd_kafka_topic_destroy(pr->handles[i]);
    if (pr->rk != NULL)
        rd_kafka_destroy(pr->rk);
    pthread_mutex_destroy(&pr->making_handle);
    free(pr->handles);
    free(pr);
}

static rd_kafka_topic_t *make_handle(struct producer *pr, size_t index)
{
    rd_kafka_topic_t *handle;

    pthread_mutex_lock(&pr->making_handle);
    handle = pr->handles[index];
    if (handle == NULL) {
        handle = rd_kafka_topic_new(pr->rk, pr->topics[index], NULL);
        pr->handles[index] = handle;
    }
    pthread_mutex_unlock(&pr->making_handle);
    return handle;
}

/* NULL: not one of ours, or librdkafka has no memory. */
static rd_kafka_topic_t *handle_of(struct producer *pr, const char *topic)
{
    for (size_t i = 0; i < pr->topic_count; i++) {
        rd_kafka_topic_t *handle;

        if (strcmp(pr->topics[i], topic) != 0)
            continue;
        handle = pr->handles[i];
        return handle != NULL ? handle : make_handle(pr, i);
    }
    return NULL;
}

static rd_kafka_headers_t *headers_of(const struct record *record)
{
    rd_kafka_headers_t *headers = rd_kafka_headers_new(record->header_count);

    for (size_t i = 0; i < record->header_count; i++) {
        const struct record_header *h = &record->headers[i];

        rd_kafka_header_add(headers, h->name, -1, h->value.data,
                            (ssize_t)h->value.len);
    }
    return headers;
}

static int send_fault(rd_kafka_resp_err_t err, struct fault *why)
{
    enum fault_kind kind = FAULT_UNAVAILABLE;

    if (outcome_of(err) == REPORT_REFUSED)
        kind = FAULT_REFUSED;
    else if (err == RD_KAFKA_RESP_ERR__FATAL)
        kind = FAULT_KAFKA;
    return fault_set(why, kind, "cannot queue the record: %s",
                     rd_kafka_err2str(err));
}

int producer_send(struct producer *pr, const struct record *record, void *token,
                  struct fault *why)
{
    rd_kafka_topic_t *handle = handle_of(pr, record->topic);
    rd_kafka_headers_t *headers;
    rd_kafka_resp_err_t err;

    if (handle == NULL)
        return fault_set(why, FAULT_UNAVAILABLE, "no handle for topic '%s'",
                         record->topic);
    headers = headers_of(record);
    err = rd_kafka_producev(
        pr->rk, RD_KAFKA_V_RKT(handle),
        RD_KAFKA_V_PARTITION(RD_KAFKA_PARTITION_UA),
        RD_KAFKA_V_MSGFLAGS(RD_KAFKA_MSG_F_COPY),
        RD_KAFKA_V_KEY((const void *)record->key.data, record->key.len),
        RD_KAFKA_V_VALUE((void *)(uintptr_t)record->value.data,
                         record->value.len),
        RD_KAFKA_V_HEADERS(headers), RD_KAFKA_V_OPAQUE(token), RD_KAFKA_V_END);
    if (err != RD_KAFKA_RESP_ERR_NO_ERROR) {
        rd_kafka_headers_destroy(headers); /* still ours */
        return send_fault(err, why);
    }
    return 0;
}

void producer_poll(struct producer *pr, int timeout_ms)
{
    (void)rd_kafka_poll(pr->rk, timeout_ms);
}

int producer_unreported(struct producer *pr)
{
    return rd_kafka_outq_len(pr->rk);
}

void producer_purge(struct producer *pr)
{
    (void)rd_kafka_purge(pr->rk,
                         RD_KAFKA_PURGE_F_QUEUE | RD_KAFKA_PURGE_F_INFLIGHT);
}

bool producer_fatal(struct producer *pr, char *text, size_t size)
{
    return rd_kafka_fatal_error(pr->rk, text, size) !=
           RD_KAFKA_RESP_ERR_NO_ERROR;
}

static bool is_there(const struct rd_kafka_metadata *metadata,
                     const char *topic)
{
    for (int i = 0; i < metadata->topic_cnt; i++)
        if (strcmp(metadata->topics[i].topic, topic) == 0)
            return metadata->topics[i].err == RD_KAFKA_RESP_ERR_NO_ERROR &&
                   metadata->topics[i].partition_cnt > 0;
    return false;
}

int producer_topics_there(struct producer *pr, int timeout_ms,
                          struct fault *why)
{
    const struct rd_kafka_metadata *metadata = NULL;
    rd_kafka_resp_err_t err;
    int rc = 0;

    /* All topics, because asking for some would create those that are
     * missing where brokers do so, and with one partition. */
    err = rd_kafka_metadata(pr->rk, 1, NULL, &metadata, timeout_ms);
    if (err != RD_KAFKA_RESP_ERR_NO_ERROR)
        return fault_set(why, FAULT_UNAVAILABLE, "no broker answers: %s",
                         rd_kafka_err2str(err));
    for (size_t i = 0; i < pr->topic_count; i++) {
        if (is_there(metadata, pr->topics[i])) {
            (void)handle_of(pr, pr->topics[i]); /* warm for the first event */
        } else if (rc == 0) {
            rc = fault_set(why, FAULT_UNAVAILABLE,
                           "topic '%s' does not exist: run aurix-bridge "
                           "topics",
                           pr->topics[i]);
        }
    }
    rd_kafka_metadata_destroy(metadata);
    return rc;
}
