/*
 * demo.c - the main job, shown without a Kafka
 *
 * This process has librdkafka's embedded broker. The bridge and the two
 * consumers are processes of their own, with the same commands as anywhere,
 * so that what is shown is what there is; see demo.h for the parts.
 */
#include "cmd/demo.h"

#include "base/clock.h"
#include "cmd/signals.h"

#include <stdio.h>

static double seconds_since(int64_t begun_us)
{
    return (double)(clock_now_us() - begun_us) / 1e6;
}

/* Starts everything, telling so, since it takes a breath. */
static int start(struct demo *demo, struct fault *why)
{
    int64_t begun_us = clock_now_us();

    printf("starting an embedded broker, the bridge, and two consumers ... ");
    fflush(stdout);
    if (demo_stage_open(demo, why) == -1 || demo_stage_start(demo, why) == -1) {
        printf("\n");
        return -1;
    }
    printf("%.1f s\n\n", seconds_since(begun_us));
    return 0;
}

/* True: all is as it should be. */
static bool show(struct demo *demo, struct fault *why)
{
    if (demo_events_send(demo, why) == -1 || demo_watch(demo, why) == -1)
        return false;
    return demo_show(demo);
}

static int run_demo(struct cmd *cmd)
{
    struct demo demo = {.cmd = cmd, .signal_fd = -1};
    struct fault why = FAULT_INIT;
    int64_t begun_us = clock_now_us();
    bool good = false;

    for (size_t i = 0; i < DEMO_ACTORS; i++)
        demo.actors[i] = (struct process)PROCESS_INIT;
    terminal_init(&demo.term, stdout);
    demo.keep = cmd_option(cmd, "keep") != NULL;
    /* Ending is work: there are children, and a folder. */
    signals_prepare();

    if (start(&demo, &why) == 0) {
        good = show(&demo, &why);
        if (good && demo.keep && demo_keep(&demo, &why) == -1)
            good = false;
        if (demo_stage_stop(&demo, &why) == -1)
            good = false;
    }
    if (good && !demo.keep)
        printf("\nall as it should be, in %.1f s\n", seconds_since(begun_us));
    fflush(stdout); /* closing the broker takes another second */
    demo_stage_close(&demo);

    if (why.kind != FAULT_NONE)
        return cmd_failed(cmd, &why);
    return good ? CMD_OK : CMD_FAILED;
}

static const struct cmd_option options[] = {
    {"keep", NULL,
     "Stays on http.port afterwards, for your own requests, and prints what "
     "arrives; until Ctrl-C."},
    {NULL,   NULL, NULL      },
};

const struct cmd_spec cmd_demo = {
    .name = "demo",
    .summary = "shows the whole way of an event, without a Kafka",
    .operands = "",
    .details =
        "Starts an embedded broker, the bridge and a consumer each for clicks\n"
        "and leads, posts signed, forged and broken events, and shows what\n"
        "became of them. Exit status 0 if all is as it should be, 1 if not.\n"
        "\n"
        "Settings are the defaults, whatever file and environment say, but\n"
        "with --keep for the secret (one is made up otherwise), http.host and\n"
        "http.port (another port is taken if it is not free).",
    .settings = CONFIG_DEMO,
    .options = options,
    .run = run_demo,
};
