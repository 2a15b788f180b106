/*
 * delivery_parts.h - what the files of the delivery share
 *
 * delivery.c decides when a record is safe; delivery_open.c puts it together;
 * housekeeper.c is the thread that keeps the rest in order. Nobody else
 * includes this.
 */
#ifndef DELIVER_DELIVERY_PARTS_H
#define DELIVER_DELIVERY_PARTS_H

#include "base/ready.h"
#include "deliver/channel.h"
#include "deliver/crew.h"
#include "deliver/delivery.h"
#include "deliver/spooler.h"
#include "kafka/producer.h"
#include "spool/spool_dir.h"

#include <pthread.h>
#include <stdbool.h>
#include <stdint.h>

struct delivery {
    struct delivery_options options;
    struct producer_options producer_options;
    const char **topics; /* the producer's: of the channels, in their order */
    int *partitions;     /* and how many each has, the housekeeper's */
    struct channels channels;
    struct producer *producer;
    struct crew crew;
    struct spool_dir *dir;   /* NULL: there is no spool */
    struct spooler *spooler; /* likewise */

    /* the housekeeper's */
    pthread_t housekeeper;
    struct ready *kafka_ready;
    struct ready *spool_ready;
    bool was_ready;
    int64_t next_look_us;
    pthread_mutex_t stop_lock;
    pthread_cond_t stop_wake;
    bool stop;
};

/* The producer's reports, in the thread that polls. */
void delivery_report(void *token, const struct report *report);

/* Registers the readiness and starts the thread. FAULT_IO. */
int housekeeper_start(struct delivery *dl, struct fault *why);
void housekeeper_stop(struct delivery *dl);

#endif
