/*
 * delivery_streams.h - numbered events of many keys, and whether they are all
 * in Kafka, in order
 *
 * A stream is a key with its events, whose values are "0", "1", … One thread
 * at a time sends those of a key: each after the answer for the one before, so
 * that they have to follow each other in Kafka.
 *
 * All streams stand in one table: a crowd of keys of partition 0, so many that
 * whatever the bridge keeps per hash of a key is taken by them; and then sets
 * of some keys of each partition, one partition after the other.
 */
#ifndef TEST_DELIVERY_STREAMS_H
#define TEST_DELIVERY_STREAMS_H

#include "delivery_stage.h"

#include <stdatomic.h>

enum {
    PARTITIONS = 3,
    EACH = 32, /* keys of a partition, in a set */
    SET = PARTITIONS * EACH,
    THREADS = 32,

    /* where they begin in the table */
    CROWD = 0,
    CROWD_SIZE = 4096,
    OLD = CROWD + CROWD_SIZE,
    FRESH = OLD + SET,
    ELSEWHERE = FRESH + SET, /* of the other topic */
    STREAMS = ELSEWHERE + SET
};

struct stream {
    const char *topic;
    char key[32]; /* begins with the place in the table */
    int32_t partition;
    int sent;
    int seen; /* in Kafka */
};

static struct stream streams[STREAMS];

static inline void make_stream(int place)
{
    struct stream *sm = &streams[place];
    int n = 0;

    *sm = (struct stream){.topic = place < ELSEWHERE ? "events" : "dead"};
    if (place >= OLD)
        sm->partition = (place - OLD) % SET / EACH;
    do
        snprintf(sm->key, sizeof(sm->key), "%d-%d", place, n++);
    while (rd_kafka_msg_partitioner_murmur2(NULL, sm->key, strlen(sm->key),
                                            PARTITIONS, NULL,
                                            NULL) != sm->partition);
}

static inline void make_streams(void)
{
    for (int place = 0; place < STREAMS; place++)
        make_stream(place);
}

struct group {
    struct stream *first;
    size_t count;
};

static inline struct group group_of(int first, size_t count)
{
    return (struct group){&streams[first], count};
}

/* Whether the next event is safe. */
static inline bool send_next(struct stream *sm)
{
    char value[16];

    snprintf(value, sizeof(value), "%d", sm->sent);
    if (send_value(sm->topic, sm->key, value) != FAULT_NONE)
        return false;
    sm->sent++;
    return true;
}

/* One of each. */
static inline void send_each(struct group group)
{
    for (size_t i = 0; i < group.count; i++)
        assert_true(send_next(&group.first[i]));
}

/* ---- load ---------------------------------------------------------------- */

/* Threads that share the keys of a group, until there are `total` events, or
 * they are stopped, or a test's time has passed. */
static struct load {
    struct group group;
    size_t threads;  /* 0: there is no load */
    size_t in_a_row; /* events of a key, before the next key's turn */
    int total;
    int64_t until_us;
    atomic_bool stop;
    atomic_int begun;
    atomic_int sent;
    atomic_int unsafe;
    atomic_int running;
    pthread_t ids[THREADS];
} load;

static inline bool load_goes_on(void)
{
    return !atomic_load(&load.stop) && clock_now_us() < load.until_us &&
           atomic_fetch_add(&load.begun, 1) < load.total;
}

/* `first` of its streams; each of the threads has others. */
static inline void *load_run(void *first)
{
    const size_t start = (size_t)((struct stream *)first - load.group.first);

    for (size_t n = 0; load_goes_on(); n++) {
        const size_t turn = n / load.in_a_row * load.threads;
        struct stream *sm =
            &load.group.first[(start + turn) % load.group.count];

        atomic_fetch_add(send_next(sm) ? &load.sent : &load.unsafe, 1);
    }
    atomic_fetch_sub(&load.running, 1);
    return NULL;
}

static inline void load_start(struct group group, size_t threads,
                              size_t in_a_row, int total)
{
    assert_true(threads <= THREADS && group.count % threads == 0);
    load = (struct load){.group = group,
                         .threads = threads,
                         .in_a_row = in_a_row,
                         .total = total,
                         .until_us = deadline_us(),
                         .running = (int)threads};
    for (size_t i = 0; i < threads; i++)
        assert_int_equal(
            pthread_create(&load.ids[i], NULL, load_run, &group.first[i]), 0);
}

/* Waits for its threads: how many events are safe. */
static inline int load_end(void)
{
    for (size_t i = 0; i < load.threads; i++)
        pthread_join(load.ids[i], NULL);
    load.threads = 0;
    return atomic_load(&load.sent);
}

/* The same, of a load that has no end; and that a failed test has left. */
static inline int load_stop(void)
{
    atomic_store(&load.stop, true);
    return load_end();
}

/* All of them are safe. */
static inline void send_many(struct group group, size_t in_a_row, int total)
{
    load_start(group, THREADS, in_a_row, total);
    assert_int_equal(load_end(), total);
}

/* ---- what is in Kafka ---------------------------------------------------- */

static inline void check_record(const char *topic,
                                const struct member_record *record)
{
    const struct slice key = record->record.key;
    const struct slice value = record->record.value;
    char text[32] = "";
    struct stream *sm;
    long number;

    assert_true(key.len < sizeof(text) && value.len < sizeof(text));
    memcpy(text, key.data, key.len);
    number = strtol(text, NULL, 10);
    assert_in_range(number, 0, STREAMS - 1);
    sm = &streams[number];
    assert_string_equal(text, sm->key);
    assert_string_equal(topic, sm->topic);
    assert_int_equal(record->partition, sm->partition);
    memset(text, 0, sizeof(text));
    memcpy(text, value.data, value.len);
    number = strtol(text, NULL, 10);
    if (number > sm->seen)
        fail_msg("%s, key %s: %ld comes before %d (partition %d, offset %lld)",
                 topic, sm->key, number, sm->seen, (int)record->partition,
                 (long long)record->offset);
    if (number == sm->seen) /* else it is there twice, which may be */
        sm->seen++;
}

/* All that was sent is in Kafka, in order. A partition is read in the order of
 * its log, and a key has one. Once in a test. */
static inline void check_topic(const char *topic)
{
    struct reader *rd = NULL;
    struct member_record record;
    int64_t next[PARTITIONS] = {0};

    assert_int_equal(reader_open(&rd, &mock.mc.pairs, topic, DEADLINE_MS, NULL),
                     0);
    while (reader_next(rd, DEADLINE_MS, &record, NULL) == 1) {
        /* the mock drops what is older than the last 5 MB of a partition */
        assert_int_equal(record.offset, next[record.partition]++);
        check_record(topic, &record);
        member_release(&record);
    }
    reader_close(rd);
    for (size_t i = 0; i < STREAMS; i++)
        if (strcmp(streams[i].topic, topic) == 0 &&
            streams[i].seen != streams[i].sent)
            fail_msg("%s, key %s: %d were sent, %d are there", topic,
                     streams[i].key, streams[i].sent, streams[i].seen);
}

#endif
