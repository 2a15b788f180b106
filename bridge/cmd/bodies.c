/*
 * bodies.c - what `send` sends; see bodies.h
 */
#include "cmd/bodies.h"

#include "base/clock.h"
#include "base/limits.h"
#include "base/nearest.h"
#include "cmd/input.h"
#include "event/builtin_schemas.h"

#include <errno.h>
#include <jansson.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>

enum { WORD_SIZE = 8 /* with its NUL */ };

void bodies_release(struct bodies *bodies)
{
    for (size_t i = 0; i < bodies->count; i++) {
        free(bodies->items[i].name);
        buf_release(&bodies->items[i].bytes);
    }
    free(bodies->items);
    *bodies = (struct bodies)BODIES_INIT;
}

/* A new one at the end, empty. NULL: FAULT_NOMEM. */
static struct body *add_body(struct bodies *bodies, const char *name,
                             size_t name_len, struct fault *why)
{
    struct body *items;
    char *copy = strndup(name, name_len);

    items = realloc(bodies->items, (bodies->count + 1) * sizeof(*items));
    if (items != NULL)
        bodies->items = items;
    if (items == NULL || copy == NULL) {
        free(copy);
        fault_set(why, FAULT_NOMEM, "cannot keep another body");
        return NULL;
    }
    items[bodies->count] = (struct body){copy, BUF_INIT(LIMIT_INPUT)};
    return &items[bodies->count++];
}

int bodies_add_file(struct bodies *bodies, const char *path, struct fault *why)
{
    const char *name = input_name(path);
    struct body *body = add_body(bodies, name, strlen(name), why);

    if (body == NULL)
        return -1;
    return input_read(&body->bytes, path, why);
}

/* Adds a value as compact JSON text. */
static int add_json(struct buf *out, const json_t *value, struct fault *why)
{
    char *text = json_dumps(value, JSON_COMPACT);
    int rc = -1;

    if (text == NULL)
        fault_set(why, FAULT_NOMEM, "cannot write JSON");
    else
        rc = buf_add_text(out, text, why);
    free(text);
    return rc;
}

static int add_schema_examples(struct bodies *bodies,
                               const struct embedded_file *file,
                               size_t stem_len, struct fault *why)
{
    json_t *schema = json_loadb(file->text, file->len, 0, NULL);
    json_t *examples = json_object_get(schema, "examples");
    int rc = -1;

    for (size_t i = 0; i < json_array_size(examples); i++) {
        struct body *body = add_body(bodies, file->name, stem_len, why);

        if (body == NULL ||
            add_json(&body->bytes, json_array_get(examples, i), why) == -1)
            goto done;
    }
    rc = 0;

done:
    json_decref(schema);
    return rc;
}

int bodies_add_examples(struct bodies *bodies, const char *type,
                        struct fault *why)
{
    bool all = strcmp(type, "all") == 0;
    size_t before = bodies->count;
    struct nearest nearest;
    char nearest_name[128] = "";

    nearest_init(&nearest, type);
    for (size_t i = 0; i < builtin_schemas_count; i++) {
        const struct embedded_file *file = &builtin_schemas[i];
        size_t stem_len = strlen(file->name) - strlen(".json");
        char stem[128];

        if (strcmp(file->name, "envelope.json") == 0)
            continue;
        snprintf(stem, sizeof(stem), "%.*s", (int)stem_len, file->name);
        nearest_offer(&nearest, stem);
        if (nearest.best == stem) {
            snprintf(nearest_name, sizeof(nearest_name), "%s", stem);
            nearest.best = nearest_name;
        }
        if ((all || strcmp(stem, type) == 0) &&
            add_schema_examples(bodies, file, stem_len, why) == -1)
            return -1;
    }
    if (bodies->count > before)
        return 0;
    if (nearest.best != NULL)
        return fault_set(why, FAULT_USAGE,
                         "no example for event type '%s', did you mean '%s'?",
                         type, nearest.best);
    return fault_set(why, FAULT_USAGE, "no example for event type '%s'", type);
}

int bodies_first_serial(uint64_t *out, struct fault *why)
{
    if (getrandom(out, sizeof(*out), 0) != (ssize_t)sizeof(*out))
        return fault_set_errno(why, FAULT_IO, errno, "cannot get random bytes");
    return 0;
}

/*
 * Seven letters and digits, as the sender's ids have. A serial has a word of
 * its own as long as there are any (3.5e12): multiplying by a number that
 * has no factor in common with 62 only changes their order.
 */
static void make_word(uint64_t serial, char word[WORD_SIZE])
{
    static const char letters[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZ"
                                  "abcdefghijklmnopqrstuvwxyz0123456789";
    const uint64_t words = 62ULL * 62 * 62 * 62 * 62 * 62 * 62;
    uint64_t rest = serial % words * 1999993 % words;

    for (int i = 0; i < WORD_SIZE - 1; i++) {
        word[i] = letters[rest % 62];
        rest /= 62;
    }
    word[WORD_SIZE - 1] = '\0';
}

static json_t *make_correlation_id(const struct renewal *renewal,
                                   const char *word)
{
    if (renewal->key == -1)
        return json_sprintf("O-%s", word);
    return json_sprintf("O-k%06lld", (long long)renewal->key);
}

static int set_fresh(json_t *event, const struct renewal *renewal,
                     struct fault *why)
{
    json_t *data = json_object_get(event, "data");
    int64_t now_ms = clock_real_ms();
    char timestamp[CLOCK_RFC3339_SIZE];
    char word[WORD_SIZE];

    make_word(renewal->serial, word);
    clock_rfc3339(now_ms, timestamp);
    if (json_object_set_new(
            event, "event_id",
            json_sprintf("evt_%lld_%s", (long long)(now_ms / 1000), word)) ==
            -1 ||
        json_object_set_new(event, "timestamp", json_string(timestamp)) == -1 ||
        (json_is_object(data) &&
         json_object_set_new(data, "correlation_id",
                             make_correlation_id(renewal, word)) == -1))
        return fault_set(why, FAULT_NOMEM, "cannot change an event");
    return 0;
}

int bodies_renew(struct buf *out, const struct body *body,
                 const struct renewal *renewal, struct fault *why)
{
    json_t *event = json_loadb(body->bytes.data == NULL ? "" : body->bytes.data,
                               body->bytes.len, 0, NULL);
    int rc = -1;

    if (!json_is_object(event))
        fault_set(why, FAULT_USAGE,
                  "cannot renew '%s': it is not a JSON object; send it without "
                  "--fresh and --keys",
                  body->name);
    else if (set_fresh(event, renewal, why) == 0)
        rc = add_json(out, event, why);
    json_decref(event);
    return rc;
}
