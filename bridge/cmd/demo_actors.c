/*
 * demo_actors.c - the demo's bridge and consumers, until they are ready
 *
 * Nobody else's settings reach them: of the environment they get all but
 * BRIDGE_… and AURIX_…. The secret goes to the bridge alone, and by the
 * environment: a command line can be read by everyone on the machine.
 */
#include "cmd/demo.h"

#include "base/arena.h"
#include "base/clock.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum {
    READY_DEADLINE_US = 20 * 1000 * 1000,
    READY_STEP_MS = 50,
    READY_TIMEOUT_MS = 2000, /* of one question */
    WORDS_MAX = 32,
    WORDS_BYTES = 64 * KIB
};

static const char *const actor_names[DEMO_ACTORS] = {"serve", "consume clicks",
                                                     "consume leads"};

/* ---- starting --------------------------------------------------------------
 */

/* A command line that grows; its texts are in the arena. */
struct words {
    struct arena arena;
    const char *items[WORDS_MAX];
    size_t count;
    bool failed; /* out of memory: a word is missing */
};

static void add_word(struct words *words, const char *word)
{
    if (word == NULL || words->count + 1 >= WORDS_MAX)
        words->failed = true;
    else
        words->items[words->count++] = word;
}

static void add_setting(struct words *words, const char *setting)
{
    add_word(words, "--set");
    add_word(words, setting);
}

static void add_serve(struct words *words, const struct demo *demo)
{
    struct arena *arena = &words->arena;
    const char *host = demo->keep ? demo->cmd->config.http.host : "127.0.0.1";

    add_word(words, "serve");
    add_setting(words, arena_printf(arena, "http.host=%s", host));
    add_setting(words, arena_printf(arena, "http.port=%ld", demo->http_port));
    add_setting(words,
                arena_printf(arena, "http.port_file=%s/http", demo->dir));
    /* The broker comes and goes with this process. */
    add_setting(words, "spool.enabled=false");
    /* There is no load balancer that would have to notice. */
    add_setting(words, "deliver.notice_ms=0");
}

/* The environment without settings of the bridge; with the secret for who
 * needs it. The list is to be freed, the texts are not. */
static const char **make_environment(struct words *words,
                                     const struct demo *demo, bool with_secret)
{
    size_t count = 0;
    size_t kept = 0;
    const char **list;

    while (environ[count] != NULL)
        count++;
    list = calloc(count + 2, sizeof(*list));
    if (list == NULL)
        return NULL;
    for (size_t i = 0; i < count; i++)
        if (strncmp(environ[i], "BRIDGE_", 7) != 0 &&
            strncmp(environ[i], "AURIX_", 6) != 0)
            list[kept++] = environ[i];
    if (with_secret)
        list[kept] = arena_printf(&words->arena, "AURIX_WEBHOOK_SECRET=%s",
                                  demo->secret);
    return list;
}

static int start_actor(struct demo *demo, size_t index, struct fault *why)
{
    struct words words = {.arena = ARENA_INIT(4 * KIB, WORDS_BYTES)};
    struct arena *arena = &words.arena;
    const char **environment = NULL;
    const char *log_path;
    int rc = -1;

    if (index == ACTOR_SERVE) {
        add_serve(&words, demo);
    } else {
        add_word(&words, "consume");
        add_word(&words, demo_consumers[index - ACTOR_CONSUMER]);
    }
    add_setting(&words, arena_printf(arena, "kafka.bootstrap.servers=%s",
                                     demo->brokers));
    add_setting(&words, "admin.port=0");
    add_setting(&words, arena_printf(arena, "admin.port_file=%s/admin.%zu",
                                     demo->dir, index));
    log_path = arena_printf(arena, "%s/log.%zu", demo->dir, index);
    environment = make_environment(&words, demo, index == ACTOR_SERVE);

    if (words.failed || log_path == NULL || environment == NULL)
        fault_set(why, FAULT_NOMEM, "cannot make a command line");
    else
        rc = process_start(&demo->actors[index], actor_names[index], log_path,
                           words.items, environment, why);
    free(environment);
    arena_release(arena);
    return rc;
}

/* The usual port with --keep, unless it is taken; else a free one. */
static long choose_port(const struct demo *demo)
{
    const struct config *config = &demo->cmd->config;
    struct fault why = FAULT_INIT;

    if (!demo->keep)
        return 0;
    if (endpoint_try(config->http.host, (long)config->http.port, &why) == 0)
        return (long)config->http.port;
    printf("\n%s; taking a free port instead ... ", why.text);
    fflush(stdout);
    return 0;
}

/* ---- waiting until they are ready
 * -------------------------------------------- */

/* The port in a file of the demo's folder; 0 if it is not there yet. */
static long read_port(const struct demo *demo, const char *name)
{
    char path[PATH_MAX + 32];
    long port = 0;
    FILE *file;

    snprintf(path, sizeof(path), "%s/%s", demo->dir, name);
    file = fopen(path, "re");
    if (file == NULL)
        return 0;
    if (fscanf(file, "%5ld", &port) != 1)
        port = 0;
    fclose(file);
    return port;
}

/* Keeps what /readyz said last, for when time is up. */
static bool ask_ready(struct demo *demo, size_t index, struct buf *last)
{
    char name[32];
    char url[ENDPOINT_URL_MAX];
    struct http_request request = {
        .method = "GET", .url = url, .timeout_ms = READY_TIMEOUT_MS};
    struct http_answer answer;
    bool ready;
    long port;

    snprintf(name, sizeof(name), "admin.%zu", index);
    port = read_port(demo, name);
    if (port == 0 ||
        endpoint_url(url, sizeof(url), NULL, port, "/readyz", NULL) == -1 ||
        http_client_do(demo->client, &request, &answer, NULL) == -1)
        return false;
    ready = answer.status == 200;
    buf_clear(last);
    buf_add(last, answer.body.data, answer.body.len, NULL);
    buf_release(&answer.body);
    return ready;
}

static int wait_ready(struct demo *demo, size_t index, int64_t deadline_us,
                      struct fault *why)
{
    struct process *ps = &demo->actors[index];
    struct buf last = BUF_INIT(LIMIT_HTTP_ANSWER);
    int rc = 0;

    while (rc == 0 && !ask_ready(demo, index, &last)) {
        if (clock_now_us() >= deadline_us) {
            process_tell_log(ps, stderr);
            rc = fault_set(why, FAULT_TIMEOUT,
                           "'%s' is not ready after %d s: %.200s", ps->name,
                           READY_DEADLINE_US / 1000000,
                           last.data != NULL ? last.data : "no answer");
        } else {
            rc = demo_stage_wait(demo, READY_STEP_MS, why);
        }
    }
    buf_release(&last);
    return rc;
}

int demo_stage_start(struct demo *demo, struct fault *why)
{
    int64_t deadline_us = clock_now_us() + READY_DEADLINE_US;

    demo->http_port = choose_port(demo);
    for (size_t i = 0; i < DEMO_ACTORS; i++)
        if (start_actor(demo, i, why) == -1)
            return -1;
    for (size_t i = 0; i < DEMO_ACTORS; i++)
        if (wait_ready(demo, i, deadline_us, why) == -1)
            return -1;

    demo->http_port = read_port(demo, "http");
    if (demo->http_port == 0)
        return fault_set(why, FAULT_IO, "cannot find the port in '%s/http'",
                         demo->dir);
    return endpoint_url(demo->url, sizeof(demo->url),
                        demo->keep ? demo->cmd->config.http.host : NULL,
                        demo->http_port, "/webhook", why);
}
