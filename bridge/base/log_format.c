/*
 * log_format.c - how a line of the log is spelled
 *
 * At full load one line is formatted for each event, so the ordinary line
 * goes through no printf: text is copied in runs of harmless bytes, numbers
 * are spelled by hand, and the time is broken down once a second a thread.
 *
 * A line never grows past its array. Room for what closes a line (a quote,
 * the mark that it was cut, a brace, the newline) is set aside from the
 * start, so that a cut line is still a valid one.
 *
 * Both formats share the escapes of RFC 8259, section 7. logfmt has no
 * standard; a value is quoted when it is empty or holds a space, '=', '"' or
 * a control character, which is what its parsers agree on.
 */
#include "base/log_format.h"

#include "base/clock.h"
#include "base/utf8.h"

#include <math.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>

enum {
    CLOSING = 16, /* a quote, `,"cut":true`, a brace, a newline: 14 */
    ROOM = LIMIT_LOG_LINE - CLOSING,

    SECOND_LEN = 19, /* 2026-01-02T03:04:05 */
    NUMBER_SIZE = 32
};

struct line {
    char *data;
    size_t len;
    bool json;
    bool cut; /* something did not fit: nothing more is added */
};

/* Adds all of it, or nothing and marks the line as cut. */
static bool put(struct line *line, const char *data, size_t len)
{
    if (line->cut || len > ROOM - line->len) {
        line->cut = true;
        return false;
    }
    memcpy(line->data + line->len, data, len);
    line->len += len;
    return true;
}

static bool put_text(struct line *line, const char *text)
{
    return put(line, text, strlen(text));
}

/* Bytes that stand for themselves, quoted or not, but for ' ' and '='. */
static bool is_plain(unsigned char c)
{
    return c >= 0x20 && c < 0x7f && c != '"' && c != '\\';
}

static bool needs_quotes(const unsigned char *s, size_t len)
{
    if (len == 0)
        return true;
    for (size_t i = 0; i < len; i++) {
        if (s[i] == ' ' || s[i] == '=' || s[i] == '"')
            return true;
        if (utf8_is_control(s + i, 1) ||
            (i + 1 < len && utf8_is_control(s + i, 2)))
            return true;
    }
    return false;
}

static bool put_escape(struct line *line, unsigned char c)
{
    static const char hex[] = "0123456789abcdef";
    char out[6] = {'\\', 'u', '0', '0', hex[c >> 4], hex[c & 15]};

    switch (c) {
    case '"':
        return put(line, "\\\"", 2);
    case '\\':
        return put(line, "\\\\", 2);
    case '\n':
        return put(line, "\\n", 2);
    case '\r':
        return put(line, "\\r", 2);
    case '\t':
        return put(line, "\\t", 2);
    default:
        return put(line, out, sizeof(out));
    }
}

/* A run of plain bytes: as much of it as there is room for. */
static bool put_run(struct line *line, const char *data, size_t len)
{
    size_t room = ROOM - line->len;

    if (len <= room)
        return put(line, data, len);
    put(line, data, room);
    line->cut = true;
    return false;
}

/* One character that is not plain: escaped, copied or replaced. Returns how
 * many bytes of `s` it took; 0 where there was no room. */
static size_t put_special(struct line *line, const unsigned char *s,
                          size_t left, bool quoted)
{
    size_t len = utf8_length(s, left);
    bool ok;

    if (len == 0) {
        ok = put_text(line, "\xef\xbf\xbd"); /* U+FFFD */
        len = 1;
    } else if (quoted && (len == 1 || utf8_is_control(s, len))) {
        ok = put_escape(line, s[len - 1]); /* C1: U+0080 is c2 80 */
    } else {
        ok = put(line, (const char *)s, len);
    }
    return ok ? len : 0;
}

static void put_characters(struct line *line, const unsigned char *s,
                           size_t len, bool quoted)
{
    size_t at = 0;

    while (at < len) {
        size_t run = at;
        size_t taken;

        while (run < len && is_plain(s[run]))
            run++;
        if (run > at && !put_run(line, (const char *)s + at, run - at))
            return;
        at = run;
        if (at == len)
            return;
        taken = put_special(line, s + at, len - at, quoted);
        if (taken == 0)
            return;
        at += taken;
    }
}

static void put_string(struct line *line, struct slice text)
{
    const unsigned char *s = (const unsigned char *)text.data;
    bool quoted = line->json || needs_quotes(s, text.len);

    if (quoted && !put(line, "\"", 1))
        return;
    put_characters(line, s, text.len, quoted);
    if (quoted)
        line->data[line->len++] = '"'; /* from what CLOSING set aside */
}

/* Decimal digits, at the end of `out`; returns where they begin. */
static char *spell_unsigned(char out[NUMBER_SIZE], uint64_t value)
{
    char *at = out + NUMBER_SIZE;

    do {
        *--at = (char)('0' + value % 10);
        value /= 10;
    } while (value > 0);
    return at;
}

static bool put_int(struct line *line, int64_t value)
{
    char digits[NUMBER_SIZE];
    uint64_t size = value < 0 ? -(uint64_t)value : (uint64_t)value;
    char *at = spell_unsigned(digits, size);

    if (value < 0)
        *--at = '-';
    return put(line, at, (size_t)(digits + NUMBER_SIZE - at));
}

/* Six decimals at most, and no zeros at the end: 0.83. */
static bool put_fixed(struct line *line, double value)
{
    char digits[NUMBER_SIZE];
    uint64_t millionths = (uint64_t)(fabs(value) * 1e6 + 0.5);
    uint64_t fraction = millionths % 1000000;
    char decimals[7] = ".000000";
    size_t len = sizeof(decimals);
    char *at = spell_unsigned(digits, millionths / 1000000);

    if (value < 0)
        *--at = '-';
    for (size_t i = len - 1; i > 0; i--) {
        decimals[i] = (char)('0' + fraction % 10);
        fraction /= 10;
    }
    while (decimals[len - 1] == '0')
        len--;
    if (len == 1) /* the point alone */
        len = 0;
    return put(line, at, (size_t)(digits + NUMBER_SIZE - at)) &&
           put(line, decimals, len);
}

static bool put_float(struct line *line, double value)
{
    char text[NUMBER_SIZE];
    double size = fabs(value);

    if (isnan(value))
        return put_text(line, line->json ? "null" : "NaN");
    if (isinf(value))
        return put_text(line, line->json    ? "null"
                              : value > 0.0 ? "+Inf"
                                            : "-Inf");
    if (!(size > 0.0))
        return put(line, "0", 1);
    if (size >= 1e-3 && size < 1e9)
        return put_fixed(line, value);
    snprintf(text, sizeof(text), "%.6g", value);
    return put_text(line, text);
}

static bool put_name(struct line *line, const char *name)
{
    if (line->json)
        return put(line, ",\"", 2) && put_text(line, name) &&
               put(line, "\":", 2);
    return put(line, " ", 1) && put_text(line, name) && put(line, "=", 1);
}

/* A field whose name or number does not fit is left out as a whole. */
static void put_field(struct line *line, const struct log_field *field)
{
    size_t before = line->len;
    size_t value;

    if (field->type == LOG_TEXT && field->value.text.data == NULL)
        return;
    if (!put_name(line, field->name)) {
        line->len = before;
        return;
    }
    value = line->len;
    switch (field->type) {
    case LOG_TEXT:
        put_string(line, field->value.text);
        if (line->len == value) /* not even the quote */
            line->len = before;
        return;
    case LOG_INT:
        put_int(line, field->value.integer);
        break;
    case LOG_FLOAT:
        put_float(line, field->value.number);
        break;
    case LOG_BOOL:
        put_text(line, field->value.truth ? "true" : "false");
        break;
    }
    if (line->cut)
        line->len = before;
}

/* The part of a time that changes once a second is kept for the next line. */
static void put_time(struct line *line, int64_t real_ms)
{
    static _Thread_local struct {
        int64_t second;
        char text[CLOCK_RFC3339_SIZE];
    } last = {-1, ""};
    int64_t second;
    unsigned ms;
    char *tail = last.text + SECOND_LEN;

    if (real_ms < 0)
        real_ms = 0;
    second = real_ms / 1000;
    ms = (unsigned)(real_ms % 1000);
    if (second != last.second) {
        clock_rfc3339(real_ms, last.text);
        last.second = second;
    }
    tail[1] = (char)('0' + ms / 100);
    tail[2] = (char)('0' + ms / 10 % 10);
    tail[3] = (char)('0' + ms % 10);
    put(line, last.text, CLOCK_RFC3339_SIZE - 1);
}

static void put_known_text(struct line *line, const char *name,
                           const char *value)
{
    struct log_field field = log_text(name, value);

    put_field(line, &field);
}

static void put_closing(struct line *line)
{
    static const char json_cut[] = ",\"cut\":true";
    static const char logfmt_cut[] = " cut=true";
    const char *mark = line->json ? json_cut : logfmt_cut;

    /* CLOSING has room for all of this */
    if (line->cut) {
        memcpy(line->data + line->len, mark, strlen(mark));
        line->len += strlen(mark);
    }
    if (line->json)
        line->data[line->len++] = '}';
    line->data[line->len++] = '\n';
}

size_t log_format_entry(char out[LIMIT_LOG_LINE], enum log_format format,
                        const struct log_entry *entry)
{
    struct line line = {out, 0, format == LOG_FORMAT_JSON, false};
    const char *level = log_level_name(entry->level);

    put_text(&line, line.json ? "{\"ts\":\"" : "ts=");
    put_time(&line, entry->real_ms);
    if (line.json)
        put(&line, "\"", 1);
    put_known_text(&line, "level", level == NULL ? "error" : level);
    put_known_text(&line, "mod", entry->module);
    put_known_text(&line, "msg", entry->message);
    for (size_t i = 0; i < entry->count && !line.cut; i++)
        put_field(&line, &entry->fields[i]);
    put_closing(&line);
    return line.len;
}
