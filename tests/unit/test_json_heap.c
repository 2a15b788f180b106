/*
 * test_json_heap.c - event/json_heap.h: what is promised to one thread
 */
#include "test_json_heap_support.h"

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

static void one_alone_takes_more_and_no_share(void **state)
{
    struct buf body = objects(MIB / 3, "");
    size_t before = atomic_load(&live_bytes);
    struct json_heap *alone = NULL;

    (void)state;
    assert_int_equal(json_heap_new_alone(&alone, 128 * (size_t)MIB, NULL), 0);
    json_heap_enter(alone);
    assert_non_null(load(alone, buf_slice(&body)));
    assert_true(atomic_load(&live_bytes) - before > LIMIT_PARSE_HEAP);
    assert_int_equal(shares.taken, 0);
    assert_int_equal(shares.heaps, 1); /* the one of every test */
    json_heap_leave(alone);
    json_heap_free(alone);
    assert_int_equal(shares.heaps, 1);

    /* and has its own limit */
    assert_int_equal(json_heap_new_alone(&alone, 4 * (size_t)MIB, NULL), 0);
    json_heap_enter(alone);
    assert_null(load(alone, buf_slice(&body)));
    assert_true(json_heap_exhausted(alone));
    json_heap_leave(alone);
    json_heap_free(alone);
    assert_int_equal(atomic_load(&live_bytes), before);
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

int main(void)
{
    const struct CMUnitTest tests[] = {
        WITH_HEAP(outside_it_is_malloc_and_free),
        WITH_HEAP(an_ordinary_event_allocates_nothing),
        WITH_HEAP(memory_comes_back_when_leaving),
        WITH_HEAP(blocks_are_aligned_and_apart),
        WITH_HEAP(a_megabyte_of_objects_stays_below_the_limit),
        WITH_HEAP(the_first_refusal_is_final),
        WITH_HEAP(a_token_cut_by_the_limit_is_never_used),
        WITH_HEAP(a_failing_malloc_is_told),
        WITH_HEAP(one_alone_takes_more_and_no_share),
        WITH_HEAP(no_memory_for_a_heap),
    };

    json_heap_setup();
    return cmocka_run_group_tests(tests, NULL, NULL);
}
