/*
 * log_ring.c - lines that wait to be written
 */
#include "base/log_ring.h"

#include <string.h>

bool log_ring_add(struct log_ring *ring, const char *line, size_t len)
{
    size_t tail = (ring->head + ring->used) % LIMIT_LOG_QUEUE;
    size_t until_end = LIMIT_LOG_QUEUE - tail;

    if (len > LIMIT_LOG_QUEUE - ring->used)
        return false;
    if (len <= until_end) {
        memcpy(ring->bytes + tail, line, len);
    } else {
        memcpy(ring->bytes + tail, line, until_end);
        memcpy(ring->bytes, line + until_end, len - until_end);
    }
    ring->used += len;
    return true;
}

size_t log_ring_take(struct log_ring *ring, char chunk[LOG_CHUNK])
{
    size_t len = ring->used < LOG_CHUNK ? ring->used : LOG_CHUNK;
    size_t until_end = LIMIT_LOG_QUEUE - ring->head;

    if (len <= until_end) {
        memcpy(chunk, ring->bytes + ring->head, len);
    } else {
        memcpy(chunk, ring->bytes + ring->head, until_end);
        memcpy(chunk + until_end, ring->bytes, len - until_end);
    }
    /* a line is shorter than a chunk, so the end of one is in it */
    while (len > 0 && chunk[len - 1] != '\n')
        len--;
    ring->head = (ring->head + len) % LIMIT_LOG_QUEUE;
    ring->used -= len;
    return len;
}
