/*
 * json_heap.h - bounded memory for what jansson makes of a body
 *
 * A megabyte of "[{},{},…" becomes eighty megabytes of heap, so what one
 * body may take is bounded (LIMIT_PARSE_HEAP), and what all of them may take
 * together (LIMIT_PARSE_HEAP_TOTAL): a body that needs more than its
 * worker's small first block waits for one of a few large shares.
 *
 * jansson has one allocator for the whole process. Ours looks at a
 * thread-local: between json_heap_enter() and json_heap_leave() everything
 * that jansson allocates on this thread comes from the heap, nothing is
 * freed by itself, and all of it is gone after leaving. Everywhere else it
 * is malloc() and free().
 *
 * So: between the two, do nothing with values that were made outside but
 * read them, and keep nothing that was made inside. Do not dump numbers
 * either: jansson since 2.14.1 keeps the scratch memory of that for the next
 * time. A share is held until leaving, so leave before waiting for anything.
 */
#ifndef EVENT_JSON_HEAP_H
#define EVENT_JSON_HEAP_H

#include "base/fault.h"
#include "base/slice.h"

#include <jansson.h>
#include <stdbool.h>
#include <stddef.h>

struct json_heap; /* of one thread */

/*
 * Installs the allocator and seeds jansson's hash tables. Once, before any
 * other use of jansson and before threads are started.
 */
void json_heap_setup(void);

/* FAULT_NOMEM. The caller owns *out, and it must not be entered when freed. */
int json_heap_new(struct json_heap **out, struct fault *why);
void json_heap_free(struct json_heap *heap); /* NULL is fine */

/* The same without shares: what is parsed may take `max` bytes, more than
 * 16 KiB. For a command that has nobody beside it. */
int json_heap_new_alone(struct json_heap **out, size_t max, struct fault *why);

/* One heap at a time can be entered on a thread, by one thread. */
void json_heap_enter(struct json_heap *heap);

/* Gives back everything since entering, without json_decref(). */
void json_heap_leave(struct json_heap *heap);

/* The heap that this thread has entered, NULL if none. */
struct json_heap *json_heap_current(void);

/*
 * json_loadb() in the heap that this thread has entered. NULL: *error says
 * why, or, if json_heap_exhausted() or json_heap_failed(), nothing does.
 * Use this rather than json_loadb(): an allocation that is refused ends it on
 * the spot, whereas jansson's scanner would go on without the bytes for which
 * it had no room.
 */
json_t *json_heap_load(struct json_heap *heap, struct slice text, size_t flags,
                       json_error_t *error);

/*
 * Whether an allocation since entering was refused, for the limit's sake or
 * because malloc() had nothing. The first refusal is final: all that follow
 * until leaving are refused too. The answer lasts until the next entering.
 */
bool json_heap_exhausted(const struct json_heap *heap);
bool json_heap_failed(const struct json_heap *heap);

#endif
