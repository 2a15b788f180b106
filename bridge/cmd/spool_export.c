/*
 * spool_export.c - all of a spool's records as JSON Lines
 *
 * Nothing of a record is left out. Bytes that are no UTF-8 are base64, in a
 * member whose name ends in "_raw", as `consume` has it; what is absent is
 * null.
 */
#include "cmd/spool.h"

#include "base/buf.h"
#include "base/clock.h"
#include "base/limits.h"
#include "base/utf8.h"

#include <inttypes.h>
#include <stdio.h>

enum { LINE_MAX_BYTES = 128 * MIB /* a byte can become six */ };

static int add_bytes(struct buf *out, const char *name, struct slice bytes,
                     struct fault *why)
{
    const bool is_text = bytes.data == NULL || utf8_is(bytes);

    if (buf_addf(out, why, "\"%s%s\":", name, is_text ? "" : "_raw") == -1)
        return -1;
    if (bytes.data == NULL)
        return buf_add_text(out, "null", why);
    return is_text ? buf_add_json(out, bytes, why)
                   : buf_add_base64(out, bytes, why);
}

static int add_time(struct buf *out, const char *name, int64_t ms,
                    struct fault *why)
{
    char text[CLOCK_RFC3339_SIZE];

    clock_rfc3339(ms, text);
    return buf_addf(out, why, "\"%s\":\"%s\"", name, text);
}

static int add_headers(struct buf *out, const struct record *record,
                       struct fault *why)
{
    if (buf_add_text(out, ",\"headers\":[", why) == -1)
        return -1;
    for (size_t i = 0; i < record->header_count; i++) {
        const struct record_header *header = &record->headers[i];

        if (buf_add_text(out, i == 0 ? "{" : ",{", why) == -1 ||
            add_bytes(out, "name", slice_of(header->name), why) == -1 ||
            buf_add_text(out, ",", why) == -1 ||
            add_bytes(out, "value", header->value, why) == -1 ||
            buf_add_text(out, "}", why) == -1)
            return -1;
    }
    return buf_add_text(out, "]", why);
}

static int add_aside(struct buf *out, const struct spool_view_row *row,
                     struct fault *why)
{
    if (row->reason == NULL)
        return buf_add_text(out, ",\"aside\":null}\n", why);
    if (buf_add_text(out, ",\"aside\":{", why) == -1 ||
        add_bytes(out, "reason", slice_of(row->reason), why) == -1 ||
        buf_add_text(out, ",", why) == -1 ||
        add_time(out, "since", row->aside_ms, why) == -1)
        return -1;
    return buf_add_text(out, "}}\n", why);
}

static int add_line(struct buf *out, const struct spool_view_row *row,
                    struct fault *why)
{
    const struct record *record = &row->row.record;

    if (buf_addf(out, why, "{\"seq\":%" PRId64 ",", row->row.seq) == -1 ||
        add_time(out, "stored", row->row.stored_ms, why) == -1 ||
        buf_add_text(out, ",", why) == -1 ||
        add_bytes(out, "topic", slice_of(record->topic), why) == -1 ||
        buf_add_text(out, ",", why) == -1 ||
        add_bytes(out, "key", record->key, why) == -1 ||
        buf_add_text(out, ",", why) == -1 ||
        add_bytes(out, "value", record->value, why) == -1 ||
        add_headers(out, record, why) == -1 ||
        buf_addf(out, why, ",\"doubtful\":%s,\"damaged\":%s",
                 row->row.doubtful ? "true" : "false",
                 row->row.damaged ? "true" : "false") == -1)
        return -1;
    return add_aside(out, row, why);
}

static int export_all(struct spool_visit *vs, struct fault *why)
{
    struct buf line = BUF_INIT(LINE_MAX_BYTES);
    struct spool_view_row row = {0};
    int rc;

    while ((rc = spool_visit_next(vs, row.row.seq, &row, why)) == 1) {
        buf_clear(&line);
        if (add_line(&line, &row, why) == -1) {
            rc = -1;
            break;
        }
        if (fwrite(line.data, 1, line.len, stdout) != line.len)
            break;
    }
    buf_release(&line);
    return rc == -1 ? -1 : spool_cmd_written(why);
}

int spool_cmd_export(struct cmd *cmd)
{
    struct spool_visit vs;
    struct fault why = FAULT_INIT;
    int status = CMD_OK;

    if (spool_visit_open(&vs, cmd, &why) == -1 || export_all(&vs, &why) == -1) {
        spool_visit_close(&vs);
        return cmd_failed(cmd, &why);
    }
    if (!spool_visit_tell(&vs, cmd, &why))
        status = CMD_FAILED;
    fprintf(stderr,
            "exported %" PRId64 " records that wait and %" PRId64
            " that are aside, %" PRId64 " of them damaged\n",
            vs.waiting_count, vs.aside_count, vs.damaged_count);
    spool_visit_close(&vs);
    return why.kind == FAULT_NONE ? status : cmd_failed(cmd, &why);
}
