/*
 * send.c - signs bodies and posts them, as Aurix does
 *
 * One event, or load for trying things: the connections and what they do is
 * load.h's, which event goes when and where is plan.h's. The secret comes
 * from the configuration and never from the command line, where every user
 * of the machine could read it.
 */
#include "base/clock.h"
#include "cmd/bodies.h"
#include "cmd/cmd.h"
#include "cmd/endpoint.h"
#include "cmd/load.h"
#include "cmd/progress.h"
#include "cmd/send_summary.h"
#include "cmd/signals.h"
#include "cmd/sources.h"

#include <inttypes.h>
#include <stdio.h>

enum { TICK_MS = 100 /* how often the line of progress is drawn */ };

/* ---- what to send, and where to --------------------------------------------
 */

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

/* `url` is room for one. */
static int choose_target(struct load_options *options, const struct cmd *cmd,
                         char *url, struct fault *why)
{
    const struct config *config = &cmd->config;
    const struct config_source *source = cmd_source(cmd, why);

    if (source == NULL)
        return -1;
    if (source->secret_count == 0 && config->secrets_fault.kind != FAULT_NONE)
        return fault_set(why, FAULT_CONFIG, "%s", config->secrets_fault.text);
    if (source->secret_count == 0)
        return fault_set(why, FAULT_CONFIG,
                         "source '%s' has no secret to sign with: set "
                         "AURIX_WEBHOOK_SECRET",
                         source->name);
    options->secret = source->secrets[0];
    options->url = cmd_option(cmd, "url");
    if (options->url != NULL)
        return 0;
    if (config->http.port == 0)
        return fault_set(why, FAULT_USAGE,
                         "http.port is 0, any free one: say which with --url");
    options->url = url;
    return endpoint_url(url, ENDPOINT_URL_MAX, config->http.host,
                        (long)config->http.port, source->path, why);
}

static int read_plan(struct plan *plan, const struct cmd *cmd,
                     struct fault *why)
{
    long rounds, keys, connections, rate;

    if (cmd_option_int(cmd, "count", 1, PLAN_ROUNDS_MAX, 1, &rounds, why) ==
            -1 ||
        cmd_option_int(cmd, "rate", 1, PLAN_RATE_MAX, 0, &rate, why) == -1 ||
        cmd_option_int(cmd, "keys", 1, PLAN_KEYS_MAX, 0, &keys, why) == -1 ||
        cmd_option_int(cmd, "concurrency", 1, PLAN_CONNECTIONS_MAX, 1,
                       &connections, why) == -1)
        return -1;
    if (keys > 0 && connections > keys)
        return fault_set(why, FAULT_USAGE,
                         "options '--concurrency' and '--keys': each key's "
                         "events go over one connection, so with %ld key%s "
                         "there is no use for more than %ld connection%s, got "
                         "%ld",
                         keys, keys == 1 ? "" : "s", keys, keys == 1 ? "" : "s",
                         connections);
    *plan = (struct plan){.rounds = rounds,
                          .keys = keys,
                          .connections = connections,
                          .rate = rate};
    return 0;
}

/* What cannot be renewed is found before anything is sent. */
static int check_renewable(const struct bodies *bodies, struct fault *why)
{
    const struct renewal renewal = {.key = -1};
    struct buf renewed = BUF_INIT(LIMIT_INPUT);
    int rc = 0;

    for (size_t i = 0; i < bodies->count && rc == 0; i++) {
        buf_clear(&renewed);
        rc = bodies_renew(&renewed, &bodies->items[i], &renewal, why);
    }
    buf_release(&renewed);
    return rc;
}

/* ---- sending --------------------------------------------------------------
 */

static void tell_notes(struct load *load, struct progress *pg)
{
    struct load_note note;

    while (load_take_note(load, &note)) {
        progress_clear(pg);
        send_summary_note(stdout, &note);
        fflush(stdout);
        buf_release(&note.body);
    }
}

/* From now on a signal ends the process, as anybody expects who sends it for
 * the second time. */
static void stop(struct load *load, struct progress *pg)
{
    int64_t in_flight = load_progress(load).in_flight;

    load_stop(load);
    signals_let_end();
    if (in_flight == 0)
        return;
    progress_clear(pg);
    fprintf(stderr,
            "aurix-bridge send: stopping, the answer%s to %" PRId64
            " event%s must still come; a second signal ends it at once\n",
            in_flight == 1 ? "" : "s", in_flight, in_flight == 1 ? "" : "s");
}

/* Until all is over. True: a signal has ended it. */
static bool watch(struct load *load, atomic_bool *stopped, int64_t total)
{
    struct progress pg;
    bool told = false;

    progress_init(&pg, stderr, clock_now_us(), total);
    while (!load_wait(load, TICK_MS)) {
        struct load_progress now = load_progress(load);

        if (!told && atomic_load(stopped)) {
            told = true;
            stop(load, &pg);
        }
        tell_notes(load, &pg);
        progress_draw(&pg, clock_now_us(), now.done, now.untaken);
    }
    progress_clear(&pg);
    tell_notes(load, &pg);
    return told;
}

/* *taken: every event was answered with 2xx. */
static int send_all(const struct load_options *options, bool *taken,
                    struct fault *why)
{
    static atomic_bool stopped; /* the thread that sets it outlives this call */
    const struct plan *plan = &options->plan;
    struct load_result result;
    struct load *load = NULL;
    bool interrupted;
    int rc;

    signals_prepare();
    if (cmd_stop_on_signal(&stopped, why) == -1 ||
        load_start(&load, options, why) == -1)
        return -1;
    interrupted = watch(load, &stopped, plan_total(plan));
    rc = load_finish(load, &result, why);
    send_summary(stdout, &result, plan);
    if (interrupted)
        printf("stopped by a signal: %" PRIu64 " of %" PRId64
               " events were sent\n",
               tally_count(&result.tally), plan_total(plan));
    *taken = send_summary_all_taken(&result.tally);
    tally_release(&result.tally);
    load_free(load);
    return rc;
}

static int run_send(struct cmd *cmd)
{
    struct bodies bodies = BODIES_INIT;
    struct load_options options = {.bodies = &bodies};
    struct fault why = FAULT_INIT;
    char url[ENDPOINT_URL_MAX];
    bool taken = false;
    int rc = -1;

    if (read_plan(&options.plan, cmd, &why) == -1 ||
        choose_target(&options, cmd, url, &why) == -1 ||
        collect(&bodies, cmd, &why) == -1)
        goto done;
    options.plan.bodies = (int64_t)bodies.count;
    options.renew = cmd_option(cmd, "fresh") != NULL || options.plan.keys > 0;
    if (options.renew && check_renewable(&bodies, &why) == -1)
        goto done;
    rc = send_all(&options, &taken, &why);

done:
    bodies_release(&bodies);
    if (rc == -1)
        return cmd_failed(cmd, &why);
    return taken ? CMD_OK : CMD_FAILED;
}

static const struct cmd_option options[] = {
    {"example",     "TYPE|all",
     "Sends the examples of this event type's schema, or of every one."             },
    {"count",       "N",
     "Sends everything N times, up to 1000000000; of three files that is 3 N "
     "events."                                                                      },
    {"fresh",       NULL,
     "Gives every event its own event id, correlation id and timestamp; "
     "without it a repeated body is the same delivery again."                       },
    {"keys",        "K",
     "As --fresh, but with K correlation ids, the same in every run: all that "
     "is sent once has the first one, when it is sent again the second, and "
     "so on in turn. The events of one go over one connection, each after the "
     "answer to the one before, so their order is kept."                            },
    {"concurrency", "C",
     "Sends over C connections at a time, up to 1024; 1 otherwise. Without "
     "--keys, events can overtake each other then."                                 },
    {"rate",        "R",
     "Sends R events a second in all, whether they are answered or not, as "
     "far as connections are free; an event that has to wait for one is late. "
     "Latency then counts from when an event was due, so that a server that "
     "stands still is not overlooked; what is never answered is counted by "
     "itself. Without it the next event is sent when "
     "the last one was answered."                                                   },
    {"url",         "URL",
     "Posts there, instead of to the configured port on this machine."              },
    {"source",      "NAME",     "Signs as this source, instead of as the first one."},
    {NULL,          NULL,       NULL                                                },
};

const struct cmd_spec cmd_send = {
    .name = "send",
    .summary = "signs bodies and posts them, as Aurix does",
    .operands = "[FILE...|-]",
    .details =
        "Sends files or standard input byte for byte, or the examples of\n"
        "the event schemas, and sums up the answers: how many of each status,\n"
        "and the latency that 50, 90, 99 and 99.9 percent of them did not\n"
        "exceed (to 0.8 %). What is not answered with 2xx is counted, and the\n"
        "first of each kind is shown. If nothing was answered yet, an event\n"
        "without an answer ends it; later that is counted, and ends it once\n"
        "there has been no answer for 30 seconds.\n"
        "\n"
        "Ctrl-C or SIGTERM: sends no more, waits for the answers that must\n"
        "still come, and sums up. Exit status 0 if every event that was sent\n"
        "was answered with 2xx, 1 if not.",
    .max_operands = -1,
    .settings = CONFIG_SEND,
    .options = options,
    .run = run_send,
};
