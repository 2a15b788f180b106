#include "schema/uri.h"

#include "schema/address.h"

/* Takes what comes before the first of `stops` off the front of *text. */
static struct slice take_until(struct slice *text, const char *stops)
{
    struct slice part = {text->data, 0};

    while (part.len < text->len &&
           (text->data[part.len] == '\0' ||
            strchr(stops, text->data[part.len]) == NULL))
        part.len++;
    text->data += part.len;
    text->len -= part.len;
    return part;
}

static bool starts_with(struct slice text, const char *prefix)
{
    size_t len = strlen(prefix);

    return text.len >= len && memcmp(text.data, prefix, len) == 0;
}

static void skip(struct slice *text, size_t len)
{
    text->data += len;
    text->len -= len;
}

/* The expression of RFC 3986, appendix B, by hand. */
void uri_split(struct slice text, struct uri *out)
{
    struct slice rest = text;
    struct slice first;

    *out = (struct uri){SLICE_ABSENT, SLICE_ABSENT, SLICE_ABSENT, SLICE_ABSENT,
                        SLICE_ABSENT};
    if (text.data == NULL)
        rest = slice_of("");

    first = take_until(&rest, ":/?#");
    if (first.len > 0 && starts_with(rest, ":")) {
        out->scheme = first;
        skip(&rest, 1);
    } else {
        rest.len += first.len;
        rest.data = first.data;
    }
    if (starts_with(rest, "//")) {
        skip(&rest, 2);
        out->authority = take_until(&rest, "/?#");
    }
    out->path = take_until(&rest, "?#");
    if (starts_with(rest, "?")) {
        skip(&rest, 1);
        out->query = take_until(&rest, "#");
    }
    if (starts_with(rest, "#")) {
        skip(&rest, 1);
        out->fragment = rest;
    }
}

static bool is_alpha(char c)
{
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
}

static bool is_digit(char c) { return c >= '0' && c <= '9'; }

static bool is_hex(char c)
{
    return is_digit(c) || (c >= 'a' && c <= 'f') || (c >= 'A' && c <= 'F');
}

/* Unreserved characters, sub-delims, percent-encoded bytes, and `more`. */
static bool consists_of(struct slice text, const char *more)
{
    size_t i;

    for (i = 0; i < text.len; i++) {
        char c = text.data[i];

        if (c == '%') {
            if (text.len - i < 3 || !is_hex(text.data[i + 1]) ||
                !is_hex(text.data[i + 2]))
                return false;
            i += 2;
            continue;
        }
        if (is_alpha(c) || is_digit(c))
            continue;
        if (c == '\0' ||
            (strchr("-._~!$&'()*+,;=", c) == NULL && strchr(more, c) == NULL))
            return false;
    }
    return true;
}

static bool is_scheme(struct slice scheme)
{
    size_t i;

    if (scheme.len == 0 || !is_alpha(scheme.data[0]))
        return false;
    for (i = 1; i < scheme.len; i++) {
        char c = scheme.data[i];

        if (!is_alpha(c) && !is_digit(c) && c != '+' && c != '-' && c != '.')
            return false;
    }
    return true;
}

/* "v", hexadecimal digits, ".", and characters of an address to come. */
static bool is_future_address(struct slice text)
{
    size_t i = 1;

    if (text.len < 4 || (text.data[0] != 'v' && text.data[0] != 'V'))
        return false;
    while (i < text.len && is_hex(text.data[i]))
        i++;
    if (i == 1 || i + 1 >= text.len || text.data[i] != '.')
        return false;
    skip(&text, i + 1);
    return memchr(text.data, '%', text.len) == NULL && consists_of(text, ":");
}

static bool is_port(struct slice text)
{
    size_t i;

    for (i = 0; i < text.len; i++) {
        if (!is_digit(text.data[i]))
            return false;
    }
    return true;
}

/* [userinfo "@"] host [":" port] */
static bool is_authority(struct slice authority)
{
    struct slice rest = authority;
    struct slice host;

    if (memchr(rest.data, '@', rest.len) != NULL) {
        if (!consists_of(take_until(&rest, "@"), ":"))
            return false;
        skip(&rest, 1);
    }
    if (starts_with(rest, "[")) {
        skip(&rest, 1);
        host = take_until(&rest, "]");
        if (rest.len == 0 ||
            (!address_is_ipv6(host) && !is_future_address(host)))
            return false;
        skip(&rest, 1);
    } else {
        host = take_until(&rest, ":");
        if (!consists_of(host, ""))
            return false;
    }
    if (rest.len == 0)
        return true;
    if (rest.data[0] != ':')
        return false;
    skip(&rest, 1);
    return is_port(rest);
}

static bool parts_are_valid(const struct uri *uri)
{
    return (uri->scheme.data == NULL || is_scheme(uri->scheme)) &&
           (uri->authority.data == NULL || is_authority(uri->authority)) &&
           consists_of(uri->path, ":@/") &&
           (uri->query.data == NULL || consists_of(uri->query, ":@/?")) &&
           (uri->fragment.data == NULL || consists_of(uri->fragment, ":@/?"));
}

bool uri_is_absolute(struct slice text)
{
    struct uri uri;

    uri_split(text, &uri);
    return uri.scheme.data != NULL && parts_are_valid(&uri);
}

bool uri_is_reference(struct slice text)
{
    struct uri uri;

    if (starts_with(text, ":"))
        return false; /* an empty scheme, not a path */
    uri_split(text, &uri);
    return parts_are_valid(&uri);
}

/* Drops the last segment of the path that is written so far, and its '/'. */
static size_t without_last_segment(const char *path, size_t len)
{
    while (len > 0 && path[--len] != '/')
        ;
    return len;
}

/* RFC 3986, section 5.2.4, in place. */
static size_t remove_dot_segments(char *path, size_t len)
{
    struct slice in = {path, len};
    size_t out = 0;

    while (in.len > 0) {
        if (starts_with(in, "../")) {
            skip(&in, 3);
        } else if (starts_with(in, "./") || starts_with(in, "/./")) {
            skip(&in, 2);
        } else if (slice_is(in, "/.")) {
            path[out++] = '/';
            break;
        } else if (starts_with(in, "/../")) {
            skip(&in, 3);
            out = without_last_segment(path, out);
        } else if (slice_is(in, "/..")) {
            out = without_last_segment(path, out);
            path[out++] = '/';
            break;
        } else if (slice_is(in, ".") || slice_is(in, "..")) {
            break;
        } else {
            do {
                path[out++] = in.data[0];
                skip(&in, 1);
            } while (in.len > 0 && in.data[0] != '/');
        }
    }
    return out;
}

/* Section 5.2.3: the reference takes the place of the base's last segment. */
static struct slice merge(struct arena *arena, const struct uri *base,
                          struct slice path)
{
    size_t keep = base->path.len;
    char *out = arena_alloc(arena, base->path.len + path.len + 2);

    if (out == NULL)
        return SLICE_ABSENT;
    if (starts_with(path, "/")) {
        keep = 0;
    } else if (base->authority.data != NULL && base->path.len == 0) {
        out[0] = '/';
        keep = 1;
    } else {
        while (keep > 0 && base->path.data[keep - 1] != '/')
            keep--;
        memcpy(out, base->path.data, keep);
    }
    memcpy(out + keep, path.data, path.len);
    return (struct slice){out, remove_dot_segments(out, keep + path.len)};
}

static char *join(struct arena *arena, const struct uri *uri)
{
#define PART(slice) (int)(slice).len, (slice).data == NULL ? "" : (slice).data
    return arena_printf(
        arena, "%.*s%s%s%.*s%.*s%s%.*s%s%.*s", PART(uri->scheme),
        uri->scheme.data != NULL ? ":" : "",
        uri->authority.data != NULL ? "//" : "", PART(uri->authority),
        PART(uri->path), uri->query.data != NULL ? "?" : "", PART(uri->query),
        uri->fragment.data != NULL ? "#" : "", PART(uri->fragment));
#undef PART
}

char *uri_resolve(struct arena *arena, struct slice base_text,
                  struct slice reference)
{
    struct uri base, uri;

    uri_split(base_text, &base);
    uri_split(reference, &uri);
    if (uri.scheme.data != NULL) {
        if (starts_with(uri.path, "/"))
            uri.path = merge(arena, &base, uri.path);
    } else {
        uri.scheme = base.scheme;
        if (uri.authority.data != NULL) {
            if (uri.path.len > 0)
                uri.path = merge(arena, &base, uri.path);
        } else {
            uri.authority = base.authority;
            if (uri.path.len == 0) {
                uri.path = base.path;
                if (uri.query.data == NULL)
                    uri.query = base.query;
            } else {
                uri.path = merge(arena, &base, uri.path);
            }
        }
    }
    return uri.path.data == NULL ? NULL : join(arena, &uri);
}
