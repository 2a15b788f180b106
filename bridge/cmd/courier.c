/*
 * courier.c - signs bodies and posts them; see courier.h
 */
#include "cmd/courier.h"

#include "base/digest.h"
#include "base/limits.h"

#include <stdio.h>
#include <stdlib.h>

enum {
    TIMEOUT_MS = 30000 /* the bridge answers within its deadline */
};

struct courier {
    const char *url;
    struct http_client *client;
    struct hmac *hmac;
    struct buf renewed; /* kept, for the next body */
};

int courier_new(struct courier **out, const char *url, const char *secret,
                struct fault *why)
{
    struct courier *courier = calloc(1, sizeof(*courier));

    if (courier == NULL)
        return fault_set(why, FAULT_NOMEM, "cannot allocate a connection");
    courier->url = url;
    courier->renewed = (struct buf)BUF_INIT(LIMIT_INPUT);
    if (hmac_new(&courier->hmac, slice_of(secret), why) == -1 ||
        http_client_new(&courier->client, why) == -1) {
        courier_free(courier);
        return -1;
    }
    *out = courier;
    return 0;
}

void courier_free(struct courier *courier)
{
    if (courier == NULL)
        return;
    http_client_free(courier->client);
    hmac_free(courier->hmac);
    buf_release(&courier->renewed);
    free(courier);
}

static int post(struct courier *courier, struct slice bytes,
                struct http_answer *answer, struct fault *why)
{
    unsigned char digest[DIGEST_SIZE];
    char hex[DIGEST_HEX_SIZE];
    char signature[sizeof("X-Hub-Signature: ") + DIGEST_HEX_SIZE];
    const char *headers[] = {"Content-Type: application/json", signature, NULL};
    struct http_request request = {.method = "POST",
                                   .url = courier->url,
                                   .headers = headers,
                                   .body = bytes,
                                   .timeout_ms = TIMEOUT_MS};

    if (hmac_sign(courier->hmac, bytes, digest, why) == -1)
        return -1;
    digest_hex(digest, hex);
    snprintf(signature, sizeof(signature), "X-Hub-Signature: %s", hex);
    return http_client_do(courier->client, &request, answer, why);
}

int courier_post(struct courier *courier, const struct body *body,
                 const struct renewal *renewal, struct http_answer *answer,
                 struct fault *why)
{
    struct slice bytes = buf_slice(&body->bytes);

    *answer = (struct http_answer){.body = BUF_INIT(0)};
    if (renewal != NULL) {
        buf_clear(&courier->renewed);
        if (bodies_renew(&courier->renewed, body, renewal, why) == -1)
            return -1;
        bytes = buf_slice(&courier->renewed);
    }
    if (bytes.data == NULL)
        bytes = slice_of("");
    if (post(courier, bytes, answer, why) == -1) {
        fault_prefix(why, "%s", body->name);
        return -1;
    }
    return 0;
}
