#include "format/idna.h"

#include "base/utf8.h"
#include "format/ascii.h"

#include <idn2.h>
#include <stdint.h>
#include <stdio.h>

enum {
    LABEL_MAX = 63,
    TEXT_MAX = 4 * LABEL_MAX /* each of a U-label's characters, of up to four
                                bytes, takes an octet or more of the A-label */
};

#define ALEF "\xd7\x90"

static bool is_answer(int rc, bool *exhausted)
{
    if (rc == IDN2_MALLOC)
        *exhausted = true;
    return rc == IDN2_OK;
}

static bool is_european_digit(uint32_t c)
{
    return (c >= '0' && c <= '9') || (c >= 0x6f0 && c <= 0x6f9);
}

/* Of those that labels may have. */
static bool is_arabic_digit(uint32_t c)
{
    return (c >= 0x660 && c <= 0x669) || (c >= 0x10d30 && c <= 0x10d39);
}

/* The character at the front of well-formed UTF-8. */
static struct slice first_of(const char *text)
{
    return (struct slice){
        text, utf8_length((const unsigned char *)text, strlen(text))};
}

static uint32_t code_point(struct slice c)
{
    return utf8_code_point((const unsigned char *)c.data, c.len);
}

/* The fourth condition of the Bidi rule, which libidn2 does not test. */
static bool mixes_digits(const char *text)
{
    bool european = false, arabic = false;

    while (*text != '\0') {
        struct slice c = first_of(text);

        european |= is_european_digit(code_point(c));
        arabic |= is_arabic_digit(code_point(c));
        text += c.len;
    }
    return european && arabic;
}

/*
 * The directions of characters are not to be had from libidn2, but its answers
 * tell them. They are asked for by labels made of the text, with a letter from
 * right to left (alef) before it perhaps, and something after it.
 */
static int probe(const char *before, struct slice text, const char *after,
                 bool *exhausted)
{
    char label[TEXT_MAX + 8];
    uint8_t *ascii = NULL;
    int rc;

    snprintf(label, sizeof(label), "%s%.*s%s", before, (int)text.len, text.data,
             after);
    rc = idn2_register_u8((const uint8_t *)label, NULL, &ascii, 0);
    idn2_free(ascii);
    is_answer(rc, exhausted);
    return rc;
}

/* A letter from left to right is wrong nowhere but in such a label. */
static bool is_right_to_left(const char *text, bool *exhausted)
{
    return probe("", slice_of(text), "a", exhausted) == IDN2_BIDI;
}

/* Of the characters of other labels, only these are wrong in such a one. */
static bool is_left(struct slice c, bool *exhausted)
{
    return probe(ALEF, c, ALEF, exhausted) == IDN2_BIDI;
}

static bool is_mark(struct slice c, bool *exhausted)
{
    return probe("", c, "", exhausted) == IDN2_LEADING_COMBINING;
}

static struct slice last_of(struct slice text)
{
    size_t at = text.len - 1;

    while (at > 0 && ((unsigned char)text.data[at] & 0xc0) == 0x80)
        at--;
    return (struct slice){text.data + at, text.len - at};
}

static struct slice without_marks(struct slice text, bool *exhausted)
{
    while (text.len > 0 && is_mark(last_of(text), exhausted))
        text.len -= last_of(text).len;
    return text;
}

/*
 * The third condition of the Bidi rule: marks may follow the end, but what is
 * before them is the end. libidn2 takes a mark for one.
 */
static bool ends_right_to_left(const char *text, bool *exhausted)
{
    struct slice rest = without_marks(slice_of(text), exhausted);

    return probe("", rest, "", exhausted) == IDN2_OK;
}

/*
 * The first and the sixth condition, for the other labels of a name that has
 * one from right to left, of which libidn2 does not know.
 */
static bool is_left_to_right(const char *text, bool *exhausted)
{
    struct slice rest = without_marks(slice_of(text), exhausted);

    return rest.len > 0 && is_left(first_of(text), exhausted) &&
           (is_european_digit(code_point(last_of(rest))) ||
            is_left(last_of(rest), exhausted));
}

/* Copies it, terminated, letters of ASCII in lower case if all of it is ASCII;
 * false: there is more. */
static bool copy_ascii(char *out, struct slice label)
{
    bool ascii = true;
    size_t i;

    for (i = 0; i < label.len; i++)
        ascii = ascii && (unsigned char)label.data[i] < 0x80;
    for (i = 0; i < label.len; i++) {
        char c = label.data[i];

        out[i] = (char)(ascii && c >= 'A' && c <= 'Z' ? c | 0x20 : c);
    }
    out[label.len] = '\0';
    return ascii;
}

/* libidn2's own answer, and both forms of a label that it takes. */
static bool convert(struct slice label, char *unicode, size_t *ascii_len,
                    bool *exhausted)
{
    char *decoded = NULL;
    uint8_t *ascii = NULL;
    bool holds;

    if (copy_ascii(unicode, label)) {
        holds =
            is_answer(
                idn2_register_u8(NULL, (const uint8_t *)unicode, &ascii, 0),
                exhausted) &&
            is_answer(idn2_to_unicode_8z8z(unicode, &decoded, 0), exhausted) &&
            strlen(decoded) <= TEXT_MAX;
        if (holds)
            memcpy(unicode, decoded, strlen(decoded) + 1);
    } else {
        holds = is_answer(
            idn2_register_u8((const uint8_t *)unicode, NULL, &ascii, 0),
            exhausted);
    }
    if (holds)
        *ascii_len = strlen((const char *)ascii);
    idn2_free(decoded);
    idn2_free(ascii);
    return holds;
}

bool idna_is_label(struct slice label, struct idna_label *out, bool *exhausted)
{
    char text[TEXT_MAX + 1];

    /* libidn2 would stop at a NUL. */
    if (label.len == 0 || label.len > TEXT_MAX ||
        memchr(label.data, '\0', label.len) != NULL)
        return false;
    if (!convert(label, text, &out->ascii_len, exhausted) ||
        !utf8_is(slice_of(text)) || mixes_digits(text))
        return false;
    out->right_to_left = is_right_to_left(text, exhausted);
    out->beside_right_to_left =
        out->right_to_left || is_left_to_right(text, exhausted);
    return (!out->right_to_left || ends_right_to_left(text, exhausted)) &&
           !*exhausted;
}
