/*
 * validate.c - checks documents against the event schemas
 *
 * Each file is one document; standard input is JSON Lines, one document a
 * line, as `consume` and most tools write them.
 */
#include "base/arena.h"
#include "base/limits.h"
#include "cmd/cmd.h"
#include "cmd/input.h"
#include "cmd/terminal.h"
#include "event/catalog.h"
#include "event/event.h"
#include "event/json_heap.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/types.h>

enum { ARENA_BLOCK = 64 * KIB, ARENA_MAX = 4 * MIB };

struct validator {
    struct catalog *catalog;
    struct schema_scratch *scratch;
    struct json_heap *heap;
    struct arena arena;
    bool all_valid;
};

static int validator_init(struct validator *va, const struct config *config,
                          struct fault *why)
{
    *va = (struct validator){.arena = ARENA_INIT(ARENA_BLOCK, ARENA_MAX),
                             .all_valid = true};
    if (catalog_load(&va->catalog, config->schemas.dir, why) == -1)
        return -1;
    if (catalog_scratch_new(&va->scratch, va->catalog, why) == -1)
        return -1;
    return json_heap_new(&va->heap, why);
}

static void validator_release(struct validator *va)
{
    json_heap_free(va->heap);
    schema_scratch_free(va->scratch);
    catalog_free(va->catalog);
    arena_release(&va->arena);
}

static void tell_invalid(struct validator *va, const char *name,
                         const char *text)
{
    printf("%s: invalid: %s\n", name, text);
    va->all_valid = false;
}

static void tell_errors(struct validator *va, const char *name,
                        const struct schema_report *report)
{
    for (size_t i = 0; i < report->count; i++) {
        const struct schema_error *error = &report->errors[i];
        const char *pointer = error->instance_location;

        printf("%s: invalid: ", name);
        terminal_text(stdout, pointer[0] == '\0' ? "(document)" : pointer, 0);
        printf(": %s (%s)\n", error->error, error->keyword);
    }
    if (report->more)
        printf("%s: invalid: and more\n", name);
    va->all_valid = false;
}

static int tell_valid(struct validator *va, const char *name,
                      const struct event *event, struct fault *why)
{
    bool has_schema = catalog_find(va->catalog, event->type) != -1;
    const char *type =
        arena_copy(&va->arena, event->type.data, event->type.len);

    if (type == NULL)
        return fault_set(why, FAULT_NOMEM, "cannot keep an event's type");
    printf("%s: valid (", name);
    terminal_text(stdout, type, 0);
    printf("%s)\n", has_schema ? "" : ", no schema for its type");
    return 0;
}

/* What is wrong with the document is told; a fault is what kept us from
 * looking at it. */
static int check_document(struct validator *va, const char *name,
                          struct slice body, struct fault *why)
{
    struct schema_report report = {.count = 0};
    struct fault wrong = FAULT_INIT;
    struct event event;
    json_t *json = NULL;

    if (event_parse(&json, body, &wrong) == -1) {
        if (wrong.kind != FAULT_PARSE) {
            *why = wrong;
            return -1;
        }
        tell_invalid(va, name, wrong.text);
        return 0;
    }
    if (event_describe(&event, json, body, &va->arena, why) == -1)
        return -1;
    if (catalog_check(va->catalog, &event, va->scratch, &va->arena, &report,
                      &wrong) == 0)
        return tell_valid(va, name, &event, why);
    if (wrong.kind != FAULT_SCHEMA) {
        *why = wrong;
        return -1;
    }
    if (report.count > 0)
        tell_errors(va, name, &report);
    else
        tell_invalid(va, name, wrong.text);
    return 0;
}

static int validate_document(struct validator *va, const char *name,
                             struct slice body, struct fault *why)
{
    int rc;

    json_heap_enter(va->heap);
    rc = check_document(va, name, body, why);
    json_heap_leave(va->heap);
    arena_reset(&va->arena);
    return rc;
}

static int validate_file(struct validator *va, const char *path,
                         struct fault *why)
{
    struct buf body = BUF_INIT(LIMIT_INPUT);
    int rc = -1;

    if (input_read(&body, path, why) == 0) {
        struct slice text = buf_slice(&body);

        if (text.data == NULL)
            text = slice_of("");
        rc = validate_document(va, path, text, why);
    }
    buf_release(&body);
    return rc;
}

static bool is_blank(const char *line, size_t len)
{
    for (size_t i = 0; i < len; i++)
        if (line[i] != ' ' && line[i] != '\t' && line[i] != '\r')
            return false;
    return true;
}

static int validate_lines(struct validator *va, struct fault *why)
{
    char *line = NULL;
    size_t capacity = 0;
    char name[48];
    ssize_t len;
    int rc = 0;

    for (unsigned long number = 1; rc == 0; number++) {
        len = getline(&line, &capacity, stdin);
        if (len == -1)
            break;
        if (len > 0 && line[len - 1] == '\n')
            len--;
        if (is_blank(line, (size_t)len))
            continue;
        snprintf(name, sizeof(name), "line %lu", number);
        rc =
            validate_document(va, name, (struct slice){line, (size_t)len}, why);
    }
    if (rc == 0 && ferror(stdin))
        rc =
            fault_set_errno(why, FAULT_IO, errno, "cannot read standard input");
    free(line);
    return rc;
}

static int run_validate(struct cmd *cmd)
{
    struct validator va;
    struct fault why = FAULT_INIT;
    int status = CMD_OK;

    if (validator_init(&va, &cmd->config, &why) == -1) {
        status = cmd_failed(cmd, &why);
        goto done;
    }
    for (int i = 0; i < cmd->argc; i++) {
        int rc = input_is_stdin(cmd->argv[i])
                     ? validate_lines(&va, &why)
                     : validate_file(&va, cmd->argv[i], &why);

        /* The other files are of interest all the same. */
        if (rc == -1)
            status = cmd_failed(cmd, &why);
        fault_clear(&why);
    }
    if (!va.all_valid)
        status = CMD_FAILED;

done:
    validator_release(&va);
    return status;
}

const struct cmd_spec cmd_validate = {
    .name = "validate",
    .summary = "checks files, or JSON Lines, against the event schemas",
    .operands = "FILE...|-",
    .details =
        "A file is one document, standard input ('-') has one a line. Tells\n"
        "for each whether it is valid, and if not, where (JSON Pointer),\n"
        "what was expected, and the schema's keyword. Exit status 0 if all\n"
        "are valid, 1 if not.",
    .min_operands = 1,
    .max_operands = -1,
    .settings = CONFIG_VALIDATE,
    .run = run_validate,
};
