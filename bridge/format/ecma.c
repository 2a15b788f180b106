#include "format/ecma.h"

#include "format/ascii.h"
#include "format/property.h"

#include <stdint.h>
#include <stdlib.h>

/* ECMA-262: WhiteSpace and LineTerminator, as the inside of a class. */
#define SPACES                                                                 \
    "\\t\\n\\u{b}\\f\\r \\u{a0}\\u{1680}\\u{2000}-\\u{200a}\\u{2028}"          \
    "\\u{2029}\\u{202f}\\u{205f}\\u{3000}\\u{feff}"

/* All others, for "\S" inside a class, which cannot be negated by itself. */
#define NOT_SPACES                                                             \
    "\\u{0}-\\u{8}\\u{e}-\\u{1f}\\u{21}-\\u{9f}\\u{a1}-\\u{167f}"              \
    "\\u{1681}-\\u{1fff}\\u{200b}-\\u{2027}\\u{202a}-\\u{202e}"                \
    "\\u{2030}-\\u{205e}\\u{2060}-\\u{2fff}\\u{3001}-\\u{fefe}"                \
    "\\u{ff00}-\\u{10ffff}"

struct translation {
    struct slice in;
    size_t at; /* in `in` */
    struct buf *out;
    bool in_class;
    size_t class_at; /* where its first member stands */
    bool quantified; /* the last thing was a quantifier */
    struct fault *why;
};

static int refuse(const struct translation *t, const char *what)
{
    return fault_set(t->why, FAULT_CONFIG,
                     "not a usable regular expression: %s, at byte %zu", what,
                     t->at);
}

static int put(struct translation *t, const char *text)
{
    return buf_add_text(t->out, text, t->why);
}

/* Copies the next `len` bytes as they are. */
static int copy(struct translation *t, size_t len)
{
    if (buf_add(t->out, t->in.data + t->at, len, t->why) == -1)
        return -1;
    t->at += len;
    return 0;
}

/* The byte `ahead` of here, or NUL behind the end. */
static char peek(const struct translation *t, size_t ahead)
{
    return t->at + ahead < t->in.len ? t->in.data[t->at + ahead] : '\0';
}

static bool follows(const struct translation *t, const char *text)
{
    size_t len = strlen(text);

    return t->in.len - t->at >= len &&
           memcmp(t->in.data + t->at, text, len) == 0;
}

/* Exactly `count` digits from `ahead` on, or -1. */
static long hex_number(const struct translation *t, size_t ahead, size_t count)
{
    long number = 0;
    size_t i;

    for (i = 0; i < count; i++) {
        int digit = ascii_hex(peek(t, ahead + i));

        if (digit == -1)
            return -1;
        number = number * 16 + digit;
    }
    return number;
}

static int put_code_point(struct translation *t, long code, size_t consumed)
{
    if (code > 0x10ffff || (code >= 0xd800 && code <= 0xdfff))
        return refuse(t, "no character has this number");
    t->at += consumed;
    return buf_addf(t->out, t->why, "\\u{%lx}", (unsigned long)code);
}

/* "\u{1F600}": any number of digits. */
static int translate_braced(struct translation *t)
{
    long code = 0;
    size_t ahead = 3;

    for (; ascii_hex(peek(t, ahead)) != -1; ahead++) {
        code = code * 16 + ascii_hex(peek(t, ahead));
        if (code > 0x10ffff)
            return refuse(t, "no character has this number");
    }
    if (ahead == 3 || peek(t, ahead) != '}')
        return refuse(t, "'\\u{' needs hexadecimal digits and '}'");
    return put_code_point(t, code, ahead + 1);
}

static int translate_u(struct translation *t)
{
    long high, low;

    if (peek(t, 2) == '{')
        return translate_braced(t);
    high = hex_number(t, 2, 4);
    if (high == -1)
        return refuse(t, "'\\u' needs four hexadecimal digits");
    low = peek(t, 6) == '\\' && peek(t, 7) == 'u' ? hex_number(t, 8, 4) : -1;
    if (high >= 0xd800 && high < 0xdc00 && low >= 0xdc00 && low < 0xe000)
        return put_code_point(
            t, 0x10000 + ((high - 0xd800) << 10) + (low - 0xdc00), 12);
    return put_code_point(t, high, 6);
}

/* "\p{…}" or "\P{…}". */
static int translate_property(struct translation *t)
{
    const char *begin = t->in.data + t->at + 3;
    const char *end;
    struct slice name;

    if (peek(t, 2) != '{')
        return refuse(t, "'\\p' needs a property in braces");
    end = memchr(begin, '}', t->in.len - t->at - 3);
    if (end == NULL)
        return refuse(t, "'\\p{' needs a '}'");
    name = property_for_pcre2((struct slice){begin, (size_t)(end - begin)});
    if (name.data == NULL)
        return refuse(t, "unknown property");
    if (buf_addf(t->out, t->why, "\\%c{%.*s}", peek(t, 1), (int)name.len,
                 name.data) == -1)
        return -1;
    t->at += 4 + (size_t)(end - begin);
    return 0;
}

/* "\1": PCRE2 would take "\12" for octal where there are few groups. */
static int translate_backreference(struct translation *t)
{
    size_t digits = 1;

    if (t->in_class)
        return refuse(t, "a backreference cannot be in a class");
    while (ascii_is_digit(peek(t, 1 + digits)))
        digits++;
    if (digits > 4)
        return refuse(t, "there is no such group");
    if (buf_addf(t->out, t->why, "\\g{%.*s}", (int)digits,
                 t->in.data + t->at + 1) == -1)
        return -1;
    t->at += 1 + digits;
    return 0;
}

/* Two bytes of the pattern become `text`. */
static int replace(struct translation *t, const char *text)
{
    t->at += 2;
    return put(t, text);
}

/*
 * "\s" inside a class is a list of ranges, so it cannot be the end of one.
 * ECMA-262 refuses "[a-\s]" as well.
 */
static int replace_in_class(struct translation *t, const char *text)
{
    bool after = t->at > t->class_at + 1 && t->in.data[t->at - 1] == '-';
    bool before = peek(t, 2) == '-' && peek(t, 3) != ']';

    if (after || before)
        return refuse(t, "a class cannot be the end of a range");
    return replace(t, text);
}

/* Letters that mean something behind a backslash; all others are refused. */
static int translate_letter(struct translation *t, char letter)
{
    switch (letter) {
    case 'd':
    case 'D':
    case 'w':
    case 'W':
    case 'b':
    case 'f':
    case 'n':
    case 'r':
    case 't':
        return copy(t, 2);
    case 'B':
        return t->in_class ? refuse(t, "'\\B' cannot be in a class")
                           : copy(t, 2);
    case 's':
        return t->in_class ? replace_in_class(t, SPACES)
                           : replace(t, "[" SPACES "]");
    case 'S':
        return t->in_class ? replace_in_class(t, NOT_SPACES)
                           : replace(t, "[^" SPACES "]");
    case 'v':
        return replace(t, "\\u{b}");
    case 'u':
        return translate_u(t);
    case 'x':
        if (hex_number(t, 2, 2) == -1)
            return refuse(t, "'\\x' needs two hexadecimal digits");
        return put_code_point(t, hex_number(t, 2, 2), 4);
    case 'c':
        if (((peek(t, 2) | 0x20) < 'a') || ((peek(t, 2) | 0x20) > 'z'))
            return refuse(t, "'\\c' needs a letter");
        return put_code_point(t, peek(t, 2) & 31, 3);
    case 'k':
        if (t->in_class || peek(t, 2) != '<')
            return refuse(t, "'\\k' needs a group's name");
        return copy(t, 2);
    case 'p':
    case 'P':
        return translate_property(t);
    default:
        return refuse(t, "ECMA-262 has no such escape");
    }
}

static int translate_escape(struct translation *t)
{
    char c = peek(t, 1);

    if (t->at + 1 >= t->in.len)
        return refuse(t, "'\\' at the end");
    if ((c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z'))
        return translate_letter(t, c);
    if (c == '0')
        return ascii_is_digit(peek(t, 2))
                   ? refuse(t, "octal escapes are not allowed")
                   : replace(t, "\\u{0}");
    if (ascii_is_digit(c))
        return translate_backreference(t);
    if (c == '\0' || (unsigned char)c >= 0x80 || c == '_') {
        t->at++; /* nothing to escape: the character stands for itself */
        return copy(t, 1);
    }
    return copy(t, 2);
}

/* Length of a "{n}", "{n,}" or "{n,m}" at this place, or 0. */
static size_t braces(const struct translation *t)
{
    size_t ahead = 1;

    if (!ascii_is_digit(peek(t, ahead)))
        return 0;
    while (ascii_is_digit(peek(t, ahead)))
        ahead++;
    if (peek(t, ahead) == ',')
        ahead++;
    while (ascii_is_digit(peek(t, ahead)))
        ahead++;
    return peek(t, ahead) == '}' ? ahead + 1 : 0;
}

static int translate_quantifier(struct translation *t, size_t len)
{
    if (t->quantified)
        return refuse(t, "nothing to repeat");
    if (copy(t, len) == -1)
        return -1;
    t->quantified = true;
    return peek(t, 0) == '?' ? copy(t, 1) : 0;
}

static int translate_open(struct translation *t)
{
    static const char *const groups[] = {"(?:", "(?=", "(?!", "(?<=", "(?<!"};
    size_t i;

    if (peek(t, 1) == '*')
        return refuse(t, "nothing to repeat");
    if (peek(t, 1) != '?')
        return copy(t, 1);
    for (i = 0; i < sizeof(groups) / sizeof(groups[0]); i++) {
        if (follows(t, groups[i]))
            return copy(t, strlen(groups[i]));
    }
    if (!follows(t, "(?<"))
        return refuse(t, "ECMA-262 has no such group");
    return copy(t, 3);
}

static int open_class(struct translation *t)
{
    if (copy(t, peek(t, 1) == '^' ? 2 : 1) == -1)
        return -1;
    t->in_class = true;
    t->class_at = t->at;
    return 0;
}

static int translate_in_class(struct translation *t)
{
    char c = peek(t, 0);

    if (c == '\\')
        return translate_escape(t);
    if (c == ']') {
        t->in_class = false;
        return copy(t, 1);
    }
    if (c == '[') {
        if (peek(t, 1) == ':' || peek(t, 1) == '.' || peek(t, 1) == '=')
            return refuse(t, "ECMA-262 has no named classes");
        t->at++;
        return put(t, "\\[");
    }
    return copy(t, 1);
}

static int translate_one(struct translation *t)
{
    char c = peek(t, 0);
    size_t len;

    if (t->in_class)
        return translate_in_class(t);
    if (c == '*' || c == '+' || c == '?')
        return translate_quantifier(t, 1);
    len = c == '{' ? braces(t) : 0;
    if (len > 0)
        return translate_quantifier(t, len);
    t->quantified = false;
    switch (c) {
    case '\\':
        return translate_escape(t);
    case '[':
        return open_class(t);
    case '(':
        return translate_open(t);
    case '.':
        t->at++;
        return put(t, "[^\\n\\r\\u{2028}\\u{2029}]");
    case '{':
    case '}':
    case ']':
        t->at++;
        return buf_addf(t->out, t->why, "\\%c", c);
    default:
        return copy(t, 1);
    }
}

int ecma_translate(struct buf *out, struct slice pattern, struct fault *why)
{
    struct translation t = {pattern, 0, out, false, 0, false, why};

    while (t.at < pattern.len) {
        if (translate_one(&t) == -1)
            return -1;
    }
    if (t.in_class)
        return refuse(&t, "']' is missing");
    /* An empty pattern is one too, and must not be a null pointer. */
    return buf_reserve(out, 1, why);
}
