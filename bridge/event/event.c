/*
 * event.c - event_describe(): what the bridge needs to know of an event
 *
 * Source: CloudEvents 1.0.2 (identity); RFC 3339 (ce_time).
 */
#include "event/event.h"

#include <stdbool.h>
#include <stdint.h>
#include <string.h>

enum {
    CE_DIGEST_DIGITS = 16, /* of the body's SHA-256, in ce_id */
    UTF8_MAX = 4           /* bytes of a character */
};

/* ---- members ------------------------------------------------------------ */

static bool has_at_most(size_t max, struct slice text)
{
    size_t count = 0;

    if (text.len <= max)
        return true;
    if (text.len > max * UTF8_MAX)
        return false;
    for (size_t i = 0; i < text.len; i++)
        count += ((unsigned char)text.data[i] & 0xC0) != 0x80;
    return count <= max;
}

/* The string `name` of an object, absent where it is not usable. */
static struct slice member(const json_t *object, const char *name, size_t max)
{
    const json_t *value = json_object_get(object, name);
    struct slice text = {json_string_value(value), json_string_length(value)};

    if (text.len == 0 || !has_at_most(max, text) ||
        memchr(text.data, '\0', text.len) != NULL)
        return SLICE_ABSENT;
    return text;
}

/* ---- timestamps --------------------------------------------------------- */

struct moment {
    int year, month, day;
    int hour, minute, second;
    size_t local_len; /* bytes in front of the offset */
    char zone;        /* 'Z', '+', '-' */
    int zone_minutes;
};

struct cursor {
    const char *at;
    const char *end;
};

static bool take_char(struct cursor *in, char c)
{
    if (in->at == in->end || *in->at != c)
        return false;
    in->at++;
    return true;
}

static bool take_digits(struct cursor *in, int count, int *out)
{
    int value = 0;

    for (int i = 0; i < count; i++) {
        if (in->at == in->end || *in->at < '0' || *in->at > '9')
            return false;
        value = value * 10 + (*in->at - '0');
        in->at++;
    }
    *out = value;
    return true;
}

static bool take_fraction(struct cursor *in)
{
    int ignored;

    if (!take_char(in, '.'))
        return true;
    if (!take_digits(in, 1, &ignored))
        return false;
    while (take_digits(in, 1, &ignored))
        continue;
    return true;
}

/* Z, +hh:mm, +hhmm or +hh; nothing means UTC. */
static bool take_zone(struct cursor *in, struct moment *out)
{
    int hours = 0;
    int minutes = 0;

    out->zone = 'Z';
    out->zone_minutes = 0;
    if (in->at == in->end || take_char(in, 'Z') || take_char(in, 'z'))
        return true;
    out->zone = *in->at;
    if (!take_char(in, '+') && !take_char(in, '-'))
        return false;
    if (!take_digits(in, 2, &hours))
        return false;
    if (in->at != in->end) {
        (void)take_char(in, ':');
        if (!take_digits(in, 2, &minutes))
            return false;
    }
    out->zone_minutes = hours * 60 + minutes;
    return hours < 24 && minutes < 60;
}

static bool read_moment(struct slice text, struct moment *out)
{
    struct cursor in = {text.data, text.data + text.len};

    if (!take_digits(&in, 4, &out->year) || !take_char(&in, '-') ||
        !take_digits(&in, 2, &out->month) || !take_char(&in, '-') ||
        !take_digits(&in, 2, &out->day))
        return false;
    if (!take_char(&in, 'T') && !take_char(&in, 't'))
        return false;
    if (!take_digits(&in, 2, &out->hour) || !take_char(&in, ':') ||
        !take_digits(&in, 2, &out->minute) || !take_char(&in, ':') ||
        !take_digits(&in, 2, &out->second) || !take_fraction(&in))
        return false;
    out->local_len = (size_t)(in.at - text.data);
    return take_zone(&in, out) && in.at == in.end;
}

static int days_of(int year, int month)
{
    static const int days[] = {31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};
    bool leap = (year % 4 == 0 && year % 100 != 0) || year % 400 == 0;

    return days[month - 1] + (month == 2 && leap);
}

/* 23:59:60 in UTC, wherever it is read: RFC 3339, section 5.7. */
static bool can_be_leap_second(const struct moment *m)
{
    const int day = 24 * 60;
    int west = m->zone == '-' ? m->zone_minutes : -m->zone_minutes;

    return (m->hour * 60 + m->minute + west + day) % day == day - 1;
}

static bool is_possible(const struct moment *m)
{
    if (m->month < 1 || m->month > 12 || m->day < 1 ||
        m->day > days_of(m->year, m->month))
        return false;
    if (m->hour > 23 || m->minute > 59)
        return false;
    return m->second < 60 || (m->second == 60 && can_be_leap_second(m));
}

static char digit(int value) { return (char)('0' + value % 10); }

static size_t write_zone(char *out, const struct moment *m)
{
    int hours = m->zone_minutes / 60;
    int minutes = m->zone_minutes % 60;

    out[0] = m->zone;
    if (m->zone == 'Z')
        return 1;
    out[1] = digit(hours / 10);
    out[2] = digit(hours);
    out[3] = ':';
    out[4] = digit(minutes / 10);
    out[5] = digit(minutes);
    return 6;
}

enum {
    DATE_LEN = 10, /* in front of the T */
    ZONE_MAX = 6   /* +hh:mm */
};

static int set_time(struct event *event, struct slice timestamp,
                    struct arena *arena)
{
    struct moment moment;
    char *copy;

    if (timestamp.data == NULL)
        return 0;
    copy = arena_copy(arena, timestamp.data, timestamp.len);
    if (copy == NULL)
        return -1;
    event->timestamp = (struct slice){copy, timestamp.len};
    if (!read_moment(timestamp, &moment) || !is_possible(&moment))
        return 0;

    copy = arena_alloc(arena, moment.local_len + ZONE_MAX);
    if (copy == NULL)
        return -1;
    memcpy(copy, timestamp.data, moment.local_len);
    copy[DATE_LEN] = 'T';
    event->ce_time.data = copy;
    event->ce_time.len =
        moment.local_len + write_zone(copy + moment.local_len, &moment);
    return 0;
}

/* ---- the whole ---------------------------------------------------------- */

/* The id is the beginning of the identity, so one copy is both. */
static int set_identity(struct event *event, struct slice id,
                        struct slice digits, struct arena *arena)
{
    struct slice front = id.data == NULL ? slice_of("-") : id;
    size_t len = front.len + 1 + digits.len;
    char *copy = arena_alloc(arena, len);

    if (copy == NULL)
        return -1;
    memcpy(copy, front.data, front.len);
    copy[front.len] = '.';
    memcpy(copy + front.len + 1, digits.data, digits.len);
    event->ce_id = (struct slice){copy, len};
    if (id.data != NULL)
        event->id = (struct slice){copy, id.len};
    return 0;
}

static int keep(struct slice *out, struct slice text, struct arena *arena)
{
    if (text.data == NULL)
        return 0;
    out->data = arena_copy(arena, text.data, text.len);
    out->len = text.len;
    return out->data == NULL ? -1 : 0;
}

int event_describe(struct event *event, const json_t *json, struct slice body,
                   struct arena *arena, struct fault *why)
{
    const json_t *data = json_object_get(json, "data");
    unsigned char digest[DIGEST_SIZE];
    char hex[DIGEST_HEX_SIZE];

    *event = (struct event){.json = json};
    if (digest_sha256(body, digest, why) == -1)
        return -1;
    digest_hex(digest, hex);
    if (set_identity(event, member(json, "event_id", EVENT_ID_MAX),
                     (struct slice){hex, CE_DIGEST_DIGITS}, arena) == -1 ||
        keep(&event->type, member(json, "event_type", EVENT_TYPE_MAX), arena) ==
            -1 ||
        keep(&event->correlation_id,
             member(data, "correlation_id", EVENT_ID_MAX), arena) == -1 ||
        set_time(event, member(json, "timestamp", EVENT_TIMESTAMP_MAX),
                 arena) == -1)
        return fault_set(why, FAULT_NOMEM, "cannot allocate an event's facts");
    return 0;
}
