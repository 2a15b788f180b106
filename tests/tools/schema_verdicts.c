/*
 * schema_verdicts.c - what the validator says about many pairs
 *
 *     schema_verdicts <PAIRS >VERDICTS
 *
 * A pair is a line, an array of two strings: the text of the schema and that
 * of the document, so that numbers and escapes arrive as they were written.
 * Its verdict is a line as well: "valid", "invalid", "exhausted", "refused:"
 * and why the schema was, or "disagree" if schema_explain() thinks otherwise
 * than schema_check().
 */
#include "schema/schema.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define URI "https://test.example/main"

enum { ERRORS = 50, ERRORS_ROOM = 1 << 20 };

static const char *verdict_name(enum schema_verdict verdict)
{
    switch (verdict) {
    case SCHEMA_VALID:
        return "valid";
    case SCHEMA_INVALID:
        return "invalid";
    case SCHEMA_EXHAUSTED:
        return "exhausted";
    }
    return NULL;
}

/* -1: there was no memory for it. */
static int judge(const struct schema_set *set, const json_t *document,
                 const char **verdict, struct fault *why)
{
    const struct schema *schema = schema_set_find(set, URI);
    struct arena arena = ARENA_INIT(4096, ERRORS_ROOM);
    struct schema_scratch *scratch = NULL;
    struct schema_report report;
    enum schema_verdict quick;
    int rc = -1;

    if (schema_scratch_new(&scratch, set, why) == -1)
        goto done;
    quick = schema_check(schema, document, scratch);
    if (schema_explain(schema, document, scratch, &arena, ERRORS, &report,
                       why) == -1)
        goto done;
    *verdict = "disagree";
    if (report.verdict == quick &&
        (report.count == 0) == (quick == SCHEMA_VALID))
        *verdict = verdict_name(quick);
    rc = 0;

done:
    arena_release(&arena);
    schema_scratch_free(scratch);
    return rc;
}

/* -1: not a pair, or no memory. */
static int answer(const char *schema, const char *document, struct fault *why)
{
    const struct schema_options options = {.unknown = SCHEMA_UNKNOWN_ALLOW};
    json_t *json = NULL;
    struct schema_set *set = NULL;
    const char *verdict;
    int rc = -1;

    json = json_loads(document, JSON_DECODE_ANY | JSON_ALLOW_NUL, NULL);
    if (json == NULL) {
        fault_set(why, FAULT_CONFIG, "not JSON: %s", document);
        goto done;
    }
    if (schema_set_new(&set, &options, why) == -1)
        goto done;
    if (schema_set_add(set, URI, "schema", slice_of(schema), why) == -1 ||
        schema_set_compile(set, why) == -1) {
        rc = why->kind == FAULT_CONFIG ? 0 : -1;
        printf("refused: %s\n", why->text);
        fault_clear(why);
        goto done;
    }
    rc = judge(set, json, &verdict, why);
    if (rc == 0)
        puts(verdict);

done:
    schema_set_free(set);
    json_decref(json);
    return rc;
}

static int answer_line(const char *line, struct fault *why)
{
    json_t *pair = json_loads(line, 0, NULL);
    const char *schema = json_string_value(json_array_get(pair, 0));
    const char *document = json_string_value(json_array_get(pair, 1));
    int rc;

    if (schema == NULL || document == NULL)
        rc = fault_set(why, FAULT_CONFIG, "not a pair: %s", line);
    else
        rc = answer(schema, document, why);
    json_decref(pair);
    return rc;
}

int main(void)
{
    struct fault why = FAULT_INIT;
    char *line = NULL;
    size_t room = 0;
    int rc = 0;

    setvbuf(stdout, NULL, _IOLBF, 0); /* who asks one by one waits for each */
    while (rc == 0 && getline(&line, &room, stdin) != -1)
        rc = answer_line(line, &why);
    free(line);
    if (rc == 0 && ferror(stdin))
        rc = fault_set(&why, FAULT_IO, "cannot read standard input");
    if (rc == -1)
        fprintf(stderr, "schema_verdicts: %s\n", why.text);
    return rc == -1 || fflush(stdout) != 0 ? EXIT_FAILURE : EXIT_SUCCESS;
}
