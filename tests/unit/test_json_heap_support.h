/*
 * test_json_heap_support.h - the json_heap, with its memory counted
 *
 * The module is compiled into the test, so that its malloc() and free() can
 * be counted, and made to fail.
 */
#ifndef TEST_JSON_HEAP_SUPPORT_H
#define TEST_JSON_HEAP_SUPPORT_H

#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static atomic_size_t live_bytes;
static atomic_size_t peak_bytes;
static atomic_size_t calls;
static atomic_size_t fail_after = SIZE_MAX; /* calls that still succeed */

enum {
    MARGIN = 16 /* in front of a block, for its size; keeps alignment */
};

static void *counted_malloc(size_t size)
{
    size_t now;
    size_t peak;
    char *at;

    atomic_fetch_add(&calls, 1);
    if (atomic_load(&fail_after) != SIZE_MAX) {
        if (atomic_load(&fail_after) == 0)
            return NULL;
        atomic_fetch_sub(&fail_after, 1);
    }
    at = malloc(size + MARGIN);
    if (at == NULL)
        return NULL;
    memcpy(at, &size, sizeof(size));
    now = atomic_fetch_add(&live_bytes, size) + size;
    peak = atomic_load(&peak_bytes);
    while (now > peak && !atomic_compare_exchange_weak(&peak_bytes, &peak, now))
        continue;
    return at + MARGIN;
}

static void counted_free(void *at)
{
    size_t size;

    if (at == NULL)
        return;
    memcpy(&size, (char *)at - MARGIN, sizeof(size));
    atomic_fetch_sub(&live_bytes, size);
    free((char *)at - MARGIN);
}

#define malloc counted_malloc
#define free counted_free
#include "event/json_heap.c"
#undef malloc
#undef free

#include "base/buf.h"

#include <cmocka.h>

static const char click[] =
    "{\"event_type\":\"widget.click\",\"event_id\":\"evt_1704200000\","
    "\"timestamp\":\"2024-01-02T11:53:20Z\",\"data\":{\"correlation_id\":"
    "\"O-aB3dE9z\",\"click_url\":\"https://shop.example/?utm_source=google\","
    "\"parsed_params\":{\"utm_source\":[\"google\",\"search\"]},"
    "\"ip_address\":\"203.0.113.7\",\"user_agent\":\"Mozilla/5.0\"}}";

static json_t *load(struct json_heap *heap, struct slice text)
{
    json_error_t error;

    return json_heap_load(heap, text, JSON_REJECT_DUPLICATES, &error);
}

/*
 * `count` empty objects in an array, and what `tail` is. They are in arrays
 * of a hundred, as one large array takes most of its memory in a few large
 * pieces, and the limit is to be met by small ones.
 */
static struct buf objects(size_t count, const char *tail)
{
    struct buf out = BUF_INIT(4 * MIB);
    int rc = buf_add_text(&out, "[[{}", NULL);

    for (size_t i = 1; i < count && rc == 0; i++)
        rc = buf_add_text(&out, i % 100 == 0 ? "],[{}" : ",{}", NULL);
    assert_int_equal(rc, 0);
    assert_int_equal(buf_addf(&out, NULL, "]%s]", tail), 0);
    return out;
}

/* One heap, and nothing of it left at the end. */
static struct json_heap *heap;

static int open_heap(void **state)
{
    (void)state;
    atomic_store(&fail_after, SIZE_MAX);
    return json_heap_new(&heap, NULL);
}

static int close_heap(void **state)
{
    (void)state;
    json_heap_free(heap);
    heap = NULL;
    return atomic_load(&live_bytes) == 0 && shares.heaps == 0 &&
                   shares.taken == 0
               ? 0
               : -1;
}

#define WITH_HEAP(test)                                                        \
    cmocka_unit_test_setup_teardown(test, open_heap, close_heap)

#endif
