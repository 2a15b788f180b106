/*
 * peek.h - a JSON value's parts, without a call
 *
 * Going through an object costs four calls of jansson a member, and these are
 * more than half of what it costs to judge a small event. So the fast path
 * reads the parts where jansson keeps them. It may, if this is a release of
 * jansson whose layout is known here, and if what is read of values made for
 * that is what jansson says of them; or else it calls, as all others do
 * (docs/decisions/0006).
 *
 * Values are borrowed, and of the type that a function is for.
 */
#ifndef SCHEMA_PEEK_H
#define SCHEMA_PEEK_H

#include "base/slice.h"

#include <jansson.h>
#include <stdbool.h>
#include <stddef.h>

/* Whether parts are read directly. Written once, before any schema can be
 * evaluated. */
extern bool peek_direct;

/* Finds that out. Any number of times, from any thread. */
void peek_init(void);

/* Where one is in going through an object; jansson's, NULL at the end. */
typedef void *peek_iter;

/* ---- jansson 2.14: src/hashtable.h, src/jansson_private.h -----------------
 */

struct peek_link {
    struct peek_link *prev, *next;
};

struct peek_pair {
    struct peek_link by_hash, by_order;
    size_t hash;
    json_t *value;
    size_t key_len;
    char key[1];
};

struct peek_object {
    json_t json;
    size_t size;
    void *buckets;
    size_t order;
    struct peek_link all, in_order;
};

struct peek_array {
    json_t json;
    size_t capacity;
    size_t size;
    json_t **items;
};

struct peek_string {
    json_t json;
    char *text;
    size_t len;
};

static inline struct peek_pair *peek_pair_of(peek_iter iter)
{
    return (struct peek_pair *)(void *)((char *)iter -
                                        offsetof(struct peek_pair, by_order));
}

/* ---- what is asked --------------------------------------------------------
 */

static inline size_t peek_object_size(const json_t *object)
{
    return peek_direct ? ((const struct peek_object *)object)->size
                       : json_object_size(object);
}

static inline peek_iter peek_step(const struct peek_object *object,
                                  const struct peek_link *link)
{
    return link->next == &object->in_order ? NULL : link->next;
}

static inline peek_iter peek_first(const json_t *object)
{
    const struct peek_object *direct = (const struct peek_object *)object;

    return peek_direct ? peek_step(direct, &direct->in_order)
                       : json_object_iter((json_t *)object);
}

static inline peek_iter peek_next(const json_t *object, peek_iter iter)
{
    return peek_direct ? peek_step((const struct peek_object *)object, iter)
                       : json_object_iter_next((json_t *)object, iter);
}

static inline struct slice peek_key(peek_iter iter)
{
    if (peek_direct)
        return (struct slice){peek_pair_of(iter)->key,
                              peek_pair_of(iter)->key_len};
    return (struct slice){json_object_iter_key(iter),
                          json_object_iter_key_len(iter)};
}

static inline const json_t *peek_value(peek_iter iter)
{
    return peek_direct ? peek_pair_of(iter)->value
                       : json_object_iter_value(iter);
}

static inline size_t peek_array_size(const json_t *array)
{
    return peek_direct ? ((const struct peek_array *)array)->size
                       : json_array_size(array);
}

/* `index` is below the size. */
static inline const json_t *peek_item(const json_t *array, size_t index)
{
    return peek_direct ? ((const struct peek_array *)array)->items[index]
                       : json_array_get(array, index);
}

static inline struct slice peek_text(const json_t *string)
{
    const struct peek_string *direct = (const struct peek_string *)string;

    if (peek_direct)
        return (struct slice){direct->text, direct->len};
    return (struct slice){json_string_value(string),
                          json_string_length(string)};
}

#endif
