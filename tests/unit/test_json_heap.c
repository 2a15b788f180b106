/*
 * test_json_heap.c - event/json_heap.h
 *
 * The module is compiled into this file, so that its malloc() and free() can
 * be counted, and made to fail.
 */
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

enum {
    SHARES = 7,
    MANY = 24 /* threads */
};

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

/* ---- what is promised to one thread ------------------------------------- */

static void outside_it_is_malloc_and_free(void **state)
{
    size_t before = atomic_load(&live_bytes);
    json_t *json = json_string("text");

    (void)state;
    assert_non_null(json);
    assert_true(atomic_load(&live_bytes) > before);
    assert_null(json_heap_current());
    json_decref(json);
    assert_int_equal(atomic_load(&live_bytes), before);
}

static void an_ordinary_event_allocates_nothing(void **state)
{
    size_t before = atomic_load(&calls);

    (void)state;
    for (int i = 0; i < 1000; i++) {
        json_t *json;

        json_heap_enter(heap);
        assert_ptr_equal(json_heap_current(), heap);
        json = load(heap, slice_of(click));
        assert_non_null(json);
        assert_int_equal(json_object_size(json), 4);
        json_heap_leave(heap);
        assert_null(json_heap_current());
    }
    assert_int_equal(atomic_load(&calls), before);
    assert_false(heap->has_share);
}

static void memory_comes_back_when_leaving(void **state)
{
    struct buf body = objects(10000, "");
    size_t before = atomic_load(&live_bytes);
    json_t *json;

    (void)state;
    json_heap_enter(heap);
    json = load(heap, buf_slice(&body));
    assert_int_equal(json_array_size(json), 100);
    assert_true(atomic_load(&live_bytes) > before);
    assert_int_equal(shares.taken, 1);
    json_heap_leave(heap);
    assert_int_equal(atomic_load(&live_bytes), before);
    assert_int_equal(shares.taken, 0);
    buf_release(&body);
}

static void blocks_are_aligned_and_apart(void **state)
{
    static const size_t sizes[] = {1,    7,     16,   17,    100,
                                   3000, 16384, 1000, 70000, 2 * MIB};
    unsigned char *blocks[sizeof(sizes) / sizeof(sizes[0])];

    (void)state;
    json_heap_enter(heap);
    for (size_t i = 0; i < sizeof(sizes) / sizeof(sizes[0]); i++) {
        blocks[i] = heap_malloc(sizes[i]);
        assert_non_null(blocks[i]);
        assert_int_equal((uintptr_t)blocks[i] % ALIGNMENT, 0);
        memset(blocks[i], (int)i, sizes[i]);
    }
    for (size_t i = 0; i < sizeof(sizes) / sizeof(sizes[0]); i++)
        for (size_t at = 0; at < sizes[i]; at++)
            assert_int_equal(blocks[i][at], i);
    json_heap_leave(heap);
}

static void a_megabyte_of_objects_stays_below_the_limit(void **state)
{
    struct buf body = objects(MIB / 3, "");
    size_t before = atomic_load(&live_bytes);

    (void)state;
    atomic_store(&peak_bytes, before);
    json_heap_enter(heap);
    assert_null(load(heap, buf_slice(&body)));
    assert_true(json_heap_exhausted(heap));
    assert_false(json_heap_failed(heap));
    json_heap_leave(heap);
    assert_true(json_heap_exhausted(heap)); /* it can still be asked */
    assert_true(atomic_load(&peak_bytes) - before <=
                LIMIT_PARSE_HEAP - FIRST_BLOCK);
    assert_true(atomic_load(&peak_bytes) - before > LIMIT_PARSE_HEAP / 2);
    buf_release(&body);

    json_heap_enter(heap);
    assert_false(json_heap_exhausted(heap));
    assert_non_null(load(heap, slice_of(click)));
    json_heap_leave(heap);
}

static void the_first_refusal_is_final(void **state)
{
    static const size_t sizes[] = {LIMIT_PARSE_HEAP, LIMIT_PARSE_HEAP + 1,
                                   SIZE_MAX - 8, SIZE_MAX};

    (void)state;
    for (size_t i = 0; i < sizeof(sizes) / sizeof(sizes[0]); i++) {
        json_heap_enter(heap);
        assert_non_null(heap_malloc(16));
        assert_null(heap_malloc(sizes[i]));
        assert_true(json_heap_exhausted(heap));
        assert_null(heap_malloc(16));
        json_heap_leave(heap);
    }
}

/* Whether `count` objects and the tail get past the limit. */
static bool exhausts(size_t count, const char *tail)
{
    struct buf body = objects(count, tail);
    bool out;

    json_heap_enter(heap);
    (void)load(heap, buf_slice(&body));
    out = json_heap_exhausted(heap);
    json_heap_leave(heap);
    buf_release(&body);
    return out;
}

/* The least number of objects that leaves too little room for the tail. */
static size_t find_edge(const char *tail)
{
    size_t low = 1;
    size_t high = 100000;

    assert_false(exhausts(low, tail));
    assert_true(exhausts(high, tail));
    while (high - low > 1) {
        size_t middle = (low + high) / 2;

        if (exhausts(middle, tail))
            high = middle;
        else
            low = middle;
    }
    return high;
}

/*
 * jansson's scanner ignores that it could not grow a token: see the top of
 * json_heap.c. Each tail makes it grow one again and again; from the edge on,
 * more and more objects make each of these the allocation that is refused.
 */
static void a_token_cut_by_the_limit_is_never_used(void **state)
{
    enum { LONG = 60000 };
    static const struct {
        const char *claim;
        const char *before;
        char repeated;
        const char *behind;
    } rows[] = {
        {"a string",                    ",\"",  's', "\""   },
        {"a string with a raw newline", ",\"",  's', "\n\"" },
        {"a number",                    ",",    '1', ""     },
        {"a fraction",                  ",0.",  '1', ""     },
        {"a literal",                   ",",    't', ""     },
        {"a name",                      ",{\"", 'n', "\":1}"},
    };
    char tail[LONG + 32];

    (void)state;
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        size_t len = strlen(rows[i].before);
        size_t edge;

        memset(tail, 0, sizeof(tail));
        memcpy(tail, rows[i].before, len);
        memset(tail + len, rows[i].repeated, LONG);
        memcpy(tail + len + LONG, rows[i].behind, strlen(rows[i].behind));
        edge = find_edge(tail);
        for (size_t more = 0; more < 2000; more += 100)
            if (!exhausts(edge + more, tail))
                fail_msg("%s: not with %zu more", rows[i].claim, more);
    }
}

static void a_failing_malloc_is_told(void **state)
{
    struct buf body = objects(30000, "");
    size_t before = atomic_load(&live_bytes);
    size_t n = 0;
    json_t *json = NULL;

    (void)state;
    for (; json == NULL; n++) {
        json_heap_enter(heap);
        atomic_store(&fail_after, n);
        json = load(heap, buf_slice(&body));
        atomic_store(&fail_after, SIZE_MAX);
        assert_int_equal(json == NULL, json_heap_failed(heap));
        assert_false(json_heap_exhausted(heap));
        json_heap_leave(heap);
        assert_int_equal(atomic_load(&live_bytes), before);
        assert_int_equal(shares.taken, 0);
    }
    assert_in_range(n, 5, 20);
    buf_release(&body);
}

static void no_memory_for_a_heap(void **state)
{
    struct json_heap *other = NULL;
    struct fault why = FAULT_INIT;

    (void)state;
    atomic_store(&fail_after, 0);
    assert_int_equal(json_heap_new(&other, &why), -1);
    atomic_store(&fail_after, SIZE_MAX);
    assert_int_equal(why.kind, FAULT_NOMEM);
    assert_null(other);
    json_heap_free(NULL);
}

/* ---- what is promised to all -------------------------------------------- */

static void shares_leave_room_for_first_blocks(void **state)
{
    static const struct {
        const char *claim;
        int heaps;
        int shares;
    } rows[] = {
        {"one worker",                     1,                     SHARES    },
        {"as many as one share holds",     512,                   SHARES    },
        {"one more costs a share",         513,                   SHARES - 1},
        {"many workers",                   2048,                  4         },
        {"no room left: one all the same", LIMIT_WORKERS_MAX,     1         },
        {"nor with more",                  2 * LIMIT_WORKERS_MAX, 1         },
    };

    (void)state;
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        int before = shares.heaps;
        int found;

        shares.heaps = rows[i].heaps;
        found = shares_allowed();
        shares.heaps = before;
        if (found != rows[i].shares)
            fail_msg("%s: found %d", rows[i].claim, found);
    }
}

struct holder {
    pthread_t thread;
    atomic_int *holding; /* how many have a share */
    atomic_int *go;      /* how many of them may leave */
    struct slice body;
    bool parsed;
};

static void *hold(void *arg)
{
    struct holder *holder = arg;
    struct json_heap *own = NULL;

    if (json_heap_new(&own, NULL) == -1)
        return NULL;
    json_heap_enter(own);
    holder->parsed = load(own, holder->body) != NULL;
    atomic_fetch_add(holder->holding, 1);
    while (atomic_fetch_sub(holder->go, 1) <= 0) {
        atomic_fetch_add(holder->go, 1);
        usleep(1000);
    }
    json_heap_leave(own);
    json_heap_free(own);
    return NULL;
}

static void wait_for(atomic_int *value, int wanted)
{
    for (int i = 0; i < 10000 && atomic_load(value) < wanted; i++)
        usleep(1000);
    usleep(50 * 1000); /* long enough for one too many */
    assert_int_equal(atomic_load(value), wanted);
}

static void the_eighth_waits_for_a_share(void **state)
{
    struct holder holders[SHARES + 2];
    struct buf body = objects(1000, "");
    atomic_int holding = 0;
    atomic_int go = 0;

    (void)state;
    for (size_t i = 0; i < SHARES + 2; i++) {
        holders[i] = (struct holder){0, &holding, &go, buf_slice(&body), false};
        assert_int_equal(
            pthread_create(&holders[i].thread, NULL, hold, &holders[i]), 0);
    }
    wait_for(&holding, SHARES);

    /* an ordinary event does not wait */
    json_heap_enter(heap);
    assert_non_null(load(heap, slice_of(click)));
    json_heap_leave(heap);

    atomic_store(&go, 1);
    wait_for(&holding, SHARES + 1);
    atomic_store(&go, 1);
    wait_for(&holding, SHARES + 2);
    atomic_store(&go, SHARES);
    for (size_t i = 0; i < SHARES + 2; i++) {
        pthread_join(holders[i].thread, NULL);
        assert_true(holders[i].parsed);
    }
    buf_release(&body);
}

struct worker {
    pthread_t thread;
    struct slice large;
    struct slice too_large;
    size_t wrong;
};

static void *work(void *arg)
{
    struct worker *worker = arg;
    struct json_heap *own = NULL;

    if (json_heap_new(&own, NULL) == -1) {
        worker->wrong++;
        return NULL;
    }
    for (int i = 0; i < 12; i++) {
        json_heap_enter(own);
        if (i % 3 == 0)
            worker->wrong += load(own, slice_of(click)) == NULL;
        else if (i % 3 == 1)
            worker->wrong += load(own, worker->large) == NULL;
        else
            worker->wrong += load(own, worker->too_large) != NULL;
        worker->wrong += json_heap_exhausted(own) != (i % 3 == 2);
        json_heap_leave(own);
    }
    json_heap_free(own);
    return NULL;
}

static void many_threads_stay_below_the_total(void **state)
{
    struct buf large = objects(20000, "");
    struct buf too_large = objects(100000, "");
    struct worker workers[MANY];

    (void)state;
    atomic_store(&peak_bytes, 0);
    for (size_t i = 0; i < MANY; i++) {
        workers[i] =
            (struct worker){0, buf_slice(&large), buf_slice(&too_large), 0};
        assert_int_equal(
            pthread_create(&workers[i].thread, NULL, work, &workers[i]), 0);
    }
    for (size_t i = 0; i < MANY; i++) {
        pthread_join(workers[i].thread, NULL);
        assert_int_equal(workers[i].wrong, 0);
    }
    assert_true(atomic_load(&peak_bytes) <= LIMIT_PARSE_HEAP_TOTAL);
    buf_release(&large);
    buf_release(&too_large);
}

int main(void)
{
#define WITH_HEAP(test)                                                        \
    cmocka_unit_test_setup_teardown(test, open_heap, close_heap)
    const struct CMUnitTest tests[] = {
        WITH_HEAP(outside_it_is_malloc_and_free),
        WITH_HEAP(an_ordinary_event_allocates_nothing),
        WITH_HEAP(memory_comes_back_when_leaving),
        WITH_HEAP(blocks_are_aligned_and_apart),
        WITH_HEAP(a_megabyte_of_objects_stays_below_the_limit),
        WITH_HEAP(the_first_refusal_is_final),
        WITH_HEAP(a_token_cut_by_the_limit_is_never_used),
        WITH_HEAP(a_failing_malloc_is_told),
        WITH_HEAP(no_memory_for_a_heap),
        WITH_HEAP(shares_leave_room_for_first_blocks),
        WITH_HEAP(the_eighth_waits_for_a_share),
        WITH_HEAP(many_threads_stay_below_the_total),
    };

    json_heap_setup();
    return cmocka_run_group_tests(tests, NULL, NULL);
}
