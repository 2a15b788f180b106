#include "format/template.h"

#include "base/utf8.h"
#include "format/ascii.h"
#include "format/uri.h"

static void skip(struct slice *text, size_t len)
{
    text->data += len;
    text->len -= len;
}

static bool take_one_of(struct slice *text, const char *these)
{
    if (text->len == 0 || !ascii_is_one_of(text->data[0], these))
        return false;
    skip(text, 1);
    return true;
}

/* How many bytes there are of it at the front; 0: it is no literal. */
static size_t literal_length(struct slice text)
{
    const unsigned char *s = (const unsigned char *)text.data;
    size_t len = utf8_length(s, text.len);
    uint32_t c;

    if (ascii_is_triplet(text))
        return 3;
    if (len > 1) {
        c = utf8_code_point(s, len);
        return uri_is_ucschar(c) || uri_is_iprivate(c) ? len : 0;
    }
    if (s[0] <= ' ' || s[0] >= 0x7f)
        return 0;
    return ascii_is_one_of(text.data[0], "\"%<>\\^`{|}") ? 0 : 1;
}

/* One character of a variable's name. */
static bool take_name_char(struct slice *text)
{
    if (ascii_is_triplet(*text)) {
        skip(text, 3);
        return true;
    }
    if (text->len == 0 ||
        (!ascii_is_alnum(text->data[0]) && text->data[0] != '_'))
        return false;
    skip(text, 1);
    return true;
}

/* Dots stand between characters, never beside each other. */
static bool take_name(struct slice *text)
{
    do {
        if (!take_name_char(text))
            return false;
        while (take_name_char(text))
            ;
    } while (take_one_of(text, "."));
    return true;
}

/* Nothing, "*", or ":" and a number from 1 to 9999. */
static bool take_modifier(struct slice *text)
{
    int i;

    if (take_one_of(text, "*") || !take_one_of(text, ":"))
        return true;
    if (!take_one_of(text, "123456789"))
        return false;
    for (i = 0; i < 3 && take_one_of(text, "0123456789"); i++)
        ;
    return true;
}

/* What stands between the braces, and the closing one. */
static bool take_expression(struct slice *text)
{
    take_one_of(text, "+#./;?&=,!@|");
    do {
        if (!take_name(text) || !take_modifier(text))
            return false;
    } while (take_one_of(text, ","));
    return take_one_of(text, "}");
}

bool template_is_valid(struct slice text)
{
    while (text.len > 0) {
        size_t len;

        if (take_one_of(&text, "{")) {
            if (!take_expression(&text))
                return false;
            continue;
        }
        len = literal_length(text);
        if (len == 0)
            return false;
        skip(&text, len);
    }
    return true;
}
