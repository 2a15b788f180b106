#include "format/uri.h"

#include "base/utf8.h"
#include "format/address.h"
#include "format/ascii.h"

/* Takes what comes before the first of `stops` off the front of *text. */
static struct slice take_until(struct slice *text, const char *stops)
{
    struct slice part = {text->data, 0};

    while (part.len < text->len &&
           !ascii_is_one_of(text->data[part.len], stops))
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

/*
 * Unreserved characters, sub-delims, percent-encoded bytes, `more`, and, in an
 * IRI, what lies `beyond` ASCII; NULL: nothing does.
 */
static bool consists_of(struct slice text, const char *more,
                        bool (*beyond)(uint32_t c))
{
    while (text.len > 0) {
        char c = text.data[0];
        size_t len = 1;

        if ((unsigned char)c >= 0x80) {
            const unsigned char *s = (const unsigned char *)text.data;

            len = utf8_length(s, text.len);
            if (beyond == NULL || len == 0 || !beyond(utf8_code_point(s, len)))
                return false;
        } else if (c == '%') {
            if (!ascii_is_triplet(text))
                return false;
            len = 3;
        } else if (!ascii_is_alnum(c) &&
                   !ascii_is_one_of(c, "-._~!$&'()*+,;=") &&
                   !ascii_is_one_of(c, more)) {
            return false;
        }
        skip(&text, len);
    }
    return true;
}

bool uri_is_ucschar(uint32_t c)
{
    if (c >= 0x10000)
        return (c & 0xffff) <= 0xfffd && c <= 0xefffd &&
               (c < 0xe0000 || c >= 0xe1000);
    return (c >= 0xa0 && c <= 0xd7ff) || (c >= 0xf900 && c <= 0xfdcf) ||
           (c >= 0xfdf0 && c <= 0xffef);
}

bool uri_is_iprivate(uint32_t c)
{
    return (c >= 0xe000 && c <= 0xf8ff) ||
           (c >= 0xf0000 && (c & 0xffff) <= 0xfffd);
}

/* RFC 3987, section 4.1: the grammar has LRM, RLM, LRE, RLE, PDF, LRO and RLO,
 * but they must not be used. */
static bool is_iri_char(uint32_t c)
{
    return uri_is_ucschar(c) && c != 0x200e && c != 0x200f &&
           (c < 0x202a || c > 0x202e);
}

static bool is_iri_query_char(uint32_t c)
{
    return is_iri_char(c) || uri_is_iprivate(c);
}

static bool is_scheme(struct slice scheme)
{
    size_t i;

    if (scheme.len == 0 || !ascii_is_alpha(scheme.data[0]))
        return false;
    for (i = 1; i < scheme.len; i++) {
        char c = scheme.data[i];

        if (!ascii_is_alnum(c) && !ascii_is_one_of(c, "+-."))
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
    while (i < text.len && ascii_hex(text.data[i]) != -1)
        i++;
    if (i == 1 || i + 1 >= text.len || text.data[i] != '.')
        return false;
    skip(&text, i + 1);
    return memchr(text.data, '%', text.len) == NULL &&
           consists_of(text, ":", NULL);
}

static bool is_port(struct slice text)
{
    size_t i;

    for (i = 0; i < text.len; i++) {
        if (!ascii_is_digit(text.data[i]))
            return false;
    }
    return true;
}

/* [userinfo "@"] host [":" port] */
static bool is_authority(struct slice authority, bool (*beyond)(uint32_t c))
{
    struct slice rest = authority;
    struct slice host;

    if (memchr(rest.data, '@', rest.len) != NULL) {
        if (!consists_of(take_until(&rest, "@"), ":", beyond))
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
        if (!consists_of(host, "", beyond))
            return false;
    }
    if (rest.len == 0)
        return true;
    if (rest.data[0] != ':')
        return false;
    skip(&rest, 1);
    return is_port(rest);
}

static bool parts_are_valid(const struct uri *uri, bool iri)
{
    bool (*beyond)(uint32_t c) = iri ? is_iri_char : NULL;

    return (uri->scheme.data == NULL || is_scheme(uri->scheme)) &&
           (uri->authority.data == NULL ||
            is_authority(uri->authority, beyond)) &&
           consists_of(uri->path, ":@/", beyond) &&
           (uri->query.data == NULL ||
            consists_of(uri->query, ":@/?", iri ? is_iri_query_char : NULL)) &&
           (uri->fragment.data == NULL ||
            consists_of(uri->fragment, ":@/?", beyond));
}

static bool is_absolute(struct slice text, bool iri)
{
    struct uri uri;

    uri_split(text, &uri);
    return uri.scheme.data != NULL && parts_are_valid(&uri, iri);
}

static bool is_reference(struct slice text, bool iri)
{
    struct uri uri;

    if (starts_with(text, ":"))
        return false; /* an empty scheme, not a path */
    uri_split(text, &uri);
    return parts_are_valid(&uri, iri);
}

bool uri_is_absolute(struct slice text) { return is_absolute(text, false); }

bool uri_is_reference(struct slice text) { return is_reference(text, false); }

bool uri_is_iri(struct slice text) { return is_absolute(text, true); }

bool uri_is_iri_reference(struct slice text)
{
    return is_reference(text, true);
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
