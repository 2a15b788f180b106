/*
 * digest.c - SHA-256, HMAC and comparing them; OpenSSL's door
 *
 * A struct hmac keeps one EVP_MAC context whose key is already set: starting
 * it again without a key costs a third of what HMAC() costs, because the
 * algorithm is not looked up and the key is not padded again.
 */
#include "base/digest.h"

#include <openssl/core_names.h>
#include <openssl/crypto.h>
#include <openssl/evp.h>
#include <openssl/params.h>

#include <stdlib.h>

struct hmac {
    EVP_MAC_CTX *context;
};

void digest_hex(const unsigned char digest[DIGEST_SIZE],
                char out[DIGEST_HEX_SIZE])
{
    static const char digits[] = "0123456789abcdef";

    for (size_t i = 0; i < DIGEST_SIZE; i++) {
        out[2 * i] = digits[digest[i] >> 4];
        out[2 * i + 1] = digits[digest[i] & 15];
    }
    out[2 * DIGEST_SIZE] = '\0';
}

/* Looked up once: EVP_Q_digest() would do it again for every message. */
static EVP_MD *sha256;

__attribute__((constructor)) static void fetch_sha256(void)
{
    sha256 = EVP_MD_fetch(NULL, "SHA256", NULL);
}

__attribute__((destructor)) static void release_sha256(void)
{
    EVP_MD_free(sha256);
    sha256 = NULL;
}

int digest_sha256(struct slice data, unsigned char out[DIGEST_SIZE],
                  struct fault *why)
{
    unsigned int len = DIGEST_SIZE;

    if (sha256 == NULL ||
        EVP_Digest(data.data, data.len, out, &len, sha256, NULL) != 1)
        return fault_set(why, FAULT_NOMEM, "OpenSSL cannot compute SHA-256");
    return 0;
}

int hmac_new(struct hmac **out, struct slice key, struct fault *why)
{
    char name[] = "SHA256";
    OSSL_PARAM params[2] = {
        OSSL_PARAM_construct_utf8_string(OSSL_MAC_PARAM_DIGEST, name, 0),
        OSSL_PARAM_construct_end()};
    struct hmac *hmac = NULL;
    EVP_MAC *mac = NULL;

    hmac = calloc(1, sizeof(*hmac));
    if (hmac == NULL)
        goto fail;
    mac = EVP_MAC_fetch(NULL, "HMAC", NULL);
    if (mac == NULL)
        goto fail;
    hmac->context = EVP_MAC_CTX_new(mac);
    if (hmac->context == NULL)
        goto fail;
    if (EVP_MAC_init(hmac->context, (const unsigned char *)key.data, key.len,
                     params) != 1)
        goto fail;
    EVP_MAC_free(mac); /* the context holds its own reference */
    *out = hmac;
    return 0;

fail:
    EVP_MAC_free(mac);
    hmac_free(hmac);
    return fault_set(why, FAULT_NOMEM, "OpenSSL cannot set up HMAC-SHA256");
}

int hmac_sign(struct hmac *hmac, struct slice data,
              unsigned char out[DIGEST_SIZE], struct fault *why)
{
    size_t len = 0;

    if (EVP_MAC_init(hmac->context, NULL, 0, NULL) != 1 ||
        EVP_MAC_update(hmac->context, (const unsigned char *)data.data,
                       data.len) != 1 ||
        EVP_MAC_final(hmac->context, out, &len, DIGEST_SIZE) != 1)
        return fault_set(why, FAULT_NOMEM,
                         "OpenSSL cannot compute HMAC-SHA256");
    return 0;
}

void hmac_free(struct hmac *hmac)
{
    if (hmac == NULL)
        return;
    EVP_MAC_CTX_free(hmac->context); /* wipes the key */
    free(hmac);
}

int digest_hmac(struct slice key, struct slice data,
                unsigned char out[DIGEST_SIZE], struct fault *why)
{
    struct hmac *hmac;
    int rc;

    if (hmac_new(&hmac, key, why) == -1)
        return -1;
    rc = hmac_sign(hmac, data, out, why);
    hmac_free(hmac);
    return rc;
}

bool digest_equal(const void *a, const void *b, size_t len)
{
    return CRYPTO_memcmp(a, b, len) == 0;
}

void digest_wipe(void *data, size_t len) { OPENSSL_cleanse(data, len); }

const char *digest_library_version(void)
{
    return OpenSSL_version(OPENSSL_VERSION);
}
