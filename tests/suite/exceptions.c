#include "exceptions.h"

#include <stdlib.h>
#include <string.h>

static const char OPTIONAL[] = "optional/";

static const char *text_of(const json_t *entry, const char *name)
{
    const char *text = json_string_value(json_object_get(entry, name));

    return text == NULL || *text == '\0' ? NULL : text;
}

static int read_entry(struct exception *item, json_t *entry, struct fault *why)
{
    const json_t *test = json_object_get(entry, "test");
    const json_t *suite = json_object_get(entry, "suite");

    item->file = text_of(entry, "file");
    item->group = text_of(entry, "group");
    item->test = text_of(entry, "test");
    item->reason = text_of(entry, "reason");
    item->suite = text_of(entry, "suite");
    if (item->file == NULL || item->group == NULL || item->reason == NULL)
        return fault_set(why, FAULT_CONFIG,
                         "an exception has file, group and reason");
    if (json_object_size(entry) != 3u + (test != NULL) + (suite != NULL) ||
        (test != NULL && item->test == NULL) ||
        (suite != NULL && item->suite == NULL))
        return fault_set(why, FAULT_CONFIG,
                         "'%s': test and suite are texts, and more an "
                         "exception has not",
                         item->group);
    if (strncmp(item->file, OPTIONAL, sizeof(OPTIONAL) - 1) != 0)
        return fault_set(why, FAULT_CONFIG,
                         "'%s' is required: nothing in it can be excepted",
                         item->file);
    return 0;
}

int exceptions_load(struct exceptions *list, const char *path,
                    struct fault *why)
{
    json_error_t error;
    json_t *entry;
    size_t i;

    list->json = json_load_file(path, JSON_REJECT_DUPLICATES, &error);
    if (list->json == NULL)
        return fault_set(why, FAULT_CONFIG, "%s:%d: %s", path, error.line,
                         error.text);
    if (!json_is_array(list->json))
        return fault_set(why, FAULT_CONFIG, "%s: not an array", path);
    list->items = calloc(json_array_size(list->json) + 1, sizeof(*list->items));
    if (list->items == NULL)
        return fault_set(why, FAULT_NOMEM, "cannot allocate the exceptions");
    json_array_foreach(list->json, i, entry)
    {
        if (read_entry(&list->items[i], entry, why) == -1) {
            fault_prefix(why, "%s: exception %zu", path, i);
            return -1;
        }
        list->count++;
    }
    return 0;
}

void exceptions_release(struct exceptions *list)
{
    free(list->items);
    json_decref(list->json);
    *list = (struct exceptions)EXCEPTIONS_INIT;
}

const struct exception *exceptions_find(struct exceptions *list,
                                        const char *file, const char *group,
                                        const char *test)
{
    const struct exception *found = NULL;
    size_t i;

    for (i = 0; i < list->count; i++) {
        struct exception *item = &list->items[i];

        if (strcmp(item->file, file) != 0 || strcmp(item->group, group) != 0 ||
            (item->test != NULL && strcmp(item->test, test) != 0))
            continue;
        item->met = true;
        found = item;
    }
    return found;
}

/* A cell of a table; a bar would end it. */
static int add_cell(struct buf *out, const char *text, struct fault *why)
{
    for (; *text != '\0'; text++) {
        if (*text == '|' && buf_add_text(out, "\\", why) == -1)
            return -1;
        if (buf_add(out, text, 1, why) == -1)
            return -1;
    }
    return 0;
}

static int add_test(const struct exception *item, struct buf *out,
                    struct fault *why)
{
    if (add_cell(out, item->group, why) == -1)
        return -1;
    if (item->test != NULL && (buf_add_text(out, ": ", why) == -1 ||
                               add_cell(out, item->test, why) == -1))
        return -1;
    if (item->suite != NULL && (buf_add_text(out, " (", why) == -1 ||
                                add_cell(out, item->suite, why) == -1 ||
                                buf_add_text(out, ")", why) == -1))
        return -1;
    return 0;
}

static bool share_row(const struct exception *a, const struct exception *b)
{
    return strcmp(a->file, b->file) == 0 && strcmp(a->reason, b->reason) == 0;
}

/* What follows each other with the same reason shares a row. */
int exceptions_table(const struct exceptions *list, struct buf *out,
                     struct fault *why)
{
    size_t i;

    if (buf_add_text(out,
                     "| file | groups of tests | why they fail |\n"
                     "|---|---|---|\n",
                     why) == -1)
        return -1;
    for (i = 0; i < list->count; i++) {
        const struct exception *item = &list->items[i];
        bool begins = i == 0 || !share_row(item, item - 1);
        bool ends = i + 1 == list->count || !share_row(item, item + 1);

        if ((begins ? buf_addf(out, why, "| `%s` | ", item->file)
                    : buf_add_text(out, "<br>", why)) == -1 ||
            add_test(item, out, why) == -1)
            return -1;
        if (ends && (buf_add_text(out, " | ", why) == -1 ||
                     add_cell(out, item->reason, why) == -1 ||
                     buf_add_text(out, " |\n", why) == -1))
            return -1;
    }
    return 0;
}
