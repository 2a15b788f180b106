/*
 * exceptions.h - which tests of the official suite do not pass, and why
 *
 * The list is a file, an array of
 *   {"file": "optional/bignum.json", "group": …, "test": …, "reason": …,
 *    "suite": …}
 * where "file" is below the draft's folder, "group" and "test" are the
 * suite's descriptions, and without "test" all tests of the group are meant.
 * "suite" says which versions of the suite have the test; without it, all.
 *
 * Only optional tests can be excepted, and a list that says otherwise cannot
 * be loaded.
 *
 * Threads: one.
 */
#ifndef SUITE_EXCEPTIONS_H
#define SUITE_EXCEPTIONS_H

#include "base/buf.h"
#include "base/fault.h"

#include <jansson.h>
#include <stdbool.h>
#include <stddef.h>

struct exception {
    const char *file;
    const char *group;
    const char *test; /* NULL: all of the group */
    const char *reason;
    const char *suite; /* NULL: every version has it */
    bool met;          /* the suite has such a test */
};

struct exceptions {
    json_t *json; /* holds the texts */
    struct exception *items;
    size_t count;
};

#define EXCEPTIONS_INIT {NULL, NULL, 0}

/* FAULT_CONFIG: not such a list. To be released, whatever is returned. */
int exceptions_load(struct exceptions *list, const char *path,
                    struct fault *why);
void exceptions_release(struct exceptions *list);

/* NULL: not listed. All that name the test are met from now on. */
const struct exception *exceptions_find(struct exceptions *list,
                                        const char *file, const char *group,
                                        const char *test);

/* Adds the list as a table of Markdown, for docs/json-schema.md. */
int exceptions_table(const struct exceptions *list, struct buf *out,
                     struct fault *why);

#endif
