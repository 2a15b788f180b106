/*
 * document.c - any JSON value, from bytes; see document.h
 *
 * What jansson would not refuse (a zero byte behind a number) or would
 * refuse in words that help nobody (a byte order mark, nothing at all) is
 * refused here first. jansson's own texts quote what they found, so none is
 * used: its error code picks one of ours.
 */
#include "cmd/document.h"

#include "base/limits.h"
#include "event/json_heap.h"

#include <assert.h>

struct place {
    int line;
    int column; /* in characters */
};

static int refuse(struct fault *why, bool is_line, const char *what,
                  struct place place)
{
    if (is_line)
        return fault_set(why, FAULT_PARSE, "cannot parse it: %s near column %d",
                         what, place.column);
    return fault_set(why, FAULT_PARSE,
                     "cannot parse it: %s near line %d, column %d", what,
                     place.line, place.column);
}

static struct place place_of(struct slice text, size_t at)
{
    struct place place = {1, 1};

    for (size_t i = 0; i < at; i++) {
        if (text.data[i] == '\n') {
            place.line++;
            place.column = 1;
        } else if (((unsigned char)text.data[i] & 0xC0) != 0x80) {
            place.column++;
        }
    }
    return place;
}

static int check_start(struct slice text, bool is_line, struct fault *why)
{
    size_t at = 0;

    while (at < text.len && (text.data[at] == ' ' || text.data[at] == '\t' ||
                             text.data[at] == '\n' || text.data[at] == '\r'))
        at++;
    if (at == text.len)
        return fault_set(why, FAULT_PARSE, "cannot parse it: %s",
                         text.len == 0 ? "it is empty" : "only white space");
    if (text.len - at >= 3 && memcmp(text.data + at, "\xEF\xBB\xBF", 3) == 0)
        return refuse(why, is_line, "a byte order mark", place_of(text, at));
    return 0;
}

static const char *describe(const json_error_t *error)
{
    switch (json_error_code(error)) {
    case json_error_invalid_utf8:
        return "invalid UTF-8";
    case json_error_premature_end_of_input:
        return "it ends early";
    case json_error_end_of_input_expected:
        return "something follows the value";
    case json_error_duplicate_key:
        return "a name occurs twice in an object";
    case json_error_numeric_overflow:
        return "a number is out of range";
    case json_error_null_byte_in_key:
        return "a name contains \\u0000";
    case json_error_stack_overflow:
        return "nested too deep"; /* 2048 levels, as jansson is built */
    default:
        return "invalid JSON";
    }
}

int document_parse(json_t **out, struct slice text, bool is_line,
                   struct fault *why)
{
    const size_t flags =
        JSON_DECODE_ANY | JSON_ALLOW_NUL | JSON_REJECT_DUPLICATES;
    struct json_heap *heap = json_heap_current();
    const char *zero;
    json_error_t error;
    json_t *json;

    assert(heap != NULL);
    if (check_start(text, is_line, why) == -1)
        return -1;
    zero = memchr(text.data, '\0', text.len);
    if (zero != NULL)
        return refuse(why, is_line, "a zero byte",
                      place_of(text, (size_t)(zero - text.data)));

    json = json_heap_load(heap, text, flags, &error);
    if (json == NULL && json_heap_failed(heap))
        return fault_set(why, FAULT_NOMEM,
                         "cannot allocate memory to parse a document in");
    if (json == NULL && json_heap_exhausted(heap))
        return fault_set(why, FAULT_PARSE,
                         "cannot parse it: it needs more than %d bytes of "
                         "memory when parsed",
                         LIMIT_DOCUMENT_HEAP);
    if (json == NULL) /* jansson's position is behind what it read last */
        return refuse(why, is_line, describe(&error),
                      (struct place){error.line, error.column});
    *out = json;
    return 0;
}
