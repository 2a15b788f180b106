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

/* The schema asked about last: several pairs in a row have the same. */
struct subject {
    char *text;
    struct schema_set *set;
    struct schema_scratch *scratch;
    struct fault refused;
};

static void subject_clear(struct subject *subject)
{
    free(subject->text);
    schema_scratch_free(subject->scratch);
    schema_set_free(subject->set);
    *subject = (struct subject){.refused = FAULT_INIT};
}

static int subject_load(struct subject *subject, const char *text,
                        struct fault *why)
{
    const struct schema_options options = {.unknown = SCHEMA_UNKNOWN_ALLOW};

    if (subject->text != NULL && strcmp(subject->text, text) == 0)
        return 0;
    subject_clear(subject);
    subject->text = strdup(text);
    if (subject->text == NULL)
        return fault_set(why, FAULT_NOMEM, "cannot allocate the schema");
    if (schema_set_new(&subject->set, &options, why) == -1)
        return -1;
    if (schema_set_add(subject->set, URI, "schema", slice_of(text),
                       &subject->refused) == -1 ||
        schema_set_compile(subject->set, &subject->refused) == -1)
        return subject->refused.kind == FAULT_CONFIG
                   ? 0
                   : fault_set(why, subject->refused.kind, "%s",
                               subject->refused.text);
    return schema_scratch_new(&subject->scratch, subject->set, why);
}

static int judge(const struct subject *subject, const json_t *document,
                 struct fault *why)
{
    const struct schema *schema = schema_set_find(subject->set, URI);
    struct arena arena = ARENA_INIT(4096, ERRORS_ROOM);
    struct schema_report report;
    enum schema_verdict quick;
    int rc;

    quick = schema_check(schema, document, subject->scratch);
    rc = schema_explain(schema, document, subject->scratch, &arena, ERRORS,
                        &report, why);
    if (rc == 0)
        puts(report.verdict == quick &&
                     (report.count == 0) == (quick == SCHEMA_VALID)
                 ? verdict_name(quick)
                 : "disagree");
    arena_release(&arena);
    return rc;
}

/* -1: not a pair, or no memory. */
static int answer(struct subject *subject, const char *schema,
                  const char *document, struct fault *why)
{
    json_t *json;
    int rc;

    if (subject_load(subject, schema, why) == -1)
        return -1;
    if (subject->refused.kind != FAULT_NONE) {
        printf("refused: %s\n", subject->refused.text);
        return 0;
    }
    json = json_loads(document, JSON_DECODE_ANY | JSON_ALLOW_NUL, NULL);
    if (json == NULL)
        return fault_set(why, FAULT_CONFIG, "not JSON: %s", document);
    rc = judge(subject, json, why);
    json_decref(json);
    return rc;
}

static int answer_line(struct subject *subject, const char *line,
                       struct fault *why)
{
    json_t *pair = json_loads(line, 0, NULL);
    const char *schema = json_string_value(json_array_get(pair, 0));
    const char *document = json_string_value(json_array_get(pair, 1));
    int rc;

    if (schema == NULL || document == NULL)
        rc = fault_set(why, FAULT_CONFIG, "not a pair: %s", line);
    else
        rc = answer(subject, schema, document, why);
    json_decref(pair);
    return rc;
}

int main(void)
{
    struct subject subject = {.refused = FAULT_INIT};
    struct fault why = FAULT_INIT;
    char *line = NULL;
    size_t room = 0;
    int rc = 0;

    setvbuf(stdout, NULL, _IOLBF, 0); /* who asks one by one waits for each */
    while (rc == 0 && getline(&line, &room, stdin) != -1)
        rc = answer_line(&subject, line, &why);
    free(line);
    subject_clear(&subject);
    if (rc == 0 && ferror(stdin))
        rc = fault_set(&why, FAULT_IO, "cannot read standard input");
    if (rc == -1)
        fprintf(stderr, "schema_verdicts: %s\n", why.text);
    return rc == -1 || fflush(stdout) != 0 ? EXIT_FAILURE : EXIT_SUCCESS;
}
