/*
 * intake.c - the way of an event, from its bytes to its answer
 *
 * Each step either goes on or records a fault; the loop stops at the first
 * fault, and conclude() turns the outcome into what happens next: an answer,
 * or a dead letter and an answer. The answer is composed before the record is
 * delivered, because whoever learns that the record is safe sends it.
 */
#include "ingest/intake.h"

#include "base/clock.h"
#include "base/limits.h"
#include "base/log.h"
#include "ingest/signature.h"

static int authenticate(struct intake *in, struct hook *hook,
                        struct fault *why);
static int parse(struct intake *in, struct hook *hook, struct fault *why);
static int validate(struct intake *in, struct hook *hook, struct fault *why);
static int route(struct intake *in, struct hook *hook, struct fault *why);
static int deliver(struct intake *in, struct hook *hook, struct fault *why);

static const struct {
    const char *name;
    int (*run)(struct intake *in, struct hook *hook, struct fault *why);
} steps[] = {
    {"authenticate", authenticate}, /* on the raw bytes, first */
    {"parse",        parse       },
    {"validate",     validate    },
    {"route",        route       },
    {"deliver",      deliver     }, /* answered when this has returned 0 */
};

static int authenticate(struct intake *in, struct hook *hook, struct fault *why)
{
    return signature_check(&hook->receipt.signature, hook->desk, in->config,
                           hook->source, hook->signature_header, hook->body,
                           why);
}

/* Describes the body also when it did not parse: a dead letter tells what is
 * known. */
static int parse(struct intake *in, struct hook *hook, struct fault *why)
{
    json_t *json = NULL;
    struct fault bad = FAULT_INIT;
    char *received_at;

    (void)in;
    received_at = arena_alloc(&hook->desk->arena, CLOCK_RFC3339_SIZE);
    if (received_at == NULL)
        return fault_set(why, FAULT_NOMEM, "no memory for a time stamp");
    hook->receipt.received_at = (struct slice){
        received_at, clock_rfc3339(hook->received_ms, received_at)};
    hook->receipt.body = hook->body;
    hook->receipt.ce_source = slice_of(hook->ce_source);
    hook->receipt.traceparent = hook->traceparent;

    json_heap_enter(hook->desk->heap);
    hook->parsed = true;
    if (event_parse(&json, hook->body, &bad) == -1)
        json = NULL;
    if (event_describe(&hook->event, json, hook->body, &hook->desk->arena,
                       why) == -1)
        return -1;
    if (bad.kind != FAULT_NONE)
        return fault_set(why, bad.kind, "%s", bad.text);
    return 0;
}

static int validate(struct intake *in, struct hook *hook, struct fault *why)
{
    hook->type = catalog_find(in->catalog, hook->event.type);
    return catalog_check(in->catalog, &hook->event, hook->desk->scratch,
                         &hook->desk->arena, &hook->report, why);
}

static int route(struct intake *in, struct hook *hook, struct fault *why)
{
    const char *topic =
        routes_topic(in->routes, hook->event.type, hook->type != -1);

    event_record(&hook->record, topic, &hook->event, &hook->receipt);
    return reply_received(&hook->reply, &hook->desk->reply, hook->received_ms,
                          hook->close, why);
}

static void answer(void *ctx)
{
    struct hook *hook = ctx;

    hook->answer(hook);
}

/* Nothing reads the JSON any more: what is waiting for Kafka does not keep
 * memory from what is being parsed. */
static void drop_json(struct hook *hook)
{
    if (hook->parsed)
        json_heap_leave(hook->desk->heap);
    hook->parsed = false;
}

static int deliver(struct intake *in, struct hook *hook, struct fault *why)
{
    drop_json(hook);
    return delivery_send(in->dl, &hook->record, answer, hook, why);
}

/* ---- what becomes of a fault -------------------------------------------- */

/* What is told of a fault that is not the sender's: it cannot do anything
 * about it, and what Kafka said is nobody's business out there. */
static void hide_reason(struct fault *told, const struct fault *why)
{
    *told = *why;
    if (fault_class(why->kind)->http_status != 503)
        return;
    fault_clear(told);
    fault_set(told, why->kind, "the event cannot be kept at the moment");
}

static void answer_problem(struct hook *hook, const struct fault *why)
{
    struct fault told;
    struct reply_problem problem = {.why = &told, .close = hook->close};

    hide_reason(&told, why);
    reply_problem(&hook->reply, &hook->desk->reply, &problem);
    hook->answer(hook);
}

/* The answer to an authentic event that is kept as a dead letter. */
static int compose_dead_answer(struct intake *in, struct hook *hook,
                               struct fault *why)
{
    struct reply_problem problem = {.why = &hook->why, .close = hook->close};

    /* for the sender nothing is wrong with it: it is kept */
    if (hook->why.kind == FAULT_REFUSED)
        return reply_received(&hook->reply, &hook->desk->reply,
                              hook->received_ms, hook->close, why);
    if (in->config->http.invalid_status != 422)
        problem.status = (int)in->config->http.invalid_status;
    if (hook->report.count > 0)
        problem.report = &hook->report;
    reply_problem(&hook->reply, &hook->desk->reply, &problem);
    return 0;
}

static void describe_reason(struct dead_reason *reason, const struct hook *hook)
{
    const struct schema_error *first = hook->report.errors;

    *reason = (struct dead_reason){.kind = fault_class(hook->why.kind)->name,
                                   .reason = hook->why.text};
    if (hook->report.count == 0)
        return;
    reason->keyword = first->keyword;
    /* names in a body can be as long as the body, and a record with both
     * must not be larger than Kafka takes */
    if (strlen(first->instance_location) <= LIMIT_POINTER)
        reason->pointer = first->instance_location;
}

/*
 * Keeps an authentic event that cannot be used, and then answers. The worker
 * sends this answer itself: it can be long, and whoever fetches the reports
 * for all must not wait for a sender that does not read.
 */
static void bury(struct intake *in, struct hook *hook)
{
    struct fault why = FAULT_INIT;
    struct dead_reason reason;

    describe_reason(&reason, hook);
    event_dead_record(&hook->record, in->config->topics.dead_letter,
                      &hook->event, &hook->receipt, &reason);
    if (compose_dead_answer(in, hook, &why) == -1 ||
        delivery_send(in->dl, &hook->record, NULL, NULL, &why) == -1) {
        /* refused as a dead letter too: nothing else can be done with it */
        if (why.kind == FAULT_REFUSED)
            why.kind = FAULT_UNAVAILABLE;
        hook->why = why;
        answer_problem(hook, &why);
        return;
    }
    if (hook->why.kind == FAULT_REFUSED)
        log_line(LOG_ERROR, "ingest",
                 "event was refused by Kafka and is a dead letter now",
                 log_slice("ce_id", hook->event.ce_id),
                 log_text("error", hook->why.text));
    hook->answer(hook);
}

static void conclude(struct intake *in, struct hook *hook,
                     const struct fault *why)
{
    drop_json(hook);
    hook->why = *why;
    switch (why->kind) {
    case FAULT_NONE:
        break; /* answered already */
    case FAULT_PARSE:
    case FAULT_SCHEMA:
    case FAULT_UNDECIDED:
    case FAULT_REFUSED:
        bury(in, hook);
        break;
    case FAULT_SIGNATURE:
        /* What CivetWeb took for the body need not have been one (blank lines
         * before a request mislead it): nothing behind it is trusted. */
        hook->close = true;
        answer_problem(hook, why);
        break;
    default:
        answer_problem(hook, why);
        break;
    }
}

void intake_run(struct intake *in, struct hook *hook)
{
    struct fault why = FAULT_INIT;

    for (size_t i = 0; i < sizeof(steps) / sizeof(steps[0]); i++)
        if (steps[i].run(in, hook, &why) == -1)
            break;
    conclude(in, hook, &why);
}
