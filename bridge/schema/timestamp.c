#include "schema/timestamp.h"

enum {
    DATE_LEN = 10 /* 2024-01-02 */
};

static bool is_digit(char c) { return c >= '0' && c <= '9'; }

/* Takes `count` digits off the front; -1: they are not there. */
static int take_number(struct slice *text, size_t count)
{
    int number = 0;
    size_t i;

    if (text->len < count)
        return -1;
    for (i = 0; i < count; i++) {
        if (!is_digit(text->data[i]))
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

bool timestamp_is_date(struct slice text)
{
    int year, month, day;

    year = take_number(&text, 4);
    if (year == -1 || !take(&text, '-'))
        return false;
    month = take_number(&text, 2);
    if (month < 1 || month > 12 || !take(&text, '-'))
        return false;
    day = take_number(&text, 2);
    return day >= 1 && day <= days_of(year, month) && text.len == 0;
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
    if (text->len == 0 || !is_digit(text->data[0]))
        return false;
    while (text->len > 0 && is_digit(text->data[0])) {
        text->data++;
        text->len--;
    }
    return true;
}

bool timestamp_is_time(struct slice text)
{
    enum { DAY = 24 * 60 };
    int hour, minute, second, offset;

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
    return second < 60 || (hour * 60 + minute - offset + DAY) % DAY == DAY - 1;
}

bool timestamp_is_date_time(struct slice text)
{
    struct slice date = {text.data, DATE_LEN};

    if (text.len <= DATE_LEN || !timestamp_is_date(date))
        return false;
    text.data += DATE_LEN;
    text.len -= DATE_LEN;
    return (take(&text, 'T') || take(&text, 't')) && timestamp_is_time(text);
}
