/*
 * validate.c - checks documents against the event schemas, or any schema
 *
 * Each file is one document; standard input is JSON Lines, one document a
 * line, as `consume` and most tools write them.
 *
 * "No" is an answer, so it has a status of its own: 1. Whatever keeps the
 * question from being answered is 2, and stays 2 if other documents could be
 * judged.
 */
#include "base/limits.h"
#include "cmd/cmd.h"
#include "cmd/input.h"
#include "cmd/judge.h"
#include "cmd/lines.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

struct validation {
    struct cmd *cmd;
    struct judge judge;
    enum verdict_form form;
    uint64_t documents; /* of standard input */
    uint64_t invalid;
    uint64_t unknown; /* events of a type without a schema */
    bool all_valid;
    bool all_judged;
};

/* ---- one document -------------------------------------------------------- */

/* Once nobody reads what is written, nothing more needs to be judged. */
static int check_output(struct fault *why)
{
    if (!ferror(stdout))
        return 0;
    if (errno == 0)
        errno = EIO;
    return fault_set_errno(why, FAULT_IO, errno,
                           "cannot write standard output");
}

static void not_judged(struct validation *va, const struct fault *reason)
{
    cmd_failed(va->cmd, reason);
    va->all_judged = false;
}

/* -1: nothing more can be told. */
static int validate_document(struct validation *va, struct verdict *vd,
                             struct slice text, struct fault *why)
{
    struct fault reason = FAULT_INIT;

    if (judge_document(&va->judge, text, vd, &reason) == -1 ||
        verdict_tell(stdout, va->form, vd, &reason) == -1) {
        not_judged(va, &reason);
        return 0;
    }
    va->documents++;
    va->invalid += !vd->valid;
    va->unknown += vd->unknown;
    va->all_valid = va->all_valid && vd->valid;
    return check_output(why);
}

static int validate_file(struct validation *va, const char *path,
                         struct fault *why)
{
    struct buf text = BUF_INIT(LIMIT_INPUT);
    struct verdict vd = {.file = path};
    struct fault reason = FAULT_INIT;
    int rc = 0;

    if (input_read(&text, path, &reason) == -1)
        not_judged(va, &reason);
    else
        rc = validate_document(va, &vd, buf_slice(&text), why);
    buf_release(&text);
    return rc;
}

/* ---- lines --------------------------------------------------------------- */

static bool is_blank(struct slice line)
{
    for (size_t i = 0; i < line.len; i++)
        if (line.data[i] != ' ' && line.data[i] != '\t' && line.data[i] != '\r')
            return false;
    return true;
}

/* To a person, who did not see a line for each document. */
static void tell_sum(const struct validation *va)
{
    fprintf(stderr,
            "standard input: %" PRIu64 " document%s, %" PRIu64 " invalid",
            va->documents, va->documents == 1 ? "" : "s", va->invalid);
    if (va->unknown > 0)
        fprintf(stderr, ", %" PRIu64 " of a type without a schema",
                va->unknown);
    fputc('\n', stderr);
}

static int validate_lines(struct validation *va, struct fault *why)
{
    struct lines lines;
    struct slice line;
    int rc;

    lines_init(&lines, STDIN_FILENO, stdout, LIMIT_INPUT);
    va->documents = va->invalid = va->unknown = 0;
    while ((rc = lines_next(&lines, &line, why)) != 0) {
        struct verdict vd = {.line = lines.number};

        if (rc == -1 && why->kind != FAULT_TOO_LARGE)
            break;
        if (rc == -1) {
            not_judged(va, why);
            fault_clear(why);
        } else if (!is_blank(line) &&
                   validate_document(va, &vd, line, why) == -1) {
            rc = -1;
            break;
        }
    }
    lines_release(&lines);
    if (rc == 0 && va->form == VERDICT_TEXT) {
        fflush(stdout); /* it belongs behind that */
        tell_sum(va);
    }
    return rc;
}

/* ---- the command --------------------------------------------------------- */

static int need_schema(const struct cmd *cmd, const char *name,
                       const char *reason, struct fault *why)
{
    if (cmd_option(cmd, name) == NULL)
        return 0;
    return fault_set(why, FAULT_USAGE, "option '--%s' needs '--schema': %s",
                     name, reason);
}

static int start_events(struct validation *va, struct fault *why)
{
    struct cmd *cmd = va->cmd;
    const char *dir = cmd_option(cmd, "schemas");

    if (need_schema(cmd, "base",
                    "the event schemas refer to their own folder only",
                    why) == -1 ||
        need_schema(cmd, "format", "the event schemas always assert formats",
                    why) == -1)
        return -1;
    if (cmd->argc == 0)
        return fault_set(why, FAULT_USAGE, "expected %s, got nothing",
                         cmd->spec->operands);
    return judge_init_events(&va->judge,
                             dir != NULL ? dir : cmd->config.schemas.dir, why);
}

static int start_schema(struct validation *va, const char *path,
                        struct fault *why)
{
    static const char *const formats[] = {"assert", "annotate", NULL};
    static const enum schema_format meant[] = {SCHEMA_FORMAT_ASSERT,
                                               SCHEMA_FORMAT_ANNOTATE};
    const char **bases = NULL;
    size_t count = 0;
    size_t at = 0;
    int format;
    int rc;

    if (cmd_option(va->cmd, "schemas") != NULL)
        return fault_set(why, FAULT_USAGE,
                         "options '--schema' and '--schemas' exclude each "
                         "other: the one is for any documents, the other for "
                         "events");
    if (cmd_option_choice(va->cmd, "format", formats, 0, &format, why) == -1)
        return -1;
    while (cmd_option_next(va->cmd, "base", &at) != NULL)
        count++;
    bases = calloc(count + 1, sizeof(*bases));
    if (bases == NULL)
        return fault_set(why, FAULT_NOMEM, "cannot keep the base URIs");
    at = 0;
    for (size_t i = 0; i < count; i++)
        bases[i] = cmd_option_next(va->cmd, "base", &at);
    rc = judge_init_schema(&va->judge, path, meant[format], bases, why);
    free(bases);
    return rc;
}

static int validate_all(struct validation *va, struct fault *why)
{
    const struct cmd *cmd = va->cmd;
    int rc = 0;

    if (cmd->argc == 0 && va->form == VERDICT_TEXT)
        printf("%s: can be used as a schema\n", cmd_option(cmd, "schema"));
    /* After one that cannot be read, the others are of interest still. */
    for (int i = 0; rc == 0 && i < cmd->argc; i++)
        rc = input_is_stdin(cmd->argv[i])
                 ? validate_lines(va, why)
                 : validate_file(va, cmd->argv[i], why);
    if (rc == 0) {
        errno = 0;
        fflush(stdout);
        rc = check_output(why);
    }
    return rc;
}

static int run_validate(struct cmd *cmd)
{
    struct validation va = {.cmd = cmd, .all_valid = true, .all_judged = true};
    const char *schema = cmd_option(cmd, "schema");
    struct fault why = FAULT_INIT;
    int status = CMD_OK;
    int form;

    if (cmd_option_choice(cmd, "output", verdict_forms, VERDICT_TEXT, &form,
                          &why) == -1)
        return cmd_failed(cmd, &why);
    va.form = (enum verdict_form)form;
    if ((schema != NULL ? start_schema(&va, schema, &why)
                        : start_events(&va, &why)) == -1 ||
        validate_all(&va, &why) == -1)
        status = cmd_failed(cmd, &why);
    else if (!va.all_judged)
        status = CMD_WRONG_USE;
    else if (!va.all_valid)
        status = CMD_FAILED;
    judge_release(&va.judge);
    return status;
}

static const struct cmd_option validate_options[] = {
    {"schema",  "FILE",
     "Checks against this schema, any JSON documents rather than events."},
    {"schemas", "DIR",
     "The folder of event schemas, rather than those of the settings."   },
    {"base",    "URI=DIR",
     "With --schema: what it refers to under this URI, which ends in '/', "
     "is a file in this folder. May be repeated."                        },
    {"format",  "assert|annotate",
     "With --schema: whether a text that does not have its \"format\" is "
     "invalid; assert unless given."                                     },
    {"output",  "text|basic|flag",
     "Lines for people; or a line of JSON for each document, with errors "
     "or without; text unless given."                                    },
    {NULL,      NULL,              NULL                                  },
};

const struct cmd_spec cmd_validate = {
    .name = "validate",
    .summary =
        "checks files, or JSON Lines, against event schemas or any other",
    .operands = "FILE...|-",
    .details =
        "A file is one document, standard input ('-') has one a line. Tells\n"
        "which are invalid, where (JSON Pointer), what was expected, and the\n"
        "schema's keyword. Without a document --schema checks the schema.\n"
        "Exit status 0 if all are valid, 1 if not, 2 if that cannot be said:\n"
        "the schema or the use is wrong, or something cannot be read.",
    .min_operands = 0,
    .max_operands = -1,
    .settings = CONFIG_VALIDATE,
    .judges = true,
    .options = validate_options,
    .run = run_validate,
};
