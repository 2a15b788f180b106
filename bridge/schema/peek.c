/*
 * peek.c - may a JSON value's parts be read directly?
 */
#include "schema/peek.h"

#include <pthread.h>
#include <string.h>

bool peek_direct;

static pthread_once_t once = PTHREAD_ONCE_INIT;

static bool is_known_release(void)
{
    static const char *const known[] = {"2.14", "2.14.1"};
    const char *running = jansson_version_str();

    if (strcmp(running, JANSSON_VERSION) != 0)
        return false; /* not the one that this was compiled with */
    for (size_t i = 0; i < sizeof(known) / sizeof(known[0]); i++)
        if (strcmp(running, known[i]) == 0)
            return true;
    return false;
}

static bool same_text(const json_t *string)
{
    const struct peek_string *direct = (const struct peek_string *)string;

    return direct->text == json_string_value(string) &&
           direct->len == json_string_length(string);
}

static bool same_items(const json_t *array)
{
    const struct peek_array *direct = (const struct peek_array *)array;

    if (direct->size != json_array_size(array))
        return false;
    for (size_t i = 0; i < direct->size; i++)
        if (direct->items[i] != json_array_get(array, i))
            return false;
    return true;
}

static bool same_members(json_t *object)
{
    const struct peek_object *direct = (const struct peek_object *)object;
    const struct peek_link *link = &direct->in_order;
    void *iter = json_object_iter(object);

    if (direct->size != json_object_size(object))
        return false;
    for (; iter != NULL; iter = json_object_iter_next(object, iter)) {
        const struct peek_pair *pair = peek_pair_of(iter);

        link = link->next;
        if (link != iter || pair->key != json_object_iter_key(iter) ||
            pair->key_len != json_object_iter_key_len(iter) ||
            pair->value != json_object_iter_value(iter))
            return false;
    }
    return link->next == &direct->in_order;
}

/* Texts and names of several lengths, and so many members that the table of
 * an object has grown. */
static json_t *make_sample(void)
{
    static const char text[] =
        "{\"\": \"\", \"a\": \"short\", \"none\": {}, \"empty\": [], \"one\": "
        "[1],"
        "\"a name that is longer than any name that a sensible person gives\":"
        "\"a text that is longer than what could be kept inside of a value\","
        "\"many\": [0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16],"
        "\"e\": 1, \"f\": 1.5, \"g\": true, \"h\": null, \"i\": {\"k\": "
        "\"v\"}}";

    return json_loadb(text, sizeof(text) - 1, 0, NULL);
}

static bool is_as_expected(json_t *sample)
{
    void *iter = json_object_iter(sample);

    if (!same_members(sample))
        return false;
    for (; iter != NULL; iter = json_object_iter_next(sample, iter)) {
        json_t *value = json_object_iter_value(iter);

        if ((json_is_string(value) && !same_text(value)) ||
            (json_is_array(value) && !same_items(value)) ||
            (json_is_object(value) && !same_members(value)))
            return false;
    }
    return true;
}

static void find_out(void)
{
    json_t *sample;

    if (!is_known_release())
        return;
    sample = make_sample();
    peek_direct = sample != NULL && is_as_expected(sample);
    json_decref(sample);
}

void peek_init(void) { pthread_once(&once, find_out); }
