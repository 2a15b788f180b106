/*
 * spool_gone.c - a set of numbers of records
 */
#include "spool/spool_gone.h"

#include <stdlib.h>
#include <string.h>

enum { WORD = 64, WORDS = 64, BITS = WORD * WORDS, FIRST_CAPACITY = 16 };

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

void gone_release(struct spool_gone *gone)
{
    for (size_t i = 0; i < gone->count; i++)
        free(gone->chunks[i]);
    free(gone->chunks);
    memset(gone, 0, sizeof(*gone));
}
