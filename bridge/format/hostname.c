#include "format/hostname.h"

#include "format/ascii.h"
#include "format/idna.h"

#include <strings.h>

enum { NAME_MAX_LEN = 253, LABEL_MAX_LEN = 63 };

enum rules {
    PLAIN = 0,
    A_LABELS = 1,    /* "xn--…" has to be one */
    U_LABELS = 2,    /* may be there */
    WIDE_DOTS = 4,   /* count as dots */
    NO_ADDRESSES = 8 /* four numbers are no name */
};

/* How many bytes of a dot are there at the front; 0: it is none. */
static size_t dot_length(struct slice text, enum rules rules)
{
    static const char *const wide[] = {"\xe3\x80\x82", "\xef\xbc\x8e",
                                       "\xef\xbd\xa1"};
    size_t i;

    if (text.data[0] == '.')
        return 1;
    if ((rules & WIDE_DOTS) == 0 || text.len < 3)
        return 0;
    for (i = 0; i < 3; i++) {
        if (memcmp(text.data, wide[i], 3) == 0)
            return 3;
    }
    return 0;
}

/* Takes a label off the front, and its dot; *last: there was no dot. */
static struct slice take_label(struct slice *text, enum rules rules, bool *last)
{
    struct slice label = {text->data, 0};
    size_t dot = 0;

    while (text->len > 0 && (dot = dot_length(*text, rules)) == 0) {
        text->data++;
        text->len--;
        label.len++;
    }
    text->data += dot;
    text->len -= dot;
    *last = dot == 0;
    return label;
}

/* Letters, digits and inner hyphens. */
static bool is_ldh(struct slice label)
{
    size_t i;

    if (label.len == 0 || label.len > LABEL_MAX_LEN || label.data[0] == '-' ||
        label.data[label.len - 1] == '-')
        return false;
    for (i = 0; i < label.len; i++) {
        if (!ascii_is_alnum(label.data[i]) && label.data[i] != '-')
            return false;
    }
    return true;
}

static bool is_number(struct slice label)
{
    size_t i;

    for (i = 0; i < label.len; i++) {
        if (!ascii_is_digit(label.data[i]))
            return false;
    }
    return true;
}

static bool is_beyond_ascii(struct slice label)
{
    size_t i;

    for (i = 0; i < label.len; i++) {
        if ((unsigned char)label.data[i] >= 0x80)
            return true;
    }
    return false;
}

static bool is_label(struct slice label, enum rules rules,
                     struct idna_label *out, bool *exhausted)
{
    if (is_beyond_ascii(label))
        return (rules & U_LABELS) != 0 && idna_is_label(label, out, exhausted);
    if (!is_ldh(label))
        return false;
    if ((rules & A_LABELS) != 0 && label.len >= 4 &&
        strncasecmp(label.data, "xn--", 4) == 0)
        return idna_is_label(label, out, exhausted);
    *out = (struct idna_label){label.len, false, ascii_is_alpha(label.data[0])};
    return true;
}

static bool is_name(struct slice text, enum rules rules, bool *exhausted)
{
    bool last = false, right_to_left = false, beside = true;
    size_t len = 0, labels = 0, numbers = 0;

    /* Of a U-label's UTF-8, four bytes make at least one octet. */
    if (text.len > 4 * NAME_MAX_LEN)
        return false;
    while (!last) {
        struct slice label = take_label(&text, rules, &last);
        struct idna_label found;

        if (!is_label(label, rules, &found, exhausted))
            return false;
        len += found.ascii_len + !last;
        labels++;
        numbers += is_number(label);
        right_to_left |= found.right_to_left;
        beside &= found.beside_right_to_left;
    }
    if ((rules & NO_ADDRESSES) != 0 && labels == 4 && numbers == 4)
        return false;
    return len <= NAME_MAX_LEN && (beside || !right_to_left);
}

bool hostname_is_valid(struct slice text, bool *exhausted)
{
    return is_name(text, A_LABELS | NO_ADDRESSES, exhausted);
}

bool hostname_is_international(struct slice text, bool *exhausted)
{
    return is_name(text, A_LABELS | U_LABELS | WIDE_DOTS | NO_ADDRESSES,
                   exhausted);
}

bool hostname_is_domain(struct slice text)
{
    bool exhausted = false; /* stays so: no label is looked into */

    return is_name(text, PLAIN, &exhausted);
}

bool hostname_is_international_domain(struct slice text, bool *exhausted)
{
    return is_name(text, A_LABELS | U_LABELS, exhausted);
}
