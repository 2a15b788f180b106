/*
 * producer.c - idempotent producers side by side, one report per record
 *
 * Each lane has one request in flight, so one lane would wait for the broker
 * most of its time; several of them fill the gaps. A key always takes the
 * same lane, and the lane is chosen as the partition is: where the number of
 * partitions is a multiple of the number of lanes, all of a partition's
 * records are in one lane, and their batches stay large.
 *
 * One thread serves all lanes. It waits on a semaphore, which the broker
 * threads post: nothing that they could hold while they have no turn.
 */
#include "kafka/producer.h"

#include "base/clock.h"
#include "kafka/client.h"
#include "kafka/lane.h"

#include <errno.h>
#include <semaphore.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>

struct producer {
    struct producer_options options;
    sem_t wake;
    atomic_bool woken; /* posted, and not waited for yet */
    size_t lane_count;
    struct lane *lanes[]; /* options.lanes of them */
};

void producer_metrics_register(void) { client_metrics_register(); }

/* Of a lane, in a thread of librdkafka's. */
static void on_news(void *ctx)
{
    struct producer *pr = ctx;

    if (!atomic_exchange(&pr->woken, true))
        sem_post(&pr->wake);
}

int producer_open(struct producer **out, const struct producer_options *options,
                  struct fault *why)
{
    size_t size = (size_t)options->lanes * sizeof(struct lane *);
    struct producer *pr = calloc(1, sizeof(*pr) + size);

    if (pr == NULL)
        return fault_set(why, FAULT_NOMEM, "cannot allocate a Kafka producer");
    pr->options = *options;
    sem_init(&pr->wake, 0, 0);
    for (int i = 0; i < options->lanes; i++) {
        if (lane_open(&pr->lanes[i], &pr->options, on_news, pr, why) == -1) {
            producer_close(pr);
            return -1;
        }
        pr->lane_count++;
    }
    *out = pr;
    return 0;
}

void producer_close(struct producer *pr)
{
    if (pr == NULL)
        return;
    for (size_t i = 0; i < pr->lane_count; i++)
        lane_close(pr->lanes[i]);
    sem_destroy(&pr->wake);
    free(pr);
}

/* The hash that chooses the partition chooses the lane. */
static struct lane *lane_of(struct producer *pr, struct slice key)
{
    int32_t index = rd_kafka_msg_partitioner_murmur2(
        NULL, key.data, key.len, (int32_t)pr->lane_count, NULL, NULL);

    return pr->lanes[index];
}

int producer_send(struct producer *pr, const struct record *record, void *token,
                  struct fault *why)
{
    return lane_send(lane_of(pr, record->key), record, token, why);
}

void producer_poll(struct producer *pr, int timeout_ms)
{
    struct timespec until =
        clock_timespec(clock_now_us() + (int64_t)timeout_ms * 1000);
    bool idle = false;

    while (!idle && sem_clockwait(&pr->wake, CLOCK_MONOTONIC, &until) == -1)
        idle = errno != EINTR;
    /* first this, then the lanes: what comes in between wakes us again */
    atomic_store(&pr->woken, false);
    /* when nothing was told, all of them: there is time, and a lane that was
     * not told of must not be forgotten for ever */
    for (size_t i = 0; i < pr->lane_count; i++)
        lane_serve(pr->lanes[i], idle);
}

int producer_unreported(struct producer *pr)
{
    int records = 0;

    for (size_t i = 0; i < pr->lane_count; i++)
        records += lane_unreported(pr->lanes[i]);
    return records;
}

void producer_purge(struct producer *pr)
{
    for (size_t i = 0; i < pr->lane_count; i++)
        lane_purge(pr->lanes[i]);
}

bool producer_fatal(struct producer *pr, char *text, size_t size)
{
    for (size_t i = 0; i < pr->lane_count; i++)
        if (lane_fatal(pr->lanes[i], text, size))
            return true;
    return false;
}

/* ---- topics ---------------------------------------------------------------
 */

static void warm(struct producer *pr, const char *topic)
{
    for (size_t i = 0; i < pr->lane_count; i++)
        lane_warm(pr->lanes[i], topic);
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
    err = rd_kafka_metadata(lane_client(pr->lanes[0]), 1, NULL, &metadata,
                            timeout_ms);
    if (err != RD_KAFKA_RESP_ERR_NO_ERROR)
        return fault_set(why, FAULT_UNAVAILABLE, "no broker answers: %s",
                         rd_kafka_err2str(err));
    for (size_t i = 0; i < pr->options.topic_count; i++) {
        if (is_there(metadata, pr->options.topics[i])) {
            warm(pr, pr->options.topics[i]); /* for the first event */
        } else if (rc == 0) {
            rc = fault_set(why, FAULT_UNAVAILABLE,
                           "topic '%s' does not exist: run aurix-bridge "
                           "topics",
                           pr->options.topics[i]);
        }
    }
    rd_kafka_metadata_destroy(metadata);
    return rc;
}
