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
#include <pthread.h>
#include <semaphore.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>

/* Where a lane is. */
struct slot {
    pthread_rwlock_t lock; /* sending: for reading; replacing: for writing */
    struct lane *lane;
};

struct producer {
    struct producer_options options;
    sem_t wake;
    atomic_bool woken;     /* posted, and not waited for yet */
    struct lane *spare;    /* NULL: there is none */
    struct lane *replaced; /* NULL: nothing to close */
    size_t slot_count;
    struct slot slots[]; /* options.lanes of them */
};

void producer_metrics_register(void) { client_metrics_register(); }

/* Of a lane, in a thread of librdkafka's. */
static void on_news(void *ctx)
{
    struct producer *pr = ctx;

    if (!atomic_exchange(&pr->woken, true))
        sem_post(&pr->wake);
}

/* Senders come without end, so the one who replaces must not wait for a
 * moment without any. */
static void init_slot(struct slot *slot)
{
    pthread_rwlockattr_t attributes;

    pthread_rwlockattr_init(&attributes);
    pthread_rwlockattr_setkind_np(&attributes,
                                  PTHREAD_RWLOCK_PREFER_WRITER_NONRECURSIVE_NP);
    pthread_rwlock_init(&slot->lock, &attributes);
    pthread_rwlockattr_destroy(&attributes);
}

int producer_open(struct producer **out, const struct producer_options *options,
                  struct fault *why)
{
    size_t size = (size_t)options->lanes * sizeof(struct slot);
    struct producer *pr = calloc(1, sizeof(*pr) + size);

    if (pr == NULL)
        return fault_set(why, FAULT_NOMEM, "cannot allocate a Kafka producer");
    pr->options = *options;
    sem_init(&pr->wake, 0, 0);
    for (int i = 0; i < options->lanes; i++) {
        init_slot(&pr->slots[i]);
        pr->slot_count++;
        if (lane_open(&pr->slots[i].lane, &pr->options, on_news, pr, why) ==
            -1) {
            producer_close(pr);
            return -1;
        }
    }
    *out = pr;
    return 0;
}

void producer_close(struct producer *pr)
{
    if (pr == NULL)
        return;
    for (size_t i = 0; i < pr->slot_count; i++) {
        lane_close(pr->slots[i].lane);
        pthread_rwlock_destroy(&pr->slots[i].lock);
    }
    lane_close(pr->spare);
    lane_close(pr->replaced);
    sem_destroy(&pr->wake);
    free(pr);
}

size_t producer_place(struct slice key, size_t places)
{
    return (size_t)rd_kafka_msg_partitioner_murmur2(
        NULL, key.data, key.len, (int32_t)places, NULL, NULL);
}

int producer_send(struct producer *pr, const struct record *record, void *token,
                  struct fault *why)
{
    struct slot *slot = &pr->slots[producer_place(record->key, pr->slot_count)];
    int rc;

    /* never waiting: the one who replaces waits for reports, and whoever runs
     * those may need a lock of the caller's */
    if (pthread_rwlock_tryrdlock(&slot->lock) != 0)
        return fault_set(why, FAULT_KAFKA, "the producer is being replaced");
    rc = lane_send(slot->lane, record, token, why);
    pthread_rwlock_unlock(&slot->lock);
    return rc;
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
    for (size_t i = 0; i < pr->slot_count; i++)
        lane_serve(pr->slots[i].lane, idle);
}

int producer_unreported(struct producer *pr)
{
    int records = 0;

    for (size_t i = 0; i < pr->slot_count; i++)
        records += lane_unreported(pr->slots[i].lane);
    return records;
}

void producer_purge(struct producer *pr)
{
    for (size_t i = 0; i < pr->slot_count; i++)
        lane_purge(pr->slots[i].lane);
}

/* ---- replacing a lane ---------------------------------------------------- */

bool producer_fatal(struct producer *pr, size_t *lane, char *text, size_t size)
{
    for (size_t i = 0; i < pr->slot_count; i++) {
        if (lane_fatal(pr->slots[i].lane, text, size)) {
            *lane = i;
            return true;
        }
    }
    return false;
}

int producer_make_spare(struct producer *pr, struct fault *why)
{
    if (pr->spare != NULL)
        return 0;
    return lane_open(&pr->spare, &pr->options, on_news, pr, why);
}

bool producer_replace(struct producer *pr, size_t lane, void (*poll)(void *ctx),
                      void *ctx, int timeout_ms)
{
    int64_t deadline_us = clock_now_us() + (int64_t)timeout_ms * 1000;
    struct slot *slot = &pr->slots[lane];
    bool resolved;

    pthread_rwlock_wrlock(&slot->lock);
    lane_purge(slot->lane);
    while (lane_unreported(slot->lane) > 0 && clock_now_us() < deadline_us)
        poll(ctx);
    resolved = lane_unreported(slot->lane) == 0;
    if (resolved) {
        producer_drop_replaced(pr); /* an earlier one that was forgotten */
        pr->replaced = slot->lane;
        slot->lane = pr->spare;
        pr->spare = NULL;
    }
    pthread_rwlock_unlock(&slot->lock);
    return resolved;
}

void producer_drop_replaced(struct producer *pr)
{
    lane_close(pr->replaced);
    pr->replaced = NULL;
}

/* ---- topics ---------------------------------------------------------------
 */

static void warm(struct producer *pr, const char *topic)
{
    for (size_t i = 0; i < pr->slot_count; i++)
        lane_warm(pr->slots[i].lane, topic);
}

/* 0: it is not there. */
static int partitions_of(const struct rd_kafka_metadata *metadata,
                         const char *topic)
{
    for (int i = 0; i < metadata->topic_cnt; i++)
        if (strcmp(metadata->topics[i].topic, topic) == 0 &&
            metadata->topics[i].err == RD_KAFKA_RESP_ERR_NO_ERROR)
            return metadata->topics[i].partition_cnt;
    return 0;
}

int producer_topics_there(struct producer *pr, int timeout_ms, int *partitions,
                          struct fault *why)
{
    const struct rd_kafka_metadata *metadata = NULL;
    rd_kafka_resp_err_t err;
    int rc = 0;

    /* All topics, because asking for some would create those that are
     * missing where brokers do so, and with one partition. */
    err = rd_kafka_metadata(lane_client(pr->slots[0].lane), 1, NULL, &metadata,
                            timeout_ms);
    if (err != RD_KAFKA_RESP_ERR_NO_ERROR)
        return fault_set(why, FAULT_UNAVAILABLE, "no broker answers: %s",
                         rd_kafka_err2str(err));
    for (size_t i = 0; i < pr->options.topic_count; i++) {
        const int count = partitions_of(metadata, pr->options.topics[i]);

        if (count > 0) {
            partitions[i] = count;
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
