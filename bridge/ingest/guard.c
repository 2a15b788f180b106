/*
 * guard.c - what CivetWeb's parser lets through, and must not get further
 *
 * The parser cuts its buffer into strings in place. For a clean block each
 * line is
 *
 *     name NUL [blanks] value NUL NUL      (':' and CR LF became NULs)
 *
 * and the next name follows at once; the last value is followed by the CR of
 * the empty line, and a NUL where its LF was. A second NUL after a name was a
 * blank before the colon. Anything else behind a value is what the parser
 * did not read: a folded line and every header after it, a bare LF, a bare
 * NUL.
 */
#include "ingest/guard.h"

#include <stdint.h>
#include <string.h>
#include <strings.h>

static int check_layout(const struct guard_head *head, struct fault *why)
{
    for (size_t i = 0; i < head->header_count; i++) {
        const struct guard_header *h = &head->headers[i];
        const char *after_name = h->name + strlen(h->name) + 1;
        const char *end = h->value + strlen(h->value);

        if (after_name < h->value && *after_name == '\0')
            return fault_set(why, FAULT_BAD_REQUEST,
                             "blank between a header's name and its colon");
        if (end[1] != '\0')
            return fault_set(why, FAULT_BAD_REQUEST,
                             "header line does not end with CR LF");
        if (i + 1 < head->header_count ? end + 2 != head->headers[i + 1].name
                                       : end[2] != '\r' || end[3] != '\0')
            return fault_set(why, FAULT_BAD_REQUEST,
                             "folded or malformed header line");
    }
    return 0;
}

/* How many headers have this name; *value is the first one's. */
static size_t find(const struct guard_head *head, const char *name,
                   struct slice *value)
{
    size_t count = 0;

    *value = SLICE_ABSENT;
    for (size_t i = 0; i < head->header_count; i++) {
        if (strcasecmp(head->headers[i].name, name) != 0)
            continue;
        if (count++ == 0)
            *value = slice_of(head->headers[i].value);
    }
    return count;
}

/* RFC 9110, section 5.5: blanks around a value are not part of it. The
 * parser has taken those in front. */
static struct slice trimmed(struct slice s)
{
    while (s.len > 0 && (s.data[s.len - 1] == ' ' || s.data[s.len - 1] == '\t'))
        s.len--;
    return s;
}

static int find_source(struct guard_verdict *out, const struct guard_head *head,
                       const struct config *config, struct fault *why)
{
    for (size_t i = 0; head->path != NULL && i < config->source_count; i++) {
        if (strcmp(config->sources[i].path, head->path) != 0)
            continue;
        out->source = i;
        if (strcmp(head->method, "POST") == 0)
            return 0;
        out->allow = "POST";
        return fault_set(why, FAULT_METHOD, "only POST is allowed here");
    }
    return fault_set(why, FAULT_NOT_FOUND, "there is nothing at this path");
}

static int check_host(const struct guard_head *head, struct fault *why)
{
    struct slice value;
    size_t count = find(head, "Host", &value);

    if (count > 1 || (count == 0 && strcmp(head->version, "1.1") == 0))
        return fault_set(why, FAULT_BAD_REQUEST,
                         "exactly one Host header is expected");
    return 0;
}

/* 1*DIGIT, RFC 9110, section 8.6. False: something else. A number that is
 * too large for a size_t becomes the largest one. */
static bool parse_length(struct slice text, size_t *out)
{
    size_t n = 0;

    if (text.len == 0)
        return false;
    for (size_t i = 0; i < text.len; i++) {
        size_t digit = (size_t)(text.data[i] - '0');

        if (text.data[i] < '0' || text.data[i] > '9')
            return false;
        if (n > (SIZE_MAX - digit) / 10)
            n = SIZE_MAX;
        else
            n = n * 10 + digit;
    }
    *out = n;
    return true;
}

static int check_length(struct guard_verdict *out,
                        const struct guard_head *head,
                        const struct config *config, struct fault *why)
{
    struct slice length;
    struct slice encoding;
    size_t lengths = find(head, "Content-Length", &length);
    size_t encodings = find(head, "Transfer-Encoding", &encoding);

    if (encodings > 0 && lengths > 0)
        return fault_set(why, FAULT_BAD_REQUEST,
                         "Content-Length and Transfer-Encoding together");
    if (encodings > 0)
        return fault_set(why, FAULT_LENGTH_REQUIRED,
                         "a Content-Length is required, no Transfer-Encoding");
    if (lengths == 0)
        return fault_set(why, FAULT_LENGTH_REQUIRED,
                         "a Content-Length is required");
    if (lengths > 1)
        return fault_set(why, FAULT_BAD_REQUEST,
                         "more than one Content-Length");
    if (!parse_length(trimmed(length), &out->content_length))
        return fault_set(why, FAULT_BAD_REQUEST,
                         "Content-Length is not a whole number");
    if (out->content_length > (size_t)config->http.max_body_bytes)
        return fault_set(why, FAULT_TOO_LARGE,
                         "the body may have at most %lld bytes",
                         (long long)config->http.max_body_bytes);
    return 0;
}

/* Whether a comma-separated list has this word (RFC 9110, section 5.6.1). */
static bool has_word(struct slice list, const char *word)
{
    size_t len = strlen(word);
    size_t at = 0;

    while (at < list.len) {
        const char *start = list.data + at;
        const char *comma = memchr(start, ',', list.len - at);
        size_t n = comma == NULL ? list.len - at : (size_t)(comma - start);

        at += n + 1;
        while (n > 0 && (*start == ' ' || *start == '\t')) {
            start++;
            n--;
        }
        if (trimmed((struct slice){start, n}).len == len &&
            strncasecmp(start, word, len) == 0)
            return true;
    }
    return false;
}

/* As CivetWeb decides it, so that the answer says what will happen: it looks
 * at the first Connection header, and without one at the version. */
static bool wants_close(const struct guard_head *head)
{
    bool keep = strcmp(head->version, "1.1") == 0;
    bool decided = false;

    for (size_t i = 0; i < head->header_count; i++) {
        struct slice value = slice_of(head->headers[i].value);

        if (strcasecmp(head->headers[i].name, "Connection") != 0)
            continue;
        if (has_word(value, "close"))
            return true;
        if (!decided)
            keep = has_word(value, "keep-alive");
        decided = true;
    }
    return !keep;
}

static bool all_hex(const char *at, size_t len)
{
    bool zero = true;

    for (size_t i = 0; i < len; i++) {
        if (!((at[i] >= '0' && at[i] <= '9') || (at[i] >= 'a' && at[i] <= 'f')))
            return false;
        zero = zero && at[i] == '0';
    }
    return len == 2 || !zero; /* ids of zeros alone are not valid, flags are */
}

/* version "-" trace-id "-" parent-id "-" flags; a later version may go on
 * after another dash (W3C Trace Context, section 3.2). */
static bool valid_traceparent(struct slice s)
{
    if (s.len < 55 || s.data[2] != '-' || s.data[35] != '-' ||
        s.data[52] != '-')
        return false;
    if (!all_hex(s.data, 2) || memcmp(s.data, "ff", 2) == 0)
        return false;
    if (memcmp(s.data, "00", 2) == 0 ? s.len != 55
                                     : s.len > 55 && s.data[55] != '-')
        return false;
    return all_hex(s.data + 3, 32) && all_hex(s.data + 36, 16) &&
           all_hex(s.data + 53, 2);
}

static int check_signature(struct guard_verdict *out,
                           const struct guard_head *head, struct fault *why)
{
    struct slice value;

    if (find(head, "X-Hub-Signature", &value) > 1)
        return fault_set(why, FAULT_SIGNATURE, "Invalid signature");
    out->signature_header = value.data == NULL ? value : trimmed(value);
    return 0;
}

int guard_judge(struct guard_verdict *out, const struct guard_head *head,
                const struct config *config, struct fault *why)
{
    struct slice value;

    memset(out, 0, sizeof(*out));
    out->wants_close = wants_close(head);
    if (head->header_count >= LIMIT_HEADERS)
        return fault_set(why, FAULT_HEADERS_TOO_LARGE,
                         "at most %d headers are taken", LIMIT_HEADERS - 1);
    if (check_layout(head, why) == -1 || check_host(head, why) == -1 ||
        find_source(out, head, config, why) == -1 ||
        check_length(out, head, config, why) == -1 ||
        check_signature(out, head, why) == -1)
        return -1;
    if (find(head, "Traceparent", &value) == 1 &&
        valid_traceparent(trimmed(value)))
        out->traceparent = trimmed(value);
    find(head, "Expect", &value);
    out->expects_continue = strcmp(head->version, "1.1") == 0 &&
                            value.data != NULL && out->content_length > 0 &&
                            has_word(value, "100-continue");
    return 0;
}
