/*
 * spool_gone.c - a set of numbers of records
 *
 * Packed, it is as often as it takes, in order,
 *
 *     first      8 bytes, the lowest first: a multiple of BITS
 *     bits       512 bytes; the lowest bit of the first is the number `first`
 */
#include "spool/spool_gone.h"

#include <stdlib.h>
#include <string.h>

enum {
    WORD = 64,
    WORDS = 64,
    BITS = WORD * WORDS,
    FIRST_CAPACITY = 16,
    PACKED = 8 + BITS / 8
};

struct gone_chunk {
    int64_t first; /* a multiple of BITS */
    uint64_t words[WORDS];
};

static size_t word_of(int64_t seq) { return (size_t)(seq % BITS / WORD); }

static uint64_t bit_of(int64_t seq) { return UINT64_C(1) << (seq % WORD); }

/* Where the chunk of `seq` is, or should be. */
static size_t place_of(const struct spool_gone *gone, int64_t seq)
{
    const int64_t first = seq - seq % BITS;
    size_t low = 0;
    size_t high = gone->count;

    while (low < high) {
        const size_t middle = low + (high - low) / 2;

        if (gone->chunks[middle]->first < first)
            low = middle + 1;
        else
            high = middle;
    }
    return low;
}

static bool is_at(const struct spool_gone *gone, size_t place, int64_t seq)
{
    return place < gone->count &&
           gone->chunks[place]->first == seq - seq % BITS;
}

static int make_room(struct spool_gone *gone, struct fault *why)
{
    const size_t capacity =
        gone->capacity == 0 ? FIRST_CAPACITY : 2 * gone->capacity;
    struct gone_chunk **chunks;

    if (gone->count < gone->capacity)
        return 0;
    chunks = realloc(gone->chunks, capacity * sizeof(*chunks));
    if (chunks == NULL)
        return fault_set(why, FAULT_NOMEM, "cannot allocate a set of numbers");
    gone->chunks = chunks;
    gone->capacity = capacity;
    return 0;
}

static int add_chunk(struct spool_gone *gone, size_t place, int64_t seq,
                     struct fault *why)
{
    struct gone_chunk *chunk;

    if (make_room(gone, why) == -1)
        return -1;
    chunk = calloc(1, sizeof(*chunk));
    if (chunk == NULL)
        return fault_set(why, FAULT_NOMEM, "cannot allocate a set of numbers");
    chunk->first = seq - seq % BITS;
    memmove(&gone->chunks[place + 1], &gone->chunks[place],
            (gone->count - place) * sizeof(gone->chunks[0]));
    gone->chunks[place] = chunk;
    gone->count++;
    return 0;
}

int gone_add(struct spool_gone *gone, int64_t seq, bool *added,
             struct fault *why)
{
    const size_t place = place_of(gone, seq);
    uint64_t *word;

    *added = false;
    if (!is_at(gone, place, seq) && add_chunk(gone, place, seq, why) == -1)
        return -1;
    word = &gone->chunks[place]->words[word_of(seq)];
    *added = (*word & bit_of(seq)) == 0;
    *word |= bit_of(seq);
    return 0;
}

bool gone_has(const struct spool_gone *gone, int64_t seq)
{
    const size_t place = place_of(gone, seq);

    return is_at(gone, place, seq) &&
           (gone->chunks[place]->words[word_of(seq)] & bit_of(seq)) != 0;
}

int64_t gone_end(const struct spool_gone *gone, int64_t after)
{
    int64_t seq = after + 1;
    size_t place = place_of(gone, seq);

    while (is_at(gone, place, seq)) {
        const uint64_t absent =
            ~gone->chunks[place]->words[word_of(seq)] >> (seq % WORD);

        if (absent != 0)
            return seq + __builtin_ctzll(absent) - 1;
        seq += WORD - seq % WORD;
        if (seq % BITS == 0)
            place++;
    }
    return seq - 1;
}

/* ---- on disk ------------------------------------------------------------- */

static void pack_word(unsigned char out[8], uint64_t word)
{
    for (int i = 0; i < 8; i++)
        out[i] = (unsigned char)(word >> (8 * i));
}

static uint64_t unpack_word(const char *packed)
{
    uint64_t word = 0;

    for (int i = 0; i < 8; i++)
        word |= (uint64_t)(unsigned char)packed[i] << (8 * i);
    return word;
}

int gone_pack(const struct spool_gone *gone, struct buf *out, struct fault *why)
{
    unsigned char packed[PACKED];

    for (size_t i = 0; i < gone->count; i++) {
        pack_word(packed, (uint64_t)gone->chunks[i]->first);
        for (size_t k = 0; k < WORDS; k++)
            pack_word(packed + 8 + 8 * k, gone->chunks[i]->words[k]);
        if (buf_add(out, packed, sizeof(packed), why) == -1)
            return -1;
    }
    return 0;
}

static int unpack_chunk(struct spool_gone *gone, const char *packed,
                        struct fault *why)
{
    const uint64_t first = unpack_word(packed);
    const struct gone_chunk *last =
        gone->count == 0 ? NULL : gone->chunks[gone->count - 1];

    if (first % BITS != 0 || first > INT64_MAX - BITS ||
        (last != NULL && (int64_t)first <= last->first))
        return fault_set(why, FAULT_CORRUPT, "not a set of numbers");
    if (add_chunk(gone, gone->count, (int64_t)first, why) == -1)
        return -1;
    for (size_t k = 0; k < WORDS; k++)
        gone->chunks[gone->count - 1]->words[k] =
            unpack_word(packed + 8 + 8 * k);
    return 0;
}

int gone_unpack(struct spool_gone *gone, struct slice packed, struct fault *why)
{
    int rc = 0;

    if (packed.len % PACKED != 0)
        return fault_set(why, FAULT_CORRUPT, "not a set of numbers");
    for (size_t at = 0; rc == 0 && at < packed.len; at += PACKED)
        rc = unpack_chunk(gone, packed.data + at, why);
    if (rc == -1)
        gone_release(gone);
    return rc;
}

void gone_release(struct spool_gone *gone)
{
    for (size_t i = 0; i < gone->count; i++)
        free(gone->chunks[i]);
    free(gone->chunks);
    memset(gone, 0, sizeof(*gone));
}
