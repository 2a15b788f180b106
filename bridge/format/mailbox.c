#include "format/mailbox.h"

#include "base/utf8.h"
#include "format/address.h"
#include "format/ascii.h"
#include "format/hostname.h"

#include <strings.h>

enum { LOCAL_MAX = 64 /* octets: RFC 5321, section 4.5.3.1.1 */ };

struct mailbox {
    struct slice local;
    struct slice domain;
};

/* At the last '@', since a quoted local part may have others. */
static bool split(struct slice text, struct mailbox *out)
{
    const char *at = memrchr(text.data, '@', text.len);

    if (at == NULL)
        return false;
    out->local = (struct slice){text.data, (size_t)(at - text.data)};
    out->domain = (struct slice){at + 1, text.len - out->local.len - 1};
    return true;
}

static bool is_beyond_ascii(char c) { return (unsigned char)c >= 0x80; }

static bool is_atom_char(char c, bool wide)
{
    return ascii_is_alnum(c) || ascii_is_one_of(c, "!#$%&'*+-/=?^_`{|}~") ||
           (wide && is_beyond_ascii(c));
}

/* Atoms with single dots between them. */
static bool is_dot_string(struct slice text, bool wide)
{
    size_t i;

    if (text.len == 0 || text.data[0] == '.' || text.data[text.len - 1] == '.')
        return false;
    for (i = 0; i < text.len; i++) {
        if (text.data[i] == '.' ? text.data[i - 1] == '.'
                                : !is_atom_char(text.data[i], wide))
            return false;
    }
    return true;
}

static bool is_quoted_string(struct slice text, bool wide)
{
    size_t i;

    if (text.len < 2 || text.data[0] != '"' || text.data[text.len - 1] != '"')
        return false;
    for (i = 1; i < text.len - 1; i++) {
        char c = text.data[i];

        if (wide && is_beyond_ascii(c))
            continue;
        if (c == '\\' && ++i == text.len - 1)
            return false; /* it would escape the closing mark */
        if (text.data[i] < 32 || text.data[i] > 126 || c == '"')
            return false;
    }
    return true;
}

static bool is_local(struct slice text, bool wide)
{
    return text.len <= LOCAL_MAX && (!wide || utf8_is(text)) &&
           (is_dot_string(text, wide) || is_quoted_string(text, wide));
}

/* "[192.0.2.1]" or "[IPv6:2001:db8::1]" */
static bool is_address_literal(struct slice text)
{
    static const char tag[] = "IPv6:";
    size_t len = strlen(tag);

    if (text.len < 2 || text.data[0] != '[' || text.data[text.len - 1] != ']')
        return false;
    text = (struct slice){text.data + 1, text.len - 2};
    if (text.len > len && strncasecmp(text.data, tag, len) == 0)
        return address_is_ipv6((struct slice){text.data + len, text.len - len});
    return address_is_ipv4(text);
}

bool mailbox_is_valid(struct slice text)
{
    struct mailbox mailbox;

    return split(text, &mailbox) && is_local(mailbox.local, false) &&
           (hostname_is_domain(mailbox.domain) ||
            is_address_literal(mailbox.domain));
}

bool mailbox_is_international(struct slice text, bool *exhausted)
{
    struct mailbox mailbox;

    return split(text, &mailbox) && is_local(mailbox.local, true) &&
           (is_address_literal(mailbox.domain) ||
            hostname_is_international_domain(mailbox.domain, exhausted));
}
