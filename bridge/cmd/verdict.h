/*
 * verdict.h - what was found of a document, and how it is told
 *
 *   text    a line for each error; a line for a file that is valid
 *   flag    {"valid": true}, a line for each document
 *   basic   the same with the errors, and with "file" or "line" in front
 *
 * The JSON forms are those of JSON Schema Core, draft 2020-12, sections
 * 12.4.1 and 12.4.2. Errors are in the order of the evaluation, so the same
 * document always gives the same output.
 */
#ifndef CMD_VERDICT_H
#define CMD_VERDICT_H

#include "base/fault.h"
#include "schema/schema.h"

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>

enum verdict_form { VERDICT_TEXT, VERDICT_BASIC, VERDICT_FLAG };

/* The words for them, in their order; ended by NULL. */
extern const char *const verdict_forms[];

struct verdict {
    const char *file; /* NULL: it is a line of standard input */
    uint64_t line;    /* then its number */
    bool valid;
    bool unknown;       /* an event of a type without a schema */
    const char *type;   /* of an event that is valid; NULL: is no event */
    const char *reason; /* why it is invalid without an error in the report:
                           it is no JSON, say; else NULL */
    struct schema_report report;
};

/* Standard input is told by what is wrong in it, there may be a million
 * lines. FAULT_NOMEM. That `out` fails is the caller's to find out. */
int verdict_tell(FILE *out, enum verdict_form form, const struct verdict *vd,
                 struct fault *why);

#endif
