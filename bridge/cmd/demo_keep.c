/*
 * demo_keep.c - the demo stays: your own events, and what arrives
 */
#include "cmd/demo.h"

#include "base/clock.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

enum { WAIT_MS = 60000, BODY_MAX = 512 };

/* Writes text as one word for a shell. */
static void write_quoted(FILE *out, const char *text)
{
    fputc('\'', out);
    for (; *text != '\0'; text++) {
        if (*text == '\'')
            fputs("'\\''", out);
        else
            fputc(*text, out);
    }
    fputc('\'', out);
}

/* A click of this very moment. */
static void make_body(char out[BODY_MAX])
{
    int64_t now_ms = clock_real_ms();
    char timestamp[CLOCK_RFC3339_SIZE];

    clock_rfc3339(now_ms, timestamp);
    snprintf(out, BODY_MAX,
             "{\"event_type\":\"widget.click\",\"event_id\":\"evt_%" PRId64
             "\",\"timestamp\":\"%s\",\"data\":{\"correlation_id\":\"wa_demo\","
             "\"click_url\":\"https://example.com/\",\"parsed_params\":{}}}",
             now_ms / 1000, timestamp);
}

static int say_how(const struct demo *demo, struct fault *why)
{
    FILE *out = demo->term.out;
    char body[BODY_MAX];
    char hex[DIGEST_HEX_SIZE];

    make_body(body);
    if (demo_sign(demo->secret, body, hex, why) == -1)
        return -1;

    fprintf(out,
            "\nThe bridge stays at %s until Ctrl-C. An event with a "
            "valid signature:\n\n",
            demo->url);
    fprintf(out,
            "curl -i -H 'Content-Type: application/json' "
            "-H 'X-Hub-Signature: %s' --data-binary ",
            hex);
    write_quoted(out, body);
    fputc(' ', out);
    write_quoted(out, demo->url);
    fputs("\n\nYour own, signed on the way (or --example all):\n\n", out);
    if (demo->secret_is_ours)
        fprintf(out, "AURIX_WEBHOOK_SECRET=%s ", demo->secret);
    /* As this program was called: it need not be in the PATH. */
    fprintf(out, "%s send --url ", program_invocation_name);
    write_quoted(out, demo->url);
    fputs(" FILE\n\nWhat arrives:\n", out);
    fflush(out);
    return 0;
}

/* A member as text, from whoever knew the secret: nothing that a terminal
 * would obey. */
static void write_member(FILE *out, const json_t *object, const char *name,
                         int width)
{
    const char *text = json_string_value(json_object_get(object, name));

    terminal_text(out, text != NULL ? text : "-", width);
}

static void tell_arrival(struct demo *demo, size_t consumer, const json_t *line)
{
    FILE *out = demo->term.out;
    const json_t *event = json_object_get(line, "event");

    fprintf(out, "%s%-8s%s", terminal_style(&demo->term, STYLE_GOOD),
            demo_consumers[consumer], terminal_style(&demo->term, STYLE_NONE));
    write_member(out, event, "event_type", 18);
    fputs("  key ", out);
    write_member(out, line, "key", 12);
    fprintf(out,
            "  partition %" JSON_INTEGER_FORMAT " offset %" JSON_INTEGER_FORMAT
            "  ",
            json_integer_value(json_object_get(line, "partition")),
            json_integer_value(json_object_get(line, "offset")));
    write_member(out, line, "ce_id", 0);
    fputc('\n', out);
    fflush(out);
}

int demo_keep(struct demo *demo, struct fault *why)
{
    struct fault end = FAULT_INIT;

    if (say_how(demo, why) == -1)
        return -1;
    demo->arrived = tell_arrival;
    while (demo_stage_wait(demo, WAIT_MS, &end) == 0)
        ;
    demo->arrived = NULL;
    if (end.kind == FAULT_STOPPING) {
        fputs("\nstopping ...\n", demo->term.out);
        fflush(demo->term.out);
        return 0;
    }
    return fault_set(why, end.kind, "%s", end.text);
}
