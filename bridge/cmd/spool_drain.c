/*
 * spool_drain.c - publishes what a spool has
 *
 * With the same delivery as `serve`, to which nothing else is given: it adds
 * the spool's topics itself. Stopping it loses nothing, however it is done: a
 * record leaves the spool after Kafka has confirmed it.
 */
#include "cmd/spool.h"

#include "base/clock.h"
#include "base/ready.h"
#include "cmd/progress.h"
#include "cmd/signals.h"
#include "deliver/counts.h"
#include "deliver/delivery.h"

#include <inttypes.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>

enum {
    TIMEOUT_SECONDS = 60,
    TICK_MS = 100,
    FLUSH_MS = 1000 /* for what is on its way when it is stopped */
};

struct draining {
    const struct cmd *cmd;
    const char *dir;
    struct delivery *dl;
    int64_t timeout_us; /* 0: for ever */
    int64_t total;      /* records at the start, as far as it is known */
};

/* What a spool has, as far as its files tell. */
struct contents {
    struct spool_totals totals;
    int64_t bad;     /* files set aside */
    int64_t unsound; /* that have failed, or are damaged */
};

static int look(const char *dir, struct contents *out, struct fault *why)
{
    struct spool_view *view = NULL;
    const struct spool_view_file *files;
    size_t count;
    int rc;

    if (spool_view_open(&view, dir, why) == -1)
        return -1;
    *out = (struct contents){0};
    spool_view_totals(view, &out->totals);
    files = spool_view_files(view, &count);
    for (size_t i = 0; i < count; i++) {
        out->bad += files[i].state == VIEW_BAD;
        out->unsound +=
            files[i].state != VIEW_BAD && files[i].state != VIEW_SOUND;
    }
    rc = spool_view_check(view, why);
    spool_view_close(view);
    return rc;
}

/* ---- until nothing is left ----------------------------------------------- */

/* Signals are not to end the process while it has a delivery. */
static void hold_signals(sigset_t *set)
{
    signals_set(set);
    pthread_sigmask(SIG_BLOCK, set, NULL);
}

/* True: one has come. */
static bool rest(const sigset_t *set)
{
    const struct timespec tick = clock_timespec(TICK_MS * 1000);

    return sigtimedwait(set, NULL, &tick) > 0;
}

static int give_up(const struct draining *dr, struct fault *why)
{
    char text[READY_TEXT_MAX];

    ready_text("kafka", text);
    return fault_set(why, FAULT_UNAVAILABLE,
                     "nothing got to Kafka for %" PRId64 " s: %s",
                     dr->timeout_us / 1000000, text);
}

/* 0: nothing is left, or it shall stop. */
static int wait_until_empty(struct draining *dr, const sigset_t *set,
                            struct fault *why)
{
    int64_t least = delivery_spooled(dr->dl);
    int64_t since_us = clock_now_us();
    struct progress pg;
    bool stopped = false;

    /* Some may have left already; and a damaged file tells how many it has when
     * it is opened. */
    if (dr->total < least)
        dr->total = least;
    progress_init(&pg, stderr, since_us, dr->total > 0 ? dr->total : 1);
    while (least > 0 && !stopped && why->kind == FAULT_NONE) {
        const int64_t left = delivery_spooled(dr->dl);
        const int64_t now_us = clock_now_us();

        if (left < least) {
            least = left;
            since_us = now_us;
        } else if (dr->timeout_us > 0 && now_us - since_us > dr->timeout_us) {
            give_up(dr, why);
        }
        progress_draw(&pg, now_us, dr->total - least, 0);
        stopped = left > 0 && rest(set);
    }
    progress_clear(&pg);
    return why->kind == FAULT_NONE ? 0 : -1;
}

static int drain(struct draining *dr, struct fault *why)
{
    const struct config *config = &dr->cmd->config;
    const char *const topics[] = {config->topics.dead_letter};
    const struct delivery_options options = {
        .kafka = &config->kafka,
        .producer = &config->producer,
        .topics = topics,
        .topic_count = 1,
        .dead_letter = config->topics.dead_letter,
        .lanes = (int)config->deliver.lanes,
        .deadline_ms = (int)config->deliver.deadline_ms,
        .patience_ms = (int)config->deliver.patience_ms,
        .spool_dir = dr->dir,
        /* it only gets emptier, but for dead letters */
        .spool_limits = {.max_bytes = INT64_MAX}};
    sigset_t set;
    int rc;

    hold_signals(&set);
    if (delivery_open(&dr->dl, &options, why) == -1)
        return -1;
    rc = wait_until_empty(dr, &set, why);
    delivery_close(dr->dl, FLUSH_MS);
    return rc;
}

/* ---- what became of it --------------------------------------------------- */

static int tell(const struct draining *dr, const struct contents *left)
{
    const int64_t waiting = left->totals.records;
    const int64_t refused = count_disorders(DISORDER_REFUSED);
    const int64_t aside = left->totals.aside;

    if (dr->total == 0)
        puts("nothing waited");
    else
        printf("%" PRId64 " records waited, %" PRId64 " wait still\n",
               dr->total, waiting);
    if (refused > 0)
        printf("%" PRId64 " were refused by Kafka: they are dead letters for "
               "'%s' now, or aside\n",
               refused, dr->cmd->config.topics.dead_letter);
    if (aside > 0)
        printf("%" PRId64 " are aside: see 'aurix-bridge spool show --only "
               "aside %s'\n",
               aside, dr->dir);
    if (left->bad > 0)
        printf("damaged files, set aside as *.bad: %" PRId64
               "; see 'aurix-bridge spool list %s'\n",
               left->bad, dr->dir);
    if (left->unsound > 0)
        printf("damaged or failed files that are left: %" PRId64
               "; if there was no room, make some and try again\n",
               left->unsound);
    return waiting > 0 || aside > 0 || left->bad > 0 || left->unsound > 0
               ? CMD_FAILED
               : CMD_OK;
}

int spool_cmd_drain(struct cmd *cmd)
{
    struct draining dr = {.cmd = cmd, .dir = cmd->argv[1]};
    struct contents contents;
    struct fault why = FAULT_INIT;
    struct fault cause = FAULT_INIT;
    long seconds = 0;
    int status;

    if (cmd_option_int(cmd, "timeout", 0, 7 * 24 * 3600, TIMEOUT_SECONDS,
                       &seconds, &why) == -1 ||
        look(dr.dir, &contents, &why) == -1)
        return cmd_failed(cmd, &why);
    dr.timeout_us = (int64_t)seconds * 1000000;
    dr.total = contents.totals.records;
    if (contents.totals.records > 0 || contents.unsound > 0) {
        drain(&dr, &why);
        if (dr.dl != NULL && look(dr.dir, &contents, &cause) == -1)
            return cmd_failed(cmd, &cause);
    }
    if (why.kind != FAULT_NONE && dr.dl == NULL)
        return cmd_failed(cmd, &why);
    status = tell(&dr, &contents);
    fflush(stdout);
    return why.kind == FAULT_NONE ? status : cmd_failed(cmd, &why);
}
