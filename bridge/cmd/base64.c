/*
 * base64.c - what others encode in base64; see base64.h
 */
#include "cmd/base64.h"

#include <stdint.h>

/* -1: not of the alphabet. */
static int value_of(char c)
{
    if (c >= 'A' && c <= 'Z')
        return c - 'A';
    if (c >= 'a' && c <= 'z')
        return c - 'a' + 26;
    if (c >= '0' && c <= '9')
        return c - '0' + 52;
    if (c == '+' || c == '-')
        return 62;
    return c == '/' || c == '_' ? 63 : -1;
}

bool base64_decode(struct slice text, char *out, size_t *len)
{
    uint32_t bits = 0;
    size_t padding = 0;
    size_t made = 0;

    while (text.len > 0 && padding < 2 && text.data[text.len - 1] == '=') {
        text.len--;
        padding++;
    }
    if (text.len == 0 || text.len % 4 == 1 ||
        (padding > 0 && (text.len + padding) % 4 != 0))
        return false;
    for (size_t i = 0; i < text.len; i++) {
        int value = value_of(text.data[i]);

        if (value == -1)
            return false;
        bits = bits << 6 | (uint32_t)value;
        if (i % 4 != 0)
            out[made++] = (char)(bits >> (6 - i % 4 * 2) & 0xFF);
    }
    *len = made;
    return true;
}
