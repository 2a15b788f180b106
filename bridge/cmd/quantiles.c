/*
 * quantiles.c - how values are spread; see quantiles.h
 *
 * A value's bucket is made of its exponent and of its SUB_BITS leading bits
 * behind the first one:
 *
 *   value        width  buckets
 *   0 .. 127         1    0 .. 127     exact, there is nothing to cut
 *   128 .. 255       1  128 .. 255
 *   256 .. 511       2  256 .. 383
 *   512 .. 1023      4  384 .. 511     and so on
 */
#include "cmd/quantiles.h"

#include <stddef.h>
#include <stdlib.h>

enum {
    SUB_BITS = 7,
    SUB_COUNT = 1 << SUB_BITS,
    VALUE_BITS = 40,
    BUCKETS = (VALUE_BITS - SUB_BITS + 1) * SUB_COUNT
};

#define VALUE_MAX (((int64_t)1 << VALUE_BITS) - 1)

struct quantiles {
    uint64_t count;
    int64_t max;
    uint64_t buckets[BUCKETS];
};

/* How many bits of a value its bucket does not tell. */
static int shift_of(int64_t value)
{
    return value < SUB_COUNT
               ? 0
               : 63 - __builtin_clzll((unsigned long long)value) - SUB_BITS;
}

static size_t bucket_of(int64_t value)
{
    int shift = shift_of(value);

    return (size_t)shift * SUB_COUNT + (size_t)(value >> shift);
}

/* The largest value of a bucket. */
static int64_t bucket_end(size_t bucket)
{
    int shift = bucket < 2 * SUB_COUNT ? 0 : (int)(bucket / SUB_COUNT) - 1;
    int64_t leading = (int64_t)bucket - (int64_t)shift * SUB_COUNT;

    return ((leading + 1) << shift) - 1;
}

int quantiles_new(struct quantiles **out, struct fault *why)
{
    struct quantiles *qu = calloc(1, sizeof(*qu));

    if (qu == NULL)
        return fault_set(why, FAULT_NOMEM, "cannot allocate quantiles");
    *out = qu;
    return 0;
}

void quantiles_free(struct quantiles *qu) { free(qu); }

void quantiles_add(struct quantiles *qu, int64_t value)
{
    if (value < 0)
        value = 0;
    if (value > qu->max)
        qu->max = value;
    qu->buckets[bucket_of(value < VALUE_MAX ? value : VALUE_MAX)]++;
    qu->count++;
}

void quantiles_merge(struct quantiles *qu, const struct quantiles *from)
{
    for (size_t i = 0; i < BUCKETS; i++)
        qu->buckets[i] += from->buckets[i];
    qu->count += from->count;
    if (from->max > qu->max)
        qu->max = from->max;
}

uint64_t quantiles_count(const struct quantiles *qu) { return qu->count; }

int64_t quantiles_max(const struct quantiles *qu) { return qu->max; }

/* Which value it is, counted from 1 for the smallest; rounded up. */
static uint64_t rank_of(const struct quantiles *qu, int permille)
{
    uint64_t share = (uint64_t)permille;
    uint64_t rank =
        qu->count / 1000 * share + (qu->count % 1000 * share + 999) / 1000;

    return rank == 0 ? 1 : rank;
}

int64_t quantiles_at(const struct quantiles *qu, int permille)
{
    uint64_t rank = rank_of(qu, permille);
    uint64_t seen = 0;

    if (qu->count == 0)
        return 0;
    if (rank == qu->count)
        return qu->max;
    for (size_t i = 0; i < BUCKETS; i++) {
        seen += qu->buckets[i];
        if (seen >= rank)
            return bucket_end(i) < qu->max ? bucket_end(i) : qu->max;
    }
    return qu->max;
}
