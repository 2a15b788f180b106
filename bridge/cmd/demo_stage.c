/*
 * demo_stage.c - the demo's surroundings: folder, secret, broker, and time
 *
 * Everything that a run leaves behind is in one folder: the files in which
 * the processes write their ports, and their logs.
 */
#include "cmd/demo.h"

#include "base/clock.h"
#include "cmd/signals.h"

#include <dirent.h>
#include <errno.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>
#include <sys/signalfd.h>
#include <unistd.h>

enum {
    PARTITIONS = 3,
    ENDING_STEP_MS = 10,
    STOP_DEADLINE_US = 15 * 1000 * 1000, /* the bridge's own is 12 s */
};

static int make_folder(struct demo *demo, struct fault *why)
{
    const char *parent = getenv("TMPDIR");
    int len;

    if (parent == NULL || parent[0] == '\0')
        parent = "/tmp";
    len = snprintf(demo->dir, sizeof(demo->dir), "%s/aurix-bridge-demo-XXXXXX",
                   parent);
    if (len >= 0 && (size_t)len < sizeof(demo->dir) &&
        mkdtemp(demo->dir) != NULL)
        return 0;
    demo->dir[0] = '\0';
    return fault_set_errno(why, FAULT_IO, errno, "cannot make a folder in '%s'",
                           parent);
}

static void remove_folder(struct demo *demo)
{
    DIR *dir = demo->dir[0] != '\0' ? opendir(demo->dir) : NULL;
    const struct dirent *entry;

    if (dir == NULL)
        return;
    while ((entry = readdir(dir)) != NULL)
        if (strcmp(entry->d_name, ".") != 0 && strcmp(entry->d_name, "..") != 0)
            unlinkat(dirfd(dir), entry->d_name, 0);
    closedir(dir);
    rmdir(demo->dir);
}

static int make_secret(struct demo *demo, struct fault *why)
{
    const struct config *config = &demo->cmd->config;
    unsigned char random[DIGEST_SIZE];
    char hex[DIGEST_HEX_SIZE];

    if (demo->keep && config->source_count > 0 &&
        config->sources[0].secret_count > 0) {
        snprintf(demo->secret, sizeof(demo->secret), "%s",
                 config->sources[0].secrets[0]);
        return 0;
    }
    if (getrandom(random, sizeof(random), 0) != (ssize_t)sizeof(random))
        return fault_set_errno(why, FAULT_IO, errno, "cannot get random bytes");
    digest_hex(random, hex);
    snprintf(demo->secret, sizeof(demo->secret), "aurix_demo_%.32s", hex);
    demo->secret_is_ours = true;
    return 0;
}

static int start_broker(struct demo *demo, struct fault *why)
{
    static char brokers_key[] = "bootstrap.servers";
    /* A reader that finds the end of a topic need not wait there. */
    static char wait_key[] = "fetch.wait.max.ms";
    static char wait_value[] = "10";

    if (mock_start(&demo->mock, 1, why) == -1)
        return -1;
    for (size_t i = 0; i < DEMO_TOPICS; i++)
        if (mock_topic(demo->mock, demo_topics[i], PARTITIONS, why) == -1)
            return -1;
    demo->brokers = strdup(mock_brokers(demo->mock));
    if (demo->brokers == NULL)
        return fault_set(why, FAULT_NOMEM, "cannot keep the broker's address");
    demo->kafka_pairs[0] = (struct config_pair){brokers_key, demo->brokers};
    demo->kafka_pairs[1] = (struct config_pair){wait_key, wait_value};
    demo->kafka.count = 2;
    demo->kafka.items = demo->kafka_pairs;
    return 0;
}

int demo_stage_open(struct demo *demo, struct fault *why)
{
    sigset_t signals;

    signals_set(&signals);
    demo->signal_fd = signalfd(-1, &signals, SFD_CLOEXEC | SFD_NONBLOCK);
    if (demo->signal_fd == -1)
        return fault_set_errno(why, FAULT_IO, errno, "cannot wait for signals");
    if (make_folder(demo, why) == -1 || make_secret(demo, why) == -1 ||
        http_client_new(&demo->client, why) == -1)
        return -1;
    return start_broker(demo, why);
}

/* ---- time passes -----------------------------------------------------------
 */

/* Lines that are not JSON are of no use; there are none. */
static void take_line(void *ctx, struct process *ps, const char *line)
{
    struct demo *demo = ctx;
    json_t *json = demo->arrived == NULL ? NULL : json_loads(line, 0, NULL);

    for (size_t i = 0; json != NULL && i < DEMO_CONSUMERS; i++)
        if (ps == &demo->actors[ACTOR_CONSUMER + i])
            demo->arrived(demo, i, json);
    json_decref(json);
}

/* Whoever ends before it was told to has a reason, and its log has it. */
static int check_running(struct demo *demo, struct fault *why)
{
    char end[64];

    for (size_t i = 0; i < DEMO_ACTORS; i++) {
        struct process *ps = &demo->actors[i];

        if (ps->name == NULL || process_running(ps))
            continue;
        process_tell_log(ps, stderr);
        process_describe_end(ps, end, sizeof(end));
        return fault_set(why, FAULT_IO, "'%s' ended early, %s", ps->name, end);
    }
    return 0;
}

int demo_stage_wait(struct demo *demo, int timeout_ms, struct fault *why)
{
    struct pollfd fds[1 + DEMO_ACTORS];
    struct signalfd_siginfo info;

    fds[0] = (struct pollfd){.fd = demo->signal_fd, .events = POLLIN};
    for (size_t i = 0; i < DEMO_ACTORS; i++) { /* -1 is passed over */
        const struct process *ps = &demo->actors[i];

        fds[1 + i] = (struct pollfd){.fd = ps->out, .events = POLLIN};
        /* Its output has ended, and so will it, any moment: nothing but
         * looking again tells when. */
        if (ps->pid != 0 && ps->out == -1 && timeout_ms > ENDING_STEP_MS)
            timeout_ms = ENDING_STEP_MS;
    }
    if (poll(fds, 1 + DEMO_ACTORS, timeout_ms) == -1 && errno != EINTR)
        return fault_set_errno(why, FAULT_IO, errno,
                               "cannot wait for the processes");

    if (read(demo->signal_fd, &info, sizeof(info)) == sizeof(info))
        demo->interrupted = true;
    if (demo->interrupted)
        return fault_set(why, FAULT_STOPPING, "interrupted");
    for (size_t i = 0; i < DEMO_ACTORS; i++)
        if (process_read(&demo->actors[i], take_line, demo, why) == -1)
            return -1;
    return check_running(demo, why);
}

/* ---- the end ---------------------------------------------------------------
 */

int demo_stage_stop(struct demo *demo, struct fault *why)
{
    int64_t deadline_us = clock_now_us() + STOP_DEADLINE_US;
    int rc = 0;

    /* Nobody needs to wait for the end of our idle connections. */
    http_client_free(demo->client);
    demo->client = NULL;
    for (size_t i = 0; i < DEMO_ACTORS; i++)
        process_terminate(&demo->actors[i]);
    for (size_t i = 0; i < DEMO_ACTORS; i++) {
        struct process *ps = &demo->actors[i];

        if (ps->pid != 0 && process_wait(ps, deadline_us, why) == -1) {
            process_tell_log(ps, stderr);
            rc = -1;
        }
    }
    return rc;
}

void demo_stage_close(struct demo *demo)
{
    for (size_t i = 0; i < DEMO_ACTORS; i++)
        process_release(&demo->actors[i]);
    http_client_free(demo->client);
    mock_stop(demo->mock);
    free(demo->brokers);
    digest_wipe(demo->secret, sizeof(demo->secret));
    remove_folder(demo);
    if (demo->signal_fd != -1)
        close(demo->signal_fd);
}
