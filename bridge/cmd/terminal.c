/*
 * terminal.c - how to say something to a person; see terminal.h
 */
#include "cmd/terminal.h"

#include "base/utf8.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* The variables that decide the character set, in POSIX's order: the first
 * that is set and not empty. */
static bool locale_is_utf8(void)
{
    static const char *const names[] = {"LC_ALL", "LC_CTYPE", "LANG"};

    for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
        const char *value = getenv(names[i]);

        if (value != NULL && value[0] != '\0')
            return strcasestr(value, "utf-8") != NULL ||
                   strcasestr(value, "utf8") != NULL;
    }
    return false;
}

void terminal_init(struct terminal *term, FILE *out)
{
    const char *no_color = getenv("NO_COLOR");
    const char *kind = getenv("TERM");

    term->out = out;
    term->live =
        isatty(fileno(out)) == 1 && (kind == NULL || strcmp(kind, "dumb") != 0);
    term->colour = term->live && (no_color == NULL || no_color[0] == '\0');
    term->utf8 = locale_is_utf8();
}

const char *terminal_style(const struct terminal *term,
                           enum terminal_style style)
{
    static const char *const sequences[] = {
        [STYLE_NONE] = "\033[0m",  [STYLE_GOOD] = "\033[32m",
        [STYLE_WARN] = "\033[33m", [STYLE_BAD] = "\033[31m",
        [STYLE_DIM] = "\033[2m",   [STYLE_BOLD] = "\033[1m",
    };

    return term->colour ? sequences[style] : "";
}

void terminal_write(const struct terminal *term, enum terminal_style style,
                    const char *text)
{
    fprintf(term->out, "%s%s%s", terminal_style(term, style), text,
            terminal_style(term, STYLE_NONE));
}

void terminal_text(FILE *out, const char *text, int width)
{
    for (; *text != '\0'; text++) {
        unsigned char c = (unsigned char)*text;
        unsigned char next = (unsigned char)text[1];
        bool is_c1 = c == 0xC2 && next >= 0x80 && next < 0xA0;

        fputc(c < 0x20 || c == 0x7F || is_c1 ? '?' : c, out);
        text += is_c1;
        width -= (c & 0xC0) != 0x80; /* bytes that go on take no column */
    }
    if (width > 0)
        fprintf(out, "%*s", width, "");
}

static bool is_shown(const unsigned char *s, size_t len, bool lines)
{
    if (lines && (*s == '\n' || *s == '\t'))
        return true;
    return len > 0 && !utf8_is_control(s, len);
}

void terminal_bytes(FILE *out, struct slice bytes, bool lines)
{
    const unsigned char *s = (const unsigned char *)bytes.data;
    size_t at = 0;

    while (at < bytes.len) {
        const size_t plain = at;
        size_t len = 0;

        while (at < bytes.len) {
            len = utf8_length(s + at, bytes.len - at);
            if (!is_shown(s + at, len, lines))
                break;
            at += len;
        }
        fwrite(s + plain, 1, at - plain, out);
        if (at == bytes.len)
            break;
        for (size_t end = at + (len == 0 ? 1 : len); at < end; at++)
            fprintf(out, "\\x%02x", s[at]);
    }
}

const char *terminal_sign(const struct terminal *term, const char *utf8,
                          const char *ascii)
{
    return term->utf8 ? utf8 : ascii;
}

void terminal_mark(const struct terminal *term, bool good)
{
    terminal_write(term, good ? STYLE_GOOD : STYLE_BAD,
                   good ? terminal_sign(term, "✓", "ok")
                        : terminal_sign(term, "✗", "NO"));
}
