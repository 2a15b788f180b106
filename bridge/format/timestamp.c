#include "format/timestamp.h"

#include "format/ascii.h"

enum {
    DATE_LEN = 10 /* 2024-01-02 */
};

/* Takes `count` digits off the front; -1: they are not there. */
static int take_number(struct slice *text, size_t count)
{
    int number = 0;
    size_t i;

    if (text->len < count)
        return -1;
    for (i = 0; i < count; i++) {
        if (!ascii_is_digit(text->data[i]))
            return -1;
        number = number * 10 + (text->data[i] - '0');
    }
    text->data += count;
    text->len -= count;
    return number;
}

static bool take(struct slice *text, char c)
{
    if (text->len == 0 || text->data[0] != c)
        return false;
    text->data++;
    text->len--;
    return true;
}

static int days_of(int year, int month)
{
    static const int days[] = {31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};
    bool leap = year % 4 == 0 && (year % 100 != 0 || year % 400 == 0);

    return month == 2 && leap ? 29 : days[month - 1];
}

struct date {
    int year, month, day;
};

static bool read_date(struct slice text, struct date *out)
{
    out->year = take_number(&text, 4);
    if (out->year == -1 || !take(&text, '-'))
        return false;
    out->month = take_number(&text, 2);
    if (out->month < 1 || out->month > 12 || !take(&text, '-'))
        return false;
    out->day = take_number(&text, 2);
    return out->day >= 1 && out->day <= days_of(out->year, out->month) &&
           text.len == 0;
}

bool timestamp_is_date(struct slice text)
{
    struct date date;

    return read_date(text, &date);
}

/* "Z" or "+05:30", in minutes east of UTC. */
static bool take_offset(struct slice *text, int *minutes)
{
    int sign, hour, minute;

    *minutes = 0;
    if (take(text, 'Z') || take(text, 'z'))
        return true;
    if (take(text, '+'))
        sign = 1;
    else if (take(text, '-'))
        sign = -1;
    else
        return false;
    hour = take_number(text, 2);
    if (hour < 0 || hour > 23 || !take(text, ':'))
        return false;
    minute = take_number(text, 2);
    *minutes = sign * (hour * 60 + minute);
    return minute >= 0 && minute <= 59;
}

static bool take_fraction(struct slice *text)
{
    if (!take(text, '.'))
        return true;
    if (text->len == 0 || !ascii_is_digit(text->data[0]))
        return false;
    while (text->len > 0 && ascii_is_digit(text->data[0])) {
        text->data++;
        text->len--;
    }
    return true;
}

enum {
    DAY = 24 * 60,
    NO_LEAP = -2 /* there is no 60th second */
};

/*
 * With a 60th second, *leap is the day in UTC on which that is, seen from the
 * local one: -1, 0 or 1; without one it is NO_LEAP.
 */
static bool read_time(struct slice text, int *leap)
{
    int hour, minute, second, offset, utc;

    *leap = NO_LEAP;
    hour = take_number(&text, 2);
    if (hour < 0 || hour > 23 || !take(&text, ':'))
        return false;
    minute = take_number(&text, 2);
    if (minute < 0 || minute > 59 || !take(&text, ':'))
        return false;
    second = take_number(&text, 2);
    if (second < 0 || second > 60 || !take_fraction(&text) ||
        !take_offset(&text, &offset) || text.len > 0)
        return false;
    if (second < 60)
        return true;
    utc = hour * 60 + minute - offset;
    *leap = utc < 0 ? -1 : utc / DAY;
    return utc - *leap * DAY == DAY - 1;
}

bool timestamp_is_time(struct slice text)
{
    int leap;

    return read_time(text, &leap);
}

/* Does a month end on the day that is `later` days (-1, 0, 1) after it? */
static bool ends_month(const struct date *date, int later)
{
    int day = date->day + later;

    return day == 0 || day == days_of(date->year, date->month);
}

bool timestamp_is_date_time(struct slice text)
{
    struct slice day = {text.data, DATE_LEN};
    struct date date;
    int leap;

    if (text.len <= DATE_LEN || !read_date(day, &date))
        return false;
    text.data += DATE_LEN;
    text.len -= DATE_LEN;
    return (take(&text, 'T') || take(&text, 't')) && read_time(text, &leap) &&
           (leap == NO_LEAP || ends_month(&date, leap));
}

/*
 * Takes numbers, each with its unit, whose units follow each other as they do
 * in `units`, without a gap; it may begin and end with any of them.
 */
static bool take_amounts(struct slice *text, const char *units)
{
    const char *due = NULL;

    while (text->len > 0 && ascii_is_digit(text->data[0])) {
        const char *unit;

        while (text->len > 0 && ascii_is_digit(text->data[0])) {
            text->data++;
            text->len--;
        }
        if (text->len == 0 || !ascii_is_alpha(text->data[0]))
            return false;
        unit = strchr(units, text->data[0] & ~0x20); /* in upper case */
        if (unit == NULL || (due != NULL && unit != due))
            return false;
        due = unit + 1;
        text->data++;
        text->len--;
    }
    return due != NULL;
}

bool timestamp_is_duration(struct slice text)
{
    struct slice weeks;

    if (!take(&text, 'P') && !take(&text, 'p'))
        return false;
    weeks = text;
    if (take_amounts(&weeks, "W"))
        return weeks.len == 0;
    if (take(&text, 'T') || take(&text, 't'))
        return take_amounts(&text, "HMS") && text.len == 0;
    if (!take_amounts(&text, "YMD"))
        return false;
    return text.len == 0 || ((take(&text, 'T') || take(&text, 't')) &&
                             take_amounts(&text, "HMS") && text.len == 0);
}
