/*
 * signature.c - is this body from who it claims to be from?
 *
 * Every secret is tried, and all digits are compared, whatever the first
 * ones gave: the time tells nothing about a secret. It may tell how many
 * there are, which helps nobody.
 */
#include "ingest/signature.h"

#include "base/digest.h"

#include <stdbool.h>
#include <string.h>

static const char prefix[] = "sha256=";

enum { HEX_DIGITS = 2 * DIGEST_SIZE };

static bool strip_to_hex(struct slice *bare, struct slice header)
{
    const size_t prefix_len = sizeof(prefix) - 1;

    *bare = header;
    if (header.data == NULL)
        return false;
    if (header.len == prefix_len + HEX_DIGITS &&
        memcmp(header.data, prefix, prefix_len) == 0) {
        bare->data += prefix_len;
        bare->len -= prefix_len;
    }
    return bare->len == HEX_DIGITS;
}

int signature_check(struct slice *bare, struct desk *desk,
                    const struct config *config, size_t source,
                    struct slice header, struct slice body, struct fault *why)
{
    bool genuine = false;

    if (!strip_to_hex(bare, header))
        return fault_set(why, FAULT_SIGNATURE, "Invalid signature");
    for (size_t i = 0; i < config->sources[source].secret_count; i++) {
        unsigned char digest[DIGEST_SIZE];
        char hex[DIGEST_HEX_SIZE];
        struct hmac *key;

        if (desk_key(&key, desk, config, source, i, why) == -1 ||
            hmac_sign(key, body, digest, why) == -1)
            return -1;
        digest_hex(digest, hex);
        if (digest_equal(hex, bare->data, HEX_DIGITS))
            genuine = true;
    }
    if (!genuine)
        return fault_set(why, FAULT_SIGNATURE, "Invalid signature");
    return 0;
}
