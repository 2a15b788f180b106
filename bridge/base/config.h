/*
 * config.h - what the user decided
 *
 * One table, in settings.c, gives each setting its name, type, range,
 * default, unit, the commands that use it, and one sentence. The file
 * parser, the environment, --set, --help and docs/configuration.md all come
 * from it, so a setting is one row there and one member here.
 *
 * Precedence: command line, environment, file, default. Values are checked
 * where they are read, so whoever uses a struct config need not check again.
 *
 * File: INI. Environment: BRIDGE_SECTION_KEY, dots and dashes as
 * underscores; AURIX_WEBHOOK_SECRET and AURIX_API_KEY as the tutorial has
 * them; secrets also as NAME_FILE, the path of a file that holds the value.
 * Keys under [kafka], [producer] and [consumer] go to librdkafka unchanged.
 *
 * Ownership: all strings belong to the struct config.
 * Threads: filled by one thread at start, read-only from then on.
 */
#ifndef BASE_CONFIG_H
#define BASE_CONFIG_H

#include "base/buf.h"
#include "base/fault.h"
#include "base/limits.h"
#include "base/log.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* An ordered list of key = value, as given. */
struct config_pairs {
    size_t count;
    struct config_pair {
        char *key;
        char *value;
    } *items;
};

/* One sender: [source NAME]. */
struct config_source {
    char *name;          /* label in metrics and logs: [a-z0-9_-]{1,32} */
    char *path;          /* "/webhook" */
    char *ce_source;     /* "/aurix/NAME" */
    char *secrets_dir;   /* NULL: none */
    size_t secret_count; /* `secret` of the highest origin that gives any,
                            and besides every file in secrets_dir */
    char *secrets[LIMIT_SECRETS]; /* wiped by config_release() */
    bool secret_is_known_default; /* a published development default */
};

struct config {
    struct {
        char *host;
        int64_t port;
        int64_t threads;
        int64_t max_body_bytes;
        int64_t header_timeout_ms;
        int64_t body_timeout_ms;
        int64_t keep_alive_timeout_ms;
        int64_t invalid_status; /* 422, or 200 for senders that retry */
        char *port_file;        /* NULL: none; the bound port goes there */
        char *published_on;     /* NULL: not known to be published */
    } http;
    struct {
        bool enabled;
        char *host;
        int64_t port;    /* 0: a free one, logged */
        bool port_given; /* by anything but the default */
        char *port_file;
    } admin;
    struct {
        enum log_level level;
        enum log_format format;
    } log;
    struct {
        char *dir; /* NULL: the built-in schemas */
    } schemas;
    struct config_pairs routes; /* pattern = topic, in the order of the file;
                                   never empty */
    struct {
        char *dead_letter; /* aurix.deadletter */
        char *other;       /* aurix.other */
        int64_t partitions;
        int64_t replication;
        int64_t min_insync_replicas;
        int64_t retention_ms;
    } topics;
    struct {
        int64_t deadline_ms; /* then the spool */
        int64_t patience_ms; /* where the spool does not take it */
        int64_t lanes;
        int64_t notice_ms;   /* from SIGTERM to the first refused request */
        int64_t shutdown_ms; /* from SIGTERM to the end, at most */
    } deliver;
    struct {
        bool enabled;
        char *dir;
        int64_t max_bytes;
        int64_t min_free_bytes;
    } spool;
    struct config_pairs kafka;    /* to every client; dots, not underscores */
    struct config_pairs producer; /* to producers */
    struct config_pairs consumer; /* to consumers */
    struct {
        char *clicks_group;
        char *leads_group;
        char *clicks_topic;
        char *leads_topic;
        char *sink; /* "stdout" */
    } consume;
    size_t source_count;
    struct config_source sources[LIMIT_SOURCES];
    struct fault secrets_fault; /* why a secrets_dir could not be read */
};

/* Where a value came from, for config_load() and for messages. */
struct config_origin {
    const char *file;        /* --config or BRIDGE_CONFIG; NULL: none */
    const char *const *sets; /* "section.key=value" each; NULL at the end */
    const char *const *environment; /* NAME=value each; NULL at the end */
};

/*
 * Fills *out from all origins. FAULT_CONFIG: the text names the setting, the
 * place (file and line, variable, --set), what was expected and what came;
 * for an unknown name the nearest right one. FAULT_IO: a file that cannot be
 * read. On failure *out is released. Unknown BRIDGE_ variables are collected
 * in `warnings` (one line each), if it is not NULL.
 */
int config_load(struct config *out, const struct config_origin *origin,
                struct buf *warnings, struct fault *why);

/* Frees; wipes secrets. */
void config_release(struct config *config);

/*
 * Checks what only some commands need: that each secrets_dir could be read
 * (it may be empty), and that each source has it or a secret, and none that
 * config_secret_is_exposed(). A published secret passes otherwise; whoever
 * serves with it warns, see secret_is_known_default. FAULT_CONFIG or
 * FAULT_IO, with what to do.
 */
int config_require_secrets(const struct config *config, struct fault *why);

/* Whether others than this machine can send what they have signed with a
 * secret that everybody knows, as far as http.published_on tells: it is set,
 * and not all it names are an address of the loopback interface or
 * "localhost". */
bool config_secret_is_exposed(const struct config *config,
                              const struct config_source *source);

/* Whether the value of this key of librdkafka must never be shown. */
bool config_key_is_secret(const char *key);

/* Commands, as bits of a setting's row. */
enum config_command {
    CONFIG_SERVE = 1 << 0,
    CONFIG_CONSUME = 1 << 1,
    CONFIG_DEMO = 1 << 2,
    CONFIG_TOPICS = 1 << 3,
    CONFIG_SEND = 1 << 4,
    CONFIG_VERIFY = 1 << 5,
    CONFIG_VALIDATE = 1 << 6,
    CONFIG_CHECK = 1 << 7,
    CONFIG_HEALTH = 1 << 8,
    CONFIG_SPOOL = 1 << 9
};

/* The settings a command uses, for its --help: name, default, sentence. */
int config_help(struct buf *out, enum config_command command,
                struct fault *why);

/* docs/configuration.md, whole. */
int config_markdown(struct buf *out, struct fault *why);

#endif
