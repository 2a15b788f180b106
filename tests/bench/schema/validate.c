/*
 * validate.c - our validator, measured; measure/contest.py tells what is said
 *
 *     validate SCHEMA... -- DOCUMENT...
 *
 * Documents are parsed as the bridge parses events: with jansson, into a heap
 * of its own. malloc() and its kin are replaced by ones that count, because
 * what a check allocates anywhere, in jansson or PCRE2, is asked for.
 */
#include "base/buf.h"
#include "base/limits.h"
#include "event/catalog.h"
#include "event/json_heap.h"
#include "format/regex.h"
#include "schema/schema.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

enum { PATHS_MAX = 64, LINE_SIZE = 4096, LOADS = 15 };

struct runner {
    struct schema_set *set;
    const struct schema *schemas[PATHS_MAX];
    int schema_count;
    struct schema_scratch *scratch;
    struct json_heap *heap;
    struct buf texts[PATHS_MAX];
    json_t *values[PATHS_MAX];
    int count; /* of documents */
};

/* ---- allocations that count --------------------------------------------- */

void *__libc_malloc(size_t size);
void *__libc_calloc(size_t count, size_t size);
void *__libc_realloc(void *old, size_t size);

static uint64_t allocations;

void *malloc(size_t size)
{
    allocations++;
    return __libc_malloc(size);
}

void *calloc(size_t count, size_t size)
{
    allocations++;
    return __libc_calloc(count, size);
}

void *realloc(void *old, size_t size)
{
    allocations++;
    return __libc_realloc(old, size);
}

/* ---- once --------------------------------------------------------------- */

static void give_up(const char *what)
{
    fprintf(stderr, "validate: %s\n", what);
    exit(1);
}

static void expect(int rc, const struct fault *why)
{
    if (rc == -1)
        give_up(why->text);
}

static void uri_of(char uri[static LINE_SIZE], const char *path)
{
    const char *slash = strrchr(path, '/');

    snprintf(uri, LINE_SIZE, "file:///%s", slash == NULL ? path : slash + 1);
}

static void add_schema(struct runner *runner, const char *path)
{
    struct buf text = BUF_INIT(LIMIT_INPUT);
    struct fault why = FAULT_INIT;
    char uri[LINE_SIZE];

    uri_of(uri, path);
    expect(buf_add_file(&text, path, &why), &why);
    expect(schema_set_add(runner->set, uri, path, buf_slice(&text), &why),
           &why);
    buf_release(&text);
}

static void compile(struct runner *runner, char **paths, int count)
{
    const struct schema_options options = {.format = SCHEMA_FORMAT_ANNOTATE};
    struct fault why = FAULT_INIT;
    char uri[LINE_SIZE];

    expect(schema_set_new(&runner->set, &options, &why), &why);
    for (int i = 0; i < count; i++)
        add_schema(runner, paths[i]);
    expect(schema_set_compile(runner->set, &why), &why);
    for (int i = 0; i < count; i++) {
        uri_of(uri, paths[i]);
        runner->schemas[i] = schema_set_find(runner->set, uri);
    }
    runner->schema_count = count;
    expect(schema_scratch_new(&runner->scratch, runner->set, &why), &why);
}

static void load_documents(struct runner *runner, char **paths, int count)
{
    struct fault why = FAULT_INIT;
    json_error_t error;

    for (int i = 0; i < count; i++) {
        struct buf *text = &runner->texts[i];

        *text = (struct buf)BUF_INIT(LIMIT_INPUT);
        expect(buf_add_file(text, paths[i], &why), &why);
        runner->values[i] =
            json_loadb(text->data, text->len, JSON_REJECT_DUPLICATES, &error);
        if (runner->values[i] == NULL)
            give_up(error.text);
    }
    runner->count = count;
}

static void set_up(struct runner *runner, int argc, char **argv)
{
    struct fault why = FAULT_INIT;
    int border = 1;

    while (border < argc && strcmp(argv[border], "--") != 0)
        border++;
    if (border == argc || border - 1 > PATHS_MAX ||
        argc - border - 1 > PATHS_MAX)
        give_up("usage: validate SCHEMA... -- DOCUMENT...");
    json_heap_setup();
    expect(json_heap_new(&runner->heap, &why), &why);
    compile(runner, argv + 1, border - 1);
    load_documents(runner, argv + border + 1, argc - border - 1);
}

/* ---- one pass ----------------------------------------------------------- */

static bool is_valid(const struct runner *runner, const json_t *value)
{
    for (int i = 0; i < runner->schema_count; i++)
        if (schema_check(runner->schemas[i], value, runner->scratch) !=
            SCHEMA_VALID)
            return false;
    return true;
}

/* A function of its own, so that profilers can be told to look at it alone. */
__attribute__((noinline)) static void check_all(const struct runner *runner,
                                                int begin, int end)
{
    for (int i = begin; i < end; i++)
        is_valid(runner, runner->values[i]);
}

static void parse_all(const struct runner *runner, int begin, int end)
{
    json_error_t error;

    for (int i = begin; i < end; i++) {
        json_heap_enter(runner->heap);
        is_valid(runner,
                 json_heap_load(runner->heap, buf_slice(&runner->texts[i]),
                                JSON_REJECT_DUPLICATES, &error));
        json_heap_leave(runner->heap);
    }
}

/* ---- what is asked ------------------------------------------------------ */

static double now_ns(void)
{
    struct timespec now;

    clock_gettime(CLOCK_MONOTONIC, &now);
    return (double)now.tv_sec * 1e9 + (double)now.tv_nsec;
}

static void answer_time(const struct runner *runner,
                        void (*pass)(const struct runner *runner, int begin,
                                     int end),
                        int begin, int count, int milliseconds)
{
    const double wanted = milliseconds * 1e6, start = now_ns();
    double took = 0, passes = 0;
    uint64_t batch = 1;

    while (took < wanted) {
        for (uint64_t i = 0; i < batch; i++)
            pass(runner, begin, begin + count);
        passes += (double)batch;
        took = now_ns() - start;
        /* some twenty looks at the clock */
        batch = (uint64_t)(passes * wanted / took / 20) + 1;
    }
    printf("%.1f\n", took / passes / count);
}

static void answer_verdicts(const struct runner *runner)
{
    for (int i = 0; i < runner->count; i++)
        putchar(is_valid(runner, runner->values[i]) ? '1' : '0');
    putchar('\n');
}

static void answer_allocations(const struct runner *runner, int begin,
                               int count)
{
    const uint64_t before = allocations;

    check_all(runner, begin, begin + count);
    printf("%" PRIu64 "\n", allocations - before);
}

/* In milliseconds, the median: the disk is not what is measured. */
static int by_value(const void *a, const void *b)
{
    const double *x = a, *y = b;

    return (*x > *y) - (*x < *y);
}

static void answer_load(const char *dir)
{
    struct fault why = FAULT_INIT;
    double took[LOADS];

    for (int i = 0; i < LOADS; i++) {
        const double start = now_ns();
        struct catalog *catalog;

        expect(catalog_load(&catalog, dir, &why), &why);
        took[i] = (now_ns() - start) / 1e6;
        catalog_free(catalog);
    }
    qsort(took, LOADS, sizeof(took[0]), by_value);
    printf("%.3f\n", took[LOADS / 2]);
}

static void answer(const struct runner *runner, char *line)
{
    int begin, count, milliseconds;

    line[strcspn(line, "\n")] = '\0';
    if (strcmp(line, "version") == 0)
        printf("jansson %s, %s\n", jansson_version_str(), regex_version());
    else if (strcmp(line, "verdicts") == 0)
        answer_verdicts(runner);
    else if (sscanf(line, "check %d %d %d", &begin, &count, &milliseconds) == 3)
        answer_time(runner, check_all, begin, count, milliseconds);
    else if (sscanf(line, "parse %d %d %d", &begin, &count, &milliseconds) == 3)
        answer_time(runner, parse_all, begin, count, milliseconds);
    else if (sscanf(line, "allocations %d %d", &begin, &count) == 2)
        answer_allocations(runner, begin, count);
    else if (strncmp(line, "load ", 5) == 0)
        answer_load(line + 5);
    else
        puts("?");
    fflush(stdout);
}

static void tear_down(struct runner *runner)
{
    for (int i = 0; i < runner->count; i++) {
        json_decref(runner->values[i]);
        buf_release(&runner->texts[i]);
    }
    schema_scratch_free(runner->scratch);
    schema_set_free(runner->set);
    json_heap_free(runner->heap);
}

int main(int argc, char **argv)
{
    static struct runner runner;
    static char line[LINE_SIZE];

    set_up(&runner, argc, argv);
    while (fgets(line, sizeof(line), stdin) != NULL)
        answer(&runner, line);
    tear_down(&runner);
    return 0;
}
