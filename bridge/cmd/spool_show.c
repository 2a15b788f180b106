/*
 * spool_show.c - the records of a spool, for a person
 *
 * Without a number a record is a line, which has no part of its body. What
 * came from outside is written so that a terminal obeys none of it.
 */
#include "cmd/spool.h"

#include "base/clock.h"
#include "cmd/terminal.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

/* ---- a line -------------------------------------------------------------- */

static void put_field(struct slice bytes)
{
    fputs("  ", stdout);
    if (bytes.data == NULL)
        bytes = slice_of("-");
    terminal_bytes(stdout, bytes, false);
}

static void put_oddities(const struct spool_view_row *row)
{
    if (row->row.doubtful)
        fputs("  doubtful", stdout);
    if (row->row.damaged)
        fputs("  damaged", stdout);
    if (row->reason != NULL) {
        fputs("  aside: ", stdout);
        terminal_bytes(stdout, slice_of(row->reason), false);
    }
}

static void show_line(const struct spool_view_row *row)
{
    const struct record *record = &row->row.record;
    char stored[CLOCK_RFC3339_SIZE];

    clock_rfc3339(row->row.stored_ms, stored);
    printf("%" PRId64 "  %s", row->row.seq, stored);
    put_field(slice_of(record->topic));
    put_field(record->key);
    printf("  %zu", record->value.len);
    put_field(record_header(record, "ce_type"));
    put_field(record_header(record, "ce_id"));
    put_oddities(row);
    putchar('\n');
}

static int show_lines(struct spool_visit *vs, struct fault *why)
{
    struct spool_view_row row = {0};
    int rc;

    while ((rc = spool_visit_next(vs, row.row.seq, &row, why)) == 1 &&
           !ferror(stdout))
        show_line(&row);
    return rc == -1 ? -1 : spool_cmd_written(why);
}

/* ---- all of one ---------------------------------------------------------- */

static void show_record(const struct spool_view_row *row)
{
    const struct record *record = &row->row.record;

    show_line(row);
    for (size_t i = 0; i < record->header_count; i++) {
        fputs("  ", stdout);
        terminal_bytes(stdout, slice_of(record->headers[i].name), false);
        fputs(": ", stdout);
        terminal_bytes(stdout, record->headers[i].value, false);
        putchar('\n');
    }
    putchar('\n');
    terminal_bytes(stdout, record->value, true);
    putchar('\n');
}

static int parse_seq(const char *text, int64_t *out, struct fault *why)
{
    char *end;

    errno = 0;
    *out = strtoll(text, &end, 10);
    if (text[0] < '0' || text[0] > '9' || *end != '\0' || errno != 0 ||
        *out < 1)
        return fault_set(why, FAULT_USAGE,
                         "expected the number of a record, as `show DIR` tells "
                         "it, got '%s'",
                         text);
    return 0;
}

static int show_one(struct spool_visit *vs, const char *text, struct fault *why)
{
    struct spool_view_row row = {0};
    int64_t seq;
    int rc;

    if (parse_seq(text, &seq, why) == -1)
        return -1;
    rc = spool_visit_next(vs, seq - 1, &row, why);
    if (rc == -1)
        return -1;
    if (rc == 0 || row.row.seq != seq)
        return fault_set(why, FAULT_IO, "there is no record %" PRId64, seq);
    show_record(&row);
    return spool_cmd_written(why);
}

/* The first ones are shown, whatever comes of the others. */
static int show_some(struct spool_visit *vs, const struct cmd *cmd,
                     struct fault *why)
{
    for (int i = 2; i < cmd->argc; i++) {
        if (i > 2)
            putchar('\n');
        if (show_one(vs, cmd->argv[i], why) == -1)
            return -1;
    }
    return 0;
}

int spool_cmd_show(struct cmd *cmd)
{
    struct spool_visit vs;
    struct fault why = FAULT_INIT;
    int status = CMD_OK;
    int rc;

    rc = spool_visit_open(&vs, cmd, &why);
    if (rc == 0)
        rc = cmd->argc > 2 ? show_some(&vs, cmd, &why) : show_lines(&vs, &why);
    if (rc == 0 && !spool_visit_tell(&vs, cmd, &why))
        status = CMD_FAILED;
    spool_visit_close(&vs);
    fflush(stdout);
    return why.kind == FAULT_NONE ? status : cmd_failed(cmd, &why);
}
