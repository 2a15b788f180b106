/*
 * given.c - a signature as a person has copied it; see given.h
 */
#include "cmd/given.h"

#include "cmd/base64.h"

#include <ctype.h>
#include <string.h>
#include <strings.h>

enum { DIGITS = DIGEST_HEX_SIZE - 1, BASE64_MAX = 100, PREFIX_MAX = 17 };

#define NAME "X-Hub-Signature"
#define PREFIX "sha256="

static void trim(struct slice *text)
{
    while (text->len > 0 && isspace((unsigned char)text->data[0])) {
        text->data++;
        text->len--;
    }
    while (text->len > 0 && isspace((unsigned char)text->data[text->len - 1]))
        text->len--;
}

static void drop(struct slice *text, size_t len)
{
    text->data += len;
    text->len -= len;
    trim(text);
}

static bool begins(struct slice text, const char *with)
{
    size_t len = strlen(with);

    return text.len >= len && strncasecmp(text.data, with, len) == 0;
}

/* X-Hub-Signature, also the -256 that others have, and its colon. */
static void drop_name(struct given *given, struct slice *text)
{
    const char *colon = memchr(text->data, ':', text->len);

    if (!begins(*text, NAME) || colon == NULL)
        return;
    given->oddities |= GIVEN_NAME;
    drop(text, (size_t)(colon - text->data) + 1);
}

static void drop_quotes(struct given *given, struct slice *text)
{
    while (text->len >= 2 && strchr("\"'`", text->data[0]) != NULL &&
           text->data[text->len - 1] == text->data[0]) {
        given->oddities |= GIVEN_QUOTES;
        text->len--;
        drop(text, 1);
    }
}

/* "sha256=", or what other senders have in its place: letters, digits and
 * dashes with '=' behind them. The '=' at the end of base64 is another. */
static void drop_prefix(struct given *given, struct slice *text)
{
    const size_t ours = sizeof(PREFIX) - 1;
    const char *equals = memchr(text->data, '=', text->len);
    size_t len = equals == NULL ? 0 : (size_t)(equals - text->data) + 1;

    if (len == ours && memcmp(text->data, PREFIX, ours) == 0) {
        given->prefixed = true;
    } else {
        if (len < 2 || len > PREFIX_MAX || len + 1 >= text->len)
            return;
        for (size_t i = 0; i + 1 < len; i++)
            if (!isalnum((unsigned char)text->data[i]) &&
                strchr("-_", text->data[i]) == NULL)
                return;
        given->oddities |= GIVEN_PREFIX;
    }
    text->data += len;
    text->len -= len;
}

static bool is_hex(const char *text, size_t len)
{
    for (size_t i = 0; i < len; i++)
        if (!isxdigit((unsigned char)text[i]))
            return false;
    return true;
}

static void keep_hex(struct given *given, const char *digits, size_t len)
{
    for (size_t i = 0; i < len; i++) {
        if (isupper((unsigned char)digits[i]))
            given->oddities |= GIVEN_UPPER;
        given->hex[i] = (char)tolower((unsigned char)digits[i]);
    }
    given->hex[len] = '\0';
}

/* The digest itself, or its digits. */
static bool keep_base64(struct given *given, const char *text, size_t len)
{
    char decoded[BASE64_MAX];
    size_t got;

    if (len > sizeof(decoded) ||
        !base64_decode((struct slice){text, len}, decoded, &got))
        return false;
    if (got == DIGEST_SIZE) {
        unsigned char digest[DIGEST_SIZE];

        memcpy(digest, decoded, sizeof(digest));
        digest_hex(digest, given->hex);
    } else if (got == DIGITS && is_hex(decoded, got)) {
        keep_hex(given, decoded, got);
    } else {
        return false;
    }
    given->oddities |= GIVEN_BASE64;
    return true;
}

/* `len` of `count` characters are at hand. */
static int refuse(const char *text, size_t len, size_t count, struct fault *why)
{
    size_t at = 0;

    if (count == 0)
        return fault_set(why, FAULT_SIGNATURE,
                         "the signature is empty: was the header there?");
    while (at < len && isxdigit((unsigned char)text[at]))
        at++;
    if (at < len)
        return fault_set(why, FAULT_SIGNATURE,
                         "the signature is not hexadecimal: '%c' at position "
                         "%zu",
                         isprint((unsigned char)text[at]) ? text[at] : '?',
                         at + 1);
    return fault_set(why, FAULT_SIGNATURE,
                     "the signature has %zu hexadecimal digits, an "
                     "HMAC-SHA256 has %d%s",
                     count, DIGITS, given_digits_hint(count));
}

int given_parse(struct given *given, const char *text, struct fault *why)
{
    struct slice rest = slice_of(text);
    char bare[2 * DIGITS]; /* without white space; cut if longer */
    size_t count = 0;
    size_t len;

    memset(given, 0, sizeof(*given));
    trim(&rest);
    drop_name(given, &rest);
    drop_quotes(given, &rest);
    drop_prefix(given, &rest);
    for (size_t i = 0; i < rest.len; i++) {
        if (isspace((unsigned char)rest.data[i])) {
            given->oddities |= GIVEN_SPACES;
            continue;
        }
        if (count < sizeof(bare))
            bare[count] = rest.data[i];
        count++;
    }
    len = count < sizeof(bare) ? count : sizeof(bare);
    if (count > 0 && len <= DIGITS && is_hex(bare, len)) {
        keep_hex(given, bare, len);
        return 0;
    }
    if (count == len && keep_base64(given, bare, len))
        return 0;
    return refuse(bare, len, count, why);
}

void given_tell(FILE *out, const struct given *given)
{
    static const struct {
        enum given_oddity oddity;
        const char *text;
    } texts[] = {
        {GIVEN_NAME,   "the header's name is in front of it"               },
        {GIVEN_QUOTES, "it is in quotation marks"                          },
        {GIVEN_SPACES, "there is white space within it"                    },
        {GIVEN_PREFIX, "another prefix than '" PREFIX "' is in front of it"},
        {GIVEN_UPPER,  "it is in upper case"                               },
        {GIVEN_BASE64, "it is base64 and not hexadecimal"                  },
    };
    const char *gap = "";

    for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++) {
        if ((given->oddities & texts[i].oddity) == 0)
            continue;
        fprintf(out, "%s%s", gap, texts[i].text);
        gap = ", and ";
    }
}

const char *given_digits_hint(size_t digits)
{
    switch (digits) {
    case 32:
        return "; 32 are an MD5";
    case 40:
        return "; 40 are a SHA-1";
    case 56:
        return "; 56 are a SHA-224";
    case 96:
        return "; 96 are a SHA-384";
    case 128:
        return "; 128 are a SHA-512";
    default:
        return "";
    }
}
