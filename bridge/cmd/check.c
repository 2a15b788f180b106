/*
 * check.c - everything that can be known before the port opens
 *
 * A line for each thing, with what to do about it. Nothing stops at the
 * first failure: whoever sets up a bridge wants to see all of them. Every
 * check uses the very function that `serve` will use.
 */
#include "cmd/check.h"

#include "base/files.h"
#include "cmd/cmd.h"
#include "cmd/endpoint.h"

#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

enum {
    SECRET_LEN_LEAST = 16, /* 128 bits, if they are bytes of chance */
    SCHEMA_NAMES_MAX = 4 * KIB
};

void check_tell(struct check *ck, enum check_result result, const char *advice,
                const char *fmt, ...)
{
    static const struct {
        const char *word;
        enum terminal_style style;
    } looks[] = {
        [CHECK_OK] = {"ok  ", STYLE_GOOD},
        [CHECK_WARN] = {"warn", STYLE_WARN},
        [CHECK_FAIL] = {"FAIL", STYLE_BAD },
    };
    va_list args;

    ck->warnings += result == CHECK_WARN;
    ck->failures += result == CHECK_FAIL;
    terminal_write(&ck->term, looks[result].style, looks[result].word);
    fputs(" ", ck->term.out);
    va_start(args, fmt);
    vfprintf(ck->term.out, fmt, args);
    va_end(args);
    if (advice != NULL)
        fprintf(ck->term.out, "  %s %s", terminal_sign(&ck->term, "→", "->"),
                advice);
    fputs("\n", ck->term.out);
    fflush(ck->term.out); /* the next check may take seconds */
}

/* Getting here means that everything could be read. */
static void check_configuration(struct check *ck)
{
    const struct config *config = ck->config;

    check_tell(ck, CHECK_OK, NULL, "configuration: %zu source%s",
               config->source_count, config->source_count == 1 ? "" : "s");
}

static void check_secret_lengths(struct check *ck,
                                 const struct config_source *source)
{
    size_t shortest = SIZE_MAX;

    for (size_t i = 0; i < source->secret_count; i++) {
        size_t len = strlen(source->secrets[i]);

        if (len < shortest)
            shortest = len;
    }
    if (shortest < SECRET_LEN_LEAST)
        check_tell(ck, CHECK_WARN, "use the one that the registration returned",
                   "secrets of source '%s': the shortest has %zu bytes, less "
                   "than %d can be guessed",
                   source->name, shortest, SECRET_LEN_LEAST);
    else
        check_tell(ck, CHECK_OK, NULL, "secrets of source '%s' on %s: %zu",
                   source->name, source->path, source->secret_count);
}

static void check_secrets(struct check *ck)
{
    const struct config *config = ck->config;

    if (config->secrets_fault.kind != FAULT_NONE)
        check_tell(ck, CHECK_FAIL, "make it a directory that can be read",
                   "secrets: %s", config->secrets_fault.text);
    for (size_t i = 0; i < config->source_count; i++) {
        const struct config_source *source = &config->sources[i];

        if (config_secret_is_exposed(config, source))
            check_tell(ck, CHECK_FAIL,
                       "replace it by what the registration returned, or "
                       "publish on 127.0.0.1",
                       "secrets of source '%s': a published default for "
                       "development, while http.published_on is '%s'",
                       source->name, config->http.published_on);
        else if (source->secret_is_known_default)
            check_tell(ck, CHECK_WARN,
                       "set AURIX_WEBHOOK_SECRET before anybody else can "
                       "reach it",
                       "secrets of source '%s': a published default for "
                       "development",
                       source->name);
        else if (source->secret_count > 0)
            check_secret_lengths(ck, source);
        else if (source->secrets_dir != NULL)
            check_tell(ck, CHECK_WARN,
                       "put a file with the secret there, or every request "
                       "gets 401",
                       "secrets of source '%s': none yet in '%s'", source->name,
                       source->secrets_dir);
        else
            check_tell(ck, CHECK_FAIL,
                       "set AURIX_WEBHOOK_SECRET to what the registration "
                       "returned",
                       "secrets of source '%s': none", source->name);
    }
}

static void check_schemas(struct check *ck)
{
    const char *dir = ck->config->schemas.dir;
    struct fault why = FAULT_INIT;

    if (catalog_load(&ck->catalog, dir, &why) == -1)
        check_tell(ck, CHECK_FAIL, "correct the file, then check again",
                   "schemas: %s", why.text);
    else
        check_tell(ck, CHECK_OK, NULL, "schemas: %zu event types, from %s",
                   catalog_type_count(ck->catalog),
                   dir != NULL ? dir : "those built in");
}

/* Why an event never gets to a route: its pattern occurred before (a route of
 * the command line stands in for one of the file), or everything matched. */
enum reach { REACHED, REPLACED, BEHIND_ALL };

static enum reach reach_of(const struct config_pairs *routes, size_t index)
{
    for (size_t i = 0; i < index; i++) {
        if (strcmp(routes->items[i].key, routes->items[index].key) == 0)
            return REPLACED;
        if (strcmp(routes->items[i].key, "*") == 0)
            return BEHIND_ALL;
    }
    return REACHED;
}

static bool is_routed_to(const struct config_pairs *routes, const char *topic)
{
    for (size_t i = 0; i < routes->count; i++)
        if (strcmp(routes->items[i].value, topic) == 0 &&
            reach_of(routes, i) == REACHED)
            return true;
    return false;
}

static void list_routes(struct check *ck, const struct config_pairs *routes)
{
    for (size_t i = 0; i < routes->count; i++) {
        const struct config_pair *route = &routes->items[i];
        enum reach reach = reach_of(routes, i);

        if (reach == REACHED)
            check_tell(ck, CHECK_OK, NULL, "routes: %s goes to '%s'",
                       route->key, route->value);
        else if (reach == BEHIND_ALL)
            check_tell(ck, CHECK_WARN, "put it in front of '*'",
                       "routes: nothing gets to '%s', since '*' comes first",
                       route->key);
    }
}

static void check_consumed(struct check *ck, const char *kind,
                           const char *topic)
{
    if (!is_routed_to(&ck->config->routes, topic))
        check_tell(ck, CHECK_WARN, "add a route to it, or consume another",
                   "routes: `consume %s` reads '%s', and no route leads there",
                   kind, topic);
}

/* Types that are checked, and then put where nobody looks for them. */
static void check_type_routes(struct check *ck)
{
    const char *other = ck->config->topics.other;

    for (size_t i = 0; i < catalog_type_count(ck->catalog); i++) {
        const char *type = catalog_type(ck->catalog, i);

        if (strcmp(routes_topic(ck->routes, slice_of(type), true), other) == 0)
            check_tell(ck, CHECK_WARN, "add a route for it to [routes]",
                       "routes: '%s' has a schema, and goes to '%s' all the "
                       "same",
                       type, other);
    }
}

static void check_routes(struct check *ck)
{
    const struct config *config = ck->config;
    const struct config_pairs *pairs = &config->routes;
    struct fault why = FAULT_INIT;

    if (routes_new(&ck->routes, pairs, config->topics.other, &why) == -1) {
        check_tell(ck, CHECK_FAIL, "correct [routes]", "routes: %s", why.text);
        return;
    }
    list_routes(ck, pairs);
    if (ck->catalog != NULL)
        check_type_routes(ck);
    check_consumed(ck, "clicks", config->consume.clicks_topic);
    check_consumed(ck, "leads", config->consume.leads_topic);
}

static void check_open_files(struct check *ck)
{
    unsigned long wanted = cmd_open_files(ck->config);
    struct fault why = FAULT_INIT;

    if (file_limit_raise(wanted, &why) == -1)
        check_tell(ck, CHECK_FAIL, NULL, "open files: %s", why.text);
    else
        check_tell(ck, CHECK_OK, NULL, "open files: %lu are allowed", wanted);
}

static void check_port(struct check *ck, const char *setting, const char *host,
                       int64_t port)
{
    struct fault why = FAULT_INIT;
    char advice[96];

    snprintf(advice, sizeof(advice),
             "stop what has it (a bridge that runs?), or set %s", setting);
    if (endpoint_try(host, (long)port, &why) == -1)
        check_tell(ck, CHECK_FAIL, advice, "%s: %s", setting, why.text);
    else if (port == 0)
        check_tell(ck, CHECK_OK, NULL, "%s: any free one on %s", setting, host);
    else
        check_tell(ck, CHECK_OK, NULL, "%s: %s:%ld is free", setting, host,
                   (long)port);
}

static void check_ports(struct check *ck)
{
    const struct config *config = ck->config;

    check_port(ck, "http.port", config->http.host, config->http.port);
    if (config->admin.enabled)
        check_port(ck, "admin.port", config->admin.host, config->admin.port);
}

/* In the order of a start, so that causes come before what they cause. */
static void (*const checks[])(struct check *ck) = {
    check_configuration, check_secrets, check_schemas, check_routes,
    check_open_files,    check_ports,   check_spool,   check_kafka,
};

static int run_check(struct cmd *cmd)
{
    struct check ck = {.config = &cmd->config};

    terminal_init(&ck.term, stdout);
    for (size_t i = 0; i < sizeof(checks) / sizeof(checks[0]); i++)
        checks[i](&ck);
    printf("%d failure%s, %d warning%s\n", ck.failures,
           ck.failures == 1 ? "" : "s", ck.warnings,
           ck.warnings == 1 ? "" : "s");

    routes_free(ck.routes);
    catalog_free(ck.catalog);
    return ck.failures == 0 ? CMD_OK : CMD_FAILED;
}

const struct cmd_spec cmd_check = {
    .name = "check",
    .summary = "tells what would keep the bridge from working, and what to do",
    .operands = "",
    .details =
        "Checks configuration, secrets, schemas, routes, the limit of open\n"
        "files, ports, brokers and topics: all of it, also after a failure.\n"
        "Exit status 0 if nothing failed (there may be warnings), 1 if\n"
        "something did.",
    .settings = CONFIG_CHECK,
    .run = run_check,
};
