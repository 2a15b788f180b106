/*
 * verify.c - does this signature belong to this body?
 *
 * Checks with every secret of every source, and names the one that fits by
 * its number only. Where none fits, the usual reasons are looked for: in the
 * signature by given.h, in body and secret by mismatch.h.
 */
#include "base/digest.h"
#include "base/limits.h"
#include "cmd/cmd.h"
#include "cmd/given.h"
#include "cmd/input.h"
#include "cmd/mismatch.h"
#include "cmd/sources.h"

#include <stdio.h>
#include <string.h>

static size_t count_secrets(const struct config *config)
{
    size_t count = 0;

    for (size_t i = 0; i < config->source_count; i++)
        count += config->sources[i].secret_count;
    return count;
}

static const char *plural(size_t count) { return count == 1 ? "" : "s"; }

static void tell_place(const struct mismatch_place *place)
{
    printf("secret %zu of %zu of source '%s'", place->index + 1,
           place->source->secret_count, place->source->name);
}

/* The signature has digits that are missing. */
static int tell_too_short(const struct config *config,
                          const struct given *given, struct slice body,
                          struct fault *why)
{
    struct mismatch_place place;
    size_t digits = strlen(given->hex);
    int found =
        mismatch_find_secret(&place, config, NULL, given->hex, body, why);

    if (found == -1)
        return -1;
    printf("no match: the signature has %zu hexadecimal digit%s, an "
           "HMAC-SHA256 has %d%s\n",
           digits, plural(digits), DIGEST_HEX_SIZE - 1,
           given_digits_hint(digits));
    if (found == 1) {
        printf("these belong to the signature by ");
        tell_place(&place);
        printf("; the others were cut off\n");
    }
    return 1;
}

static void tell_found(const struct mismatch *found)
{
    printf("it would match");
    if (found->body_how != NULL)
        printf(" with the body %s (%s)", found->body_how, found->body_because);
    if (found->secret_how != NULL)
        printf("%s with the secret %s (%s)",
               found->body_how != NULL ? " and" : "", found->secret_how,
               found->secret_because);
    if (found->place.source != NULL) {
        printf(": ");
        tell_place(&found->place);
    }
    printf("\n");
}

/* No secret signed this body: looks for what may have happened. */
static int tell_mismatch(const struct config *config, const struct given *given,
                         struct slice body, struct fault *why)
{
    size_t secrets = count_secrets(config);
    struct mismatch how;
    int found = mismatch_explain(&how, config, given->hex, body, why);

    if (found == -1)
        return -1;
    printf("no match: %zu byte%s, %zu secret%s tried\n", body.len,
           plural(body.len), secrets, plural(secrets));
    if (given->oddities != 0) {
        printf("about the signature: ");
        given_tell(stdout, given);
        printf("\n");
    }
    if (found == 1)
        tell_found(&how);
    else if (body.len == 0)
        printf("the body is empty: it may have been read before it was kept\n");
    else
        printf("either another secret signed it, or the body is not, byte for "
               "byte, what was signed; take the secret that the registration "
               "returned, and the body as it came, not as a log or a viewer "
               "shows it\n");
    return 1;
}

/* A secret signed this body. 0: and the bridge would take it; 1: it would
 * not. `wanted` is the source that was asked for, or NULL. */
static int tell_match(const struct config *config, const struct given *given,
                      const struct mismatch_place *place,
                      const struct config_source *wanted)
{
    bool elsewhere = wanted != NULL && place->source != wanted;

    if (given->oddities == 0 && !elsewhere) {
        printf("match: ");
        tell_place(place);
        if (config->source_count > 1)
            printf(", path %s", place->source->path);
        printf("%s\n",
               given->prefixed ? " ('sha256=' in front is tolerated)" : "");
        return 0;
    }
    printf("no match: ");
    if (given->oddities != 0) {
        given_tell(stdout, given);
        printf("; otherwise it is that of ");
    } else {
        printf("it is that of ");
    }
    tell_place(place);
    if (elsewhere)
        printf(", which is posted to %s, and not to %s as source '%s' is",
               place->source->path, wanted->path, wanted->name);
    printf("\n");
    return 1;
}

/* 0: valid; 1: not, and said why; -1: could not tell. */
static int verify(const struct cmd *cmd, struct buf *body, struct fault *why)
{
    const struct config *config = &cmd->config;
    const struct config_source *wanted = NULL;
    struct mismatch_place place;
    struct given given;
    struct slice bytes;
    int found;

    if (cmd_option(cmd, "source") != NULL) {
        wanted = cmd_source(cmd, why);
        if (wanted == NULL)
            return -1;
    }
    if (input_read(body, cmd->argv[0], why) == -1)
        return -1;
    bytes = body->data == NULL ? slice_of("") : buf_slice(body);
    if (given_parse(&given, cmd_option(cmd, "signature"), why) == -1) {
        printf("no match: %s\n", why->text);
        return 1;
    }
    if (strlen(given.hex) < DIGEST_HEX_SIZE - 1)
        return tell_too_short(config, &given, bytes, why);
    found = mismatch_find_secret(&place, config, wanted, given.hex, bytes, why);
    if (found == -1)
        return -1;
    return found == 1 ? tell_match(config, &given, &place, wanted)
                      : tell_mismatch(config, &given, bytes, why);
}

static int run_verify(struct cmd *cmd)
{
    struct buf body = BUF_INIT(LIMIT_INPUT);
    struct fault why = FAULT_INIT;
    int rc = -1;

    if (cmd_option(cmd, "signature") == NULL)
        fault_set(&why, FAULT_USAGE,
                  "expected --signature HEX, the value of X-Hub-Signature");
    else if (count_secrets(&cmd->config) == 0 &&
             cmd->config.secrets_fault.kind != FAULT_NONE)
        why = cmd->config.secrets_fault;
    else if (count_secrets(&cmd->config) == 0)
        fault_set(&why, FAULT_CONFIG,
                  "no source has a secret: set AURIX_WEBHOOK_SECRET");
    else
        rc = verify(cmd, &body, &why);

    buf_release(&body);
    if (rc == -1)
        return cmd_failed(cmd, &why);
    return rc == 0 ? CMD_OK : CMD_FAILED;
}

static const struct cmd_option options[] = {
    {"signature", "HEX",
     "The value of X-Hub-Signature, with or without 'sha256=' in front."},
    {"source",    "NAME",
     "Only a secret of this source will do; of any source otherwise."   },
    {NULL,        NULL,   NULL                                          },
};

const struct cmd_spec cmd_verify = {
    .name = "verify",
    .summary = "checks a signature against a body, explains a mismatch",
    .operands = "FILE|-",
    .details =
        "Computes the HMAC-SHA256 of the file's bytes, or of standard\n"
        "input's, with every secret of every source, and says which one\n"
        "made the signature: by its number, never its text. If none did, it\n"
        "looks for what may have happened to signature, body and secret on\n"
        "their way, and tells no part of them. Exit status 0 if the bridge\n"
        "would take it, 1 if not.",
    .min_operands = 1,
    .max_operands = 1,
    .settings = CONFIG_VERIFY,
    .options = options,
    .run = run_verify,
};
