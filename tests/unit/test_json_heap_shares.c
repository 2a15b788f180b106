/*
 * test_json_heap_shares.c - event/json_heap.h: what is promised to all threads
 */
#include "test_json_heap_support.h"

enum {
    SHARES = 7,
    MANY = 24 /* threads */
};

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

/* Heaps are made and freed around the threads: that, too, wakes waiters. */
struct holder {
    pthread_t thread;
    struct json_heap *heap;
    atomic_int *holding; /* how many have a share */
    atomic_int *go;      /* how many of them may leave */
    struct slice body;
    bool parsed;
};

static atomic_int inside;      /* have a share now */
static atomic_int most_inside; /* have had one at the same time */

static void *hold(void *arg)
{
    struct holder *holder = arg;
    int seen;

    json_heap_enter(holder->heap);
    holder->parsed = load(holder->heap, holder->body) != NULL;
    seen = atomic_fetch_add(&inside, 1) + 1;
    for (int most = atomic_load(&most_inside); most < seen;)
        if (atomic_compare_exchange_weak(&most_inside, &most, seen))
            break;
    atomic_fetch_add(holder->holding, 1);
    while (atomic_fetch_sub(holder->go, 1) <= 0) {
        atomic_fetch_add(holder->go, 1);
        usleep(1000);
    }
    atomic_fetch_sub(&inside, 1);
    json_heap_leave(holder->heap);
    return NULL;
}

static void wait_for(atomic_int *value, int wanted)
{
    for (int i = 0; i < 10000 && atomic_load(value) < wanted; i++)
        usleep(1000);
    assert_true(atomic_load(value) >= wanted);
}

static void the_eighth_waits_for_a_share(void **state)
{
    struct holder holders[SHARES + 2];
    struct buf body = objects(1000, "");
    atomic_int holding = 0;
    atomic_int go = 0;

    (void)state;
    for (size_t i = 0; i < SHARES + 2; i++) {
        holders[i] =
            (struct holder){0, NULL, &holding, &go, buf_slice(&body), false};
        assert_int_equal(json_heap_new(&holders[i].heap, NULL), 0);
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
    assert_int_equal(atomic_load(&most_inside), SHARES);
    for (size_t i = 0; i < SHARES + 2; i++)
        json_heap_free(holders[i].heap);
    buf_release(&body);
}

struct worker {
    pthread_t thread;
    struct json_heap *heap;
    struct slice large;
    struct slice too_large;
    size_t wrong;
};

static void *work(void *arg)
{
    struct worker *worker = arg;
    struct json_heap *own = worker->heap;

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
        workers[i] = (struct worker){0, NULL, buf_slice(&large),
                                     buf_slice(&too_large), 0};
        assert_int_equal(json_heap_new(&workers[i].heap, NULL), 0);
        assert_int_equal(
            pthread_create(&workers[i].thread, NULL, work, &workers[i]), 0);
    }
    for (size_t i = 0; i < MANY; i++) {
        pthread_join(workers[i].thread, NULL);
        assert_int_equal(workers[i].wrong, 0);
    }
    for (size_t i = 0; i < MANY; i++)
        json_heap_free(workers[i].heap);
    assert_true(atomic_load(&peak_bytes) <= LIMIT_PARSE_HEAP_TOTAL);
    buf_release(&large);
    buf_release(&too_large);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        WITH_HEAP(shares_leave_room_for_first_blocks),
        WITH_HEAP(the_eighth_waits_for_a_share),
        WITH_HEAP(many_threads_stay_below_the_total),
    };

    json_heap_setup();
    return cmocka_run_group_tests(tests, NULL, NULL);
}
