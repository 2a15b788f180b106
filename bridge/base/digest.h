/*
 * digest.h - SHA-256, HMAC and comparing them; OpenSSL's door
 *
 * Sources: FIPS 180-4 (SHA-256), RFC 2104 (HMAC), RFC 4648 section 8 (hex).
 */
#ifndef BASE_DIGEST_H
#define BASE_DIGEST_H

#include "base/fault.h"
#include "base/slice.h"

#include <stdbool.h>
#include <stddef.h>

enum {
    DIGEST_SIZE = 32,
    DIGEST_HEX_SIZE = 2 * DIGEST_SIZE + 1 /* with its NUL */
};

/* Lower case, terminated. */
void digest_hex(const unsigned char digest[DIGEST_SIZE],
                char out[DIGEST_HEX_SIZE]);

/* FAULT_NOMEM: OpenSSL could not. */
int digest_sha256(struct slice data, unsigned char out[DIGEST_SIZE],
                  struct fault *why);

/* One-shot HMAC-SHA256; hot paths use a struct hmac. FAULT_NOMEM. */
int digest_hmac(struct slice key, struct slice data,
                unsigned char out[DIGEST_SIZE], struct fault *why);

/*
 * A keyed HMAC-SHA256, made once and used for many messages.
 * Threads: one at a time; each worker has its own.
 */
struct hmac;
int hmac_new(struct hmac **out, struct slice key, struct fault *why);
int hmac_sign(struct hmac *hmac, struct slice data,
              unsigned char out[DIGEST_SIZE], struct fault *why);
void hmac_free(struct hmac *hmac); /* wipes the key; NULL is fine */

/* Takes the same time wherever the first difference is. */
bool digest_equal(const void *a, const void *b, size_t len);

/* Overwrites, and is not optimised away. */
void digest_wipe(void *data, size_t len);

/* "OpenSSL 3.0.x ..." */
const char *digest_library_version(void);

#endif
