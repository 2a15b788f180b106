/*
 * spooler_partitions.h - the spooler's stage, with partitions of "t"
 */
#ifndef TEST_SPOOLER_PARTITIONS_H
#define TEST_SPOOLER_PARTITIONS_H

#include "spooler_stage.h"

#include "kafka/producer.h"

static int partitions;

/* The n-th key of a partition of "t", until it is called again. */
static inline const char *key_in(int partition, int n)
{
    static char text[TEXT_SIZE];

    for (int i = 0;; i++) {
        snprintf(text, sizeof(text), "k%d", i);
        if (producer_place(slice_of(text), (size_t)partitions) ==
                (size_t)partition &&
            n-- == 0)
            return text;
    }
}

static inline struct partition *partition_at(int number)
{
    return &channel_of("t")->partitions[1 + number];
}

static inline void tell_count(int count)
{
    atomic_store(&channel_of("t")->partition_count, count);
    spooler_wake(stage.sp);
}

static inline int setup_with(void **state, int count)
{
    const int rc = setup(state);

    partitions = count;
    tell_count(count);
    return rc;
}

static inline int setup_three(void **state) { return setup_with(state, 3); }

/* Not tried for an hour, unless something is confirmed. */
static inline void take_one_down(int number)
{
    atomic_store(&partition_at(number)->retry_us,
                 clock_now_us() + 3600 * INT64_C(1000000));
    partition_refused(partition_at(number), clock_now_us(), "as played");
}

/* It may be tried. */
static inline void let_try(int number)
{
    atomic_store(&partition_at(number)->retry_us, 0);
    spooler_wake(stage.sp);
}

static inline void bring_up(int number)
{
    partition_confirmed(partition_at(number), clock_now_us());
    spooler_wake(stage.sp);
}

static inline void keep_in(int partition, int n, char value)
{
    keep("t", key_in(partition, n), (char[]){value, '\0'});
}

/* Where it was sent, or SIZE_MAX. */
static inline size_t index_of(char value)
{
    const size_t count = sent_count();

    for (size_t i = 0; i < count; i++)
        if (stage.sent[i].value[0] == value)
            return i;
    return SIZE_MAX;
}

#define THREE(test) cmocka_unit_test_setup_teardown(test, setup_three, teardown)

#endif
