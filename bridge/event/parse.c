/*
 * parse.c - event_parse(): from bytes to JSON
 *
 * What jansson would build before refusing it (any depth up to 2048, an
 * array where an object must be) or would not refuse at all (a zero byte
 * behind a number) is refused here first. jansson's own texts quote what
 * they found, so none is used: its error code picks one of ours.
 *
 * Source: RFC 8259.
 */
#include "event/event.h"

#include "base/limits.h"
#include "event/json_heap.h"

#include <assert.h>

static int refuse(struct fault *why, const char *what, size_t at)
{
    return fault_set(why, FAULT_PARSE, "cannot parse the body: %s at byte %zu",
                     what, at);
}

/* The first byte that is not white space must open an object. */
static int check_start(struct slice body, struct fault *why)
{
    size_t at = 0;

    while (at < body.len && (body.data[at] == ' ' || body.data[at] == '\t' ||
                             body.data[at] == '\n' || body.data[at] == '\r'))
        at++;
    if (at == body.len)
        return fault_set(why, FAULT_PARSE,
                         body.len == 0
                             ? "cannot parse the body: it is empty"
                             : "cannot parse the body: only white space");
    if (body.data[at] == '{')
        return 0;
    if (body.len - at >= 3 && memcmp(body.data + at, "\xEF\xBB\xBF", 3) == 0)
        return refuse(why, "a byte order mark", at);
    return refuse(why, "expected an object", at);
}

/* Counts brackets wherever they are: an upper bound of the depth. */
static size_t count_opening(struct slice body)
{
    size_t count = 0;

    for (size_t i = 0; i < body.len; i++)
        count += (body.data[i] | 0x20) == '{'; /* '[' differs in that bit */
    return count;
}

/*
 * Follows strings only as far as valid JSON needs: where jansson stops at an
 * error, it has seen no deeper than this did.
 */
static int check_depth(struct slice body, struct fault *why)
{
    size_t depth = 0;
    bool in_string = false;

    if (count_opening(body) <= LIMIT_JSON_DEPTH)
        return 0;
    for (size_t i = 0; i < body.len; i++) {
        char c = body.data[i];

        if (in_string) {
            if (c == '\\')
                i++;
            else if (c == '"')
                in_string = false;
        } else if (c == '"') {
            in_string = true;
        } else if (c == '{' || c == '[') {
            if (++depth > LIMIT_JSON_DEPTH)
                return fault_set(why, FAULT_PARSE,
                                 "cannot parse the body: nested deeper than "
                                 "%d levels at byte %zu",
                                 LIMIT_JSON_DEPTH, i);
        } else if ((c == '}' || c == ']') && depth > 0) {
            depth--;
        }
    }
    return 0;
}

static const char *describe_error(const json_error_t *error)
{
    switch (json_error_code(error)) {
    case json_error_invalid_utf8:
        return "invalid UTF-8";
    case json_error_premature_end_of_input:
        return "it ends early";
    case json_error_end_of_input_expected:
        return "something follows the object";
    case json_error_duplicate_key:
        return "a name occurs twice in an object";
    case json_error_numeric_overflow:
        return "a number is out of range";
    case json_error_null_character:
    case json_error_null_byte_in_key:
        return "a string contains \\u0000";
    default:
        return "invalid JSON";
    }
}

int event_parse(json_t **out, struct slice body, struct fault *why)
{
    struct json_heap *heap = json_heap_current();
    const char *zero;
    json_error_t error;
    json_t *json;

    assert(heap != NULL);
    if (check_start(body, why) == -1)
        return -1;
    zero = memchr(body.data, '\0', body.len);
    if (zero != NULL)
        return refuse(why, "a zero byte", (size_t)(zero - body.data));
    if (check_depth(body, why) == -1)
        return -1;

    json = json_heap_load(heap, body, JSON_REJECT_DUPLICATES, &error);
    if (json == NULL && json_heap_failed(heap))
        return fault_set(why, FAULT_NOMEM,
                         "cannot allocate memory to parse the body in");
    if (json == NULL && json_heap_exhausted(heap))
        return fault_set(why, FAULT_PARSE,
                         "cannot parse the body: it needs more than %d bytes "
                         "of memory when parsed",
                         LIMIT_PARSE_HEAP);
    if (json == NULL) /* jansson's position is behind what it read last */
        return fault_set(why, FAULT_PARSE,
                         "cannot parse the body: %s near byte %d",
                         describe_error(&error), error.position);
    *out = json;
    return 0;
}
