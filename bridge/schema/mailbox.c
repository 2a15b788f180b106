#include "schema/mailbox.h"

#include "schema/address.h"

enum {
    LOCAL_MAX = 64, /* RFC 5321, section 4.5.3.1 */
    DOMAIN_MAX = 253,
    LABEL_MAX = 63
};

static bool is_alnum(char c)
{
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') ||
           (c >= '0' && c <= '9');
}

static bool is_atom_char(char c)
{
    return is_alnum(c) || (c != '\0' && strchr("!#$%&'*+-/=?^_`{|}~", c));
}

/* Atoms with single dots between them. */
static bool is_dot_string(struct slice text)
{
    size_t i;

    if (text.len == 0 || text.data[0] == '.' || text.data[text.len - 1] == '.')
        return false;
    for (i = 0; i < text.len; i++) {
        if (text.data[i] == '.' ? text.data[i - 1] == '.'
                                : !is_atom_char(text.data[i]))
            return false;
    }
    return true;
}

static bool is_quoted_string(struct slice text)
{
    size_t i;

    if (text.len < 2 || text.data[0] != '"' || text.data[text.len - 1] != '"')
        return false;
    for (i = 1; i < text.len - 1; i++) {
        char c = text.data[i];

        if (c == '\\' && ++i == text.len - 1)
            return false; /* it would escape the closing mark */
        if (text.data[i] < 32 || text.data[i] > 126 || c == '"')
            return false;
    }
    return true;
}

/* Labels of letters, digits and inner hyphens. */
static bool is_domain(struct slice text)
{
    size_t i, label = 0;

    if (text.len == 0 || text.len > DOMAIN_MAX)
        return false;
    for (i = 0; i < text.len; i++) {
        char c = text.data[i];

        if (c == '.') {
            if (label == 0 || text.data[i - 1] == '-')
                return false;
            label = 0;
            continue;
        }
        if (!is_alnum(c) && (c != '-' || label == 0))
            return false;
        if (++label > LABEL_MAX)
            return false;
    }
    return label > 0 && text.data[text.len - 1] != '-';
}

/* What stands in "[192.0.2.1]" and "[IPv6:2001:db8::1]". */
static bool is_address_literal(struct slice text)
{
    static const char tag[] = "IPv6:";
    size_t len = strlen(tag);

    if (text.len > len && memcmp(text.data, tag, len) == 0)
        return address_is_ipv6((struct slice){text.data + len, text.len - len});
    return address_is_ipv4(text);
}

bool mailbox_is_valid(struct slice text)
{
    const char *at = memrchr(text.data, '@', text.len);
    struct slice local, domain;

    if (at == NULL)
        return false;
    local = (struct slice){text.data, (size_t)(at - text.data)};
    domain = (struct slice){at + 1, text.len - local.len - 1};
    if (local.len > LOCAL_MAX ||
        (!is_dot_string(local) && !is_quoted_string(local)))
        return false;
    if (domain.len > 2 && domain.data[0] == '[' &&
        domain.data[domain.len - 1] == ']')
        return is_address_literal(
            (struct slice){domain.data + 1, domain.len - 2});
    return is_domain(domain);
}
