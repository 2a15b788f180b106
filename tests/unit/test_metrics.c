/*
 * test_metrics.c - base/metrics.h
 */
#include "base/metrics.h"

#include "base/limits.h"

#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

/* What is registered is static: a failed test leaves it to the teardown. */
static int forget(void **state)
{
    (void)state;
    metrics_reset();
    return 0;
}

static void assert_renders(const char *expected)
{
    struct buf out = BUF_INIT(LIMIT_METRICS_TEXT);
    struct fault why = FAULT_INIT;

    assert_int_equal(metrics_render(&out, &why), 0);
    assert_string_equal(out.data == NULL ? "" : out.data, expected);
    buf_release(&out);
}

static int64_t read_seven(void *ctx) { return 7 + *(int *)ctx; }

static int three = 3;

static const struct value_row {
    const char *claim;
    enum metric_type type;
    const char *help;
    const char *labels;
    int64_t value;
    double scale;
    int64_t (*read)(void *ctx);
    const char *expected;
} value_rows[] = {
    {"a counter without labels",               METRIC_COUNTER, "Help.",       "",                42,   0,    NULL,
     "# HELP x Help.\n# TYPE x counter\nx 42\n"                                                                                                                                    },
    {"a counter with labels",                  METRIC_COUNTER, "Help.",       "a=\"b\",c=\"d\"", 1,    0,
     NULL,                                                                                                               "# HELP x Help.\n# TYPE x counter\nx{a=\"b\",c=\"d\"} 1\n"},
    {"a gauge can be negative",                METRIC_GAUGE,   "Help.",       "",                -5,   0,    NULL,
     "# HELP x Help.\n# TYPE x gauge\nx -5\n"                                                                                                                                      },
    {"a whole number is exact, however large", METRIC_COUNTER, "Help.",       "",
     INT64_MAX,                                                                                        1,    NULL,
     "# HELP x Help.\n# TYPE x counter\nx 9223372036854775807\n"                                                                                                                   },
    {"a value is scaled",                      METRIC_GAUGE,   "Help.",       "",                1500, 1e-3, NULL,
     "# HELP x Help.\n# TYPE x gauge\nx 1.5\n"                                                                                                                                     },
    {"a scaled value keeps its microseconds",  METRIC_COUNTER, "Help.",       "",
     86400000001,                                                                                      1e-6, NULL,
     "# HELP x Help.\n# TYPE x counter\nx 86400.000001\n"                                                                                                                          },
    {"a value is asked for",                   METRIC_GAUGE,   "Help.",       "",                99,   0,    read_seven,
     "# HELP x Help.\n# TYPE x gauge\nx 10\n"                                                                                                                                      },
    {"an asked value is scaled",               METRIC_GAUGE,   "Help.",       "",                0,    0.5,  read_seven,
     "# HELP x Help.\n# TYPE x gauge\nx 5\n"                                                                                                                                       },
    {"help is escaped, but for quotes",        METRIC_GAUGE,   "a\\b\n\"c\"", "",                0,    0,
     NULL,                                                                                                               "# HELP x a\\\\b\\n\"c\"\n# TYPE x gauge\nx 0\n"          },
};

static void test_values(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof(value_rows) / sizeof(value_rows[0]); i++) {
        const struct value_row *row = &value_rows[i];
        static struct metric metric;
        static struct metric_series series;

        print_message("  %s\n", row->claim);
        metric =
            (struct metric){.name = "x", .help = row->help, .type = row->type};
        series = (struct metric_series){
            .read = row->read, .ctx = &three, .scale = row->scale};
        metrics_register(&metric);
        metric_series_init(&metric, &series, row->labels);
        metric_set(&series, row->value);
        assert_renders(row->expected);
        metrics_reset();
    }
}

#define TEN "0123456789"
#define FIFTY TEN TEN TEN TEN TEN
#define CUT_AT_310 FIFTY FIFTY FIFTY FIFTY FIFTY FIFTY TEN

static const struct label_row {
    const char *claim;
    const char *name[2];
    const char *value[2];
    const char *expected;
} label_rows[] = {
    {"none",                                         {NULL},     {NULL},         ""                     },
    {"one",                                          {"a"},      {"b"},          "a=\"b\""              },
    {"two",                                          {"a", "c"}, {"b", "d"},     "a=\"b\",c=\"d\""      },
    {"an empty value",                               {"a"},      {""},           "a=\"\""               },
    {"escapes",                                      {"a"},      {"q\"b\\n\n."}, "a=\"q\\\"b\\\\n\\n.\""},
    {"UTF-8 stays",                                  {"a"},      {"\xc3\xa4"},   "a=\"\xc3\xa4\""       },
    {"a long value is cut",
     {"a"},
     {CUT_AT_310 TEN},
     "a=\"" CUT_AT_310 "01234\""                                                                        },
    {"a value is not cut inside an escape",
     {"a"},
     {CUT_AT_310 "0123\n"},
     "a=\"" CUT_AT_310 "0123\""                                                                         },
    {"a value is not cut inside a character",
     {"a"},
     {CUT_AT_310 "0123\xc3\xa4"},
     "a=\"" CUT_AT_310 "0123\""                                                                         },
    {"a value is not cut inside a longer character",
     {"a"},
     {CUT_AT_310 "012\xe2\x82\xac."},
     "a=\"" CUT_AT_310 "012\""                                                                          },
    {"a name without room for a value is left out",
     {"a", "b"},
     {CUT_AT_310 "01", "x"},
     "a=\"" CUT_AT_310 "01\""                                                                           },
};

static void test_labels(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof(label_rows) / sizeof(label_rows[0]); i++) {
        const struct label_row *row = &label_rows[i];
        char out[METRIC_LABELS_MAX];

        print_message("  %s\n", row->claim);
        metric_labels(out, row->name[0], row->value[0], row->name[1],
                      row->value[1], NULL);
        assert_string_equal(out, row->expected);
    }
}

static const struct bucket_row {
    int64_t us;
    size_t bucket; /* counted from the one up to 50 us */
} bucket_rows[] = {
    {-1,       0 },
    {0,        0 },
    {50,       0 },
    {51,       1 },
    {100,      1 },
    {101,      2 },
    {1000,     4 },
    {999999,   13},
    {1000000,  13},
    {1000001,  14},
    {10000000, 16},
    {10000001, 17},
};

static void test_an_observation_falls_into_its_bucket(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof(bucket_rows) / sizeof(bucket_rows[0]); i++) {
        const struct bucket_row *row = &bucket_rows[i];
        struct histogram histogram = {0};

        metric_observe_us(&histogram, row->us);
        for (size_t b = 0; b <= METRIC_BUCKETS_MAX; b++)
            assert_int_equal(histogram.bucket[b], b == row->bucket);
        assert_int_equal(histogram.sum_us, row->us < 0 ? 0 : row->us);
    }
}

static void test_a_histogram_is_cumulative(void **state)
{
    static struct histogram buckets;
    static struct metric metric = {
        .name = "h", .help = "Help.", .type = METRIC_HISTOGRAM};
    static struct metric_series series;

    (void)state;
    metrics_register(&metric);
    metric_histogram_init(&metric, &series, &buckets, "a=\"b\"");
    metric_observe_us(&buckets, 40);
    metric_observe_us(&buckets, 1000);
    metric_observe_us(&buckets, 12000000);
    assert_renders("# HELP h Help.\n"
                   "# TYPE h histogram\n"
                   "h_bucket{a=\"b\",le=\"0.00005\"} 1\n"
                   "h_bucket{a=\"b\",le=\"0.0001\"} 1\n"
                   "h_bucket{a=\"b\",le=\"0.00025\"} 1\n"
                   "h_bucket{a=\"b\",le=\"0.0005\"} 1\n"
                   "h_bucket{a=\"b\",le=\"0.001\"} 2\n"
                   "h_bucket{a=\"b\",le=\"0.0025\"} 2\n"
                   "h_bucket{a=\"b\",le=\"0.005\"} 2\n"
                   "h_bucket{a=\"b\",le=\"0.01\"} 2\n"
                   "h_bucket{a=\"b\",le=\"0.025\"} 2\n"
                   "h_bucket{a=\"b\",le=\"0.05\"} 2\n"
                   "h_bucket{a=\"b\",le=\"0.1\"} 2\n"
                   "h_bucket{a=\"b\",le=\"0.25\"} 2\n"
                   "h_bucket{a=\"b\",le=\"0.5\"} 2\n"
                   "h_bucket{a=\"b\",le=\"1\"} 2\n"
                   "h_bucket{a=\"b\",le=\"2.5\"} 2\n"
                   "h_bucket{a=\"b\",le=\"5\"} 2\n"
                   "h_bucket{a=\"b\",le=\"10\"} 2\n"
                   "h_bucket{a=\"b\",le=\"+Inf\"} 3\n"
                   "h_sum{a=\"b\"} 12.001040\n"
                   "h_count{a=\"b\"} 3\n");
}

static void test_a_histogram_without_labels(void **state)
{
    static struct histogram buckets;
    static struct metric metric = {
        .name = "h", .help = "Help.", .type = METRIC_HISTOGRAM};
    static struct metric_series series;
    struct buf out = BUF_INIT(LIMIT_METRICS_TEXT);

    (void)state;
    metrics_register(&metric);
    metric_histogram_init(&metric, &series, &buckets, "");
    assert_int_equal(metrics_render(&out, NULL), 0);
    assert_non_null(strstr(out.data, "\nh_bucket{le=\"0.00005\"} 0\n"));
    assert_non_null(strstr(out.data, "\nh_sum 0.000000\nh_count 0\n"));
    buf_release(&out);
}

static void test_families_in_order_each_once(void **state)
{
    static struct metric b = {
        .name = "b", .help = "B.", .type = METRIC_COUNTER};
    static struct metric a = {
        .name = "a", .help = "A.", .type = METRIC_COUNTER};
    static struct metric none = {
        .name = "n", .help = "N.", .type = METRIC_COUNTER};
    static struct metric_series b1;
    static struct metric_series b2;
    static struct metric_series a1;

    (void)state;
    metrics_register(&b);
    metrics_register(&none); /* has no series: no line */
    metrics_register(&a);
    metrics_register(&b); /* again: nothing happens */
    metric_series_init(&b, &b1, "s=\"1\"");
    metric_series_init(&b, &b2, "s=\"2\"");
    metric_series_init(&b, &b1, "s=\"3\""); /* again: nothing happens */
    metric_series_init(&a, &a1, "");
    metric_add(&b1, 2);
    metric_add(&b1, 3);
    assert_int_equal(metric_get(&b1), 5);
    assert_renders("# HELP b B.\n# TYPE b counter\n"
                   "b{s=\"1\"} 5\nb{s=\"2\"} 0\n"
                   "# HELP a A.\n# TYPE a counter\na 0\n");
}

static void test_reset_forgets_values_too(void **state)
{
    static struct histogram buckets;
    static struct metric c = {
        .name = "c", .help = "C.", .type = METRIC_COUNTER};
    static struct metric h = {
        .name = "h", .help = "H.", .type = METRIC_HISTOGRAM};
    static struct metric_series c1;
    static struct metric_series h1;

    (void)state;
    metrics_register(&c);
    metrics_register(&h);
    metric_series_init(&c, &c1, "");
    metric_histogram_init(&h, &h1, &buckets, "");
    metric_add(&c1, 2);
    metric_observe_us(&buckets, 60);
    metrics_reset();
    assert_renders("");
    assert_int_equal(buckets.bucket[1], 0);
    assert_int_equal(buckets.sum_us, 0);

    metrics_register(&c);
    metric_series_init(&c, &c1, "");
    assert_renders("# HELP c C.\n# TYPE c counter\nc 0\n");
}

/* Whatever the ceiling is, the fault is the buffer's. */
static void test_a_ceiling_is_a_fault(void **state)
{
    static struct histogram buckets;
    static struct metric c = {
        .name = "c", .help = "C\n.", .type = METRIC_COUNTER};
    static struct metric h = {
        .name = "h", .help = "H.", .type = METRIC_HISTOGRAM};
    static struct metric_series c1;
    static struct metric_series h1;
    struct buf whole = BUF_INIT(LIMIT_METRICS_TEXT);

    (void)state;
    metrics_register(&c);
    metrics_register(&h);
    metric_series_init(&c, &c1, "");
    metric_histogram_init(&h, &h1, &buckets, "");
    assert_int_equal(metrics_render(&whole, NULL), 0);
    for (size_t max = 0; max < whole.len; max++) {
        struct buf out = BUF_INIT(max);
        struct fault why = FAULT_INIT;

        assert_int_equal(metrics_render(&out, &why), -1);
        assert_int_equal(why.kind, FAULT_TOO_LARGE);
        buf_release(&out);
    }
    buf_release(&whole);
}

enum { OBSERVERS = 3, OBSERVATIONS = 20000 };

static struct histogram shared;
static atomic_int running;

static void *observe(void *arg)
{
    (void)arg;
    for (int i = 0; i < OBSERVATIONS; i++)
        metric_observe_us(&shared, (i % 20) * 40);
    atomic_fetch_sub(&running, 1);
    return NULL;
}

static uint64_t number_after(const char *text, const char *before)
{
    const char *at = strstr(text, before);

    assert_non_null(at);
    return strtoull(at + strlen(before), NULL, 10);
}

/* Rendered beside observers, the count always is the "+Inf" bucket. */
static void test_rendering_beside_observers(void **state)
{
    static struct metric metric = {
        .name = "h", .help = "Help.", .type = METRIC_HISTOGRAM};
    static struct metric_series series;
    struct buf out = BUF_INIT(LIMIT_METRICS_TEXT);
    pthread_t threads[OBSERVERS];
    bool last = false;

    (void)state;
    metrics_register(&metric);
    metric_histogram_init(&metric, &series, &shared, "");
    atomic_store(&running, OBSERVERS);
    for (size_t i = 0; i < OBSERVERS; i++)
        assert_int_equal(pthread_create(&threads[i], NULL, observe, NULL), 0);
    while (!last) {
        uint64_t count;

        last = atomic_load(&running) == 0;
        buf_clear(&out);
        assert_int_equal(metrics_render(&out, NULL), 0);
        count = number_after(out.data, "h_count ");
        assert_int_equal(number_after(out.data, "le=\"+Inf\"} "), count);
        assert_true(number_after(out.data, "le=\"0.00025\"} ") <= count);
        if (last)
            assert_int_equal(count, OBSERVERS * OBSERVATIONS);
    }
    for (size_t i = 0; i < OBSERVERS; i++)
        pthread_join(threads[i], NULL);
    buf_release(&out);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_teardown(test_values, forget),
        cmocka_unit_test_teardown(test_labels, forget),
        cmocka_unit_test_teardown(test_an_observation_falls_into_its_bucket,
                                  forget),
        cmocka_unit_test_teardown(test_a_histogram_is_cumulative, forget),
        cmocka_unit_test_teardown(test_a_histogram_without_labels, forget),
        cmocka_unit_test_teardown(test_families_in_order_each_once, forget),
        cmocka_unit_test_teardown(test_reset_forgets_values_too, forget),
        cmocka_unit_test_teardown(test_a_ceiling_is_a_fault, forget),
        cmocka_unit_test_teardown(test_rendering_beside_observers, forget),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
