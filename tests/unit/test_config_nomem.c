/*
 * test_config_nomem.c - each allocation of config_load() fails once
 *
 * The linker hands the library's allocations to the functions below
 * (-Wl,--wrap=malloc and so on, see tests/CMakeLists.txt); without these
 * options there is nothing to fail, and the test is skipped. What leaks is
 * found by AddressSanitizer.
 */
#include "base/config.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <string.h>
#include <unistd.h>

/* weak: without the options the linker does not make them */
void *__real_malloc(size_t size) __attribute__((weak));
void *__real_calloc(size_t count, size_t size) __attribute__((weak));
void *__real_realloc(void *old, size_t size) __attribute__((weak));
char *__real_strdup(const char *text) __attribute__((weak));
char *__real_strndup(const char *text, size_t len) __attribute__((weak));
void *__wrap_malloc(size_t size);
void *__wrap_calloc(size_t count, size_t size);
void *__wrap_realloc(void *old, size_t size);
char *__wrap_strdup(const char *text);
char *__wrap_strndup(const char *text, size_t len);

static size_t calls;   /* so far */
static size_t failing; /* this one; 0: none */

static int fails(void) { return ++calls == failing; }

void *__wrap_malloc(size_t size)
{
    return fails() ? NULL : __real_malloc(size);
}

void *__wrap_calloc(size_t count, size_t size)
{
    return fails() ? NULL : __real_calloc(count, size);
}

void *__wrap_realloc(void *old, size_t size)
{
    return fails() ? NULL : __real_realloc(old, size);
}

char *__wrap_strdup(const char *text)
{
    return fails() ? NULL : __real_strdup(text);
}

char *__wrap_strndup(const char *text, size_t len)
{
    return fails() ? NULL : __real_strndup(text, len);
}

static int load(struct fault *why)
{
    static const char *const sets[] = {
        "routes.lead.x=x",   "source.third.path=/3", "source.third.secret=s",
        "kafka.client.id=c", "topics.other=o",       NULL};
    static const char *const environment[] = {
        "BRIDGE_KAFKA_SASL_PASSWORD_FILE=password",
        "BRIDGE_SOURCE_AURIX_SECRET=s",
        "BRIDGE_HTTP_HOST=h",
        "BRIDGE_UNKNOWN=x",
        "BRIDGE_KAFKA_CLIENT_ID=d",
        NULL};
    static const struct config_origin origin = {"bridge.ini", sets,
                                                environment};
    static struct config config;
    struct buf warnings = BUF_INIT(4 * KIB);
    int rc = config_load(&config, &origin, &warnings, why);

    if (rc == 0)
        config_release(&config);
    buf_release(&warnings);
    return rc;
}

static void test_each_allocation(void **state)
{
    struct fault why = FAULT_INIT;
    size_t total;

    (void)state;
    assert_int_equal(chdir(TEST_DATA_DIR "/config/nomem"), 0);
    calls = 0;
    failing = 0;
    assert_int_equal(load(&why), 0);
    total = calls;
    if (total == 0)
        skip();
    assert_true(total > 30);
    for (size_t i = 1; i <= total; i++) {
        fault_clear(&why);
        calls = 0;
        failing = i;
        if (load(&why) == 0)
            fail_msg("allocation %zu failed, and nobody noticed", i);
        if (why.kind != FAULT_NOMEM)
            fail_msg("allocation %zu: '%s'", i, why.text);
    }
    failing = 0;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_each_allocation),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
