/*
 * change.c - what becomes of bodies and secrets on their way; see change.h
 */
#include "cmd/change.h"

#include "base/limits.h"
#include "cmd/base64.h"

#include <ctype.h>
#include <jansson.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

enum { JSON_BODY_MAX = 1 * MIB };

static int keep(struct buf *out, const char *data, size_t len,
                struct fault *why)
{
    return buf_add(out, data, len, why) == -1 ? -1 : 1;
}

static bool ends(struct slice from, const char *with)
{
    size_t len = strlen(with);

    return from.len >= len &&
           memcmp(from.data + from.len - len, with, len) == 0;
}

static const char *const line_ends[] = {"\n", "\r\n"};

static int cut_line_end(struct buf *out, struct slice from, size_t arg,
                        struct fault *why)
{
    if (!ends(from, line_ends[arg]))
        return 0;
    return keep(out, from.data, from.len - strlen(line_ends[arg]), why);
}

static int add_line_end(struct buf *out, struct slice from, size_t arg,
                        struct fault *why)
{
    if (keep(out, from.data, from.len, why) == -1)
        return -1;
    return keep(out, line_ends[arg], strlen(line_ends[arg]), why);
}

/* CR LF to LF, arg 0, or LF to CR LF. */
static int turn_line_ends(struct buf *out, struct slice from, size_t arg,
                          struct fault *why)
{
    size_t changed = 0;

    for (size_t i = 0; i < from.len; i++) {
        bool after_cr = i > 0 && from.data[i - 1] == '\r';
        bool turn = arg == 0 ? from.data[i] == '\r' && i + 1 < from.len &&
                                   from.data[i + 1] == '\n'
                             : from.data[i] == '\n' && !after_cr;

        changed += turn;
        if ((turn && arg == 1 && keep(out, "\r", 1, why) == -1) ||
            (!(turn && arg == 0) && keep(out, from.data + i, 1, why) == -1))
            return -1;
    }
    return changed > 0;
}

static int trim(struct buf *out, struct slice from, size_t arg,
                struct fault *why)
{
    struct slice rest = from;

    (void)arg;
    while (rest.len > 0 && isspace((unsigned char)rest.data[0])) {
        rest.data++;
        rest.len--;
    }
    while (rest.len > 0 && isspace((unsigned char)rest.data[rest.len - 1]))
        rest.len--;
    return rest.len == from.len ? 0 : keep(out, rest.data, rest.len, why);
}

static const char byte_order_mark[] = "\xEF\xBB\xBF";

/* Takes it away, arg 0, or puts it in front. */
static int turn_byte_order_mark(struct buf *out, struct slice from, size_t arg,
                                struct fault *why)
{
    const size_t len = sizeof(byte_order_mark) - 1;
    bool there =
        from.len >= len && memcmp(from.data, byte_order_mark, len) == 0;

    if (there != (arg == 0))
        return 0;
    if (there)
        return keep(out, from.data + len, from.len - len, why);
    if (keep(out, byte_order_mark, len, why) == -1)
        return -1;
    return keep(out, from.data, from.len, why);
}

/* jansson writes \u00FC, everybody else \u00fc. */
static void lower_escapes(char *text)
{
    for (; *text != '\0'; text++) {
        if (*text != '\\')
            continue;
        text++; /* an escaped backslash is no begin of an escape */
        for (int i = 1; *text == 'u' && i <= 4; i++)
            text[i] = (char)tolower((unsigned char)text[i]);
    }
}

/* Parses it and writes it anew, as a program on the way may have done; `arg`
 * is jansson's flags. */
static int write_anew(struct buf *out, struct slice from, size_t arg,
                      struct fault *why)
{
    json_t *value = from.len > JSON_BODY_MAX
                        ? NULL
                        : json_loadb(from.data, from.len,
                                     JSON_DECODE_ANY | JSON_ALLOW_NUL, NULL);
    char *text =
        value == NULL ? NULL : json_dumps(value, arg | JSON_ENCODE_ANY);
    int rc = 0;

    if (text != NULL && (arg & JSON_ENSURE_ASCII) != 0)
        lower_escapes(text);
    if (text != NULL &&
        (strlen(text) != from.len || memcmp(text, from.data, from.len) != 0))
        rc = keep(out, text, strlen(text), why);
    free(text);
    json_decref(value);
    return rc;
}

static int nothing(struct buf *out, struct slice from, size_t arg,
                   struct fault *why)
{
    (void)arg;
    return from.len == 0 ? 0 : keep(out, "", 0, why);
}

static int unquote(struct buf *out, struct slice from, size_t arg,
                   struct fault *why)
{
    (void)arg;
    if (from.len < 3 || strchr("\"'", from.data[0]) == NULL ||
        from.data[from.len - 1] != from.data[0])
        return 0;
    return keep(out, from.data + 1, from.len - 2, why);
}

/* "aurix_abc": "abc". */
static int cut_prefix(struct buf *out, struct slice from, size_t arg,
                      struct fault *why)
{
    const char *line = memchr(from.data, '_', from.len);
    size_t len = line == NULL ? 0 : (size_t)(line - from.data) + 1;

    (void)arg;
    if (len == 0 || len == from.len)
        return 0;
    return keep(out, from.data + len, from.len - len, why);
}

static int from_base64(struct buf *out, struct slice from, size_t arg,
                       struct fault *why)
{
    size_t len;

    (void)arg;
    if (buf_reserve(out, from.len, why) == -1)
        return -1;
    if (!base64_decode(from, out->data, &len))
        return 0;
    out->len = len;
    out->data[len] = '\0';
    return 1;
}

static int digit(char c)
{
    return isdigit((unsigned char)c) ? c - '0' : tolower(c) - 'a' + 10;
}

static int from_hex(struct buf *out, struct slice from, size_t arg,
                    struct fault *why)
{
    (void)arg;
    if (from.len == 0 || from.len % 2 != 0)
        return 0;
    for (size_t i = 0; i < from.len; i++)
        if (!isxdigit((unsigned char)from.data[i]))
            return 0;
    for (size_t i = 0; i < from.len; i += 2) {
        char byte = (char)(digit(from.data[i]) << 4 | digit(from.data[i + 1]));

        if (keep(out, &byte, 1, why) == -1)
            return -1;
    }
    return 1;
}

/* ---- tables ---------------------------------------------------------------
 */

/* White space as most programs have it, with escapes or without, in the
 * order that it came in or sorted. */
#define ANEW(flags)                                                            \
    {"with its JSON written in another way",                                   \
     "a program has parsed it and written it anew; what counts are the bytes " \
     "that came",                                                              \
     write_anew, (flags)}
#define ANEW_AND_SORTED(flags) ANEW(flags), ANEW((flags) | JSON_SORT_KEYS)

const struct change body_changes[] = {
    {"without the newline at its end",             "an editor may have added it",
     cut_line_end,                                                                                                 0},
    {"without the newline at its end",             "an editor may have added it, CR and LF",
     cut_line_end,                                                                                                 1},
    {"with a newline at its end",                  "a shell may have removed it",            add_line_end,
     0                                                                                                              },
    {"with a newline at its end, CR and LF",       "a program may have removed it",
     add_line_end,                                                                                                 1},
    {"with LF for each CR LF",
     "an editor, git or a mail program may have "
     "changed how lines end",                                                                turn_line_ends,       0},
    {"with CR LF for each LF",
     "an editor, git or a mail program may have "
     "changed how lines end",                                                                turn_line_ends,       1},
    {"without the white space around it",          "it may have been added in copying",
     trim,                                                                                                         0},
    {"without the byte order mark in front of it",
     "an editor may have added it",                                                          turn_byte_order_mark, 0},
    {"with a byte order mark in front of it",      "an editor may have removed it",
     turn_byte_order_mark,                                                                                         1},
    {"with nothing in it",
     "whoever signed it may have read the body before, "
     "and had nothing left",                                                                 nothing,              0},
    ANEW_AND_SORTED(JSON_COMPACT),
    ANEW_AND_SORTED(JSON_COMPACT | JSON_ENSURE_ASCII),
    ANEW_AND_SORTED(JSON_COMPACT | JSON_ESCAPE_SLASH),
    ANEW_AND_SORTED(JSON_COMPACT | JSON_ESCAPE_SLASH | JSON_ENSURE_ASCII),
    ANEW_AND_SORTED(0),
    ANEW_AND_SORTED(JSON_ENSURE_ASCII),
    ANEW_AND_SORTED(JSON_INDENT(2)),
    ANEW_AND_SORTED(JSON_INDENT(2) | JSON_ENSURE_ASCII),
    ANEW_AND_SORTED(JSON_INDENT(4)),
    ANEW_AND_SORTED(JSON_INDENT(4) | JSON_ENSURE_ASCII),
};
const size_t body_changes_count = sizeof(body_changes) / sizeof(*body_changes);

const struct change secret_changes[] = {
    {"with a newline at its end",
     "the sender may have read it from a file, "
     "newline and all",                                                         add_line_end, 0},
    {"with a newline at its end, CR and LF",
     "the sender may have read it from "
     "a file, newline and all",                                                 add_line_end, 1},
    {"without the white space around it",         "take it out of the setting", trim,
     0                                                                                         },
    {"without the quotation marks around it",
     "take them out of the setting: "
     "env files and INI files keep them",                                       unquote,      0},
    {"without what is in front of its first '_'",
     "the sender signs with a "
     "part of the secret only",                                                 cut_prefix,   0},
    {"decoded from base64",
     "the sender signs with what is encoded in it, the "
     "bridge with its characters",                                              from_base64,  0},
    {"decoded from hexadecimal",
     "the sender signs with what is encoded in "
     "it, the bridge with its characters",                                      from_hex,     0},
};
const size_t secret_changes_count =
    sizeof(secret_changes) / sizeof(*secret_changes);
