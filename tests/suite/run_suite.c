/*
 * run_suite.c - the official test suite of JSON Schema, draft 2020-12
 *
 *   run_suite SUITE EXCEPTIONS [FILE...]
 *
 * SUITE is a folder with "tests/draft2020-12" and "remotes", EXCEPTIONS the
 * list that exceptions.h describes, FILE below the draft's folder
 * ("optional/bignum.json"). Without a FILE all are run.
 *
 * A test passes if schema_check() and schema_explain() say what the suite
 * says, and each error has locations that lead somewhere. One that does not
 * must be listed, and one that is listed must not pass: the list is as true
 * as the tests.
 *
 * Exit status 0: as expected; 1: not; 77: there is no suite, and this is not
 * CI.
 */
#include "exceptions.h"
#include "places.h"

#include "base/arena.h"
#include "base/buf.h"
#include "base/limits.h"

#include <dirent.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { EXIT_SKIPPED = 77, ERRORS_MAX = 100, PATH_BYTES = 4096 };

#define PACKAGE "libtest-json-schema-acceptance-perl"
#define DRAFT "tests/draft2020-12"
#define REMOTES_URI "http://localhost:1234/"
#define TOO_BIG "an integer beyond 64 bits, which jansson refuses"
#define SCHEMA_URI "https://suite.example/schema.json"

struct run {
    const char *suite;
    struct exceptions exceptions;
    struct places remotes;
    size_t passed, excepted, failed;
};

/* A group of one file, compiled. */
struct group {
    const char *file;
    const char *about;
    struct places places;
    struct schema_set *set;
    struct schema_scratch *scratch;
    const struct schema *schema;
    struct fault why; /* if it cannot be used */
};

/* ---- one test ---------------------------------------------------------------
 */

static const char *verdict_name(enum schema_verdict verdict)
{
    return verdict == SCHEMA_VALID     ? "valid"
           : verdict == SCHEMA_INVALID ? "invalid"
                                       : "exhausted";
}

static int check_report(const struct group *group, const json_t *data,
                        const struct schema_report *report, struct fault *why)
{
    size_t i;

    if (report->verdict == SCHEMA_VALID)
        return report->count == 0
                   ? 0
                   : fault_set(why, FAULT_SCHEMA, "valid, and yet an error");
    if (report->count == 0)
        return fault_set(why, FAULT_SCHEMA, "invalid, and yet no error");
    for (i = 0; i < report->count; i++) {
        if (places_check(&group->places, data, &report->errors[i], why) == -1)
            return -1;
    }
    return 0;
}

/* Has the value an integer that load() has put TOO_BIG for? */
static bool is_too_big(const json_t *json)
{
    const char *text = json_string_value(json);
    const char *name;
    json_t *member;
    size_t i;

    if (text != NULL)
        return strcmp(text, TOO_BIG) == 0;
    json_object_foreach((json_t *)json, name, member)
    {
        if (is_too_big(member))
            return true;
    }
    json_array_foreach(json, i, member)
    {
        if (is_too_big(member))
            return true;
    }
    return false;
}

/* FAULT_SCHEMA: how it differs from what the suite says. */
static int run_test(const struct group *group, const json_t *test,
                    struct fault *why)
{
    struct arena arena = ARENA_INIT(16384, 1 << 20);
    const json_t *data = json_object_get(test, "data");
    enum schema_verdict wanted = json_is_true(json_object_get(test, "valid"))
                                     ? SCHEMA_VALID
                                     : SCHEMA_INVALID;
    struct schema_report report;
    enum schema_verdict verdict;
    int rc = -1;

    if (group->schema == NULL)
        return fault_set(why, FAULT_SCHEMA, "%s", group->why.text);
    if (is_too_big(data))
        return fault_set(why, FAULT_SCHEMA, "%s", TOO_BIG);
    verdict = schema_check(group->schema, data, group->scratch);
    if (verdict != wanted)
        fault_set(why, FAULT_SCHEMA, "%s, but should be %s",
                  verdict_name(verdict), verdict_name(wanted));
    else if (schema_explain(group->schema, data, group->scratch, &arena,
                            ERRORS_MAX, &report, why) == 0) {
        if (report.verdict != wanted)
            fault_set(why, FAULT_SCHEMA, "explained as %s, but should be %s",
                      verdict_name(report.verdict), verdict_name(wanted));
        else
            rc = check_report(group, data, &report, why);
    }
    arena_release(&arena);
    return rc;
}

static void complain(struct run *run, const char *file, const char *group,
                     const char *test, const char *what)
{
    run->failed++;
    fprintf(stderr, "%s: %s: %s: %s\n", file, group, test, what);
}

static void settle(struct run *run, const struct group *group, json_t *test)
{
    const char *about = json_string_value(json_object_get(test, "description"));
    const struct exception *listed;
    struct fault why = FAULT_INIT;
    int rc;

    if (about == NULL || !json_is_boolean(json_object_get(test, "valid")) ||
        json_object_get(test, "data") == NULL) {
        complain(run, group->file, group->about, "?", "not a test");
        return;
    }
    rc = run_test(group, test, &why);
    listed =
        exceptions_find(&run->exceptions, group->file, group->about, about);
    if (rc == 0 && listed == NULL)
        run->passed++;
    else if (rc == 0)
        complain(run, group->file, group->about, about,
                 "passes, and is listed as an exception");
    else if (listed == NULL)
        complain(run, group->file, group->about, about, why.text);
    else
        run->excepted++;
}

/* ---- one group --------------------------------------------------------------
 */

static int compile(const struct run *run, struct group *group, json_t *schema)
{
    struct schema_options options = {.format = SCHEMA_FORMAT_ANNOTATE,
                                     .unknown = SCHEMA_UNKNOWN_ALLOW};
    struct fault *why = &group->why;
    char remotes[PATH_BYTES];
    char *text = json_dumps(schema, JSON_ENCODE_ANY);
    int rc = -1;

    if (strncmp(group->file, "optional/format/", 16) == 0)
        options.format = SCHEMA_FORMAT_ASSERT;
    snprintf(remotes, sizeof(remotes), "%s/remotes", run->suite);
    if (text == NULL)
        fault_set(why, FAULT_CONFIG, "cannot write the schema");
    else if (is_too_big(schema))
        fault_set(why, FAULT_CONFIG, "%s", TOO_BIG);
    else if (schema_set_new(&group->set, &options, why) == 0 &&
             schema_set_map(group->set, REMOTES_URI, remotes, why) == 0 &&
             schema_set_add(group->set, SCHEMA_URI, group->file, slice_of(text),
                            why) == 0 &&
             schema_set_compile(group->set, why) == 0 &&
             schema_scratch_new(&group->scratch, group->set, why) == 0)
        rc = places_add(&group->places, SCHEMA_URI, schema, why);
    free(text);
    return rc;
}

static void run_group(struct run *run, const char *file, json_t *json)
{
    struct group group = {
        .file = file,
        .about = json_string_value(json_object_get(json, "description")),
        .places = PLACES_INIT(&run->remotes),
        .why = FAULT_INIT};
    json_t *schema = json_object_get(json, "schema");
    json_t *tests = json_object_get(json, "tests");
    json_t *test;
    size_t i;

    if (group.about == NULL || schema == NULL || json_array_size(tests) == 0) {
        complain(run, file, "?", "?", "not a group of tests");
        return;
    }
    if (compile(run, &group, schema) == 0)
        group.schema = schema_set_find(group.set, SCHEMA_URI);
    json_array_foreach(tests, i, test) { settle(run, &group, test); }
    schema_scratch_free(group.scratch);
    schema_set_free(group.set);
    places_release(&group.places);
}

/* ---- exceptions -------------------------------------------------------------
 */

/* FAULT_CONFIG: one is about a file that no suite is known to have. */
static int check_files(const struct run *run, struct fault *why)
{
    char path[PATH_BYTES];
    size_t i;

    for (i = 0; i < run->exceptions.count; i++) {
        const struct exception *item = &run->exceptions.items[i];

        snprintf(path, sizeof(path), "%s/" DRAFT "/%s", run->suite, item->file);
        if (item->suite == NULL && access(path, R_OK) == -1)
            return fault_set_errno(why, FAULT_CONFIG, errno,
                                   "exception %zu: cannot open '%s'", i, path);
    }
    return 0;
}

static void check_met(struct run *run, const char *file)
{
    size_t i;

    for (i = 0; i < run->exceptions.count; i++) {
        const struct exception *item = &run->exceptions.items[i];

        if (strcmp(item->file, file) == 0 && !item->met && item->suite == NULL)
            complain(run, file, item->group,
                     item->test == NULL ? "all" : item->test,
                     "is listed, but this suite has no such test");
    }
}

/* ---- files ------------------------------------------------------------------
 */

/*
 * Adds the text `from`, in which TOO_BIG stands for each integer that jansson
 * does not take: it would refuse the whole file for one of them.
 */
static int tame_integers(const char *from, struct buf *to, struct fault *why)
{
    while (*from != '\0') {
        size_t len = 1, digits = strspn(from, "-0123456789");
        bool big = false;

        if (*from == '"') {
            while (from[len] != '"' && from[len] != '\0')
                len += from[len] == '\\' && from[len + 1] != '\0' ? 2 : 1;
            len += from[len] == '"';
        } else if (digits > 0) {
            len = strspn(from, "-+.0123456789eE");
            errno = 0;
            (void)strtoll(from, NULL, 10);
            big = len == digits && errno == ERANGE;
        }
        if ((big ? buf_add_text(to, "\"" TOO_BIG "\"", why)
                 : buf_add(to, from, len, why)) == -1)
            return -1;
        from += len;
    }
    return 0;
}

/* NULL: not to be read, or not JSON. */
static json_t *load(const char *path, struct fault *why)
{
    struct buf text = BUF_INIT(16 * MIB);
    struct buf tame = BUF_INIT(32 * MIB);
    json_error_t error;
    json_t *json = NULL;

    if (buf_add_file(&text, path, why) == 0 &&
        buf_add_text(&text, "\n", why) == 0 &&
        tame_integers(text.data, &tame, why) == 0) {
        json = json_loadb(tame.data, tame.len, JSON_ALLOW_NUL, &error);
        if (json == NULL)
            fault_set(why, FAULT_CONFIG, "line %d: %s", error.line, error.text);
    }
    buf_release(&text);
    buf_release(&tame);
    return json;
}

/* Empty arrays are fine: the suite keeps files whose tests have moved. */
static void run_file(struct run *run, const char *file)
{
    size_t passed = run->passed, excepted = run->excepted;
    size_t failed = run->failed;
    char path[PATH_BYTES];
    struct fault why = FAULT_INIT;
    json_t *groups, *group;
    size_t i;

    snprintf(path, sizeof(path), "%s/" DRAFT "/%s", run->suite, file);
    groups = load(path, &why);
    if (!json_is_array(groups))
        complain(run, file, "?", "?",
                 groups == NULL ? why.text : "not an array of groups");
    json_array_foreach(groups, i, group) { run_group(run, file, group); }
    json_decref(groups);
    check_met(run, file);
    printf("%-45s %4zu passed, %zu excepted, %zu failed\n", file,
           run->passed - passed, run->excepted - excepted,
           run->failed - failed);
}

/* `below` is "" or ends in '/'. */
static void run_folder(struct run *run, const char *below)
{
    struct dirent **entries;
    char path[PATH_BYTES];
    int i, count;

    snprintf(path, sizeof(path), "%s/" DRAFT "/%s", run->suite, below);
    count = scandir(path, &entries, NULL, alphasort);
    if (count == -1)
        complain(run, path, "?", "?", strerror(errno));
    for (i = 0; i < count; i++) {
        const char *name = entries[i]->d_name;
        const char *suffix = strrchr(name, '.');

        snprintf(path, sizeof(path), "%s%s%s", below, name,
                 suffix == NULL ? "/" : "");
        if (suffix == NULL)
            run_folder(run, path);
        else if (strcmp(suffix, ".json") == 0)
            run_file(run, path);
        free(entries[i]);
    }
    if (count != -1)
        free(entries);
}

static int skipped(const char *suite)
{
    const char *ci = getenv("CI");

    fprintf(stderr,
            "NOT TESTED: JSON Schema's official suite: there is no '%s/" DRAFT
            "'; Debian has it in the package " PACKAGE "\n",
            suite);
    return ci != NULL && strcmp(ci, "true") == 0 ? EXIT_FAILURE : EXIT_SKIPPED;
}

int main(int argc, char **argv)
{
    struct run run = {.exceptions = EXCEPTIONS_INIT,
                      .remotes = PLACES_INIT(NULL)};
    struct fault why = FAULT_INIT;
    char path[PATH_BYTES];
    int i;

    if (argc < 3) {
        fprintf(stderr, "usage: run_suite SUITE EXCEPTIONS [FILE...]\n");
        return EXIT_FAILURE;
    }
    run.suite = argv[1];
    snprintf(path, sizeof(path), "%s/" DRAFT, run.suite);
    if (access(path, R_OK | X_OK) == -1)
        return skipped(run.suite);
    snprintf(path, sizeof(path), "%s/remotes", run.suite);
    if (exceptions_load(&run.exceptions, argv[2], &why) == -1 ||
        check_files(&run, &why) == -1 ||
        places_add_folder(&run.remotes, REMOTES_URI, path, &why) == -1 ||
        places_add_metaschemas(&run.remotes, &why) == -1) {
        run.failed++;
        fprintf(stderr, "run_suite: %s\n", why.text);
    } else if (argc == 3) {
        run_folder(&run, "");
        if (run.passed + run.excepted + run.failed == 0)
            complain(&run, path, "?", "?", "a suite without any test");
        printf("%-45s %4zu passed, %zu excepted, %zu failed\n", "all",
               run.passed, run.excepted, run.failed);
    }
    for (i = 3; i < argc && why.kind == FAULT_NONE; i++)
        run_file(&run, argv[i]);
    places_release(&run.remotes);
    exceptions_release(&run.exceptions);
    return run.failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
