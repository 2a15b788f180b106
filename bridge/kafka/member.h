/*
 * member.h - a member of a consumer group
 *
 * Partitions are assigned cooperatively (incrementally); an offset is
 * committed only after it was stored with member_store(), so that a record
 * whose effect is not finished is delivered again to whoever has the
 * partition next: at least once.
 *
 * Threads: all calls but the metrics by one thread, the one that made it.
 */
#ifndef KAFKA_MEMBER_H
#define KAFKA_MEMBER_H

#include "base/config.h"
#include "base/fault.h"
#include "base/record.h"

#include <stdbool.h>
#include <stdint.h>

struct member;

struct member_options {
    const struct config_pairs *kafka;    /* [kafka] */
    const struct config_pairs *consumer; /* [consumer] */
    const char *group;
    const char *const *topics;
    size_t topic_count;

    /*
     * Called before partitions are given up, from within member_next() and
     * never from anywhere else: finish what was taken and member_store() it,
     * which is then committed while the partitions are still ours. With
     * `lost` they are another's already: what was taken and is not stored
     * must be forgotten, it comes again there. NULL: nobody needs to know.
     */
    void (*giving_up)(void *ctx, bool lost);
    void *ctx;
};

/* One record that was delivered. Valid until member_release(). */
struct member_record {
    struct record record;
    int32_t partition;
    int64_t offset;
    int64_t timestamp_ms;
    void *message; /* librdkafka's, member.c only */
};

/*
 * Joins. On success the caller owns *out. FAULT_CONFIG: a setting that
 * librdkafka refuses, named. Brokers that cannot be reached are no failure:
 * the member keeps trying.
 */
int member_join(struct member **out, const struct member_options *options,
                struct fault *why);

/*
 * Waits for the next record. 1: *out is filled and must be released. 0: none
 * in time. -1: FAULT_KAFKA, an error that does not go away by itself
 * (authorisation, a fatal error); everything else is retried inside, logged
 * and counted.
 */
int member_next(struct member *mb, int timeout_ms, struct member_record *out,
                struct fault *why);

/* Marks a record as done: it and all before it in its partition will be
 * committed, in the background, at the latest when the member leaves. Does
 * nothing for a partition that was taken away meanwhile. */
void member_store(struct member *mb, const struct member_record *record);

void member_release(struct member_record *record);

/* Whether the group has accepted this member (it may own no partition), and
 * has not thrown it out since. */
bool member_joined(const struct member *mb);

/* Commits what is stored and leaves the group, in seconds at most: what does
 * not end then is abandoned, with a log line. NULL is fine. */
void member_leave(struct member *mb);

#endif
