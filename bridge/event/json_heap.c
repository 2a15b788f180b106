/*
 * json_heap.c - bounded memory for what jansson makes of a body
 *
 * A heap is a first block, which it always has, and chunks that are added
 * while a body needs them; both are filled from the front and never freed
 * piecemeal. An ordinary event fits the first block, so it costs no malloc()
 * at all.
 *
 *   first block   16 KiB   every heap's own
 *   chunk         64 KiB   needs a share; then 128, 256, 512 KiB, 1 MiB ...
 *                          (or what one allocation takes, if that is more)
 *
 * A share is the right to grow to LIMIT_PARSE_HEAP. There are as many as
 * LIMIT_PARSE_HEAP_TOTAL holds besides all first blocks: seven for up to 512
 * heaps, and never less than one. A heap takes at most one, once, and waits
 * for nothing while it has it, so waiting ends when another body is done.
 *
 * Refusal. jansson 2.14 ignores that its scanner could not grow a token
 * (lex_save() in its load.c): bytes are dropped, an assertion can end the
 * process, and a string that lost its closing quote is copied beyond its end.
 * No body may get that far. So during json_heap_load() a refused allocation
 * does not return to jansson but jumps out of it. That loses nothing: all
 * that jansson holds while it parses a buffer is its stack and this heap.
 *
 * Threads: a heap belongs to one; `shares` is behind its lock.
 */
#include "event/json_heap.h"

#include "base/limits.h"

#include <assert.h>
#include <pthread.h>
#include <setjmp.h>
#include <stdint.h>
#include <stdlib.h>

#if defined(__SANITIZE_ADDRESS__)
#define HEAP_POISONS 1
#elif defined(__has_feature)
#if __has_feature(address_sanitizer)
#define HEAP_POISONS 1
#endif
#endif

/* Lets AddressSanitizer see a value that is used after leaving. */
#ifdef HEAP_POISONS
#include <sanitizer/asan_interface.h>
#else
#define ASAN_POISON_MEMORY_REGION(at, size) ((void)(at), (void)(size))
#define ASAN_UNPOISON_MEMORY_REGION(at, size) ((void)(at), (void)(size))
#endif

enum {
    FIRST_BLOCK = 16 * KIB,
    CHUNK_MIN = 64 * KIB,
    CHUNK_MAX = 1 * MIB,
    ALIGNMENT = _Alignof(max_align_t)
};

struct chunk {
    struct chunk *next;
    _Alignas(max_align_t) char data[];
};

struct json_heap {
    char *at;  /* the next free byte of the first block or newest chunk */
    char *end; /* behind its last */
    struct chunk *chunks;
    size_t chunk_bytes; /* of all chunks */
    size_t next_chunk;  /* bytes of the next, if nothing larger is needed */
    jmp_buf *escape;    /* out of json_heap_load(), if it is running */
    size_t max;         /* that may be taken in all */
    bool sharing;       /* or has all of that to itself */
    bool has_share;
    bool exhausted;
    bool failed;
    _Alignas(max_align_t) char first[FIRST_BLOCK];
};

static struct {
    pthread_mutex_t lock;
    pthread_cond_t returned;
    int heaps; /* that exist */
    int taken;
} shares = {PTHREAD_MUTEX_INITIALIZER, PTHREAD_COND_INITIALIZER, 0, 0};

/* A pointer only: thread-local storage lies inside a worker's small stack. */
static _Thread_local struct json_heap *current;

/* ---- shares ------------------------------------------------------------- */

/* shares.lock is held. */
static int shares_allowed(void)
{
    int count = (LIMIT_PARSE_HEAP_TOTAL - shares.heaps * FIRST_BLOCK) /
                LIMIT_PARSE_HEAP;

    return count < 1 ? 1 : count;
}

static void take_share(struct json_heap *heap)
{
    assert(!heap->has_share);
    pthread_mutex_lock(&shares.lock);
    while (shares.taken >= shares_allowed())
        pthread_cond_wait(&shares.returned, &shares.lock);
    shares.taken++;
    pthread_mutex_unlock(&shares.lock);
    heap->has_share = true;
}

static void return_share(struct json_heap *heap)
{
    pthread_mutex_lock(&shares.lock);
    shares.taken--;
    pthread_cond_signal(&shares.returned);
    pthread_mutex_unlock(&shares.lock);
    heap->has_share = false;
}

static void count_heaps(int by)
{
    pthread_mutex_lock(&shares.lock);
    shares.heaps += by;
    /* fewer first blocks may leave room for one share more */
    pthread_cond_broadcast(&shares.returned);
    pthread_mutex_unlock(&shares.lock);
}

/* ---- jansson's allocator ------------------------------------------------ */

static void *refuse(struct json_heap *heap, bool *reason)
{
    *reason = true;
    if (heap->escape != NULL)
        longjmp(*heap->escape, 1);
    return NULL;
}

static void *take(struct json_heap *heap, size_t size)
{
    char *out = heap->at;

    heap->at += size;
    ASAN_UNPOISON_MEMORY_REGION(out, size);
    return out;
}

/* Opens a chunk with room for `size` bytes, which the last one had not. */
static void *take_from_new_chunk(struct json_heap *heap, size_t size)
{
    const size_t room = heap->max - FIRST_BLOCK - heap->chunk_bytes;
    size_t bytes = heap->next_chunk;
    struct chunk *chunk;

    if (heap->exhausted || heap->failed)
        return refuse(heap, heap->failed ? &heap->failed : &heap->exhausted);
    if (size > room || sizeof(*chunk) > room - size)
        return refuse(heap, &heap->exhausted);
    if (bytes < size + sizeof(*chunk))
        bytes = size + sizeof(*chunk);
    if (bytes > room)
        bytes = room;
    if (heap->sharing && !heap->has_share)
        take_share(heap);

    chunk = malloc(bytes);
    if (chunk == NULL)
        return refuse(heap, &heap->failed);
    chunk->next = heap->chunks;
    heap->chunks = chunk;
    heap->chunk_bytes += bytes;
    if (heap->next_chunk < CHUNK_MAX)
        heap->next_chunk *= 2;
    heap->at = chunk->data;
    heap->end = (char *)chunk + bytes;
    ASAN_POISON_MEMORY_REGION(heap->at, (size_t)(heap->end - heap->at));
    return take(heap, size);
}

static void *heap_malloc(size_t size)
{
    struct json_heap *heap = current;

    if (heap == NULL)
        return malloc(size);
    if (size > heap->max)
        return refuse(heap, &heap->exhausted);
    size = (size + ALIGNMENT - 1) & ~(size_t)(ALIGNMENT - 1);
    if (size > (size_t)(heap->end - heap->at) || heap->exhausted ||
        heap->failed)
        return take_from_new_chunk(heap, size);
    return take(heap, size);
}

static void heap_free(void *at)
{
    if (current == NULL)
        free(at);
}

void json_heap_setup(void)
{
    json_set_alloc_funcs(heap_malloc, heap_free);
    json_object_seed(0);
}

/* ---- heaps -------------------------------------------------------------- */

static void start_over(struct json_heap *heap)
{
    heap->at = heap->first;
    heap->end = heap->first + FIRST_BLOCK;
    heap->next_chunk = CHUNK_MIN;
    ASAN_POISON_MEMORY_REGION(heap->first, FIRST_BLOCK);
}

static int new_heap(struct json_heap **out, size_t max, bool sharing,
                    struct fault *why)
{
    struct json_heap *heap = malloc(sizeof(*heap));

    if (heap == NULL)
        return fault_set(why, FAULT_NOMEM,
                         "cannot allocate memory to parse JSON in");
    heap->max = max;
    heap->sharing = sharing;
    heap->chunks = NULL;
    heap->chunk_bytes = 0;
    heap->escape = NULL;
    heap->has_share = false;
    heap->exhausted = false;
    heap->failed = false;
    start_over(heap);
    if (sharing)
        count_heaps(1);
    *out = heap;
    return 0;
}

int json_heap_new(struct json_heap **out, struct fault *why)
{
    return new_heap(out, LIMIT_PARSE_HEAP, true, why);
}

int json_heap_new_alone(struct json_heap **out, size_t max, struct fault *why)
{
    assert(max > FIRST_BLOCK);
    return new_heap(out, max, false, why);
}

void json_heap_free(struct json_heap *heap)
{
    if (heap == NULL)
        return;
    assert(heap != current && heap->chunks == NULL);
    if (heap->sharing)
        count_heaps(-1);
    ASAN_UNPOISON_MEMORY_REGION(heap->first, FIRST_BLOCK);
    free(heap);
}

void json_heap_enter(struct json_heap *heap)
{
    assert(current == NULL);
    heap->exhausted = false;
    heap->failed = false;
    current = heap;
}

void json_heap_leave(struct json_heap *heap)
{
    struct chunk *chunk = heap->chunks;

    assert(current == heap);
    current = NULL;
    while (chunk != NULL) {
        struct chunk *next = chunk->next;

        free(chunk);
        chunk = next;
    }
    heap->chunks = NULL;
    heap->chunk_bytes = 0;
    if (heap->has_share)
        return_share(heap);
    start_over(heap);
}

struct json_heap *json_heap_current(void) { return current; }

json_t *json_heap_load(struct json_heap *heap, struct slice text, size_t flags,
                       json_error_t *error)
{
    jmp_buf escape;
    json_t *json;

    assert(current == heap && heap->escape == NULL);
    heap->escape = &escape;
    if (setjmp(escape) != 0) {
        heap->escape = NULL;
        return NULL;
    }
    json = json_loadb(text.data, text.len, flags, error);
    heap->escape = NULL;
    return json;
}

bool json_heap_exhausted(const struct json_heap *heap)
{
    return heap->exhausted;
}

bool json_heap_failed(const struct json_heap *heap) { return heap->failed; }
