/*
 * plain.c - regular expressions that need no engine
 *
 * Source: ECMA-262, section 22.2.1 (patterns with the flag u).
 */
#include "format/plain.h"

#include "format/ascii.h"

#include <string.h>

struct reader {
    const char *at;
    const char *end;
};

static bool has(const struct plain_item *item, unsigned char c)
{
    return c < 128 && (item->set[c / 64] >> c % 64 & 1) != 0;
}

static void put(struct plain_item *item, unsigned char first,
                unsigned char last)
{
    for (unsigned c = first; c <= last; c++)
        item->set[c / 64] |= UINT64_C(1) << c % 64;
}

static bool is_next(const struct reader *rd, char c)
{
    return rd->at < rd->end && *rd->at == c;
}

static bool skip(struct reader *rd, char c)
{
    if (!is_next(rd, c))
        return false;
    rd->at++;
    return true;
}

/* What stands for itself, in a class or outside. */
static bool is_literal(char c)
{
    return ascii_is_alnum(c) ||
           (c != '\0' && strchr(" !\"#%&',/:;<=>@_`~", c) != NULL);
}

/* "\d", "\w", or a sign that would mean something without the backslash. */
static bool read_escape(struct reader *rd, struct plain_item *item)
{
    const char c = rd->at < rd->end ? *rd->at : '\0';

    if (c == 'd' || c == 'w')
        put(item, '0', '9');
    if (c == 'w') {
        put(item, 'a', 'z');
        put(item, 'A', 'Z');
        put(item, '_', '_');
    }
    if (c != '\0' && strchr("^$\\.*+?()[]{}|/-", c) != NULL)
        put(item, (unsigned char)c, (unsigned char)c);
    else if (c != 'd' && c != 'w')
        return false;
    rd->at++;
    return true;
}

/* Of a class: a sign, a range, an escape. */
static bool read_member(struct reader *rd, struct plain_item *item)
{
    const char first = *rd->at;
    char last = first;

    if (skip(rd, '\\'))
        return read_escape(rd, item) && !is_next(rd, '-');
    if (!is_literal(first) && strchr("$.*+?(){}|", first) == NULL)
        return false;
    rd->at++;
    if (rd->end - rd->at >= 2 && rd->at[0] == '-' && rd->at[1] != ']') {
        last = rd->at[1];
        if (!is_literal(last) || last < first)
            return false;
        rd->at += 2;
    }
    put(item, (unsigned char)first, (unsigned char)last);
    return true;
}

static bool read_class(struct reader *rd, struct plain_item *item)
{
    if (is_next(rd, '^') || is_next(rd, ']'))
        return false;
    if (skip(rd, '-'))
        put(item, '-', '-');
    while (rd->at < rd->end && *rd->at != ']') {
        if (rd->end - rd->at >= 2 && rd->at[0] == '-' && rd->at[1] == ']') {
            put(item, '-', '-');
            rd->at++;
        } else if (!read_member(rd, item)) {
            return false;
        }
    }
    return skip(rd, ']');
}

static bool read_atom(struct reader *rd, struct plain_item *item)
{
    if (skip(rd, '['))
        return read_class(rd, item);
    if (skip(rd, '\\'))
        return read_escape(rd, item);
    if (!is_literal(*rd->at) && *rd->at != '-')
        return false;
    put(item, (unsigned char)*rd->at, (unsigned char)*rd->at);
    rd->at++;
    return true;
}

static bool read_number(struct reader *rd, uint32_t *out)
{
    const char *start = rd->at;

    *out = 0;
    while (rd->at < rd->end && ascii_is_digit(*rd->at) && rd->at - start < 6)
        *out = *out * 10 + (uint32_t)(*rd->at++ - '0');
    return rd->at > start;
}

static bool read_quantifier(struct reader *rd, struct plain_item *item)
{
    item->min = item->max = 1;
    if (skip(rd, '*')) {
        item->min = 0;
        item->max = UINT32_MAX;
    } else if (skip(rd, '+')) {
        item->max = UINT32_MAX;
    } else if (skip(rd, '?')) {
        item->min = 0;
    } else if (skip(rd, '{')) {
        if (!read_number(rd, &item->min))
            return false;
        item->max = item->min;
        if (skip(rd, ',') && !read_number(rd, &item->max))
            item->max = UINT32_MAX;
        if (!skip(rd, '}') || item->max < item->min)
            return false;
    } else {
        return true;
    }
    /* a lazy one, or a second one, which is an error */
    return rd->at == rd->end || strchr("*+?{", *rd->at) == NULL;
}

static bool meet(const struct plain_item *a, const struct plain_item *b)
{
    return ((a->set[0] & b->set[0]) | (a->set[1] & b->set[1])) != 0;
}

/* As many as there are is right only if nothing that follows could do with
 * one of them. */
static bool has_a_choice(const struct plain *plain, uint32_t number)
{
    const struct plain_item *item = &plain->items[number];

    if (item->min == item->max)
        return false;
    for (uint32_t i = number + 1; i < plain->count; i++) {
        if (meet(item, &plain->items[i]))
            return true;
        if (plain->items[i].min > 0)
            return false;
    }
    return false;
}

bool plain_parse(struct plain *plain, struct slice pattern)
{
    struct reader rd = {pattern.data, pattern.data + pattern.len};

    *plain = (struct plain){.count = 0};
    if (!skip(&rd, '^'))
        return false;
    while (rd.at < rd.end) {
        struct plain_item *item = &plain->items[plain->count];

        if (*rd.at == '$' && rd.at + 1 == rd.end) {
            plain->to_the_end = true;
            break;
        }
        if (plain->count == PLAIN_ITEMS || !read_atom(&rd, item) ||
            !read_quantifier(&rd, item))
            return false;
        plain->count++;
    }
    for (uint32_t i = 0; i < plain->count; i++)
        if (has_a_choice(plain, i))
            return false;
    return true;
}

bool plain_matches(const struct plain *plain, struct slice text)
{
    const unsigned char *at = (const unsigned char *)text.data;
    const unsigned char *end = at + text.len;

    for (uint32_t i = 0; i < plain->count; i++) {
        const struct plain_item *item = &plain->items[i];
        uint32_t found = 0;

        while (at < end && found < item->max && has(item, *at)) {
            at++;
            found++;
        }
        if (found < item->min)
            return false;
    }
    return !plain->to_the_end || at == end;
}
