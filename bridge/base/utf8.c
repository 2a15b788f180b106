/*
 * utf8.c - is it text?
 */
#include "base/utf8.h"

size_t utf8_length(const unsigned char *s, size_t left)
{
    unsigned char low = 0x80;
    unsigned char high = 0xbf;
    size_t len;

    if (s[0] < 0x80)
        return 1;
    if (s[0] >= 0xc2 && s[0] <= 0xdf)
        len = 2;
    else if (s[0] >= 0xe0 && s[0] <= 0xef)
        len = 3;
    else if (s[0] >= 0xf0 && s[0] <= 0xf4)
        len = 4;
    else
        return 0;
    if (len > left)
        return 0;

    /* the second byte excludes overlong forms, surrogates, and what lies
     * above U+10FFFF */
    if (s[0] == 0xe0)
        low = 0xa0;
    else if (s[0] == 0xed)
        high = 0x9f;
    else if (s[0] == 0xf0)
        low = 0x90;
    else if (s[0] == 0xf4)
        high = 0x8f;
    if (s[1] < low || s[1] > high)
        return 0;
    for (size_t i = 2; i < len; i++)
        if (s[i] < 0x80 || s[i] > 0xbf)
            return 0;
    return len;
}

bool utf8_is(struct slice text)
{
    size_t at = 0;

    if (text.data == NULL)
        return false;
    while (at < text.len) {
        const size_t len =
            utf8_length((const unsigned char *)text.data + at, text.len - at);

        if (len == 0)
            return false;
        at += len;
    }
    return true;
}
