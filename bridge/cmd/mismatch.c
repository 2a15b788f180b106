/*
 * mismatch.c - why does this signature not belong to this body? See
 * mismatch.h
 *
 * First each change alone, then hashes that are no HMAC, then each pair of
 * changes; that is many, so a large body and a long list of secrets are
 * spared it.
 */
#include "cmd/mismatch.h"

#include "base/limits.h"
#include "cmd/change.h"

#include <stdbool.h>
#include <string.h>

enum {
    PAIRS_BODY_MAX = 64 * KIB,
    PAIRS_SECRETS_MAX = 64,
    SECRET_MAX = 512 * KIB, /* a variable's ceiling, thrice over */
    PART_MIN = 8            /* digits by which a part is recognised */
};

static bool is_part(const char *digits, const char *hex, size_t len)
{
    if (len == DIGEST_HEX_SIZE - 1)
        return digest_equal(digits, hex, len);
    return len >= PART_MIN &&
           (memcmp(digits, hex, len) == 0 ||
            memcmp(digits + DIGEST_HEX_SIZE - 1 - len, hex, len) == 0);
}

static int find_in_source(struct mismatch_place *place,
                          const struct config_source *source, const char *hex,
                          struct slice body, struct fault *why)
{
    unsigned char digest[DIGEST_SIZE];
    char digits[DIGEST_HEX_SIZE];

    for (size_t i = 0; i < source->secret_count; i++) {
        if (digest_hmac(slice_of(source->secrets[i]), body, digest, why) == -1)
            return -1;
        digest_hex(digest, digits);
        if (is_part(digits, hex, strlen(hex))) {
            *place = (struct mismatch_place){source, i};
            return 1;
        }
    }
    return 0;
}

int mismatch_find_secret(struct mismatch_place *place,
                         const struct config *config,
                         const struct config_source *first, const char *hex,
                         struct slice body, struct fault *why)
{
    int found = 0;

    if (first != NULL)
        found = find_in_source(place, first, hex, body, why);
    for (size_t i = 0; i < config->source_count && found == 0; i++)
        found = find_in_source(place, &config->sources[i], hex, body, why);
    return found;
}

/* ---- one change after the other --------------------------------------------
 */

/* What goes from step to step. */
struct search {
    const struct config *config;
    const char *hex;
    struct mismatch *found;
    struct fault *why;
};

static bool is_it(const struct search *se, const unsigned char *digest)
{
    char digits[DIGEST_HEX_SIZE];

    digest_hex(digest, digits);
    return digest_equal(digits, se->hex, DIGEST_HEX_SIZE - 1);
}

/* Does one secret, changed, sign the body? */
static int try_secret(const struct search *se, const char *secret,
                      const struct change *change, struct slice body)
{
    struct buf changed = BUF_INIT(SECRET_MAX);
    unsigned char digest[DIGEST_SIZE];
    int rc;

    /* all at once: what a buffer leaves behind as it grows is not wiped */
    if (buf_reserve(&changed, strlen(secret) + 2, se->why) == -1)
        return -1;
    rc = change->make(&changed, slice_of(secret), change->arg, se->why);
    if (rc == 1 &&
        digest_hmac(buf_slice(&changed), body, digest, se->why) == -1)
        rc = -1;
    if (rc == 1)
        rc = is_it(se, digest);
    digest_wipe(changed.data, changed.capacity);
    buf_release(&changed);
    return rc;
}

/* All secrets, each changed so. */
static int try_secrets(const struct search *se, const struct change *change,
                       struct slice body)
{
    for (size_t i = 0; i < se->config->source_count; i++) {
        const struct config_source *source = &se->config->sources[i];

        for (size_t k = 0; k < source->secret_count; k++) {
            int rc = try_secret(se, source->secrets[k], change, body);

            if (rc == 1) {
                se->found->place = (struct mismatch_place){source, k};
                se->found->secret_how = change->how;
                se->found->secret_because = change->because;
            }
            if (rc != 0)
                return rc;
        }
    }
    return 0;
}

static int try_secret_changes(const struct search *se, struct slice body)
{
    int rc = 0;

    for (size_t i = 0; i < secret_changes_count && rc == 0; i++)
        rc = try_secrets(se, &secret_changes[i], body);
    return rc;
}

/* The body changed so, and the secrets as they are, or changed too. */
static int try_body(const struct search *se, const struct change *change,
                    struct slice body, bool pairs)
{
    struct buf changed = BUF_INIT(3 * LIMIT_INPUT);
    int rc = change->make(&changed, body, change->arg, se->why);

    if (rc == 1 && pairs)
        rc = try_secret_changes(se, buf_slice(&changed));
    else if (rc == 1)
        rc = mismatch_find_secret(&se->found->place, se->config, NULL, se->hex,
                                  buf_slice(&changed), se->why);
    if (rc == 1) {
        se->found->body_how = change->how;
        se->found->body_because = change->because;
    }
    buf_release(&changed);
    return rc;
}

static int try_body_changes(const struct search *se, struct slice body,
                            bool pairs)
{
    int rc = 0;

    for (size_t i = 0; i < body_changes_count && rc == 0; i++)
        rc = try_body(se, &body_changes[i], body, pairs);
    return rc;
}

/* ---- what is no HMAC ------------------------------------------------------
 */

static int hash_together(const struct search *se, struct slice first,
                         struct slice second)
{
    struct buf both = BUF_INIT(SECRET_MAX + LIMIT_INPUT);
    unsigned char digest[DIGEST_SIZE];
    int rc = -1;

    if (buf_reserve(&both, first.len + second.len, se->why) == 0 &&
        buf_add(&both, first.data, first.len, se->why) == 0 &&
        buf_add(&both, second.data, second.len, se->why) == 0 &&
        digest_sha256(buf_slice(&both), digest, se->why) == 0)
        rc = is_it(se, digest);
    if (both.data != NULL)
        digest_wipe(both.data, both.capacity);
    buf_release(&both);
    return rc;
}

/* Without a secret, or with one in front of the body or behind it. */
static int try_hashes(const struct search *se, struct slice body)
{
    int rc = hash_together(se, slice_of(""), body);

    if (rc == 1)
        se->found->secret_how = "left out, as the plain SHA-256 of the body";
    for (size_t i = 0; i < se->config->source_count; i++) {
        const struct config_source *source = &se->config->sources[i];

        for (size_t k = 0; k < source->secret_count && rc == 0; k++) {
            struct slice secret = slice_of(source->secrets[k]);

            rc = hash_together(se, secret, body);
            if (rc == 0)
                rc = hash_together(se, body, secret);
            if (rc != 1)
                continue;
            se->found->place = (struct mismatch_place){source, k};
            se->found->secret_how = "hashed together with the body";
        }
    }
    if (rc == 1)
        se->found->secret_because = "that is a SHA-256, but no HMAC";
    return rc;
}

/* ---- all of it ------------------------------------------------------------
 */

static bool is_small(const struct config *config, struct slice body)
{
    size_t secrets = 0;

    for (size_t i = 0; i < config->source_count; i++)
        secrets += config->sources[i].secret_count;
    return body.len <= PAIRS_BODY_MAX && secrets <= PAIRS_SECRETS_MAX;
}

int mismatch_explain(struct mismatch *found, const struct config *config,
                     const char *hex, struct slice body, struct fault *why)
{
    const struct search se = {config, hex, found, why};
    int rc;

    memset(found, 0, sizeof(*found));
    if (body.data == NULL)
        body = slice_of("");
    rc = try_body_changes(&se, body, false);
    if (rc == 0)
        rc = try_secret_changes(&se, body);
    if (rc == 0)
        rc = try_hashes(&se, body);
    if (rc == 0 && is_small(config, body))
        rc = try_body_changes(&se, body, true);
    return rc;
}
