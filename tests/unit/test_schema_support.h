/*
 * test_schema_support.h - what the tests of schema/ share
 */
#ifndef TEST_SCHEMA_SUPPORT_H
#define TEST_SCHEMA_SUPPORT_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "schema/schema.h"

#include <dirent.h>
#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define TEST_URI "https://test.example/main"

/* Are allocations and stacks the program's own, or a sanitizer's? */
#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
#define TEST_SANITIZED 1
#elif defined(__has_feature)
#if __has_feature(address_sanitizer) || __has_feature(thread_sanitizer)
#define TEST_SANITIZED 1
#endif
#endif
#ifndef TEST_SANITIZED
#define TEST_SANITIZED 0
#endif

static inline struct schema_set *test_set(const struct schema_options *options)
{
    struct fault why = FAULT_INIT;
    struct schema_set *set = NULL;

    if (schema_set_new(&set, options, &why) == -1)
        fail_msg("%s", why.text);
    return set;
}

static inline json_t *test_json(const char *text)
{
    json_error_t error;
    json_t *json = json_loads(text, JSON_DECODE_ANY | JSON_ALLOW_NUL, &error);

    if (json == NULL)
        fail_msg("%s: %s", text, error.text);
    return json;
}

static inline json_t *test_json_file(const char *path)
{
    json_error_t error;
    json_t *json =
        json_load_file(path, JSON_DECODE_ANY | JSON_ALLOW_NUL, &error);

    if (json == NULL)
        fail_msg("%s:%d: %s", path, error.line, error.text);
    return json;
}

/* Adds `json` as a document; -1 as schema_set_add(). */
static inline int test_add(struct schema_set *set, const char *uri,
                           const json_t *json, struct fault *why)
{
    char *text = json_dumps(json, JSON_ENCODE_ANY);
    int rc;

    assert_non_null(text);
    rc = schema_set_add(set, uri, "test.json", slice_of(text), why);
    free(text);
    return rc;
}

static inline int test_is_json(const struct dirent *entry)
{
    size_t len = strlen(entry->d_name);

    return len > 5 && strcmp(entry->d_name + len - 5, ".json") == 0;
}

/* Calls `visit` for each *.json of a folder, which must have some. */
static inline void test_each_file(const char *dir,
                                  void (*visit)(const char *path,
                                                const char *name))
{
    struct dirent **entries;
    int i, count = scandir(dir, &entries, test_is_json, alphasort);
    char path[4096];

    if (count <= 0)
        fail_msg("no cases in '%s'", dir);
    for (i = 0; i < count; i++) {
        snprintf(path, sizeof(path), "%s/%s", dir, entries[i]->d_name);
        visit(path, entries[i]->d_name);
        free(entries[i]);
    }
    free(entries);
}

/* Adds each *.json of a folder under `base` and its name. */
static inline void test_add_folder(struct schema_set *set, const char *dir,
                                   const char *base)
{
    struct dirent **entries;
    int i, count = scandir(dir, &entries, test_is_json, alphasort);
    char path[4096], uri[4096];

    if (count <= 0)
        fail_msg("no schemas in '%s'", dir);
    for (i = 0; i < count; i++) {
        struct fault why = FAULT_INIT;
        json_t *json;

        snprintf(path, sizeof(path), "%s/%s", dir, entries[i]->d_name);
        snprintf(uri, sizeof(uri), "%s%s", base, entries[i]->d_name);
        json = test_json_file(path);
        if (test_add(set, uri, json, &why) == -1)
            fail_msg("%s", why.text);
        json_decref(json);
        free(entries[i]);
    }
    free(entries);
}

#endif
