/*
 * test_watch.c - ingest/watch.h
 */
#include "ingest/watch.h"

#include "base/clock.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <arpa/inet.h>
#include <netinet/in.h>
#include <poll.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

enum { DEADLINE_MS = 20000 };

/* Two connected pairs of sockets over loopback: ours, and the sender's. */
static struct {
    int listener;
    int port;
    int sender[2];
    int accepted[2];
    struct wire_ends ends[2];
} net;

static struct watch *watch;
static struct watch_entry entries[2]; /* live longer than the watch */

static int setup(void **state)
{
    struct sockaddr_in address = {.sin_family = AF_INET,
                                  .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    socklen_t len = sizeof(address);

    (void)state;
    net.listener = socket(AF_INET, SOCK_STREAM, 0);
    assert_int_equal(
        bind(net.listener, (struct sockaddr *)&address, sizeof(address)), 0);
    assert_int_equal(listen(net.listener, 2), 0);
    getsockname(net.listener, (struct sockaddr *)&address, &len);
    net.port = ntohs(address.sin_port);
    for (int i = 0; i < 2; i++) {
        struct sockaddr_in own;

        len = sizeof(own);
        net.sender[i] = socket(AF_INET, SOCK_STREAM, 0);
        assert_int_equal(connect(net.sender[i], (struct sockaddr *)&address,
                                 sizeof(address)),
                         0);
        net.accepted[i] = accept(net.listener, NULL, NULL);
        assert_int_not_equal(net.accepted[i], -1);
        getsockname(net.sender[i], (struct sockaddr *)&own, &len);
        wire_ends_set(&net.ends[i], "127.0.0.1", ntohs(own.sin_port), net.port);
    }
    assert_int_equal(watch_start(&watch, NULL), 0);
    watch_add(watch, &entries[0]);
    watch_add(watch, &entries[1]);
    return 0;
}

static int teardown(void **state)
{
    (void)state;
    watch_stop(watch);
    for (int i = 0; i < 2; i++) {
        close(net.sender[i]);
        close(net.accepted[i]);
    }
    close(net.listener);
    return 0;
}

/* Waits until reading would not block; false if that never happens. */
static bool readable(int fd, int timeout_ms)
{
    struct pollfd pfd = {.fd = fd, .events = POLLIN};

    return poll(&pfd, 1, timeout_ms) == 1;
}

static void test_late_reader_is_cut_off_and_no_other(void **state)
{
    char byte;

    (void)state;
    watch_begin(&entries[0], &net.ends[0], clock_now_us() + 1000);
    watch_begin(&entries[1], &net.ends[1],
                clock_now_us() + (int64_t)DEADLINE_MS * 1000);
    assert_true(readable(net.accepted[0], DEADLINE_MS));
    assert_int_equal(recv(net.accepted[0], &byte, 1, 0), 0);
    assert_true(watch_end(&entries[0]));
    assert_false(readable(net.accepted[1], 0));
    assert_false(watch_end(&entries[1]));
    /* it can still be answered */
    assert_int_equal(send(net.accepted[0], "408", 3, 0), 3);
    assert_true(readable(net.sender[0], DEADLINE_MS));
    assert_int_equal(recv(net.sender[0], &byte, 1, 0), 1);
    assert_int_equal(byte, '4');
}

/* Reading that ended in time is left alone. */
static void test_in_time(void **state)
{
    (void)state;
    for (int i = 0; i < 1000; i++) {
        watch_begin(&entries[0], &net.ends[0],
                    clock_now_us() + (int64_t)DEADLINE_MS * 1000);
        assert_false(watch_end(&entries[0]));
    }
    assert_false(readable(net.accepted[0], 0));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(
            test_late_reader_is_cut_off_and_no_other, setup, teardown),
        cmocka_unit_test_setup_teardown(test_in_time, setup, teardown),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
