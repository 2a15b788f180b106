/*
 * kafka_hint.c - what to do where no broker can be used; see kafka_hint.h
 *
 * What went wrong is in the fault's text only, in librdkafka's words.
 */
#include "cmd/kafka_hint.h"

#include "base/log.h"
#include "kafka/client.h"

#include <stdio.h>
#include <string.h>
#include <strings.h>

/* The first whose words are in the text; the last is in every text. */
static const struct {
    const char *words;
    const char *advice;
} hints[] = {
    {"Unsupported SASL mechanism",
     "set kafka.sasl.mechanism to one that the brokers support"             },
    {"SASL authentication error",
     "correct kafka.sasl.username and kafka.sasl.password, or give the user "
     "credentials for this kafka.sasl.mechanism"                            },
    {"certificate verify failed",
     "set kafka.ssl.ca.location to the certificate of whoever signed the "
     "brokers', and use names in kafka.bootstrap.servers that are in theirs"},
    {"SSL handshake failed",
     "set kafka.security.protocol as the brokers' listener has it"          },
    {"",
     "start them, or set kafka.bootstrap.servers, or kafka.security.protocol "
     "if their listener has TLS or SASL"                                    },
};

const char *kafka_hint(const struct fault *why)
{
    size_t i = 0;

    while (strstr(why->text, hints[i].words) == NULL)
        i++;
    return hints[i].advice;
}

static bool asks_for_scram(const struct config_pairs *pairs)
{
    for (size_t i = 0; i < pairs->count; i++) {
        const char *key = pairs->items[i].key;

        if ((strcmp(key, "sasl.mechanism") == 0 ||
             strcmp(key, "sasl.mechanisms") == 0) &&
            strncasecmp(pairs->items[i].value, "SCRAM-", 6) == 0)
            return true;
    }
    return false;
}

bool kafka_hint_old_scram(const struct config *config, const char *version)
{
    int major = 0, minor = 0, patch = 0;

    if (!asks_for_scram(&config->kafka) && !asks_for_scram(&config->producer) &&
        !asks_for_scram(&config->consumer))
        return false;
    if (sscanf(version, "%d.%d.%d", &major, &minor, &patch) < 2)
        return false;
    return major < 2 ||
           (major == 2 && (minor < 6 || (minor == 6 && patch < 1)));
}

void kafka_hint_log(const struct config *config)
{
    if (kafka_hint_old_scram(config, client_library_version()))
        log_line(LOG_WARN, "kafka", "this librdkafka " KAFKA_HINT_OLD_SCRAM,
                 log_text("version", client_library_version()),
                 log_text("advice", KAFKA_HINT_OLD_SCRAM_ADVICE));
}
