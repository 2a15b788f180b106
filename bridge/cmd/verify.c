/*
 * verify.c - does this signature belong to this body?
 *
 * Checks with every secret of every source, and names the one that fits by
 * its number only. Where none fits, the usual reasons are tried: they cost
 * nothing and save an afternoon.
 */
#include "base/digest.h"
#include "base/limits.h"
#include "cmd/cmd.h"
#include "cmd/input.h"

#include <ctype.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>

/* What was given, taken apart. */
struct given {
    char hex[DIGEST_HEX_SIZE]; /* lower case */
    bool had_upper;
    bool had_prefix;
};

/* Where a secret is that made the signature. */
struct place {
    const struct config_source *source;
    size_t index;
};

static int take_apart(struct given *given, const char *text, struct fault *why)
{
    size_t len;

    memset(given, 0, sizeof(*given));
    if (strncasecmp(text, "sha256=", 7) == 0) {
        given->had_prefix = true;
        text += 7;
    }
    len = strlen(text);
    for (size_t i = 0; i < len; i++)
        if (!isxdigit((unsigned char)text[i]))
            return fault_set(why, FAULT_SIGNATURE,
                             "the signature is not hexadecimal: '%c' at "
                             "position %zu",
                             isprint((unsigned char)text[i]) ? text[i] : '?',
                             i + 1);
    if (len != DIGEST_HEX_SIZE - 1)
        return fault_set(why, FAULT_SIGNATURE,
                         "the signature has %zu hexadecimal digits, an "
                         "HMAC-SHA256 has %d%s",
                         len, DIGEST_HEX_SIZE - 1,
                         len == 40 ? "; 40 are a SHA-1" : "");
    for (size_t i = 0; i < len; i++) {
        given->had_upper = given->had_upper || isupper((unsigned char)text[i]);
        given->hex[i] = (char)tolower((unsigned char)text[i]);
    }
    return 0;
}

/* 1: *place says which secret signed this body; 0: none did; -1: fault. */
static int find_secret(struct place *place, const struct config *config,
                       const struct given *given, struct slice body,
                       struct fault *why)
{
    unsigned char digest[DIGEST_SIZE];
    char hex[DIGEST_HEX_SIZE];

    for (size_t i = 0; i < config->source_count; i++) {
        const struct config_source *source = &config->sources[i];

        for (size_t k = 0; k < source->secret_count; k++) {
            if (digest_hmac(slice_of(source->secrets[k]), body, digest, why) ==
                -1)
                return -1;
            digest_hex(digest, hex);
            if (digest_equal(hex, given->hex, DIGEST_HEX_SIZE)) {
                place->source = source;
                place->index = k;
                return 1;
            }
        }
    }
    return 0;
}

static size_t count_secrets(const struct config *config)
{
    size_t count = 0;

    for (size_t i = 0; i < config->source_count; i++)
        count += config->sources[i].secret_count;
    return count;
}

static void tell_place(const struct place *place)
{
    printf("secret %zu of %zu of source '%s'", place->index + 1,
           place->source->secret_count, place->source->name);
}

/* The body as an editor or a shell may have changed it. */
static int try_changed(const struct config *config, const struct given *given,
                       struct buf *body, struct fault *why)
{
    struct slice shorter = buf_slice(body);
    struct place place;
    int found = 0;

    if (shorter.len > 0 && shorter.data[shorter.len - 1] == '\n') {
        shorter.len--;
        found = find_secret(&place, config, given, shorter, why);
        if (found == 0 && shorter.len > 0 &&
            shorter.data[shorter.len - 1] == '\r') {
            shorter.len--;
            found = find_secret(&place, config, given, shorter, why);
        }
        if (found == 1) {
            printf("it matches without the newline at the end: ");
            tell_place(&place);
            printf("; an editor may have added it\n");
        }
    } else {
        if (buf_add(body, "\n", 1, why) == -1)
            return -1;
        found = find_secret(&place, config, given, buf_slice(body), why);
        if (found == 1) {
            printf("it matches with a newline at the end: ");
            tell_place(&place);
            printf("; a shell may have removed it\n");
        }
    }
    return found;
}

static int explain(const struct config *config, const struct given *given,
                   struct buf *body, struct fault *why)
{
    size_t secrets = count_secrets(config);
    int found;

    printf("no match: %zu bytes, %zu secret%s tried\n", body->len, secrets,
           secrets == 1 ? "" : "s");
    found = try_changed(config, given, body, why);
    if (found == 0)
        printf("either another secret signed it, or the body is not, byte for "
               "byte, what was signed\n");
    return found == -1 ? -1 : 0;
}

/* 0: valid; 1: not, and said why; -1: could not tell. */
static int verify(const struct cmd *cmd, struct buf *body, struct fault *why)
{
    struct given given;
    struct place place;
    int found;

    if (input_read(body, cmd->argv[0], why) == -1)
        return -1;
    if (take_apart(&given, cmd_option(cmd, "signature"), why) == -1) {
        printf("no match: %s\n", why->text);
        return 1;
    }

    found = find_secret(&place, &cmd->config, &given, buf_slice(body), why);
    if (found == -1)
        return -1;
    if (found == 0)
        return explain(&cmd->config, &given, body, why) == -1 ? -1 : 1;
    if (given.had_upper) {
        printf("no match: the signature is in upper case; in lower case it is "
               "that of ");
        tell_place(&place);
        printf("\n");
        return 1;
    }
    printf("match: ");
    tell_place(&place);
    printf("%s\n",
           given.had_prefix ? " ('sha256=' in front is tolerated)" : "");
    return 0;
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
    {NULL,        NULL,  NULL                                           },
};

const struct cmd_spec cmd_verify = {
    .name = "verify",
    .summary = "checks a signature against a body, explains a mismatch",
    .operands = "FILE|-",
    .details =
        "Computes the HMAC-SHA256 of the file's bytes, or of standard\n"
        "input's, with every secret of every source, and says which one\n"
        "made the signature: by its number, never its text. Exit status 0\n"
        "if one did, 1 if none.",
    .min_operands = 1,
    .max_operands = 1,
    .settings = CONFIG_VERIFY,
    .options = options,
    .run = run_verify,
};
