#include "format/pointer.h"

#include "format/ascii.h"

int pointer_add(struct buf *pointer, struct slice token, struct fault *why)
{
    size_t before = pointer->len, i;

    if (buf_add(pointer, "/", 1, why) == -1)
        return -1;
    for (i = 0; i < token.len; i++) {
        const char *text = &token.data[i];
        size_t len = 1;

        if (*text == '~' || *text == '/') {
            text = *text == '~' ? "~0" : "~1";
            len = 2;
        }
        if (buf_add(pointer, text, len, why) == -1) {
            pointer_cut(pointer, before);
            return -1;
        }
    }
    return 0;
}

int pointer_add_index(struct buf *pointer, size_t index, struct fault *why)
{
    return buf_addf(pointer, why, "/%zu", index);
}

void pointer_cut(struct buf *pointer, size_t len)
{
    if (pointer->data == NULL)
        return;
    pointer->len = len;
    pointer->data[len] = '\0';
}

bool pointer_is_valid(struct slice text)
{
    size_t i;

    if (text.len == 0)
        return true;
    if (text.data[0] != '/')
        return false;
    for (i = 0; i < text.len; i++) {
        if (text.data[i] == '~' &&
            (i + 1 == text.len ||
             (text.data[i + 1] != '0' && text.data[i + 1] != '1')))
            return false;
    }
    return true;
}

/* "0", or digits that do not begin with it. */
static bool take_number(struct slice *text)
{
    size_t len = 0;

    while (len < text->len && ascii_is_digit(text->data[len]))
        len++;
    if (len == 0 || (len > 1 && text->data[0] == '0'))
        return false;
    text->data += len;
    text->len -= len;
    return true;
}

bool pointer_is_relative(struct slice text)
{
    if (!take_number(&text))
        return false;
    if (text.len > 0 && ascii_is_one_of(text.data[0], "+-")) {
        text.data++;
        text.len--;
        if (!take_number(&text))
            return false;
    }
    return slice_is(text, "#") || pointer_is_valid(text);
}

int pointer_decode(struct buf *out, struct slice text, struct fault *why)
{
    size_t i;

    for (i = 0; i < text.len; i++) {
        char c = text.data[i];

        if (c == '%') {
            if (!ascii_is_triplet((struct slice){text.data + i, text.len - i}))
                return fault_set(why, FAULT_CONFIG,
                                 "'%%' must be followed by two hexadecimal "
                                 "digits");
            c = (char)(ascii_hex(text.data[i + 1]) * 16 +
                       ascii_hex(text.data[i + 2]));
            i += 2;
        }
        if (buf_add(out, &c, 1, why) == -1)
            return -1;
    }
    return 0;
}

/* RFC 3986: fragment = *( pchar / "/" / "?" ) */
static bool may_stand(char c)
{
    return ascii_is_alnum(c) || ascii_is_one_of(c, "-._~!$&'()*+,;=:@/?");
}

size_t pointer_encode(char *out, struct slice text)
{
    static const char digits[] = "0123456789ABCDEF";
    size_t i, len = 0;

    for (i = 0; i < text.len; i++) {
        unsigned char c = (unsigned char)text.data[i];

        if (may_stand(text.data[i])) {
            out[len++] = text.data[i];
            continue;
        }
        out[len++] = '%';
        out[len++] = digits[c >> 4];
        out[len++] = digits[c & 15];
    }
    return len;
}
