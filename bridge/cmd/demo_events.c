/*
 * demo_events.c - the events of the demo, and what should become of them
 *
 * The first two are those of Aurix's integration tutorial.
 */
#include "cmd/demo.h"

#include <stdio.h>
#include <string.h>

enum {
    POST_TIMEOUT_MS = 15000 /* the bridge answers within 8 s, or has failed */
};

const char *const demo_topics[DEMO_TOPICS] = {
    "aurix.clicks",
    "aurix.leads",
    "aurix.other",
    "aurix.deadletter",
};

const char *const demo_consumers[DEMO_CONSUMERS] = {"clicks", "leads"};

const struct demo_event demo_events[DEMO_EVENTS] = {
    {
     .type = "widget.click",
     .remark = "",
     .body =
            "{\"event_type\":\"widget.click\",\"event_id\":\"evt_1704200000\","
            "\"timestamp\":\"2024-01-02T12:00:00Z\",\"data\":{"
            "\"correlation_id\":\"wa_123456\","
            "\"click_url\":\"https://example.com/landing?utm_source=google\","
            "\"parsed_params\":{\"utm_source\":\"google\"},"
            "\"ip_address\":\"1.2.3.4\",\"user_agent\":\"Mozilla/5.0...\"}}", .status = 200,
     .topic = "aurix.clicks",
     .consumer = "clicks",
     },
    {
     .type = "lead.correlated",
     .remark = "",
     .body = "{\"event_type\":\"lead.correlated\","
                "\"event_id\":\"evt_1704200500\","
                "\"timestamp\":\"2024-01-02T12:05:00Z\",\"data\":{"
                "\"correlation_id\":\"wa_123456\",\"conversation_id\":987,"
                "\"phone_number\":\"+15551234567\","
                "\"lead_status\":\"correlated\",\"channel_id\":\"...\"}}", .status = 200,
     .topic = "aurix.leads",
     .consumer = "leads",
     },
    {
     .type = "lead.complete",
     .remark = "",
     .body =
            "{\"event_type\":\"lead.complete\",\"event_id\":\"evt_1704201000\","
            "\"timestamp\":\"2024-01-02T12:10:00Z\",\"data\":{"
            "\"correlation_id\":\"wa_123456\",\"conversation_id\":987,"
            "\"lead_status\":\"complete\",\"lead_data\":{"
            "\"name\":\"Mock User\",\"email\":\"mock@example.com\","
            "\"phone\":\"+15550009999\",\"company\":\"Mock Inc\","
            "\"intent\":\"Testing Webhooks\"}}}", .status = 200,
     .topic = "aurix.leads",
     .consumer = "leads",
     },
    {
     .type = "call.missed",
     .remark = "a type without a schema",
     .body =
            "{\"event_type\":\"call.missed\",\"event_id\":\"evt_1704201100\","
            "\"timestamp\":\"2024-01-02T12:11:40Z\",\"data\":{"
            "\"correlation_id\":\"wa_123456\",\"seconds\":21}}", .status = 200,
     .topic = "aurix.other",
     },
    {
     .type = "widget.click",
     .remark = "forged signature",
     .body =
            "{\"event_type\":\"widget.click\",\"event_id\":\"evt_1704201200\","
            "\"timestamp\":\"2024-01-02T12:13:20Z\",\"data\":{"
            "\"correlation_id\":\"wa_654321\",\"click_url\":null,"
            "\"parsed_params\":{}}}", .forged = true,
     .status = 401,
     },
    {
     .type = "lead.correlated",
     .remark = "breaks its schema",
     .body = "{\"event_type\":\"lead.correlated\","
                "\"event_id\":\"evt_1704201300\","
                "\"timestamp\":\"2024-01-02T12:15:00Z\",\"data\":{"
                "\"correlation_id\":\"wa_123456\","
                "\"conversation_id\":\"not a number\","
                "\"lead_status\":\"correlated\"}}", .status = 422,
     .topic = "aurix.deadletter",
     },
};

int demo_sign(const char *secret, const char *body, char hex[DIGEST_HEX_SIZE],
              struct fault *why)
{
    unsigned char digest[DIGEST_SIZE];

    if (digest_hmac(slice_of(secret), slice_of(body), digest, why) == -1)
        return -1;
    digest_hex(digest, hex);
    return 0;
}

/* The "detail" of problem+json. */
static void keep_detail(struct demo_result *result,
                        const struct http_answer *answer)
{
    json_t *problem = json_loadb(answer->body.len > 0 ? answer->body.data : "",
                                 answer->body.len, 0, NULL);
    const char *detail = json_string_value(json_object_get(problem, "detail"));

    snprintf(result->detail, sizeof(result->detail), "%s",
             detail != NULL ? detail : "");
    json_decref(problem);
}

static int send_event(struct demo *demo, const struct demo_event *event,
                      struct demo_result *result, struct fault *why)
{
    char hex[DIGEST_HEX_SIZE];
    char signature[sizeof("X-Hub-Signature: ") + DIGEST_HEX_SIZE];
    const char *headers[] = {"Content-Type: application/json", signature, NULL};
    struct http_request request = {.method = "POST",
                                   .url = demo->url,
                                   .headers = headers,
                                   .body = slice_of(event->body),
                                   .timeout_ms = POST_TIMEOUT_MS};
    struct http_answer answer;

    if (demo_sign(event->forged ? "some other secret" : demo->secret,
                  event->body, hex, why) == -1)
        return -1;
    snprintf(signature, sizeof(signature), "X-Hub-Signature: %s", hex);
    if (http_client_do(demo->client, &request, &answer, why) == -1)
        return -1;
    result->status = answer.status;
    if (answer.status != 200)
        keep_detail(result, &answer);
    buf_release(&answer.body);
    return 0;
}

int demo_events_send(struct demo *demo, struct fault *why)
{
    for (size_t i = 0; i < DEMO_EVENTS; i++)
        if (send_event(demo, &demo_events[i], &demo->results[i], why) == -1)
            return -1;
    return 0;
}

bool demo_as_expected(const struct demo_event *event,
                      const struct demo_result *result)
{
    const char *topic = event->topic != NULL ? event->topic : "";

    if (result->status != event->status || strcmp(result->topic, topic) != 0 ||
        result->copies != (event->topic != NULL))
        return false;
    for (size_t i = 0; i < DEMO_CONSUMERS; i++) {
        bool wanted = event->consumer != NULL &&
                      strcmp(event->consumer, demo_consumers[i]) == 0;

        /* At least once is what is promised. */
        if ((result->received[i] > 0) != wanted)
            return false;
    }
    return true;
}
