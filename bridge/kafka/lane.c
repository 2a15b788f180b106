/*
 * lane.c - one idempotent producer of librdkafka's, one request in flight
 *
 * The broker threads of librdkafka run at nice 19. When the workers want the
 * cores, a broker thread gets its turn only after those that were runnable
 * have produced, so that what they produced leaves in one request; when
 * nobody else wants the core it runs at once. This buys batches without
 * linger.ms and its delay.
 */
#include "kafka/lane.h"

#include "base/log.h"
#include "kafka/client.h"

#include <pthread.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <unistd.h>

enum { BROKER_NICE = 19 };

struct lane {
    rd_kafka_t *rk;
    const struct producer_options *options;
    void (*on_news)(void *ctx);
    void *ctx;
    atomic_bool news; /* set until it is served */
    /* Of options->topics. Made at the first use: making one asks for the
     * topic's metadata, and that would create a topic that is missing, where
     * brokers do so. */
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
    {"queue.buffering.max.messages",          "8000"             },
    {"queue.buffering.max.kbytes",            "24576"            },
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
        return REPORT_REFUSED;
    case RD_KAFKA_RESP_ERR__UNKNOWN_TOPIC:
    case RD_KAFKA_RESP_ERR__UNKNOWN_PARTITION:
    case RD_KAFKA_RESP_ERR_UNKNOWN_TOPIC_OR_PART:
    case RD_KAFKA_RESP_ERR_TOPIC_EXCEPTION:
    case RD_KAFKA_RESP_ERR_TOPIC_AUTHORIZATION_FAILED:
    case RD_KAFKA_RESP_ERR_CLUSTER_AUTHORIZATION_FAILED:
    case RD_KAFKA_RESP_ERR_INVALID_TIMESTAMP: /* a clock is wrong: for all */
        return REPORT_TOPIC;
    default:
        return REPORT_FAILED;
    }
}

/* With all that was behind it: on purpose, or after a fatal error. */
static bool is_purged(rd_kafka_resp_err_t err)
{
    return err == RD_KAFKA_RESP_ERR__PURGE_QUEUE ||
           err == RD_KAFKA_RESP_ERR__PURGE_INFLIGHT ||
           err == RD_KAFKA_RESP_ERR__FATAL;
}

static void on_delivery(rd_kafka_t *rk, const rd_kafka_message_t *message,
                        void *opaque)
{
    struct lane *ln = opaque;
    struct report report = {
        .outcome = outcome_of(message->err),
        .maybe_persisted = message->err != RD_KAFKA_RESP_ERR_NO_ERROR &&
                           rd_kafka_message_status(message) !=
                               RD_KAFKA_MSG_STATUS_NOT_PERSISTED,
        .purged = is_purged(message->err),
        .error = message->err == RD_KAFKA_RESP_ERR_NO_ERROR
                     ? ""
                     : rd_kafka_err2str(message->err),
    };

    (void)rk;
    ln->options->on_report(message->_private, &report);
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

/* In a thread of librdkafka's. */
static void on_event(rd_kafka_t *rk, void *opaque)
{
    struct lane *ln = opaque;

    (void)rk;
    atomic_store(&ln->news, true);
    ln->on_news(ln->ctx);
}

/* NULL for `ln` ends it. */
static void tell_of_news(rd_kafka_t *rk, struct lane *ln)
{
    rd_kafka_queue_t *queue = rd_kafka_queue_get_main(rk);

    rd_kafka_queue_cb_event_enable(queue, ln == NULL ? NULL : on_event, ln);
    rd_kafka_queue_destroy(queue);
}

/*
 * Where librdkafka cannot make a client, because a certificate cannot be read
 * for example, it frees the interceptors of the configuration, and freeing
 * that is then a crash (issue 4142). So a client is made without them first;
 * a copy has none.
 */
static int try_client(const rd_kafka_conf_t *conf, struct fault *why)
{
    rd_kafka_conf_t *copy = rd_kafka_conf_dup(conf);
    rd_kafka_t *rk = NULL;

    /* which needs no broker, and no name server that would be waited for */
    (void)rd_kafka_conf_set(copy, "bootstrap.servers", "127.0.0.1:1", NULL, 0);
    if (client_new(&rk, RD_KAFKA_PRODUCER, &copy, why) == -1)
        return -1;
    rd_kafka_destroy(rk);
    return 0;
}

static int make_client(struct lane *ln, struct fault *why)
{
    rd_kafka_conf_t *conf = NULL;

    if (client_conf_new(&conf, "producer", settings, ln->options->kafka,
                        ln->options->producer, why) == -1)
        return -1;
    if (try_client(conf, why) == -1) {
        rd_kafka_conf_destroy(conf);
        return -1;
    }
    rd_kafka_conf_set_opaque(conf, ln);
    rd_kafka_conf_set_dr_msg_cb(conf, on_delivery);
    rd_kafka_conf_interceptor_add_on_new(conf, "nice", on_new, NULL);
    if (client_new(&ln->rk, RD_KAFKA_PRODUCER, &conf, why) == -1)
        return -1;
    tell_of_news(ln->rk, ln);
    return 0;
}

int lane_open(struct lane **out, const struct producer_options *options,
              void (*on_news)(void *ctx), void *ctx, struct fault *why)
{
    struct lane *ln = calloc(1, sizeof(*ln));

    if (ln == NULL)
        return fault_set(why, FAULT_NOMEM, "cannot allocate a Kafka producer");
    pthread_mutex_init(&ln->making_handle, NULL);
    ln->options = options;
    ln->on_news = on_news;
    ln->ctx = ctx;
    ln->handles = calloc(options->topic_count, sizeof(*ln->handles));
    if (ln->handles == NULL) {
        fault_set(why, FAULT_NOMEM, "cannot allocate the topics' handles");
        goto fail;
    }
    if (make_client(ln, why) == -1)
        goto fail;
    /* What came before somebody listened: librdkafka tells only of the first
     * in an empty queue, so it would never tell of anything again. */
    on_event(ln->rk, ln);
    *out = ln;
    return 0;

fail:
    lane_close(ln);
    return -1;
}

void lane_close(struct lane *ln)
{
    if (ln == NULL)
        return;
    if (ln->rk != NULL)
        tell_of_news(ln->rk, NULL);
    for (size_t i = 0; ln->handles != NULL && i < ln->options->topic_count; i++)
        if (ln->handles[i] != NULL)
            rd_kafka_topic_destroy(ln->handles[i]);
    if (ln->rk != NULL)
        rd_kafka_destroy(ln->rk);
    pthread_mutex_destroy(&ln->making_handle);
    free(ln->handles);
    free(ln);
}

static rd_kafka_topic_t *make_handle(struct lane *ln, size_t index)
{
    rd_kafka_topic_t *handle;

    pthread_mutex_lock(&ln->making_handle);
    handle = ln->handles[index];
    if (handle == NULL) {
        handle = rd_kafka_topic_new(ln->rk, ln->options->topics[index], NULL);
        ln->handles[index] = handle;
    }
    pthread_mutex_unlock(&ln->making_handle);
    return handle;
}

/* NULL: not one of ours, or librdkafka has no memory. */
static rd_kafka_topic_t *handle_of(struct lane *ln, const char *topic)
{
    for (size_t i = 0; i < ln->options->topic_count; i++) {
        rd_kafka_topic_t *handle;

        if (strcmp(ln->options->topics[i], topic) != 0)
            continue;
        handle = ln->handles[i];
        return handle != NULL ? handle : make_handle(ln, i);
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

int lane_send(struct lane *ln, const struct record *record, void *token,
              struct fault *why)
{
    rd_kafka_topic_t *handle = handle_of(ln, record->topic);
    rd_kafka_headers_t *headers;
    rd_kafka_resp_err_t err;

    if (handle == NULL)
        return fault_set(why, FAULT_UNAVAILABLE, "no handle for topic '%s'",
                         record->topic);
    headers = headers_of(record);
    err = rd_kafka_producev(
        ln->rk, RD_KAFKA_V_RKT(handle),
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

void lane_serve(struct lane *ln, bool anyway)
{
    if (atomic_exchange(&ln->news, false) || anyway)
        (void)rd_kafka_poll(ln->rk, 0);
}

int lane_unreported(struct lane *ln) { return rd_kafka_outq_len(ln->rk); }

void lane_purge(struct lane *ln)
{
    (void)rd_kafka_purge(ln->rk,
                         RD_KAFKA_PURGE_F_QUEUE | RD_KAFKA_PURGE_F_INFLIGHT);
}

bool lane_fatal(struct lane *ln, char *text, size_t size)
{
    return rd_kafka_fatal_error(ln->rk, text, size) !=
           RD_KAFKA_RESP_ERR_NO_ERROR;
}

void lane_warm(struct lane *ln, const char *topic)
{
    (void)handle_of(ln, topic);
}

rd_kafka_t *lane_client(struct lane *ln) { return ln->rk; }
