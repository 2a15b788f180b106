/*
 * member.c - a member of a consumer group
 *
 * What librdkafka does by itself and what it does not: it commits in the
 * background, but only offsets that were stored, and we store none before
 * its record is done (enable.auto.offset.store is off). Partitions come and
 * go in steps; before one goes, whoever took records from it may finish them,
 * and what is stored is committed at once, so that its next owner begins
 * where we ended. Where the group has thrown us out, the partition has
 * another owner already, and nothing may be committed.
 *
 * Partitions come and go inside rd_kafka_consumer_poll(), so on the thread of
 * member_next(), or inside rd_kafka_consumer_close(), on the thread that
 * member_leave() starts and waits for. Errors, statistics and commits are told
 * on a thread of librdkafka's, also while nobody polls for records: when a
 * sink holds up the loop, people want to see the lag grow.
 */
#include "kafka/member.h"

#include "base/clock.h"
#include "base/log.h"
#include "base/metrics.h"
#include "kafka/assignment.h"
#include "kafka/client.h"
#include "kafka/lag.h"
#include "kafka/message.h"

#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define MODULE "kafka"

enum {
    LEAVE_TIMEOUT_MS = 5000 /* a group is left in milliseconds, unless the
                               coordinator is away */
};

struct member {
    rd_kafka_t *rk;
    struct assignment assignment;
    void (*giving_up)(void *ctx, bool lost);
    void *ctx;
    atomic_bool joined;
    atomic_bool was_assigned; /* ever; perhaps no partition */
    struct member *next_kept; /* of those that cannot be freed */

    pthread_mutex_t lock;
    pthread_cond_t changed;
    bool left; /* under the lock */
};

static const struct client_setting settings[] = {
    {"enable.auto.offset.store",           "false"             },
    {"enable.auto.commit",                 "true"              },
    {"auto.commit.interval.ms",            "1000"              },
    {"auto.offset.reset",                  "earliest"          },
    {"partition.assignment.strategy",      "cooperative-sticky"},
    {"statistics.interval.ms",             "5000"              },
    /* bounds the memory of a sink that is slower than its topic */
    {"queued.max.messages.kbytes",         "16384"             },
    /* a topic that is created after us is found this soon */
    {"topic.metadata.refresh.interval.ms", "10000"             },
    {NULL,                                 NULL                },
};

static struct metric records_total = {
    .name = "aurix_bridge_consumer_records_total",
    .help = "Records that were received from Kafka.",
    .type = METRIC_COUNTER,
};
static struct metric_series records_series;

static void register_metrics(void)
{
    client_metrics_register();
    assignment_metrics_register();
    metrics_register(&records_total);
    metric_series_init(&records_total, &records_series, "");
}

/* ---- partitions come and go -----------------------------------------------
 */

static void tell_error(enum log_level level, const char *message,
                       rd_kafka_resp_err_t err, const char *text)
{
    client_count_error(err);
    log_line(level, MODULE, message, log_text("error", rd_kafka_err2name(err)),
             log_text("text", text));
}

/* Commits what is stored, and waits for the answer. */
static void commit(struct member *mb)
{
    rd_kafka_resp_err_t err = rd_kafka_commit(mb->rk, NULL, 0);

    if (err != RD_KAFKA_RESP_ERR_NO_ERROR &&
        err != RD_KAFKA_RESP_ERR__NO_OFFSET)
        tell_error(LOG_WARN, "cannot commit offsets, records will come again",
                   err, rd_kafka_err2str(err));
}

/*
 * Tells librdkafka to do what the group decided. In steps, as cooperative
 * strategies do it: base/config refuses any other. While the member leaves,
 * the group may be gone already, and then there is nothing to change.
 */
static void apply(struct member *mb, bool assign,
                  const rd_kafka_topic_partition_list_t *partitions)
{
    rd_kafka_error_t *error =
        assign ? rd_kafka_incremental_assign(mb->rk, partitions)
               : rd_kafka_incremental_unassign(mb->rk, partitions);

    if (error != NULL &&
        rd_kafka_error_code(error) != RD_KAFKA_RESP_ERR__DESTROY)
        tell_error(LOG_ERROR, "cannot change the assignment",
                   rd_kafka_error_code(error), rd_kafka_error_string(error));
    rd_kafka_error_destroy(error);
}

static void on_rebalance(rd_kafka_t *rk, rd_kafka_resp_err_t err,
                         rd_kafka_topic_partition_list_t *partitions,
                         void *opaque)
{
    struct member *mb = opaque;
    bool lost;

    switch (err) {
    case RD_KAFKA_RESP_ERR__ASSIGN_PARTITIONS:
        apply(mb, true, partitions);
        assignment_add(&mb->assignment, partitions);
        atomic_store(&mb->joined, true);
        atomic_store(&mb->was_assigned, true);
        break;
    case RD_KAFKA_RESP_ERR__REVOKE_PARTITIONS:
        lost = rd_kafka_assignment_lost(rk) != 0;
        if (mb->giving_up != NULL)
            mb->giving_up(mb->ctx, lost);
        if (!lost)
            commit(mb);
        else
            atomic_store(&mb->joined, false);
        apply(mb, false, partitions);
        assignment_remove(&mb->assignment, partitions, lost);
        break;
    default:
        tell_error(LOG_WARN, "the group could not be rebalanced", err,
                   rd_kafka_err2str(err));
        rd_kafka_assign(rk, NULL);
        break;
    }
}

/* ---- other callbacks ------------------------------------------------------
 */

static int on_statistics(rd_kafka_t *rk, char *json, size_t len, void *opaque)
{
    (void)rk;
    (void)opaque;
    lag_update(json, len);
    return 0; /* librdkafka frees the text */
}

/* Of commits in the background. */
static void on_commit(rd_kafka_t *rk, rd_kafka_resp_err_t err,
                      rd_kafka_topic_partition_list_t *offsets, void *opaque)
{
    (void)rk;
    (void)offsets;
    (void)opaque;
    if (err != RD_KAFKA_RESP_ERR_NO_ERROR &&
        err != RD_KAFKA_RESP_ERR__NO_OFFSET)
        tell_error(LOG_WARN, "cannot commit offsets, will be tried again", err,
                   rd_kafka_err2str(err));
}

/* ---- joining --------------------------------------------------------------
 */

static void member_free(struct member *mb)
{
    assignment_release(&mb->assignment);
    pthread_cond_destroy(&mb->changed);
    pthread_mutex_destroy(&mb->lock);
    free(mb);
}

static struct member *member_new(const struct member_options *options)
{
    struct member *mb = calloc(1, sizeof(*mb));
    pthread_condattr_t attr;

    if (mb == NULL)
        return NULL;
    mb->giving_up = options->giving_up;
    mb->ctx = options->ctx;
    assignment_init(&mb->assignment);
    pthread_mutex_init(&mb->lock, NULL);
    pthread_condattr_init(&attr);
    pthread_condattr_setclock(&attr, CLOCK_MONOTONIC);
    pthread_cond_init(&mb->changed, &attr);
    pthread_condattr_destroy(&attr);
    return mb;
}

/*
 * Not by calling rd_kafka_poll() on a thread of ours: to librdkafka 2.0.2 any
 * poll says that the consumer is alive (max.poll.interval.ms), and one whose
 * sink is stuck for good would keep its partitions.
 */
static void serve_in_background(rd_kafka_t *rk)
{
    rd_kafka_queue_t *from = rd_kafka_queue_get_main(rk);
    rd_kafka_queue_t *to = rd_kafka_queue_get_background(rk);

    if (to != NULL) {
        rd_kafka_queue_forward(from, to);
        rd_kafka_queue_destroy(to);
    } else {
        /* no thread to be had: then as everybody does it */
        rd_kafka_poll_set_consumer(rk);
    }
    rd_kafka_queue_destroy(from);
}

static int make_client(struct member *mb, const struct member_options *options,
                       struct fault *why)
{
    rd_kafka_conf_t *conf = NULL;
    char reason[256] = "";

    if (client_conf_new(&conf, "consumer", settings, options->kafka,
                        options->consumer, why) == -1)
        return -1;
    if (rd_kafka_conf_set(conf, "group.id", options->group, reason,
                          sizeof(reason)) != RD_KAFKA_CONF_OK) {
        rd_kafka_conf_destroy(conf);
        return fault_set(why, FAULT_CONFIG, "cannot use group '%s': %s",
                         options->group, reason);
    }
    rd_kafka_conf_set_opaque(conf, mb);
    rd_kafka_conf_set_rebalance_cb(conf, on_rebalance);
    rd_kafka_conf_set_stats_cb(conf, on_statistics);
    rd_kafka_conf_set_offset_commit_cb(conf, on_commit);
    if (client_new(&mb->rk, RD_KAFKA_CONSUMER, &conf, why) == -1)
        return -1;
    serve_in_background(mb->rk);
    return 0;
}

static int subscribe(struct member *mb, const struct member_options *options,
                     struct fault *why)
{
    rd_kafka_topic_partition_list_t *topics =
        rd_kafka_topic_partition_list_new((int)options->topic_count);
    rd_kafka_resp_err_t err;

    for (size_t i = 0; i < options->topic_count; i++)
        rd_kafka_topic_partition_list_add(topics, options->topics[i],
                                          RD_KAFKA_PARTITION_UA);
    err = rd_kafka_subscribe(mb->rk, topics);
    rd_kafka_topic_partition_list_destroy(topics);
    if (err != RD_KAFKA_RESP_ERR_NO_ERROR)
        return fault_set(
            why, FAULT_CONFIG, "cannot join group '%s' for topic '%s': %s",
            options->group, options->topic_count > 0 ? options->topics[0] : "",
            rd_kafka_err2str(err));
    return 0;
}

int member_join(struct member **out, const struct member_options *options,
                struct fault *why)
{
    struct member *mb;

    register_metrics();
    mb = member_new(options);
    if (mb == NULL)
        return fault_set(why, FAULT_NOMEM, "cannot allocate a group member");
    if (make_client(mb, options, why) == -1) {
        member_free(mb);
        return -1;
    }
    if (subscribe(mb, options, why) == -1) {
        member_leave(mb);
        return -1;
    }
    *out = mb;
    return 0;
}

/* ---- taking records -------------------------------------------------------
 */

/* Whether an error goes away by itself. */
static bool is_lasting(rd_kafka_resp_err_t err)
{
    switch (err) {
    case RD_KAFKA_RESP_ERR__FATAL:
    case RD_KAFKA_RESP_ERR_TOPIC_AUTHORIZATION_FAILED:
    case RD_KAFKA_RESP_ERR_GROUP_AUTHORIZATION_FAILED:
    case RD_KAFKA_RESP_ERR_CLUSTER_AUTHORIZATION_FAILED:
        return true;
    default:
        return false;
    }
}

static int take_error(struct member *mb, const rd_kafka_message_t *message,
                      struct fault *why)
{
    rd_kafka_resp_err_t err = message->err;
    char fatal[256] = "";

    if (!is_lasting(err)) {
        tell_error(LOG_WARN, "consuming is retried", err,
                   rd_kafka_message_errstr(message));
        return 0;
    }
    client_count_error(err);
    if (err == RD_KAFKA_RESP_ERR__FATAL) {
        err = rd_kafka_fatal_error(mb->rk, fatal, sizeof(fatal));
        return fault_set(why, FAULT_KAFKA, "cannot go on consuming: %s (%s)",
                         fatal, rd_kafka_err2name(err));
    }
    return fault_set(why, FAULT_KAFKA, "cannot go on consuming: %s",
                     rd_kafka_message_errstr(message));
}

int member_next(struct member *mb, int timeout_ms, struct member_record *out,
                struct fault *why)
{
    int64_t deadline_us = clock_now_us() + (int64_t)timeout_ms * 1000;

    for (;;) {
        int64_t left_us = deadline_us - clock_now_us();
        rd_kafka_message_t *message = rd_kafka_consumer_poll(
            mb->rk, left_us > 0 ? (int)((left_us + 999) / 1000) : 0);
        int rc;

        if (message == NULL)
            return 0;
        if (message->err == RD_KAFKA_RESP_ERR_NO_ERROR) {
            metric_add(&records_series, 1);
            message_take(out, message);
            return 1;
        }
        rc = take_error(mb, message, why);
        rd_kafka_message_destroy(message);
        if (rc == -1)
            return -1;
    }
}

void member_store(struct member *mb, const struct member_record *record)
{
    const rd_kafka_message_t *message = record->message;
    rd_kafka_resp_err_t err;

    (void)mb;
    err = rd_kafka_offset_store(message->rkt, message->partition,
                                message->offset);
    /* _STATE and _UNKNOWN_PARTITION: it was taken away meanwhile */
    if (err != RD_KAFKA_RESP_ERR_NO_ERROR && err != RD_KAFKA_RESP_ERR__STATE &&
        err != RD_KAFKA_RESP_ERR__UNKNOWN_PARTITION)
        tell_error(LOG_WARN, "cannot store an offset", err,
                   rd_kafka_err2str(err));
}

bool member_joined(const struct member *mb) { return atomic_load(&mb->joined); }

/* ---- leaving --------------------------------------------------------------
 */

/*
 * Before 2.3, librdkafka aborts the process where it destroys a consumer that
 * was accepted by a group, and then left before it was assigned anything.
 * Whoever stops while others join is in that state often enough.
 */
static bool may_destroy(struct member *mb)
{
    return rd_kafka_version() >= 0x02030000 || atomic_load(&mb->was_assigned);
}

static void *leave(void *arg)
{
    struct member *mb = arg;
    rd_kafka_resp_err_t err = rd_kafka_consumer_close(mb->rk);

    if (err != RD_KAFKA_RESP_ERR_NO_ERROR)
        tell_error(LOG_WARN, "the group was not left in order", err,
                   rd_kafka_err2str(err));
    if (may_destroy(mb)) {
        rd_kafka_destroy(mb->rk);
        mb->rk = NULL;
    }

    pthread_mutex_lock(&mb->lock);
    mb->left = true;
    pthread_cond_signal(&mb->changed);
    pthread_mutex_unlock(&mb->lock);
    return NULL;
}

/* At the end of the process; what was registered later runs earlier. */
static void end_at_once(int status, void *arg)
{
    (void)arg;
    (void)fflush(NULL);
    _exit(status);
}

/*
 * Threads may touch it until the process ends. A pointer stays, so that what
 * looks for leaks does not take it for one; and libraries must not tidy up
 * under those threads, as OpenSSL would at the end of the process.
 */
static void keep(struct member *mb)
{
    static struct member *kept;
    static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;

    pthread_mutex_lock(&lock);
    if (kept == NULL)
        (void)on_exit(end_at_once, NULL);
    mb->next_kept = kept;
    kept = mb;
    pthread_mutex_unlock(&lock);
}

/* Whether the other thread was done in time. */
static bool wait_left(struct member *mb)
{
    struct timespec deadline =
        clock_timespec(clock_now_us() + (int64_t)LEAVE_TIMEOUT_MS * 1000);
    bool left;

    pthread_mutex_lock(&mb->lock);
    while (!mb->left &&
           pthread_cond_timedwait(&mb->changed, &mb->lock, &deadline) == 0)
        ;
    left = mb->left;
    pthread_mutex_unlock(&mb->lock);
    return left;
}

/*
 * Closing waits for the coordinator, and destroying waits for threads of
 * librdkafka's: neither can be told how long, so another thread does both.
 * If it does not come back, it keeps the member: what it may still touch is
 * never freed.
 */
void member_leave(struct member *mb)
{
    pthread_t thread;
    int err;

    if (mb == NULL)
        return;
    mb->giving_up = NULL; /* from here on the caller has nothing to finish */
    err = pthread_create(&thread, NULL, leave, mb);
    if (err != 0) {
        log_line(LOG_ERROR, MODULE, "cannot start a thread to leave the group",
                 log_text("error", strerrorname_np(err)));
        return; /* the session's timeout removes us from the group */
    }
    if (!wait_left(mb)) {
        log_line(LOG_WARN, MODULE,
                 "leaving the group takes too long and is abandoned",
                 log_int("waited_ms", LEAVE_TIMEOUT_MS));
        pthread_detach(thread);
        keep(mb);
        return;
    }
    pthread_join(thread, NULL);
    if (mb->rk == NULL)
        member_free(mb);
    else
        keep(mb);
}
