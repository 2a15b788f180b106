/*
 * spool_seq.h - the number of a record in a spool's folder
 *
 * It is the file's number and the record's number in the file.
 * Where those of a file come near their end at opening, it counts as damaged
 * and its records move to a new one; so appending never meets the end.
 */
#ifndef SPOOL_SPOOL_SEQ_H
#define SPOOL_SPOOL_SEQ_H

#include <stdint.h>

enum { SEQ_BITS = 40 };
#define SEQ_MAX ((INT64_C(1) << SEQ_BITS) - 1)
#define SEQ_LARGE (INT64_C(1) << (SEQ_BITS - 1))

static inline int64_t seq_global(int64_t number, int64_t own)
{
    return number << SEQ_BITS | own;
}

static inline int64_t seq_number(int64_t seq) { return seq >> SEQ_BITS; }

static inline int64_t seq_own(int64_t seq) { return seq & SEQ_MAX; }

#endif
