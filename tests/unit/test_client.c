/*
 * test_client.c - settings as the user wrote them, and what is said of them
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "base/log.h"
#include "base/metrics.h"
#include "kafka/client.h"

#include <string.h>
#include <unistd.h>

static struct config_pairs one_pair(struct config_pair *pair, const char *key,
                                    const char *value)
{
    pair->key = (char *)(uintptr_t)key;
    pair->value = (char *)(uintptr_t)value;
    return (struct config_pairs){1, pair};
}

static const struct {
    const char *key;
    const char *value;
    const char *says;     /* NULL: accepted */
    const char *says_not; /* NULL: nothing to hide */
} settings[] = {
    {"bootstrap.servers",       "a:1,b:2",  NULL,                                     NULL          },
    {"security.protocol",       "sasl_ssl", NULL,                                     NULL          },
    {"linger.ms",               "3",        NULL,                                     NULL          },
    {"compression.type",        "gzip",     NULL,                                     NULL          }, /* a topic's */
    {"bootstrap.server",        "a:1",
     "unknown setting 'kafka.bootstrap.server' of librdkafka",                        "a:1"         },
    {"bootstrap.server",        "a:1",      "did you mean 'bootstrap.servers'?",      NULL          },
    {"lingerms",                "1",        "did you mean 'linger.ms'?",              NULL          },
    {"sasl.pasword",            "hunter2",  "did you mean 'sasl.password'?",          "hunter2"     },
    {"entirely_something_else", "1",        "unknown setting",                        "did you mean"},
    {"linger.ms",               "-5",       "cannot use setting 'kafka.linger.ms': ", NULL          },
    {"linger.ms",               "-5",       "outside allowed range",                  "\n"          },
    {"security.protocol",       "tls",      "\"tls\"",                                NULL          },
    {"enable.idempotence",      "perhaps",  "true or false",                          NULL          },
    {"ssl_key",                 "hunter2",  "'kafka.ssl_key': ",                      "hunter2"     },
};

static void test_settings(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof(settings) / sizeof(settings[0]); i++) {
        struct config_pair pair;
        struct config_pairs pairs =
            one_pair(&pair, settings[i].key, settings[i].value);
        struct fault why = FAULT_INIT;
        rd_kafka_conf_t *conf = NULL;
        int rc = client_conf_new(&conf, "producer", NULL, &pairs, NULL, &why);

        print_message("%s=%s: %s\n", settings[i].key, settings[i].value,
                      why.text);
        if (settings[i].says == NULL) {
            assert_int_equal(rc, 0);
            rd_kafka_conf_destroy(conf);
            continue;
        }
        assert_int_equal(rc, -1);
        assert_null(conf);
        assert_int_equal(why.kind, FAULT_CONFIG);
        assert_non_null(strstr(why.text, settings[i].says));
        if (settings[i].says_not != NULL)
            assert_null(strstr(why.text, settings[i].says_not));
    }
}

static void expect_setting(rd_kafka_conf_t *conf, const char *key,
                           const char *value)
{
    char text[128] = "";
    size_t size = sizeof(text);

    assert_int_equal(rd_kafka_conf_get(conf, key, text, &size),
                     RD_KAFKA_CONF_OK);
    assert_string_equal(text, value);
}

/* The later one wins: ours, [kafka], [producer]. */
static void test_precedence(void **state)
{
    static const struct client_setting ours[] = {
        {"linger.ms",  "1" },
        {"batch.size", "1" },
        {"acks",       "1" },
        {NULL,         NULL}
    };
    struct config_pair common_items[] = {
        {(char *)(uintptr_t) "batch.size", (char *)(uintptr_t) "2"},
        {(char *)(uintptr_t) "acks",       (char *)(uintptr_t) "2"}
    };
    struct config_pairs common = {2, common_items};
    struct config_pair pair;
    struct config_pairs own = one_pair(&pair, "acks", "3");
    struct fault why = FAULT_INIT;
    rd_kafka_conf_t *conf = NULL;

    (void)state;
    assert_int_equal(
        client_conf_new(&conf, "producer", ours, &common, &own, &why), 0);
    expect_setting(conf, "linger.ms", "1");
    expect_setting(conf, "batch.size", "2");
    expect_setting(conf, "client.id", "aurix-bridge");
    expect_setting(conf, "log.connection.close", "false");
    rd_kafka_conf_destroy(conf);
}

static void test_section_of_own(void **state)
{
    struct config_pair pair;
    struct config_pairs own = one_pair(&pair, "group.idd", "x");
    struct fault why = FAULT_INIT;
    rd_kafka_conf_t *conf = NULL;

    (void)state;
    assert_int_equal(client_conf_new(&conf, "consumer", NULL, NULL, &own, &why),
                     -1);
    assert_non_null(strstr(why.text, "'consumer.group.idd'"));
}

/* What librdkafka finds only when the client is made. */
static void test_contradiction(void **state)
{
    struct config_pair pair;
    struct config_pairs pairs = one_pair(&pair, "ssl.ca.location", "/no/such");
    struct client_setting ours[] = {
        {"security.protocol", "ssl"},
        {NULL,                NULL }
    };
    struct fault why = FAULT_INIT;
    rd_kafka_conf_t *conf = NULL;
    rd_kafka_t *rk = NULL;

    (void)state;
    assert_int_equal(
        client_conf_new(&conf, "producer", ours, &pairs, NULL, &why), 0);
    assert_int_equal(client_new(&rk, RD_KAFKA_PRODUCER, &conf, &why), -1);
    assert_null(conf);
    assert_null(rk);
    assert_int_equal(why.kind, FAULT_CONFIG);
    assert_non_null(strstr(why.text, "cannot make a Kafka client: "));
    assert_null(strchr(why.text, '\n'));
}

static void test_brokers(void **state)
{
    struct config_pair common_pair;
    struct config_pair own_pair;
    struct config_pairs common =
        one_pair(&common_pair, "bootstrap.servers", "a:1");
    struct config_pairs own =
        one_pair(&own_pair, "metadata.broker.list", "b:1");
    struct config_pairs none = {0, NULL};

    (void)state;
    assert_string_equal(client_brokers(&common, NULL), "a:1");
    assert_string_equal(client_brokers(&common, &own), "b:1");
    assert_string_equal(client_brokers(&none, NULL), "none configured");
}

static void expect_line(const char *line, bool there)
{
    struct buf out = BUF_INIT(LIMIT_METRICS_TEXT);
    struct fault why = FAULT_INIT;

    assert_int_equal(metrics_render(&out, &why), 0);
    if ((strstr(out.data, line) != NULL) != there)
        print_message("%s\n", out.data);
    assert_int_equal(strstr(out.data, line) != NULL, there);
    buf_release(&out);
}

#define ERRORS(kind) "aurix_bridge_kafka_errors_total{kind=\"" kind "\"} "

static void test_error_kinds(void **state)
{
    static const struct {
        rd_kafka_resp_err_t err;
        const char *line;
    } rows[] = {
        {RD_KAFKA_RESP_ERR__TRANSPORT,                 ERRORS("transport") "1"       },
        {RD_KAFKA_RESP_ERR__ALL_BROKERS_DOWN,          ERRORS("all_brokers_down") "1"},
        {RD_KAFKA_RESP_ERR__AUTHENTICATION,            ERRORS("authentication") "1"  },
        {RD_KAFKA_RESP_ERR_SASL_AUTHENTICATION_FAILED,
         ERRORS("authentication") "2"                                                },
        {RD_KAFKA_RESP_ERR__SSL,                       ERRORS("ssl") "1"             },
        {RD_KAFKA_RESP_ERR__RESOLVE,                   ERRORS("resolve") "1"         },
        {RD_KAFKA_RESP_ERR__TIMED_OUT,                 ERRORS("timed_out") "1"       },
        {RD_KAFKA_RESP_ERR__FATAL,                     ERRORS("fatal") "1"           },
        {RD_KAFKA_RESP_ERR_UNKNOWN,                    ERRORS("other") "1"           },
    };

    (void)state;
    client_metrics_register();
    client_metrics_register();
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        expect_line(rows[i].line, false);
        client_count_error(rows[i].err);
        expect_line(rows[i].line, true);
    }
    metrics_reset();
}

/* Nobody listens on the port: the callback counts and logs, and the log's
 * half of the same error is not shown twice. */
static void test_errors_are_logged(void **state)
{
    struct config_pair pair;
    struct config_pairs pairs =
        one_pair(&pair, "bootstrap.servers", "127.0.0.1:1");
    struct fault why = FAULT_INIT;
    rd_kafka_conf_t *conf = NULL;
    rd_kafka_t *rk = NULL;
    char log[8192] = "";
    int fds[2];
    const char *first;

    (void)state;
    assert_int_equal(pipe(fds), 0);
    assert_int_equal(log_start(fds[1], LOG_INFO, LOG_FORMAT_LOGFMT, &why), 0);
    assert_int_equal(
        client_conf_new(&conf, "producer", NULL, &pairs, NULL, &why), 0);
    assert_int_equal(client_new(&rk, RD_KAFKA_PRODUCER, &conf, &why), 0);
    for (int i = 0; i < 200 && rd_kafka_poll(rk, 100) == 0; i++)
        ;
    rd_kafka_destroy(rk);
    log_stop(5000);
    close(fds[1]);
    assert_true(read(fds[0], log, sizeof(log) - 1) > 0);
    close(fds[0]);

    print_message("%s", log);
    first = strstr(log, "Connection refused");
    assert_non_null(first);
    assert_non_null(strstr(log, "mod=kafka"));
    assert_non_null(strstr(log, "kind=transport"));
    assert_non_null(strstr(log, "client=aurix-bridge#producer-"));
    assert_null(strstr(first + 1, "Connection refused"));
}

static void test_version(void **state)
{
    (void)state;
    assert_true(client_library_version()[0] >= '2');
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_settings),
        cmocka_unit_test(test_precedence),
        cmocka_unit_test(test_section_of_own),
        cmocka_unit_test(test_contradiction),
        cmocka_unit_test(test_brokers),
        cmocka_unit_test(test_error_kinds),
        cmocka_unit_test(test_errors_are_logged),
        cmocka_unit_test(test_version),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
