/*
 * signature.h - is this body from who it claims to be from?
 *
 * X-Hub-Signature is the HMAC-SHA256 of the raw body under the webhook
 * secret, as 64 lower-case hex digits; "sha256=" in front is tolerated. Each
 * of the source's secrets is tried, so that a secret can be replaced while
 * both are in use. Comparing takes the same time for any wrong signature.
 */
#ifndef INGEST_SIGNATURE_H
#define INGEST_SIGNATURE_H

#include "base/config.h"
#include "base/fault.h"
#include "base/slice.h"
#include "ingest/desk.h"

#include <stddef.h>

/*
 * Checks. On success *bare is the part of `header` that is the hex.
 * FAULT_SIGNATURE: none, of another form, or of another secret; the text is
 * the same for all of them. FAULT_NOMEM.
 */
int signature_check(struct slice *bare, struct desk *desk,
                    const struct config *config, size_t source,
                    struct slice header, struct slice body, struct fault *why);

#endif
