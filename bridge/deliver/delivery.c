/*
 * delivery.c - when is an event safe?
 *
 * A record's stripe is locked while it is decided where it goes, so that it
 * follows those of its key: to the producer, or behind those that wait in
 * the spool. What the producer gives up is counted in its stripe when the
 * report comes, before anything can be sent on a lane that takes the place
 * of a failed one.
 */
#include "deliver/delivery.h"

#include "base/clock.h"
#include "base/log.h"
#include "deliver/counts.h"
#include "deliver/delivery_parts.h"
#include "deliver/passage.h"

#include <stdlib.h>
#include <time.h>

enum {
    TRY_PAUSE_MS = 20,
    LAST_TRY_MS = 1000 /* for what found no room, once patience has ended */
};

/* One call of delivery_send(). */
struct sending {
    const struct record *record;
    delivery_done_fn *done;
    void *ctx;
    int64_t hash; /* of its key */
    struct partition *partition;
    struct stripe *stripe;
    int64_t start_us;
};

/* ---- reports ------------------------------------------------------------- */

/* Its waiter is in the crew. */
static void land(struct delivery *dl, struct passage *pg,
                 const struct report *report)
{
    pg->report = *report;
    pg->reported = true;
    count_report(report);
    if (report->outcome == REPORT_DELIVERED) {
        if (pg->done != NULL)
            pg->done(pg->ctx);
    } else if (dl->spooler == NULL || report->outcome == REPORT_REFUSED) {
        log_line(LOG_WARN, "deliver", "record was not taken",
                 log_text("error", report->error),
                 log_bool("maybe_persisted", report->maybe_persisted));
    }
    if (report->maybe_persisted)
        pg->marked = true;
    if (dl->spooler != NULL && report_is_back(report)) {
        stripe_lock(pg->stripe);
        stripe_join(pg->stripe);
        pg->joined = true;
        stripe_unlock(pg->stripe);
    }
    crew_settle(&dl->crew, &pg->flight);
}

/* A delivery report, in the thread that polls. */
void delivery_report(void *token, const struct report *report)
{
    struct passage *pg = token;
    struct delivery *dl = pg->delivery;
    int64_t now_us = clock_now_us();

    if (report->outcome == REPORT_DELIVERED) {
        count_ack_us(now_us - pg->sent_us);
        if (partition_confirmed(pg->partition, now_us) && dl->spooler != NULL)
            spooler_wake(dl->spooler);
    }
    /* the spooler, for there may be nothing of it in the spool */
    if (report->outcome == REPORT_TOPIC &&
        partition_refused(pg->partition, now_us, report->error) &&
        dl->spooler != NULL)
        spooler_wake(dl->spooler);
    if (crew_land(&pg->flight)) {
        land(dl, pg, report);
    } else if (dl->spooler != NULL) {
        spooler_report(dl->spooler, pg, report);
    } else {
        count_late(report);
        passage_free(pg);
    }
}

/* ---- sending ------------------------------------------------------------- */

/*
 * The spool has records that it must follow. Needs the stripe's lock. Of rows
 * that cannot be read nobody knows the stripe, which counts them for ever: so
 * nobody waits where nothing is left to wait for.
 */
static bool is_behind(const struct sending *se)
{
    struct channel *ch = se->partition->channel;

    return atomic_load(&ch->catching_up) || stripe_has_old(se->stripe) ||
           (stripe_waiting(se->stripe) > 0 && channel_waits(ch));
}

/* Needs the stripe's lock. */
static bool must_queue(const struct delivery *dl, const struct sending *se)
{
    return dl->spooler != NULL &&
           (partition_is_down(se->partition) || is_behind(se));
}

/* Hands it to the producer. NULL: it has it not. Needs the stripe's lock. */
static struct passage *produce(struct delivery *dl, const struct sending *se,
                               const struct record *record, struct fault *why)
{
    struct passage *pg = passage_new(se->partition->channel, se->hash, why);

    if (pg == NULL)
        return NULL;
    pg->delivery = dl;
    pg->done = se->done;
    pg->ctx = se->ctx;
    pg->sent_us = clock_now_us();
    if (producer_send(dl->producer, record, pg, why) == 0)
        return pg;
    passage_free(pg);
    count_outcome(why->kind == FAULT_REFUSED ? OUTCOME_REFUSED
                                             : OUTCOME_NOT_QUEUED);
    if (why->kind == FAULT_KAFKA)
        why->kind = FAULT_UNAVAILABLE; /* until the lane is replaced */
    return NULL;
}

static int64_t after_ms(const struct sending *se, int ms)
{
    return se->start_us + (int64_t)ms * 1000;
}

static int no_hope(struct fault *why)
{
    fault_clear(why);
    return fault_set(why, FAULT_UNAVAILABLE,
                     "the spool cannot take it, and Kafka does not");
}

static int refused(struct fault *why)
{
    return fault_set(why, FAULT_REFUSED,
                     "Kafka refuses the record for its own sake");
}

/* What the report says of a record that nothing else can become of. */
static int end_by_report(struct passage *pg, struct fault *why)
{
    const struct report report = pg->report;

    passage_free(pg);
    if (report.outcome == REPORT_DELIVERED)
        return 0;
    if (report.outcome == REPORT_REFUSED)
        return refused(why);
    return fault_set(why, FAULT_UNAVAILABLE,
                     report.outcome == REPORT_TOPIC
                         ? "the topic cannot be written to"
                         : "the producer has failed");
}

/* Nobody else has run its completion. */
static void complete(const struct sending *se, const struct passage *pg)
{
    if (pg->report.outcome == REPORT_DELIVERED && se->done != NULL)
        se->done(se->ctx);
}

/* The stripe was joined for a record that is not in the spool. */
static void give_up_place(struct passage *pg)
{
    if (!pg->joined)
        return;
    stripe_lock(pg->stripe);
    stripe_leave(pg->stripe);
    stripe_unlock(pg->stripe);
    pg->joined = false;
}

/* One try of insist(). A record that has come back may be in Kafka. */
static int try_once(struct delivery *dl, const struct sending *se, bool *marked,
                    int64_t deadline_us, struct fault *why)
{
    struct record record = *se->record;
    struct passage *pg;

    if (*marked)
        record_add_header(&record, DELIVERY_MARK, slice_of("true"));
    stripe_lock(se->stripe);
    pg = produce(dl, se, &record, why);
    stripe_unlock(se->stripe);
    if (pg == NULL)
        return -1;
    if (!crew_wait(&dl->crew, &pg->flight, deadline_us)) {
        if (!spooler_await_report(dl->spooler, pg, 0))
            return no_hope(why);
        complete(se, pg); /* reported at the last moment */
    }
    give_up_place(pg);
    *marked = *marked || pg->marked;
    return end_by_report(pg, why);
}

/*
 * Kafka is there, and the spool has no room: loss is worse than disorder. A
 * lane that has failed is being replaced, so it is tried until there is no
 * time or no hope left. `marked`: Kafka may have it already.
 */
static int insist(struct delivery *dl, const struct sending *se, bool marked,
                  struct fault *why)
{
    const int64_t deadline_us =
        after_ms(se, dl->options.patience_ms + LAST_TRY_MS);
    const struct timespec pause = clock_timespec(TRY_PAUSE_MS * 1000);

    stripe_lock(se->stripe);
    if (is_behind(se))
        count_disorder(DISORDER_FULL);
    stripe_unlock(se->stripe);
    for (;;) {
        fault_clear(why);
        if (try_once(dl, se, &marked, deadline_us, why) == 0)
            return 0;
        if (why->kind != FAULT_UNAVAILABLE ||
            partition_is_down(se->partition) || clock_now_us() >= deadline_us)
            return -1;
        nanosleep(&pause, NULL);
    }
}

/* Its deadline has passed, or it has come back, and the spool cannot keep it:
 * Kafka is waited for. */
static int outlast(struct delivery *dl, const struct sending *se,
                   struct passage *pg, struct fault *why)
{
    struct report report;
    bool marked;

    if (!spooler_await_report(dl->spooler, pg,
                              after_ms(se, dl->options.patience_ms)))
        return no_hope(why);
    give_up_place(pg);
    report = pg->report;
    marked = pg->marked;
    fault_clear(why);
    complete(se, pg);
    if (!report_is_back(&report) || partition_is_down(se->partition))
        return end_by_report(pg, why);
    passage_free(pg);
    return insist(dl, se, marked, why);
}

/* It was with the producer: its report is late, or says that it is back. */
static int keep_sent(struct delivery *dl, const struct sending *se,
                     struct passage *pg, struct fault *why)
{
    const struct keep keep = {.record = se->record,
                              .partition = se->partition,
                              .pg = pg,
                              .done = se->done,
                              .ctx = se->ctx};

    if (spooler_keep(dl->spooler, &keep, why) == 0)
        return 0;
    return why->kind == FAULT_REFUSED ? -1 : outlast(dl, se, pg, why);
}

/* Whether the spool may have room if it is asked again: it does not wait for
 * any while Kafka is away, and Kafka can be back by now. */
static bool may_be_kept(const struct keep *keep, const struct fault *why)
{
    return why->kind != FAULT_TOO_LARGE &&
           !partition_is_down(keep->partition) &&
           clock_now_us() < keep->room_until_us;
}

/* The producer does not have it; its stripe is joined. */
static int keep_unsent(struct delivery *dl, const struct sending *se,
                       struct fault *why)
{
    const struct keep keep = {.record = se->record,
                              .partition = se->partition,
                              .done = se->done,
                              .ctx = se->ctx,
                              .room_until_us =
                                  after_ms(se, dl->options.patience_ms)};

    do {
        fault_clear(why);
        if (spooler_keep(dl->spooler, &keep, why) == 0)
            return 0;
    } while (may_be_kept(&keep, why));
    stripe_lock(se->stripe);
    stripe_leave(se->stripe);
    stripe_unlock(se->stripe);
    if (partition_is_down(se->partition))
        return no_hope(why);
    return insist(dl, se, false, why);
}

/* Waits for the report of what the producer has. */
static int await(struct delivery *dl, const struct sending *se,
                 struct passage *pg, struct fault *why)
{
    const int wait_ms =
        dl->spooler == NULL ? dl->options.patience_ms : dl->options.deadline_ms;

    if (crew_wait(&dl->crew, &pg->flight, after_ms(se, wait_ms))) {
        if (dl->spooler != NULL && report_is_back(&pg->report))
            return keep_sent(dl, se, pg, why);
        return end_by_report(pg, why);
    }
    count_outcome(OUTCOME_DEADLINE);
    if (dl->spooler == NULL)
        return fault_set(why, FAULT_UNAVAILABLE,
                         "Kafka did not confirm within %d ms", wait_ms);
    partition_missed(se->partition, se->start_us, clock_now_us());
    return keep_sent(dl, se, pg, why);
}

static int send(struct delivery *dl, const struct sending *se,
                struct fault *why)
{
    struct passage *pg = NULL;
    bool queue;

    stripe_lock(se->stripe);
    queue = must_queue(dl, se);
    if (!queue)
        pg = produce(dl, se, se->record, why);
    if (dl->spooler != NULL && pg == NULL && why->kind != FAULT_REFUSED) {
        stripe_join(se->stripe);
        queue = true;
    }
    stripe_unlock(se->stripe);
    if (queue)
        return keep_unsent(dl, se, why);
    return pg == NULL ? -1 : await(dl, se, pg, why);
}

int delivery_send(struct delivery *dl, const struct record *record,
                  delivery_done_fn *done, void *ctx, struct fault *why)
{
    struct channel *ch = channels_find(&dl->channels, record->topic);
    struct sending se = {
        .record = record, .done = done, .ctx = ctx, .start_us = clock_now_us()};
    struct fault cause = FAULT_INIT;

    if (ch == NULL)
        return fault_set(why, FAULT_UNAVAILABLE,
                         "'%s' is none of the topics that are written to",
                         record->topic);
    se.hash = channel_hash(record->key);
    se.partition = channel_partition(ch, se.hash);
    se.stripe = channel_stripe(ch, se.hash);
    if (send(dl, &se, &cause) == 0)
        return 0;
    if (cause.kind != FAULT_REFUSED)
        count_add(COUNT_NO_ROOM, 1);
    return fault_set(why, cause.kind, "%s", cause.text);
}

int64_t delivery_spooled(struct delivery *dl)
{
    return dl->spooler == NULL ? 0 : spooler_records(dl->spooler);
}
