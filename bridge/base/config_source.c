/*
 * config_source.c - [source NAME], and secrets wherever they come from
 *
 * A source's `secret` is a list. What a higher origin gives replaces what a
 * lower one gave, as for every other setting, so that a secret that was left
 * in a file is not accepted beside the one in the environment. secrets_dir is
 * a setting of its own and adds to it. No message shows a secret.
 */
#include "base/config_parts.h"
#include "base/digest.h"

#include <arpa/inet.h>
#include <dirent.h>
#include <errno.h>
#include <limits.h>
#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/stat.h>

enum {
    NAME_MAX_LEN = 32,
    LABEL_MAX = NAME_MAX_LEN + 8 /* "source.NAME" */
};

/* Published, so known to everybody: in the compose file, in the tutorial. */
static const char *const known_secrets[] = {"aurix_development_secret",
                                            "your_shared_secret_here"};

struct config_source *source_find(struct config *config, const char *name,
                                  size_t len)
{
    for (size_t i = 0; i < config->source_count; i++)
        if (strlen(config->sources[i].name) == len &&
            memcmp(config->sources[i].name, name, len) == 0)
            return &config->sources[i];
    return NULL;
}

/* '-' and '_' are one character in the environment's names. */
static bool same_variable(const char *a, const char *b)
{
    for (; *a != '\0' && *b != '\0'; a++, b++) {
        char x = *a == '-' ? '_' : *a;
        char y = *b == '-' ? '_' : *b;

        if (x != y)
            return false;
    }
    return *a == *b;
}

static int check_name(struct config *config, const char *name, size_t len,
                      const char *at, struct fault *why)
{
    static const char legal[] = "abcdefghijklmnopqrstuvwxyz0123456789_-";

    if (len == 0 || len > NAME_MAX_LEN || strspn(name, legal) < len)
        return fault_set(why, FAULT_CONFIG,
                         "bad name '%.*s' of a source in %s: expected 1 to %d "
                         "lower-case letters, digits, '_' and '-'",
                         (int)(len > 64 ? 64 : len), name, at, NAME_MAX_LEN);
    if (source_find(config, name, len) != NULL)
        return fault_set(why, FAULT_CONFIG,
                         "source '%.*s' is given for the second time in %s",
                         (int)len, name, at);
    return 0;
}

int source_add(struct loading *ld, const char *name, size_t len,
               const struct place *place, struct config_source **out,
               struct fault *why)
{
    struct config *config = ld->config;
    struct config_source *source;
    char at[PLACE_TEXT_MAX];

    if (check_name(config, name, len, place_text(place, at), why) == -1)
        return -1;
    if (config->source_count == LIMIT_SOURCES)
        return fault_set(why, FAULT_CONFIG,
                         "cannot have more than %d sources, one more in %s",
                         LIMIT_SOURCES, at);
    source = &config->sources[config->source_count];
    source->name = strndup(name, len);
    if (source->name == NULL)
        return fault_set(why, FAULT_NOMEM, "cannot store source '%.*s'",
                         (int)len, name);
    ld->secrets_from[config->source_count] = PLACE_DEFAULT;
    config->source_count++;
    if (settings_store_defaults("source", source, why) == -1)
        return -1;
    *out = source;
    return 0;
}

static void wipe(char *secret)
{
    if (secret != NULL)
        digest_wipe(secret, strlen(secret));
    free(secret);
}

static void forget_secrets(struct config_source *source)
{
    for (size_t i = 0; i < source->secret_count; i++) {
        wipe(source->secrets[i]);
        source->secrets[i] = NULL;
    }
    source->secret_count = 0;
}

/* Adds one; the same again is no mistake while secrets are rotated. */
static int secret_add(struct config_source *source, const char *secret,
                      struct fault *why)
{
    char *copy;

    for (size_t i = 0; i < source->secret_count; i++)
        if (strcmp(source->secrets[i], secret) == 0)
            return 0;
    if (source->secret_count == LIMIT_SECRETS)
        return fault_set(why, FAULT_CONFIG,
                         "cannot accept more than %d secrets for source '%s'",
                         LIMIT_SECRETS, source->name);
    copy = strdup(secret);
    if (copy == NULL)
        return fault_set(why, FAULT_NOMEM,
                         "cannot store a secret of source '%s'", source->name);
    source->secrets[source->secret_count++] = copy;
    return 0;
}

static int set_secret(struct loading *ld, struct config_source *source,
                      const char *secret, const struct place *place,
                      struct fault *why)
{
    enum place_kind *from = &ld->secrets_from[source - ld->config->sources];
    char at[PLACE_TEXT_MAX];

    if (secret[0] == '\0')
        return fault_set(why, FAULT_CONFIG, "empty secret of source '%s' in %s",
                         source->name, place_text(place, at));
    if (*from == PLACE_VARIABLE && place->kind == PLACE_VARIABLE)
        return fault_set(why, FAULT_CONFIG,
                         "the secret of source '%s' is given by %s and by "
                         "another variable: keep one of them",
                         source->name, place_text(place, at));
    if (*from != place->kind)
        forget_secrets(source);
    *from = place->kind;
    return secret_add(source, secret, why);
}

int source_set(struct loading *ld, struct config_source *source,
               const char *key, const char *value, const struct place *place,
               struct fault *why)
{
    const struct setting *setting = setting_find("source", key);
    char label[LABEL_MAX];

    snprintf(label, sizeof(label), "source.%s", source->name);
    if (setting == NULL)
        return setting_unknown("source", label, key, place, why);
    if (setting->type == SETTING_SECRET)
        return set_secret(ld, source, value, place, why);
    return setting_store(setting, source, label, value, place, why);
}

/* Reads a secret; `what` is how messages call the file. */
static int read_file(struct buf *out, const char *path, const char *what,
                     struct fault *why)
{
    struct fault unread = FAULT_INIT;

    /* all at once: what a buffer leaves behind as it grows is not wiped */
    if (buf_reserve(out, out->max, why) == -1)
        return -1;
    if (buf_add_file(out, path, &unread) == -1) {
        if (unread.kind == FAULT_TOO_LARGE)
            unread.kind = FAULT_CONFIG;
        return fault_set(why, unread.kind, "%s: %s", what, unread.text);
    }
    if (out->len > 0 && out->data[out->len - 1] == '\n')
        out->data[--out->len] = '\0';
    if (out->len > 0 && out->data[out->len - 1] == '\r')
        out->data[--out->len] = '\0';
    if (out->len == 0)
        return fault_set(why, FAULT_CONFIG, "%s: '%s' is empty", what, path);
    if (memchr(out->data, '\0', out->len) != NULL)
        return fault_set(why, FAULT_CONFIG, "%s: '%s' has a NUL byte in it",
                         what, path);
    return 0;
}

int secret_read(struct buf *out, const char *path, const char *name,
                const struct place *place, struct fault *why)
{
    char what[2 * PLACE_TEXT_MAX];
    char at[PLACE_TEXT_MAX];

    snprintf(what, sizeof(what), "bad value for %s in %s", name,
             place_text(place, at));
    return read_file(out, path, what, why);
}

void secret_release(struct buf *secret)
{
    if (secret->data != NULL)
        digest_wipe(secret->data, secret->capacity);
    buf_release(secret);
}

/* Hidden ones are Kubernetes' "..data" and what editors leave behind. */
static int is_visible(const struct dirent *entry)
{
    return entry->d_name[0] != '.';
}

static int read_dir_entry(struct config_source *source, const char *name,
                          struct fault *why)
{
    struct buf secret = BUF_INIT(LIMIT_SECRET_FILE);
    char what[LABEL_MAX + 32];
    char path[PATH_MAX];
    struct stat st;
    int rc = -1;
    int len;

    snprintf(what, sizeof(what), "bad secret of source '%s'", source->name);
    len = snprintf(path, sizeof(path), "%s/%s", source->secrets_dir, name);
    if (len < 0 || (size_t)len >= sizeof(path))
        return fault_set_errno(why, FAULT_IO, ENAMETOOLONG, "%s", what);
    /* stat, not lstat: Docker and Kubernetes mount secrets as links */
    if (stat(path, &st) == -1)
        return fault_set_errno(why, FAULT_IO, errno, "%s: cannot open '%s'",
                               what, path);
    if (!S_ISREG(st.st_mode))
        return 0;
    if (read_file(&secret, path, what, why) == 0)
        rc = secret_add(source, secret.data, why);
    secret_release(&secret);
    return rc;
}

static int read_secrets_dir(struct config_source *source, struct fault *why)
{
    struct dirent **entries = NULL;
    int count = scandir(source->secrets_dir, &entries, is_visible, alphasort);
    int rc = 0;

    if (count == -1)
        return fault_set_errno(why,
                               errno == ENOMEM ? FAULT_NOMEM : FAULT_CONFIG,
                               errno, "cannot read source.%s.secrets_dir '%s'",
                               source->name, source->secrets_dir);
    for (int i = 0; i < count; i++) {
        if (rc == 0)
            rc = read_dir_entry(source, entries[i]->d_name, why);
        free(entries[i]);
    }
    free(entries);
    return rc;
}

static void mark_known_secrets(struct config_source *source)
{
    for (size_t i = 0; i < source->secret_count; i++)
        for (size_t j = 0; j < sizeof(known_secrets) / sizeof(*known_secrets);
             j++)
            if (strcmp(source->secrets[i], known_secrets[j]) == 0)
                source->secret_is_known_default = true;
}

static int check_apart(const struct config_source *a,
                       const struct config_source *b, struct fault *why)
{
    if (strcmp(a->path, b->path) == 0)
        return fault_set(why, FAULT_CONFIG,
                         "sources '%s' and '%s' have the same path '%.64s': "
                         "set source.%s.path",
                         a->name, b->name, b->path, b->name);
    if (same_variable(a->name, b->name))
        return fault_set(why, FAULT_CONFIG,
                         "sources '%s' and '%s' differ in '-' and '_' only: "
                         "their variables would have the same names",
                         a->name, b->name);
    return 0;
}

static int source_finish(struct config *config, struct config_source *source,
                         struct fault *why)
{
    struct fault unread = FAULT_INIT;

    if (source->ce_source == NULL &&
        asprintf(&source->ce_source, "/aurix/%s", source->name) == -1) {
        source->ce_source = NULL;
        return fault_set(why, FAULT_NOMEM, "cannot store source '%s'",
                         source->name);
    }
    if (source->secrets_dir != NULL &&
        read_secrets_dir(source, &unread) == -1) {
        if (unread.kind == FAULT_NOMEM)
            return fault_set(why, unread.kind, "%s", unread.text);
        /* a consumer shares the file, but need not have the secrets */
        fault_set(&config->secrets_fault, unread.kind, "%s", unread.text);
    }
    mark_known_secrets(source);
    return 0;
}

int sources_finish(struct config *config, struct fault *why)
{
    for (size_t i = 0; i < config->source_count; i++) {
        for (size_t j = 0; j < i; j++)
            if (check_apart(&config->sources[j], &config->sources[i], why) ==
                -1)
                return -1;
        if (source_finish(config, &config->sources[i], why) == -1)
            return -1;
    }
    return 0;
}

void source_release(struct config_source *source)
{
    forget_secrets(source);
    settings_release("source", source);
    free(source->name);
}

/* Of addresses, and of names the one that cannot mean another machine. "::1"
 * may be in brackets, as it is where a port follows. */
static bool is_loopback(const char *address)
{
    char bare[INET6_ADDRSTRLEN];
    size_t len = strlen(address);
    struct in_addr v4;
    struct in6_addr v6;

    if (strcasecmp(address, "localhost") == 0)
        return true;
    if (inet_pton(AF_INET, address, &v4) == 1)
        return ntohl(v4.s_addr) >> IN_CLASSA_NSHIFT == IN_LOOPBACKNET;
    if (len >= 2 && address[0] == '[' && address[len - 1] == ']') {
        address++;
        len -= 2;
    }
    if (len >= sizeof(bare))
        return false;
    snprintf(bare, sizeof(bare), "%.*s", (int)len, address);
    return inet_pton(AF_INET6, bare, &v6) == 1 && IN6_IS_ADDR_LOOPBACK(&v6);
}

/* Of a list with commas, each. */
static bool all_are_loopback(const char *addresses)
{
    char address[INET6_ADDRSTRLEN + 2];
    size_t len;

    for (const char *at = addresses;; at += len + 1) {
        len = strcspn(at, ",");
        if (len >= sizeof(address))
            return false;
        snprintf(address, sizeof(address), "%.*s", (int)len, at);
        if (!is_loopback(address))
            return false;
        if (at[len] == '\0')
            return true;
    }
}

bool config_secret_is_exposed(const struct config *config,
                              const struct config_source *source)
{
    return source->secret_is_known_default &&
           config->http.published_on != NULL &&
           !all_are_loopback(config->http.published_on);
}

static int refuse_exposed(const struct config *config,
                          const struct config_source *source, struct fault *why)
{
    return fault_set(why, FAULT_CONFIG,
                     "cannot serve on '%.64s' (http.published_on) with a "
                     "secret of source '%s' that stands in examples: anybody "
                     "could sign with it; set %ssource.%s.secret to what the "
                     "registration returned, or publish on 127.0.0.1",
                     config->http.published_on, source->name,
                     config->source_count == 1 ? "AURIX_WEBHOOK_SECRET_FILE or "
                                               : "",
                     source->name);
}

int config_require_secrets(const struct config *config, struct fault *why)
{
    if (config->secrets_fault.kind != FAULT_NONE)
        return fault_set(why, config->secrets_fault.kind, "%s",
                         config->secrets_fault.text);
    for (size_t i = 0; i < config->source_count; i++) {
        const struct config_source *source = &config->sources[i];

        if (config_secret_is_exposed(config, source))
            return refuse_exposed(config, source, why);
        if (source->secret_count > 0 || source->secrets_dir != NULL)
            continue;
        return fault_set(why, FAULT_CONFIG,
                         "no secret for source '%s': set %ssource.%s.secret "
                         "or source.%s.secrets_dir",
                         source->name,
                         config->source_count == 1 ? "AURIX_WEBHOOK_SECRET, "
                                                   : "",
                         source->name, source->name);
    }
    return 0;
}
