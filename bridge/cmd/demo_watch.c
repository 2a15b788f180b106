/*
 * demo_watch.c - what became of the demo's events
 *
 * An event is known again by its bytes in a topic, which are those that were
 * signed, and by its ce_id at a consumer, which ends in the beginning of
 * their SHA-256.
 */
#include "cmd/demo.h"

#include "base/clock.h"
#include "kafka/reader.h"

#include <stdio.h>
#include <string.h>

enum {
    READ_TIMEOUT_MS = 5000,
    ARRIVE_DEADLINE_US = 10 * 1000 * 1000,
    ARRIVE_STEP_MS = 100,
    SURPRISE_US = 200 * 1000, /* in which what should not come would */
    ID_DIGITS = 16
};

/* ---- in the topics ---------------------------------------------------------
 */

static void note_record(struct demo *demo, const char *topic,
                        const struct record *record)
{
    for (size_t i = 0; i < DEMO_EVENTS; i++) {
        struct demo_result *result = &demo->results[i];

        if (!slice_is(record->value, demo_events[i].body))
            continue;
        if (result->copies++ == 0)
            snprintf(result->topic, sizeof(result->topic), "%s", topic);
    }
}

static int read_topic(struct demo *demo, const char *topic, struct fault *why)
{
    struct reader *reader = NULL;
    struct member_record record;
    int rc;

    if (reader_open(&reader, &demo->kafka, topic, READ_TIMEOUT_MS, why) == -1)
        return -1;
    while ((rc = reader_next(reader, READ_TIMEOUT_MS, &record, why)) == 1) {
        note_record(demo, topic, &record.record);
        member_release(&record);
    }
    reader_close(reader);
    return rc;
}

/* ---- at the consumers ------------------------------------------------------
 */

static bool has_id(const struct demo_event *event, const char *ce_id)
{
    unsigned char digest[DIGEST_SIZE];
    char hex[DIGEST_HEX_SIZE];
    size_t len = strlen(ce_id);

    if (len < ID_DIGITS ||
        digest_sha256(slice_of(event->body), digest, NULL) == -1)
        return false;
    digest_hex(digest, hex);
    return memcmp(ce_id + len - ID_DIGITS, hex, ID_DIGITS) == 0;
}

static void note_arrival(struct demo *demo, size_t consumer, const json_t *line)
{
    const char *ce_id = json_string_value(json_object_get(line, "ce_id"));

    for (size_t i = 0; ce_id != NULL && i < DEMO_EVENTS; i++)
        if (has_id(&demo_events[i], ce_id))
            demo->results[i].received[consumer]++;
}

/* Whether every consumer has what it should get. */
static bool all_arrived(const struct demo *demo)
{
    for (size_t i = 0; i < DEMO_EVENTS; i++)
        for (size_t k = 0; k < DEMO_CONSUMERS; k++)
            if (demo_events[i].consumer != NULL &&
                strcmp(demo_events[i].consumer, demo_consumers[k]) == 0 &&
                demo->results[i].received[k] == 0)
                return false;
    return true;
}

static int wait_arrivals(struct demo *demo, struct fault *why)
{
    int64_t deadline_us = clock_now_us() + ARRIVE_DEADLINE_US;
    int rc = 0;

    while (rc == 0 && !all_arrived(demo) && clock_now_us() < deadline_us)
        rc = demo_stage_wait(demo, ARRIVE_STEP_MS, why);
    deadline_us = clock_now_us() + SURPRISE_US;
    while (rc == 0 && clock_now_us() < deadline_us)
        rc = demo_stage_wait(demo, ARRIVE_STEP_MS, why);
    return rc;
}

int demo_watch(struct demo *demo, struct fault *why)
{
    int rc;

    for (size_t i = 0; i < DEMO_TOPICS; i++)
        if (read_topic(demo, demo_topics[i], why) == -1)
            return -1;
    /* Consumers have been reading all the while; their lines waited in the
     * pipes. */
    demo->arrived = note_arrival;
    rc = wait_arrivals(demo, why);
    demo->arrived = NULL;
    return rc;
}
