/*
 * input.c - files and standard input; see input.h
 */
#include "cmd/input.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

bool input_is_stdin(const char *name) { return strcmp(name, "-") == 0; }

const char *input_name(const char *name)
{
    return input_is_stdin(name) ? "standard input" : name;
}

static int read_stdin(struct buf *out, struct fault *why)
{
    char chunk[16 * KIB];
    size_t got;

    while ((got = fread(chunk, 1, sizeof(chunk), stdin)) > 0)
        if (buf_add(out, chunk, got, why) == -1)
            return -1;
    if (ferror(stdin))
        return fault_set_errno(why, FAULT_IO, errno,
                               "cannot read standard input");
    return 0;
}

int input_read(struct buf *out, const char *name, struct fault *why)
{
    int rc = input_is_stdin(name) ? read_stdin(out, why)
                                  : buf_add_file(out, name, why);

    if (rc == -1 && why != NULL && why->kind == FAULT_TOO_LARGE)
        fault_prefix(why, "cannot read '%s'", name);
    return rc;
}
