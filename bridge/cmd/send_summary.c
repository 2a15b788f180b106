/*
 * send_summary.c - what `send` tells; see send_summary.h
 */
#include "cmd/send_summary.h"

#include "cmd/terminal.h"

#include <inttypes.h>

/* The last event may be so late before it is said that a rate was not kept:
 * the greater of a hundredth of the time and a moment. */
enum { LATE_SHARE = 100, LATE_MOMENT_US = 100000 };

void send_summary_note(FILE *out, const struct load_note *note)
{
    if (note->status == 0) {
        fprintf(out, "%s\n", note->why.text); /* which names it */
        return;
    }
    fprintf(out, "%s: %d ", note->name, note->status);
    terminal_text(out, note->body.len > 0 ? note->body.data : "", 0);
    fputc('\n', out);
}

static const char *plural(uint64_t count) { return count == 1 ? "" : "s"; }

/* The rest of a line. */
static void tell_quantiles(FILE *out, const struct quantiles *qu)
{
    static const struct {
        const char *name;
        int permille;
    } told[] = {
        {"p50",   500 },
        {"p90",   900 },
        {"p99",   990 },
        {"p99.9", 999 },
        {"max",   1000},
    };

    for (size_t i = 0; i < sizeof(told) / sizeof(told[0]); i++)
        fprintf(out, "%s%s %.2f ms", i == 0 ? " " : ", ", told[i].name,
                (double)quantiles_at(qu, told[i].permille) / 1000);
    fputc('\n', out);
}

static void tell_answers(FILE *out, const struct tally_status *status)
{
    uint64_t count = quantiles_count(status->latency_us);

    if (status->status == TALLY_OTHER_STATUS)
        fputs("others", out);
    else
        fprintf(out, "%d", status->status);
    fprintf(out, ": %" PRIu64 " answer%s,", count, plural(count));
    tell_quantiles(out, status->latency_us);
}

/* "no answer: 3 events (cannot connect 2, not in time 1)" */
static void tell_unanswered(FILE *out, const struct tally *tally)
{
    uint64_t count = tally_unanswered_count(tally);
    const char *gap = " (";

    if (count == 0)
        return;
    fprintf(out, "no answer: %" PRIu64 " event%s", count, plural(count));
    for (int i = 0; i < UNANSWERED_KINDS; i++) {
        if (tally->unanswered[i] == 0)
            continue;
        fprintf(out, "%s%s %" PRIu64, gap, tally_kind_name((enum unanswered)i),
                tally->unanswered[i]);
        gap = ", ";
    }
    fputs(")\n", out);
}

static double per_second(uint64_t count, int64_t us)
{
    return us <= 0 ? 0 : (double)count * 1e6 / (double)us;
}

/* Of a schedule: the generator's own part in it. */
static void tell_rate(FILE *out, const struct load_result *result,
                      const struct plan *plan, uint64_t count)
{
    int64_t due_us = plan_due_us(plan, (int64_t)count - 1);
    int64_t late_us = result->sending_us - due_us;
    int64_t bearable_us = due_us / LATE_SHARE;

    if (bearable_us < LATE_MOMENT_US)
        bearable_us = LATE_MOMENT_US;
    fputs("sent late by", out);
    tell_quantiles(out, result->tally.late_us);
    if (late_us > bearable_us)
        fprintf(out,
                "the rate was not kept: %" PRId64 " events/s asked for, %.1f "
                "reached; answers that slow need more than %" PRId64
                " connection%s (--concurrency)\n",
                plan->rate,
                per_second(count, result->sending_us + 1000000 / plan->rate),
                plan->connections, plan->connections == 1 ? "" : "s");
}

void send_summary(FILE *out, const struct load_result *result,
                  const struct plan *plan)
{
    const struct tally *tally = &result->tally;
    uint64_t count = tally_count(tally);

    for (int i = 0; i < tally->status_count; i++)
        tell_answers(out, &tally->statuses[i]);
    tell_unanswered(out, tally);
    fprintf(out, "%" PRIu64 " event%s in %.2f s, %.1f events/s\n", count,
            plural(count), (double)result->elapsed_us / 1e6,
            per_second(count, result->elapsed_us));
    if (plan->rate > 0 && tally->late_us != NULL && count > 0)
        tell_rate(out, result, plan, count);
}

bool send_summary_all_taken(const struct tally *tally)
{
    if (tally_unanswered_count(tally) > 0)
        return false;
    for (int i = 0; i < tally->status_count; i++)
        if (tally->statuses[i].status < 200 || tally->statuses[i].status > 299)
            return false;
    return true;
}
