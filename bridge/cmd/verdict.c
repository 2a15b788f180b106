/*
 * verdict.c - what was found of a document, and how it is told
 */
#include "cmd/verdict.h"

#include "base/buf.h"
#include "base/limits.h"
#include "cmd/terminal.h"

#include <inttypes.h>

enum {
    BASIC_MAX = 128 * MIB /* pointers are repeated, and a byte can be six */
};

const char *const verdict_forms[] = {"text", "basic", "flag", NULL};

/* ---- text ---------------------------------------------------------------- */

/* A name, a key and a constant can have what a terminal would obey. */
static void tell_safely(FILE *out, const char *text)
{
    terminal_bytes(out, slice_of(text), false);
}

static void tell_start(FILE *out, const struct verdict *vd)
{
    if (vd->file == NULL)
        fprintf(out, "line %" PRIu64, vd->line);
    else
        tell_safely(out, vd->file);
    fputs(vd->valid ? ": valid" : ": invalid: ", out);
}

static void tell_valid(FILE *out, const struct verdict *vd)
{
    if (vd->file == NULL)
        return;
    tell_start(out, vd);
    if (vd->type != NULL) {
        fputs(" (", out);
        tell_safely(out, vd->type);
        fputs(vd->unknown ? ", no schema for its type)" : ")", out);
    }
    fputc('\n', out);
}

static void tell_text(FILE *out, const struct verdict *vd)
{
    if (vd->valid) {
        tell_valid(out, vd);
        return;
    }
    for (size_t i = 0; i < vd->report.count; i++) {
        const struct schema_error *error = &vd->report.errors[i];
        const char *pointer = error->instance_location;

        tell_start(out, vd);
        tell_safely(out, pointer[0] == '\0' ? "(document)" : pointer);
        fputs(": ", out);
        tell_safely(out, error->error);
        fprintf(out, " (%s)\n", error->keyword);
    }
    if (vd->reason != NULL || vd->report.more) {
        tell_start(out, vd);
        tell_safely(out, vd->reason != NULL ? vd->reason : "and more");
        fputc('\n', out);
    }
}

/* ---- JSON ---------------------------------------------------------------- */

static int add_member(struct buf *out, const char *start, const char *text,
                      struct fault *why)
{
    return buf_add_text(out, start, why) == -1
               ? -1
               : buf_add_json(out, slice_of(text), why);
}

static int add_error(struct buf *out, const struct schema_error *error,
                     struct fault *why)
{
    if (add_member(out, "{\"instanceLocation\": ", error->instance_location,
                   why) == -1 ||
        add_member(out, ", \"keywordLocation\": ", error->keyword_location,
                   why) == -1)
        return -1;
    if (error->absolute_keyword_location != NULL &&
        add_member(out, ", \"absoluteKeywordLocation\": ",
                   error->absolute_keyword_location, why) == -1)
        return -1;
    if (add_member(out, ", \"error\": ", error->error, why) == -1)
        return -1;
    return buf_add_text(out, "}", why);
}

/* The part behind "valid". */
static int add_errors(struct buf *out, const struct verdict *vd,
                      struct fault *why)
{
    const struct schema_report *report = &vd->report;

    if (buf_add_text(out, ", \"errors\": [", why) == -1)
        return -1;
    for (size_t i = 0; i < report->count; i++) {
        if ((i > 0 && buf_add_text(out, ", ", why) == -1) ||
            add_error(out, &report->errors[i], why) == -1)
            return -1;
    }
    if (vd->reason != NULL) {
        /* No schema has seen it, so none can be named. */
        const struct schema_error error = {.instance_location = "",
                                           .keyword_location = "",
                                           .error = vd->reason};

        if (add_error(out, &error, why) == -1)
            return -1;
    }
    return buf_add_text(out, report->more ? "], \"moreErrors\": true" : "]",
                        why);
}

static void tell_start_of_basic(FILE *out, const struct verdict *vd,
                                const struct buf *name)
{
    if (vd->file == NULL)
        fprintf(out, "{\"line\": %" PRIu64, vd->line);
    else
        fprintf(out, "{\"file\": %s", name->data);
    fputs(vd->valid ? ", \"valid\": true" : ", \"valid\": false", out);
}

static int tell_basic(FILE *out, const struct verdict *vd, struct fault *why)
{
    struct buf name = BUF_INIT(BASIC_MAX);
    struct buf errors = BUF_INIT(BASIC_MAX);
    int rc = -1;

    if (vd->file != NULL && buf_add_json(&name, slice_of(vd->file), why) == -1)
        goto done;
    if (!vd->valid && add_errors(&errors, vd, why) == -1)
        goto done;
    tell_start_of_basic(out, vd, &name);
    fwrite(buf_slice(&errors).data, 1, errors.len, out);
    fputs("}\n", out);
    rc = 0;

done:
    buf_release(&errors);
    buf_release(&name);
    return rc;
}

int verdict_tell(FILE *out, enum verdict_form form, const struct verdict *vd,
                 struct fault *why)
{
    switch (form) {
    case VERDICT_BASIC:
        return tell_basic(out, vd, why);
    case VERDICT_FLAG:
        fputs(vd->valid ? "{\"valid\": true}\n" : "{\"valid\": false}\n", out);
        return 0;
    default:
        tell_text(out, vd);
        return 0;
    }
}
