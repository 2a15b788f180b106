/*
 * health.c - asks a running bridge how it is
 *
 * For a container's health check, which has no curl, and for people, who
 * want to know what is missing.
 */
#include "base/http_client.h"
#include "cmd/cmd.h"
#include "cmd/endpoint.h"
#include "cmd/input.h"

#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { HEALTH_TIMEOUT_MS = 3000 };

/* The port that was written down by who opened it, for port 0. */
static int read_port_file(const char *path, long *port, struct fault *why)
{
    struct buf text = BUF_INIT(KIB);
    int rc = -1;

    if (buf_add_file(&text, path, why) == 0) {
        *port = text.len == 0 ? 0 : strtol(text.data, NULL, 10);
        if (*port >= 1 && *port <= 65535)
            rc = 0;
        else
            fault_set(why, FAULT_IO, "cannot find a port in '%s'", path);
    }
    buf_release(&text);
    return rc;
}

static int admin_url(char *out, size_t size, const struct cmd *cmd,
                     struct fault *why)
{
    const struct config *config = &cmd->config;
    const char *path = cmd_option(cmd, "live") != NULL ? "/healthz" : "/readyz";
    long port = (long)config->admin.port;

    if (!config->admin.enabled)
        return fault_set(why, FAULT_CONFIG,
                         "the admin server is switched off by admin.enabled, "
                         "so there is nobody to ask");
    if (port == 0 && config->admin.port_file == NULL)
        return fault_set(why, FAULT_CONFIG,
                         "admin.port is 0, any free one: set the port to ask, "
                         "or admin.port_file");
    if (port == 0 && read_port_file(config->admin.port_file, &port, why) == -1)
        return -1;
    return endpoint_url(out, size, config->admin.host, port, path, why);
}

/* Prints every condition that is not met; false if the answer has none. */
static bool tell_conditions(const struct buf *body)
{
    json_t *answer =
        json_loadb(body->data == NULL ? "" : body->data, body->len, 0, NULL);
    json_t *checks = json_object_get(answer, "checks");
    json_t *check;
    const char *name;
    bool told = false;

    json_object_foreach(checks, name, check)
    {
        const char *detail =
            json_string_value(json_object_get(check, "detail"));

        if (json_is_true(json_object_get(check, "ok")))
            continue;
        printf("not ready: %s: %s\n", name,
               detail != NULL && detail[0] != '\0' ? detail : "not met");
        told = true;
    }
    json_decref(answer);
    return told;
}

/* Whether it is well; -1 if it could not be asked. */
static int ask(struct http_client *client, const char *url, bool live,
               struct fault *why)
{
    struct http_request request = {
        .method = "GET", .url = url, .timeout_ms = HEALTH_TIMEOUT_MS};
    struct http_answer answer;
    bool well;

    if (http_client_do(client, &request, &answer, why) == -1)
        return -1;
    well = answer.status == 200;
    if (well)
        printf("%s\n", live ? "alive" : "ready");
    else if (!tell_conditions(&answer.body))
        printf("%s: '%s' answered %d\n", live ? "not alive" : "not ready", url,
               answer.status);
    buf_release(&answer.body);
    return well;
}

static int run_health(struct cmd *cmd)
{
    struct http_client *client = NULL;
    struct fault why = FAULT_INIT;
    char url[ENDPOINT_URL_MAX];
    int well = -1;

    if (admin_url(url, sizeof(url), cmd, &why) == 0 &&
        http_client_new(&client, &why) == 0)
        well = ask(client, url, cmd_option(cmd, "live") != NULL, &why);
    http_client_free(client);
    if (well == -1)
        return cmd_failed(cmd, &why);
    return well ? CMD_OK : CMD_FAILED;
}

static const struct cmd_option options[] = {
    {"live", NULL,
     "Asks only whether it can answer at all (/healthz), not whether it is "
     "ready."          },
    {NULL,   NULL, NULL},
};

const struct cmd_spec cmd_health = {
    .name = "health",
    .summary = "asks a running bridge or consumer whether it is ready",
    .operands = "",
    .details =
        "Asks the admin server of the configuration on this machine, and\n"
        "says what is not as it should be. Exit status 0 if it is ready, 1\n"
        "if not.",
    .settings = CONFIG_HEALTH,
    .options = options,
    .run = run_health,
};
