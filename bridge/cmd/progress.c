/*
 * progress.c - how far something is; see progress.h
 */
#include "cmd/progress.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>

enum { COLUMNS_DEFAULT = 80, BAR_MIN = 8, BAR_MAX = 40 };

#define CLEAR "\r\033[K" /* to the line's begin, and all behind it away */

void progress_init(struct progress *pg, FILE *out, int64_t now_us,
                   int64_t total)
{
    *pg = (struct progress){.total = total, .marks = {{now_us, 0}}, .draws = 1};
    terminal_init(&pg->term, out);
}

static int columns_of(FILE *out)
{
    struct winsize size;

    if (ioctl(fileno(out), TIOCGWINSZ, &size) == -1 || size.ws_col == 0)
        return COLUMNS_DEFAULT;
    return size.ws_col;
}

/* "1:02:03", "2:03" */
static void time_text(char *out, size_t size, int64_t seconds)
{
    if (seconds >= 3600)
        snprintf(out, size, "%" PRId64 ":%02" PRId64 ":%02" PRId64,
                 seconds / 3600, seconds / 60 % 60, seconds % 60);
    else
        snprintf(out, size, "%" PRId64 ":%02" PRId64, seconds / 60,
                 seconds % 60);
}

static void numbers_text(char *out, size_t size,
                         const struct progress_state *state)
{
    int len = snprintf(out, size, "%" PRId64 "/%" PRId64 "  %.0f/s",
                       state->done, state->total, state->per_second);
    double left = (double)(state->total - state->done);

    if (state->bad > 0)
        len += snprintf(out + len, size - (size_t)len, "  %" PRId64 " failed",
                        state->bad);
    if (state->per_second > 0 && left / state->per_second < 1e6) {
        char time[32];

        time_text(time, sizeof(time), (int64_t)(left / state->per_second));
        snprintf(out + len, size - (size_t)len, "  %s left", time);
    }
}

/* A bar of that many columns, and a gap; "" for none. */
static void bar_text(char *out, size_t size, const struct progress_state *state,
                     int width)
{
    int full = (int)(state->done * width / state->total);
    size_t len = 0;

    out[0] = '\0';
    for (int i = 0; i < width && len < size; i++) {
        const char *sign = i < full ? "█" : "░";

        if (!state->utf8)
            sign = i < full ? "#" : ".";
        len += (size_t)snprintf(out + len, size - len, "%s", sign);
    }
    if (width > 0 && len < size)
        snprintf(out + len, size - len, "  ");
}

void progress_line(char out[PROGRESS_LINE_MAX],
                   const struct progress_state *state)
{
    char numbers[160];
    char bar[3 * BAR_MAX + 3];
    int room;

    numbers_text(numbers, sizeof(numbers), state);
    room = state->columns - (int)(strlen("100 %  ") + strlen(numbers) + 2);
    if (room > BAR_MAX)
        room = BAR_MAX;
    bar_text(bar, sizeof(bar), state, room < BAR_MIN ? 0 : room);
    snprintf(out, PROGRESS_LINE_MAX, "%3" PRId64 " %%  %s%s",
             state->done * 100 / state->total, bar, numbers);
    /* without a bar it is ASCII, a column a byte */
    if (bar[0] == '\0' && (int)strlen(out) > state->columns)
        out[state->columns < 0 ? 0 : state->columns] = '\0';
}

/* Since the oldest draw that is remembered. */
static double speed_now(struct progress *pg, int64_t now_us, int64_t done)
{
    unsigned kept = pg->draws < PROGRESS_WINDOW ? pg->draws : PROGRESS_WINDOW;
    const struct progress_mark *oldest =
        &pg->marks[(pg->draws - kept) % PROGRESS_WINDOW];
    double elapsed_us = (double)(now_us - oldest->at_us);
    double speed = 0;

    if (elapsed_us > 0)
        speed = (double)(done - oldest->done) * 1e6 / elapsed_us;
    pg->marks[pg->draws++ % PROGRESS_WINDOW] =
        (struct progress_mark){now_us, done};
    return speed;
}

void progress_draw(struct progress *pg, int64_t now_us, int64_t done,
                   int64_t bad)
{
    struct progress_state state = {
        .done = done, .total = pg->total, .bad = bad, .utf8 = pg->term.utf8};
    enum terminal_style style = bad > 0 ? STYLE_WARN : STYLE_GOOD;
    char line[PROGRESS_LINE_MAX];

    if (!pg->term.live)
        return;
    /* a terminal's last column is where lines begin to wrap */
    state.columns = columns_of(pg->term.out) - 1;
    state.per_second = speed_now(pg, now_us, done);
    progress_line(line, &state);
    fputs(CLEAR, pg->term.out);
    terminal_write(&pg->term, style, line);
    fflush(pg->term.out);
    pg->shown = true;
}

void progress_clear(struct progress *pg)
{
    if (!pg->shown)
        return;
    fputs(CLEAR, pg->term.out);
    fflush(pg->term.out);
    pg->shown = false;
}
