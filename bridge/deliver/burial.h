/*
 * burial.h - what Kafka refuses for good, after its 200
 *
 * It becomes a dead letter: a record for another topic that takes its place
 * in the spool, in one transaction. If it is a dead letter already, or there
 * is no room, it is put aside in the spool, for a person to look at.
 *
 * A round is as the drain's: read, write within a transaction, end.
 *
 * Threads: the spooler's.
 */
#ifndef DELIVER_BURIAL_H
#define DELIVER_BURIAL_H

#include "base/arena.h"
#include "base/fault.h"
#include "deliver/drain.h"
#include "deliver/passage.h"
#include "spool/spool_dir.h"

#include <stdint.h>

enum { BURIALS_MAX = 8 }; /* in a round: each can be large */

struct burials {
    struct spool_dir *dir;
    struct channel *channel; /* of dead letters, NULL: there is none */
    struct passage *refused; /* still to be buried */
    struct arena arena;
    size_t count; /* of those that were read */
    struct burial {
        struct passage *pg;
        struct spool_row row; /* as a dead letter, unless aside */
        bool aside;
        int64_t seq; /* of the dead letter, once it is written */
    } items[BURIALS_MAX];
};

void burials_init(struct burials *bs, struct spool_dir *dir,
                  struct channel *channel);
void burials_release(struct burials *bs);

/* Reads those that are to be buried in this round. Outside of transactions. */
void burials_read(struct burials *bs);

/* As spool_dir_append(), but that it never fails for want of room. */
int burials_write(struct burials *bs, struct fault *why);

/* The transaction was committed: tells the drain, frees the passages. */
void burials_end(struct burials *bs, struct drain *dr);

/* It was not: later. */
void burials_forget(struct burials *bs);

#endif
