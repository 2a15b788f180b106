/*
 * kafka_hint.h - what to do where no broker can be used
 *
 * librdkafka says what went wrong; here is which setting to look at.
 *
 * Threads: any; nothing here changes.
 */
#ifndef CMD_KAFKA_HINT_H
#define CMD_KAFKA_HINT_H

#include "base/config.h"
#include "base/fault.h"

#include <stdbool.h>

/* Half a sentence of advice for a fault of kafka/admin.h that no broker
 * could be asked. Never NULL. */
const char *kafka_hint(const struct fault *why);

/*
 * Whether the configuration asks for SCRAM of a librdkafka ("2.0.2") that
 * cannot do it with brokers of Kafka 4: until 2.6.1 it sends back another
 * nonce than RFC 5802 wants, and what the brokers answer looks like a wrong
 * password (librdkafka's pull request 4895).
 */
bool kafka_hint_old_scram(const struct config *config, const char *version);
#define KAFKA_HINT_OLD_SCRAM                                                   \
    "cannot log in with SCRAM to brokers of Kafka 4, whatever the password"
#define KAFKA_HINT_OLD_SCRAM_ADVICE                                            \
    "librdkafka 2.6.1 and later can: Debian 13 has it, and the container "     \
    "image; SASL_SSL with PLAIN works with any"

/* Says so in the log, for commands that log. */
void kafka_hint_log(const struct config *config);

#endif
