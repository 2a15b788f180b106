/*
 * demo.h - what the parts of the demo share
 *
 *   demo.c          the command: start, show, stay, stop
 *   demo_stage.c    the broker, a folder, a secret; waiting; the end
 *   demo_actors.c   bridge and consumers, until they are ready
 *   demo_events.c   the events that are sent, and what should become of them
 *   demo_watch.c    what did become of them, in topics and at consumers
 *   demo_show.c     the table that a person reads
 *   demo_keep.c     --keep: what arrives from then on
 *
 * Threads: one, besides the embedded broker's own.
 */
#ifndef CMD_DEMO_H
#define CMD_DEMO_H

#include "base/config.h"
#include "base/digest.h"
#include "base/fault.h"
#include "base/http_client.h"
#include "cmd/cmd.h"
#include "cmd/endpoint.h"
#include "cmd/process.h"
#include "cmd/terminal.h"
#include "kafka/mock.h"

#include <jansson.h>
#include <limits.h>
#include <stdbool.h>
#include <stdint.h>

/* ---- the events -----------------------------------------------------------
 */

/* An event, and what should become of it. */
struct demo_event {
    const char *type;
    const char *remark; /* what is special about it, or "" */
    const char *body;
    bool forged;          /* signed with another secret */
    int status;           /* that the sender gets */
    const char *topic;    /* NULL: none */
    const char *consumer; /* "clicks", "leads"; NULL: none */
};

enum {
    DEMO_EVENTS = 6,
    DEMO_CONSUMERS = 2,
    DEMO_TOPICS = 4,
    DEMO_TOPIC_MAX = 64,
    DEMO_TEXT_MAX = 256
};

extern const struct demo_event demo_events[DEMO_EVENTS];
extern const char *const demo_topics[DEMO_TOPICS];
extern const char *const demo_consumers[DEMO_CONSUMERS];

/* What became of one. */
struct demo_result {
    int status;                 /* 0: no answer */
    char detail[DEMO_TEXT_MAX]; /* the answer's, if it was no success */
    int copies;                 /* of its bytes, in all topics */
    char topic[DEMO_TOPIC_MAX]; /* of the first copy; "" for none */
    int received[DEMO_CONSUMERS];
};

/* ---- the stage ------------------------------------------------------------
 */

/* The processes. */
enum {
    ACTOR_SERVE = 0,
    ACTOR_CONSUMER = 1, /* and the next, in the order of demo_consumers */
    DEMO_ACTORS = ACTOR_CONSUMER + DEMO_CONSUMERS,
    DEMO_SECRET_MAX = 4096
};

struct demo {
    const struct cmd *cmd;
    struct terminal term;
    bool keep;
    char dir[PATH_MAX]; /* "" until it was made */
    char secret[DEMO_SECRET_MAX];
    bool secret_is_ours; /* made for this run, so it may be shown */
    struct mock *mock;
    char *brokers;
    struct config_pairs kafka; /* how a client reaches them */
    struct config_pair kafka_pairs[2];
    struct process actors[DEMO_ACTORS];
    long http_port; /* asked for, then the one that was bound */
    char url[ENDPOINT_URL_MAX];
    struct http_client *client;
    int signal_fd;
    bool interrupted; /* Ctrl-C, or told otherwise to stop */
    struct demo_result results[DEMO_EVENTS];

    /* One line of a consumer, parsed: set by who wants to know. */
    void (*arrived)(struct demo *demo, size_t consumer, const json_t *line);
};

/* Makes the folder, the secret, the broker and its topics. FAULT_IO,
 * FAULT_KAFKA, FAULT_NOMEM. */
int demo_stage_open(struct demo *demo, struct fault *why);

/* Starts the processes and waits until all are ready. FAULT_IO,
 * FAULT_TIMEOUT; the log of who is to blame was shown. FAULT_STOPPING:
 * interrupted. */
int demo_stage_start(struct demo *demo, struct fault *why);

/*
 * Lets time pass: at most `timeout_ms`, less if something happens. Lines of
 * consumers go to demo->arrived. FAULT_STOPPING: interrupted. FAULT_IO: one
 * of the processes has ended; its log was shown.
 */
int demo_stage_wait(struct demo *demo, int timeout_ms, struct fault *why);

/* Ends the processes in order. FAULT_IO: one did not end as it should; its
 * log was shown. */
int demo_stage_stop(struct demo *demo, struct fault *why);

/* Gives back everything, whatever state it is in. */
void demo_stage_close(struct demo *demo);

/* ---- sending, watching, showing --------------------------------------------
 */

/* X-Hub-Signature for a body. FAULT_NOMEM. */
int demo_sign(const char *secret, const char *body, char hex[DIGEST_HEX_SIZE],
              struct fault *why);

/* Posts all events; fills status and detail. FAULT_IO, FAULT_TIMEOUT: no
 * answer. */
int demo_events_send(struct demo *demo, struct fault *why);

/* Finds the events in the topics and waits for them at the consumers; fills
 * the rest. What does not come in time is not a fault. */
int demo_watch(struct demo *demo, struct fault *why);

/* Whether an event's result is as it should be. */
bool demo_as_expected(const struct demo_event *event,
                      const struct demo_result *result);

/* Prints the table, and what is not as it should be. True: all is. */
bool demo_show(const struct demo *demo);

/* Says how to go on, and prints what arrives until interrupted.
 * FAULT_IO: one of the processes has ended. */
int demo_keep(struct demo *demo, struct fault *why);

#endif
