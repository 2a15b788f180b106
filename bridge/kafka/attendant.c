/*
 * attendant.c - a thread that serves what a client has to tell
 */
#include "kafka/attendant.h"

#include <pthread.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdlib.h>

enum {
    POLL_MS = 100 /* and so long a stop may take */
};

struct attendant {
    rd_kafka_t *rk;
    pthread_t thread;
    atomic_bool stop;
};

static void *attend(void *arg)
{
    struct attendant *at = arg;

    while (!atomic_load(&at->stop))
        rd_kafka_poll(at->rk, POLL_MS);
    return NULL;
}

int attendant_start(struct attendant **out, rd_kafka_t *rk, struct fault *why)
{
    struct attendant *at = calloc(1, sizeof(*at));
    int err;

    if (at == NULL)
        return fault_set(why, FAULT_NOMEM, "cannot allocate an attendant");
    at->rk = rk;
    err = pthread_create(&at->thread, NULL, attend, at);
    if (err != 0) {
        free(at);
        return fault_set_errno(why, FAULT_IO, err,
                               "cannot start a thread for a Kafka client");
    }
    *out = at;
    return 0;
}

void attendant_stop(struct attendant *at)
{
    if (at == NULL)
        return;
    atomic_store(&at->stop, true);
    pthread_join(at->thread, NULL);
    free(at);
}
