/*
 * spooler.h - the thread that owns the spool: keeping and draining
 *
 * It appends what requests want to be kept, many in one transaction, and
 * between its transactions has the drain send what is ready. A record that
 * was kept is with one of two: in the spool alone, or there and with the
 * producer, whose report decides then.
 *
 * It never answers for a record before the transaction is on disk.
 *
 * Where the spool's file fails it takes another one. Where there is none to be
 * had, keeping fails, and what can be read is sent all the same.
 *
 * Threads: any may keep and wait; reports come in the thread that polls;
 * opening and closing by one thread, when nobody keeps any more.
 */
#ifndef DELIVER_SPOOLER_H
#define DELIVER_SPOOLER_H

#include "base/fault.h"
#include "base/record.h"
#include "deliver/channel.h"
#include "deliver/partition.h"
#include "deliver/passage.h"
#include "spool/spool_dir.h"

#include <stdbool.h>
#include <stdint.h>

struct spooler;

/* All pointers are borrowed for the spooler's life. */
struct spooler_options {
    struct spool_dir *dir;
    struct channels *channels;
    const char *dead_letter; /* topic of what Kafka refuses after its 200;
                                NULL: such records are put aside */
    /* As producer_send(), with the passage as token. */
    int (*send)(void *ctx, const struct record *record, struct passage *pg,
                struct fault *why);
    void *ctx;
};

/* FAULT_NOMEM, FAULT_IO (no thread). On success the caller owns *out. */
int spooler_open(struct spooler **out, const struct spooler_options *options,
                 struct fault *why);

/* Nothing is sent from now on. What is kept stays. */
void spooler_stop_draining(struct spooler *sp);

/* Writes down what the last reports said, and ends. NULL is fine. */
void spooler_close(struct spooler *sp);

/* What a request wants to be kept. */
struct keep {
    const struct record *record;
    struct partition *partition;
    struct passage *pg; /* see below */
    void (*done)(void *ctx);
    void *ctx;
    int64_t room_until_us; /* where there is no room: wait for it until then,
                              as long as the drain makes some */
};

/*
 * Returns 0 once the record is safe and `done` (unless NULL) has run, in the
 * spooler's thread, or in this one. Without a passage the producer does not
 * have the record, and its stripe is joined. With one, it was sent: its
 * deadline has passed, or it has come back (reported, its stripe joined); on
 * success the passage is the spooler's.
 *
 * -1: FAULT_FULL, FAULT_IO, FAULT_TOO_LARGE: not kept, the passage is still
 * the caller's. FAULT_REFUSED: the producer reported so, and the passage is
 * gone.
 */
int spooler_keep(struct spooler *sp, const struct keep *keep,
                 struct fault *why);

/*
 * Waits for the report of a passage that could not be kept. True: it is
 * reported, and the caller's. False: the deadline has passed, and it is
 * forgotten.
 */
bool spooler_await_report(struct spooler *sp, struct passage *pg,
                          int64_t deadline_us);

/* The report of a passage for which no thread waits in the crew. */
void spooler_report(struct spooler *sp, struct passage *pg,
                    const struct report *report);

/* A partition may be written to again, or their number is another one, and no
 * report of a row's told it. */
void spooler_wake(struct spooler *sp);

/* Whether it takes records, and a text about its state for people. */
bool spooler_accepts(struct spooler *sp, char *text, size_t size);

/* Records in the spool, as of the last transaction. */
int64_t spooler_records(struct spooler *sp);

#endif
