/*
 * demo_show.c - the demo's table, for a person
 */
#include "cmd/demo.h"

#include <stdio.h>
#include <string.h>

enum { EVENT_WIDTH = 40, TOPIC_WIDTH = 18, CONSUMER_WIDTH = 8 };

static void show_head(const struct demo *demo)
{
    fprintf(demo->term.out, "%s   %-*s HTTP  %-*s %s%s\n",
            terminal_style(&demo->term, STYLE_BOLD), EVENT_WIDTH, "event",
            TOPIC_WIDTH, "topic", "consumer",
            terminal_style(&demo->term, STYLE_NONE));
}

/* Who got it: "clicks", "leads", both, or "-". */
static void name_receivers(const struct demo_result *result, char *out,
                           size_t size)
{
    size_t at = 0;

    snprintf(out, size, "-");
    for (size_t i = 0; i < DEMO_CONSUMERS && at < size; i++)
        if (result->received[i] > 0)
            at += (size_t)snprintf(out + at, size - at, "%s%s",
                                   at > 0 ? ", " : "", demo_consumers[i]);
}

static void show_row(const struct demo *demo, const struct demo_event *event,
                     const struct demo_result *result)
{
    const struct terminal *term = &demo->term;
    char what[EVENT_WIDTH + 1];
    char receivers[32];
    bool kept = result->topic[0] != '\0';

    snprintf(what, sizeof(what), "%s%s%s", event->type,
             event->remark[0] != '\0' ? ", " : "", event->remark);
    name_receivers(result, receivers, sizeof(receivers));
    terminal_mark(term, demo_as_expected(event, result));
    fprintf(
        term->out, "%s %-*s %s%3d%s   %-*s %s\n", term->utf8 ? " " : "",
        EVENT_WIDTH, what,
        terminal_style(term, result->status == 200 ? STYLE_GOOD : STYLE_WARN),
        result->status, terminal_style(term, STYLE_NONE), TOPIC_WIDTH,
        kept ? result->topic : "-", receivers);
    if (result->detail[0] != '\0')
        fprintf(term->out, "   %s%s%s\n", terminal_style(term, STYLE_DIM),
                result->detail, terminal_style(term, STYLE_NONE));
}

/* What was not as it should be, in full. */
static void explain(const struct demo *demo, const struct demo_event *event,
                    const struct demo_result *result)
{
    char receivers[32];

    name_receivers(result, receivers, sizeof(receivers));
    fprintf(demo->term.out,
            "%s%s: expected %d, topic %s, consumer %s; got %d, topic %s "
            "(copies: %d), consumer %s\n",
            event->type, event->forged ? ", forged" : "", event->status,
            event->topic != NULL ? event->topic : "-",
            event->consumer != NULL ? event->consumer : "-", result->status,
            result->topic[0] != '\0' ? result->topic : "-", result->copies,
            receivers);
}

bool demo_show(const struct demo *demo)
{
    bool good = true;

    show_head(demo);
    for (size_t i = 0; i < DEMO_EVENTS; i++)
        show_row(demo, &demo_events[i], &demo->results[i]);
    for (size_t i = 0; i < DEMO_EVENTS; i++) {
        if (demo_as_expected(&demo_events[i], &demo->results[i]))
            continue;
        if (good)
            fputs("\nnot as it should be:\n", demo->term.out);
        good = false;
        explain(demo, &demo_events[i], &demo->results[i]);
    }
    fflush(demo->term.out);
    return good;
}
