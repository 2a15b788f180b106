/*
 * tally.c - what became of the events that were sent; see tally.h
 */
#include "cmd/tally.h"

#include <string.h>

void tally_release(struct tally *tally)
{
    for (int i = 0; i < tally->status_count; i++)
        quantiles_free(tally->statuses[i].latency_us);
    quantiles_free(tally->late_us);
    *tally = (struct tally)TALLY_INIT;
}

/* The quantiles of a status, made at its first answer. NULL: FAULT_NOMEM. */
static struct quantiles *find(struct tally *tally, int status,
                              struct fault *why)
{
    struct tally_status *at = tally->statuses;
    struct tally_status *end = at + tally->status_count;
    struct quantiles *made = NULL;

    while (at < end && at->status < status)
        at++;
    if (at < end && at->status == status)
        return at->latency_us;
    if (tally->status_count >= TALLY_STATUSES && status != TALLY_OTHER_STATUS)
        return find(tally, TALLY_OTHER_STATUS, why);
    if (quantiles_new(&made, why) == -1)
        return NULL;
    memmove(at + 1, at, (size_t)(end - at) * sizeof(*at));
    *at = (struct tally_status){status, made};
    tally->status_count++;
    return made;
}

int tally_answer(struct tally *tally, int status, int64_t latency_us,
                 struct fault *why)
{
    struct quantiles *latency = find(tally, status, why);

    if (latency == NULL)
        return -1;
    quantiles_add(latency, latency_us);
    return 0;
}

int tally_late(struct tally *tally, int64_t late_us, struct fault *why)
{
    if (tally->late_us == NULL && quantiles_new(&tally->late_us, why) == -1)
        return -1;
    quantiles_add(tally->late_us, late_us);
    return 0;
}

enum unanswered tally_kind(const struct http_answer *answer,
                           const struct fault *reason)
{
    if (reason->kind == FAULT_TIMEOUT)
        return UNANSWERED_TIMEOUT;
    return answer->connected ? UNANSWERED_BROKEN : UNANSWERED_CONNECT;
}

void tally_unanswered(struct tally *tally, enum unanswered kind)
{
    tally->unanswered[kind]++;
}

int tally_merge(struct tally *tally, const struct tally *from,
                struct fault *why)
{
    for (int i = 0; i < from->status_count; i++) {
        const struct tally_status *status = &from->statuses[i];
        struct quantiles *latency = find(tally, status->status, why);

        if (latency == NULL)
            return -1;
        quantiles_merge(latency, status->latency_us);
    }
    for (int i = 0; i < UNANSWERED_KINDS; i++)
        tally->unanswered[i] += from->unanswered[i];
    if (from->late_us == NULL)
        return 0;
    if (tally->late_us == NULL && quantiles_new(&tally->late_us, why) == -1)
        return -1;
    quantiles_merge(tally->late_us, from->late_us);
    return 0;
}

uint64_t tally_unanswered_count(const struct tally *tally)
{
    uint64_t count = 0;

    for (int i = 0; i < UNANSWERED_KINDS; i++)
        count += tally->unanswered[i];
    return count;
}

uint64_t tally_count(const struct tally *tally)
{
    uint64_t count = tally_unanswered_count(tally);

    for (int i = 0; i < tally->status_count; i++)
        count += quantiles_count(tally->statuses[i].latency_us);
    return count;
}

const char *tally_kind_name(enum unanswered kind)
{
    static const char *const names[UNANSWERED_KINDS] = {
        [UNANSWERED_CONNECT] = "cannot connect",
        [UNANSWERED_TIMEOUT] = "not in time",
        [UNANSWERED_BROKEN] = "connection broke",
    };

    return names[kind];
}
