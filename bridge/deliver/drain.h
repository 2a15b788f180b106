/*
 * drain.h - which of the spool's records go to the producer next
 *
 * Per topic, the records are read in order, a window at a time. Before a
 * window is sent, it is written to the spool that Kafka may have it
 * (drain_write(), within a transaction): a process that is killed would not
 * know otherwise. So a round is: read, write, commit, send.
 *
 * What the producer has given up comes back, and is sent again before
 * anything of its stripe that lies behind it.
 *
 * While a partition's breaker is open, one record of it at a time is sent as a
 * probe; where others are on trial already, one from time to time. What there
 * is of other partitions is sent meanwhile.
 *
 * Threads: the spooler's, but for drain_expect().
 */
#ifndef DELIVER_DRAIN_H
#define DELIVER_DRAIN_H

#include "base/fault.h"
#include "base/record.h"
#include "deliver/channel.h"
#include "deliver/passage.h"
#include "spool/spool_dir.h"

#include <stdbool.h>
#include <stdint.h>

struct drain;

/* All pointers are borrowed for the drain's life. */
struct drain_options {
    struct spool_dir *dir;
    struct channels *channels; /* of all topics in the folder, too */
    /* As producer_send(), with the passage as token. */
    int (*send)(void *ctx, const struct record *record, struct passage *pg,
                struct fault *why);
    void *ctx;
};

/* Everything in the folder is to be sent; its topics are catching up.
 * FAULT_NOMEM. On success the caller owns *out. */
int drain_new(struct drain **out, const struct drain_options *options,
              struct fault *why);

/* Frees the passages that have come back, too. NULL is fine. */
void drain_free(struct drain *dr);

/* A record was appended that the producer has not; its stripe was joined. */
void drain_add(struct drain *dr, struct channel *ch, int64_t seq);

/* A record was appended that the producer has, or had. */
void drain_enroll(struct drain *dr, struct passage *pg);

/*
 * A record of a row is about to come back; drain_take_back() will follow. The
 * stripe is locked and joined by the caller. Any thread.
 */
void drain_expect(struct passage *pg);
void drain_take_back(struct drain *dr, struct passage *pg, bool expected);

/* Reads the next windows: how many records are in them. Outside of
 * transactions. */
size_t drain_read(struct drain *dr, int64_t now_us);

/* Within a transaction: what has to be on disk before the windows are sent.
 * As spool_dir_give(). */
int drain_write(struct drain *dr, struct fault *why);

/* The transaction was committed: sends the windows. Those that the producer
 * refuses for their own sake are added to *refused, and are the caller's. */
void drain_send(struct drain *dr, int64_t now_us, struct passage **refused);

/* It was not committed: they are read again, later. */
void drain_forget(struct drain *dr, int64_t now_us);

/* When there is something to read at the earliest, as far as is known now;
 * INT64_MAX: when something comes. */
int64_t drain_due_us(struct drain *dr, int64_t now_us);

#endif
