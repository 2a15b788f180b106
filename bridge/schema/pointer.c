#include "schema/pointer.h"

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

static int hex_value(char c)
{
    if (c >= '0' && c <= '9')
        return c - '0';
    if (c >= 'a' && c <= 'f')
        return c - 'a' + 10;
    if (c >= 'A' && c <= 'F')
        return c - 'A' + 10;
    return -1;
}

int pointer_decode(struct buf *out, struct slice text, struct fault *why)
{
    size_t i;

    for (i = 0; i < text.len; i++) {
        char c = text.data[i];

        if (c == '%') {
            int high = i + 1 < text.len ? hex_value(text.data[i + 1]) : -1;
            int low = i + 2 < text.len ? hex_value(text.data[i + 2]) : -1;

            if (high == -1 || low == -1)
                return fault_set(why, FAULT_CONFIG,
                                 "'%%' must be followed by two hexadecimal "
                                 "digits");
            c = (char)(high * 16 + low);
            i += 2;
        }
        if (buf_add(out, &c, 1, why) == -1)
            return -1;
    }
    return 0;
}

/* RFC 3986: fragment = *( pchar / "/" / "?" ) */
static bool may_stand(unsigned char c)
{
    if ((c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') ||
        (c >= '0' && c <= '9'))
        return true;
    return c != '\0' && strchr("-._~!$&'()*+,;=:@/?", c) != NULL;
}

size_t pointer_encode(char *out, struct slice text)
{
    static const char digits[] = "0123456789ABCDEF";
    size_t i, len = 0;

    for (i = 0; i < text.len; i++) {
        unsigned char c = (unsigned char)text.data[i];

        if (may_stand(c)) {
            out[len++] = (char)c;
            continue;
        }
        out[len++] = '%';
        out[len++] = digits[c >> 4];
        out[len++] = digits[c & 15];
    }
    return len;
}
