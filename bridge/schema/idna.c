#include "schema/idna.h"

#include "base/utf8.h"
#include "schema/ascii.h"

#include <idn2.h>
#include <stdint.h>
#include <stdio.h>

enum {
    LABEL_MAX = 63,
    TEXT_MAX = 4 * LABEL_MAX /* each of a U-label's characters, of up to four
                                bytes, takes an octet or more of the A-label */
};

static bool is_answer(int rc, bool *exhausted)
{
    if (rc == IDN2_MALLOC)
        *exhausted = true;
    return rc == IDN2_OK;
}

/* Would libidn2 have it, were there not the Bidi rule? */
static bool breaks_bidi_rule(const char *text, bool *exhausted)
{
    uint8_t *ascii = NULL;
    int rc = idn2_register_u8((const uint8_t *)text, NULL, &ascii, 0);

    is_answer(rc, exhausted);
    idn2_free(ascii);
    return rc == IDN2_BIDI;
}

/*
 * The fourth condition of the Bidi rule, which libidn2 does not test: European
 * and Arabic digits are not mixed. These are the ones that labels may have.
 */
static bool mixes_digits(const char *text)
{
    const unsigned char *s = (const unsigned char *)text;
    bool european = false, arabic = false;

    while (*s != '\0') {
        size_t len = utf8_length(s, strlen((const char *)s));
        uint32_t c = len == 0 ? 0 : utf8_code_point(s, len);

        european |= (c >= '0' && c <= '9') || (c >= 0x6f0 && c <= 0x6f9);
        arabic |= (c >= 0x660 && c <= 0x669) || (c >= 0x10d30 && c <= 0x10d39);
        s += len == 0 ? 1 : len;
    }
    return european && arabic;
}

/*
 * The directions of characters are not to be had from libidn2, but its answers
 * tell them: a letter from left to right (a) at the end is wrong only in a
 * label from right to left, and a character between two from right to left
 * (alef) only if it is one from left to right.
 */
static void find_directions(const char *text, struct idna_label *out,
                            bool *exhausted)
{
    const unsigned char *s = (const unsigned char *)text;
    char probe[TEXT_MAX + 2];

    snprintf(probe, sizeof(probe), "%sa", text);
    out->right_to_left = breaks_bidi_rule(probe, exhausted);
    if (s[0] < 0x80) {
        out->strong = ascii_is_alpha(text[0]);
    } else {
        snprintf(probe, sizeof(probe), "\xd7\x90%.*s\xd7\x90",
                 (int)utf8_length(s, strlen(text)), text);
        out->strong = out->right_to_left || breaks_bidi_rule(probe, exhausted);
    }
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

bool idna_is_label(struct slice label, struct idna_label *out, bool *exhausted)
{
    char text[TEXT_MAX + 1];
    uint8_t *ascii = NULL;
    char *unicode = NULL;
    bool holds = false;

    /* libidn2 would stop at a NUL. */
    if (label.len == 0 || label.len > TEXT_MAX ||
        memchr(label.data, '\0', label.len) != NULL)
        return false;
    if (!copy_ascii(text, label)) {
        holds =
            is_answer(idn2_register_u8((const uint8_t *)text, NULL, &ascii, 0),
                      exhausted);
    } else {
        holds =
            is_answer(idn2_register_u8(NULL, (const uint8_t *)text, &ascii, 0),
                      exhausted) &&
            is_answer(idn2_to_unicode_8z8z(text, &unicode, 0), exhausted) &&
            strlen(unicode) <= TEXT_MAX;
    }
    if (holds && !mixes_digits(unicode != NULL ? unicode : text)) {
        out->ascii_len = strlen((const char *)ascii);
        find_directions(unicode != NULL ? unicode : text, out, exhausted);
        holds = !*exhausted;
    } else {
        holds = false;
    }
    idn2_free(unicode);
    idn2_free(ascii);
    return holds;
}
