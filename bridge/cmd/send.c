/*
 * send.c - signs bodies and posts them, as Aurix does
 *
 * One after the other over one connection: it shows answers and their time,
 * it is no benchmark. The secret comes from the configuration and never
 * from the command line, where every user of the machine could read it.
 */
#include "base/digest.h"
#include "base/http_client.h"
#include "base/nearest.h"
#include "cmd/bodies.h"
#include "cmd/cmd.h"
#include "cmd/endpoint.h"
#include "cmd/terminal.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum {
    SEND_TIMEOUT_MS = 30000, /* the bridge answers within its deadline */
    SEND_COUNT_MAX = 1000000,
    STATUS_MAX = 600
};

struct sample {
    int status;
    int64_t elapsed_us;
};

struct sender {
    struct http_client *client;
    struct hmac *hmac;
    const char *url;
    bool fresh;
    struct sample *samples; /* room for all that will be sent */
    size_t sample_count;
    bool shown[STATUS_MAX]; /* an answer with this status was printed */
    bool all_taken;
};

/* ---- one request --------------------------------------------------------- */

static void keep_answer(struct sender *se, const char *name,
                        const struct http_answer *answer)
{
    se->samples[se->sample_count++] =
        (struct sample){answer->status, answer->elapsed_us};
    if (answer->status >= 200 && answer->status <= 299)
        return;
    se->all_taken = false;
    /* A thousand refusals for the same reason are told once. */
    if (answer->status < STATUS_MAX && !se->shown[answer->status]) {
        se->shown[answer->status] = true;
        printf("%s: %d ", name, answer->status);
        terminal_text(stdout, answer->body.len > 0 ? answer->body.data : "", 0);
        printf("\n");
    }
}

static int post(struct sender *se, const char *name, struct slice bytes,
                struct fault *why)
{
    unsigned char digest[DIGEST_SIZE];
    char hex[DIGEST_HEX_SIZE];
    char signature[sizeof("X-Hub-Signature: ") + DIGEST_HEX_SIZE];
    const char *headers[] = {"Content-Type: application/json", signature, NULL};
    struct http_request request = {.method = "POST",
                                   .url = se->url,
                                   .headers = headers,
                                   .body = bytes,
                                   .timeout_ms = SEND_TIMEOUT_MS};
    struct http_answer answer;

    if (hmac_sign(se->hmac, bytes, digest, why) == -1)
        return -1;
    digest_hex(digest, hex);
    snprintf(signature, sizeof(signature), "X-Hub-Signature: %s", hex);
    if (http_client_do(se->client, &request, &answer, why) == -1) {
        fault_prefix(why, "%s", name);
        return -1;
    }
    keep_answer(se, name, &answer);
    buf_release(&answer.body);
    return 0;
}

static int send_body(struct sender *se, const struct body *body,
                     struct fault *why)
{
    struct buf renewed = BUF_INIT(body->bytes.max);
    struct slice bytes = buf_slice(&body->bytes);
    int rc = -1;

    if (se->fresh) {
        if (bodies_renew(&renewed, body, why) == -1)
            goto done;
        bytes = buf_slice(&renewed);
    }
    if (bytes.data == NULL)
        bytes = slice_of("");
    rc = post(se, body->name, bytes, why);

done:
    buf_release(&renewed);
    return rc;
}

/* Stops at the first that gets no answer: the next would not either. */
static int send_all(struct sender *se, const struct bodies *bodies, long count,
                    struct fault *why)
{
    for (long round = 0; round < count; round++)
        for (size_t i = 0; i < bodies->count; i++)
            if (send_body(se, &bodies->items[i], why) == -1)
                return -1;
    return 0;
}

/* ---- the summary --------------------------------------------------------- */

static int compare_samples(const void *a, const void *b)
{
    const struct sample *left = a, *right = b;

    if (left->status != right->status)
        return left->status < right->status ? -1 : 1;
    if (left->elapsed_us != right->elapsed_us)
        return left->elapsed_us < right->elapsed_us ? -1 : 1;
    return 0;
}

static double in_ms(const struct sample *sample)
{
    return (double)sample->elapsed_us / 1000.0;
}

static void tell_summary(struct sender *se)
{
    const struct sample *group = se->samples;
    const struct sample *end = se->samples + se->sample_count;

    qsort(se->samples, se->sample_count, sizeof(*se->samples), compare_samples);
    while (group < end) {
        size_t count = 1;

        while (group + count < end && group[count].status == group->status)
            count++;
        printf("%d: %zu answer%s, min %.2f ms, median %.2f ms, max %.2f ms\n",
               group->status, count, count == 1 ? "" : "s", in_ms(group),
               in_ms(&group[count / 2]), in_ms(&group[count - 1]));
        group += count;
    }
}

/* ---- the command --------------------------------------------------------- */

static const struct config_source *find_source(const struct cmd *cmd,
                                               struct fault *why)
{
    const struct config *config = &cmd->config;
    const char *name = cmd_option(cmd, "source");
    struct nearest nearest;

    if (name == NULL && config->source_count > 0)
        return &config->sources[0];
    nearest_init(&nearest, name == NULL ? "" : name);
    for (size_t i = 0; i < config->source_count; i++) {
        if (strcmp(config->sources[i].name, nearest.wanted) == 0)
            return &config->sources[i];
        nearest_offer(&nearest, config->sources[i].name);
    }
    if (nearest.best != NULL)
        fault_set(why, FAULT_USAGE,
                  "no source '%s' is configured, did you mean '%s'?",
                  nearest.wanted, nearest.best);
    else
        fault_set(why, FAULT_USAGE, "no source '%s' is configured",
                  nearest.wanted);
    return NULL;
}

static int collect(struct bodies *bodies, const struct cmd *cmd,
                   struct fault *why)
{
    const char *example = cmd_option(cmd, "example");

    if (example == NULL && cmd->argc == 0)
        return fault_set(why, FAULT_USAGE,
                         "expected files, '-' or --example TYPE, got nothing "
                         "to send");
    if (example != NULL && bodies_add_examples(bodies, example, why) == -1)
        return -1;
    for (int i = 0; i < cmd->argc; i++)
        if (bodies_add_file(bodies, cmd->argv[i], why) == -1)
            return -1;
    return 0;
}

static int sender_init(struct sender *se, const struct cmd *cmd, char *url,
                       struct fault *why)
{
    const struct config_source *source = find_source(cmd, why);

    if (source == NULL)
        return -1;
    if (source->secret_count == 0 &&
        cmd->config.secrets_fault.kind != FAULT_NONE)
        return fault_set(why, FAULT_CONFIG, "%s",
                         cmd->config.secrets_fault.text);
    if (source->secret_count == 0)
        return fault_set(why, FAULT_CONFIG,
                         "source '%s' has no secret to sign with: set "
                         "AURIX_WEBHOOK_SECRET",
                         source->name);
    se->url = cmd_option(cmd, "url");
    if (se->url == NULL) {
        if (cmd->config.http.port == 0)
            return fault_set(why, FAULT_USAGE,
                             "http.port is 0, any free one: say which with "
                             "--url");
        if (endpoint_url(url, ENDPOINT_URL_MAX, cmd->config.http.host,
                         (long)cmd->config.http.port, source->path, why) == -1)
            return -1;
        se->url = url;
    }
    se->fresh = cmd_option(cmd, "fresh") != NULL;
    se->all_taken = true;
    if (hmac_new(&se->hmac, slice_of(source->secrets[0]), why) == -1)
        return -1;
    return http_client_new(&se->client, why);
}

static int run_send(struct cmd *cmd)
{
    struct sender se = {.client = NULL};
    struct bodies bodies = BODIES_INIT;
    struct fault why = FAULT_INIT;
    char url[ENDPOINT_URL_MAX];
    long count = 1;
    int rc = -1;

    if (cmd_option_int(cmd, "count", 1, SEND_COUNT_MAX, 1, &count, &why) ==
            -1 ||
        sender_init(&se, cmd, url, &why) == -1 ||
        collect(&bodies, cmd, &why) == -1)
        goto done;
    se.samples = calloc(bodies.count * (size_t)count, sizeof(*se.samples));
    if (se.samples == NULL) {
        fault_set(&why, FAULT_NOMEM, "cannot keep %ld answers", count);
        goto done;
    }

    rc = send_all(&se, &bodies, count, &why);
    tell_summary(&se);

done:
    free(se.samples);
    http_client_free(se.client);
    hmac_free(se.hmac);
    bodies_release(&bodies);
    if (rc == -1)
        return cmd_failed(cmd, &why);
    return se.all_taken ? CMD_OK : CMD_FAILED;
}

static const struct cmd_option options[] = {
    {"example", "TYPE|all",
     "Sends the examples of this event type's schema, or of every one."         },
    {"count",   "N",        "Sends everything N times, one after the other."    },
    {"fresh",   NULL,
     "Gives every event its own event id, correlation id and timestamp; "
     "without it a repeated body is the same delivery again."                   },
    {"url",     "URL",
     "Posts there, instead of to the configured port on this machine."          },
    {"source",  "NAME",     "Signs as this source, instead of as the first one."},
    {NULL,      NULL,       NULL                                                },
};

const struct cmd_spec cmd_send = {
    .name = "send",
    .summary = "signs bodies and posts them, as Aurix does",
    .operands = "[FILE...|-]",
    .details =
        "Sends files or standard input byte for byte, or the examples of\n"
        "the event schemas, and sums up the answers. What is not answered\n"
        "with 2xx is shown. Exit status 0 if everything was, 1 if not.",
    .max_operands = -1,
    .settings = CONFIG_SEND,
    .options = options,
    .run = run_send,
};
