/*
 * test_kafka_hint.c - what to do where no broker can be used
 */
#include "cmd/kafka_hint.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

/* As librdkafka 2.0.2 and 2.8.0 say it. */
static const struct {
    const char *text;
    const char *advice;
} rows[] = {
    {"no answer from Kafka, asked at '127.0.0.1:1': 1/1 brokers are down",
     "start them, or set kafka.bootstrap.servers, or kafka.security.protocol"                                                                    },
    {"sasl_ssl://127.0.0.1:1/bootstrap: SASL authentication error: "
     "Authentication failed during authentication due to invalid credentials", "correct kafka.sasl.username and kafka.sasl.password"        },
    {"sasl_ssl://127.0.0.1:1/bootstrap: SASL PLAIN mechanism handshake failed: "
     "Broker: Unsupported SASL mechanism: broker's supported mechanisms: "
     "SCRAM-SHA-512",                                                          "set kafka.sasl.mechanism to one that the brokers support"   },
    {"ssl://127.0.0.1:1/bootstrap: SSL handshake failed: error:0A000086:SSL "
     "routines::certificate verify failed: broker certificate could not be "
     "verified",                                                               "set kafka.ssl.ca.location to the certificate"               },
    {"ssl://127.0.0.1:1/bootstrap: SSL handshake failed: Disconnected: "
     "connecting to a PLAINTEXT broker listener?",                             "set kafka.security.protocol as the brokers' listener has it"},
    {"",                                                                            "start them"                                                 },
};

static void test_hints(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        struct fault why = FAULT_INIT;

        fault_set(&why, FAULT_UNAVAILABLE, "%s", rows[i].text);
        if (strstr(kafka_hint(&why), rows[i].advice) != kafka_hint(&why))
            fail_msg("'%s': '%s'", rows[i].text, kafka_hint(&why));
    }
}

static const struct {
    const char *key;
    const char *value;
    const char *version;
    bool old;
} scram_rows[] = {
    {"sasl.mechanism",  "SCRAM-SHA-512", "2.0.2",  true },
    {"sasl.mechanism",  "SCRAM-SHA-256", "1.9.2",  true },
    {"sasl.mechanisms", "scram-sha-256", "2.3.0",  true },
    {"sasl.mechanism",  "SCRAM-SHA-512", "2.6.0",  true },
    {"sasl.mechanism",  "SCRAM-SHA-512", "2.6.1",  false},
    {"sasl.mechanism",  "SCRAM-SHA-512", "2.8.0",  false},
    {"sasl.mechanism",  "SCRAM-SHA-512", "2.10.1", false},
    {"sasl.mechanism",  "SCRAM-SHA-512", "3.0.0",  false},
    {"sasl.mechanism",  "SCRAM-SHA-512", "newest", false},
    {"sasl.mechanism",  "PLAIN",         "2.0.2",  false},
    {"sasl.username",   "SCRAM-SHA-512", "2.0.2",  false},
};

static void test_old_scram(void **state)
{
    static struct config config;

    (void)state;
    for (size_t i = 0; i < sizeof(scram_rows) / sizeof(scram_rows[0]); i++) {
        struct config_pairs *const lists[] = {&config.kafka, &config.producer,
                                              &config.consumer};
        char key[32];
        char value[32];
        struct config_pair pair = {key, value};

        snprintf(key, sizeof(key), "%s", scram_rows[i].key);
        snprintf(value, sizeof(value), "%s", scram_rows[i].value);
        print_message("  %s %s %s\n", key, value, scram_rows[i].version);
        for (size_t k = 0; k < sizeof(lists) / sizeof(lists[0]); k++) {
            *lists[k] = (struct config_pairs){1, &pair};
            assert_int_equal(
                kafka_hint_old_scram(&config, scram_rows[i].version),
                scram_rows[i].old);
            *lists[k] = (struct config_pairs){0, NULL};
        }
        assert_false(kafka_hint_old_scram(&config, scram_rows[i].version));
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_hints),
        cmocka_unit_test(test_old_scram),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
