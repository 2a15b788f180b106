/*
 * test_wire.c - ingest/wire.h, ingest/visit.h
 */
#include "ingest/wire.h"

#include "ingest/visit.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <arpa/inet.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

enum {
    SEGMENT = 88,       /* bytes; small ones fill a buffer sooner */
    MANY = 1024 * 1024, /* answers; more than any buffer holds */
    ANSWER = 200
};

static struct {
    int listener; /* all our addresses */
    int port;
    int sender; /* from 127.0.0.1, to 127.0.0.1 */
    int accepted;
    int sender_port;
} net;

static struct sockaddr_in address_of(const char *text, int port)
{
    struct sockaddr_in address = {.sin_family = AF_INET,
                                  .sin_port = htons((uint16_t)port)};

    inet_pton(AF_INET, text, &address.sin_addr);
    return address;
}

static int port_of(int fd)
{
    struct sockaddr_in own;
    socklen_t len = sizeof(own);

    assert_int_equal(getsockname(fd, (struct sockaddr *)&own, &len), 0);
    return ntohs(own.sin_port);
}

/* Connects 127.0.0.1:`from` to `to`; from 0: any port. */
static int sender_to(const char *to, int from)
{
    struct sockaddr_in own = address_of("127.0.0.1", from);
    struct sockaddr_in peer = address_of(to, net.port);
    int fd = socket(AF_INET, SOCK_STREAM, 0);
    int on = 1;
    int segment = SEGMENT;

    setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof(on));
    setsockopt(fd, IPPROTO_TCP, TCP_MAXSEG, &segment, sizeof(segment));
    assert_int_equal(bind(fd, (struct sockaddr *)&own, sizeof(own)), 0);
    assert_int_equal(connect(fd, (struct sockaddr *)&peer, sizeof(peer)), 0);
    return fd;
}

static int setup(void **state)
{
    struct sockaddr_in any = {.sin_family = AF_INET};

    (void)state;
    net.listener = socket(AF_INET, SOCK_STREAM, 0);
    assert_int_equal(bind(net.listener, (struct sockaddr *)&any, sizeof(any)),
                     0);
    assert_int_equal(listen(net.listener, 2), 0);
    net.port = port_of(net.listener);
    net.sender = sender_to("127.0.0.1", 0);
    net.sender_port = port_of(net.sender);
    net.accepted = accept(net.listener, NULL, NULL);
    assert_int_not_equal(net.accepted, -1);
    return 0;
}

static int teardown(void **state)
{
    (void)state;
    close(net.sender);
    close(net.accepted);
    close(net.listener);
    return 0;
}

static void test_found_by_its_ends(void **state)
{
    static const struct {
        const char *peer;
        int peer_off;
        int local_off;
        int found;
    } rows[] = {
        {"127.0.0.1",                                               0, 0, 1},
        {"127.0.0.1",                                               1, 0, 0},
        {"127.0.0.1",                                               0, 1, 0},
        {"127.0.0.2",                                               0, 0, 0},
        {"",                                                        0, 0, 0},
        {"a text that is longer than any numeric address ever is.", 0, 0, 0},
    };

    (void)state;
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        struct wire_ends ends;
        int fd = -1;

        wire_ends_set(&ends, rows[i].peer, net.sender_port + rows[i].peer_off,
                      net.port + rows[i].local_off);
        assert_int_equal(wire_find(&fd, &ends), rows[i].found);
        assert_int_equal(fd, rows[i].found == 1 ? net.accepted : -1);
    }
}

/* One port of the sender's, two addresses of ours. */
static void test_two_fit(void **state)
{
    int sender = sender_to("127.0.0.2", net.sender_port);
    int accepted = accept(net.listener, NULL, NULL);
    struct wire_ends ends;
    int fd = -1;

    (void)state;
    assert_int_not_equal(accepted, -1);
    wire_ends_set(&ends, "127.0.0.1", net.sender_port, net.port);
    assert_int_equal(wire_find(&fd, &ends), 2);
    assert_true(fd == accepted || fd == net.accepted);
    close(sender);
    close(accepted);
}

/* Searched for once, and not before it is worth it. */
static void test_a_visit_learns(void **state)
{
    static const struct {
        int requests;
        int connections;
        bool searched;
    } rows[] = {
        {1, 1,   false},
        {2, 1,   true },
        {2, 95,  true },
        {2, 96,  false},
        {3, 96,  true },
        {9, 320, false},
    };
    struct wire_ends ends;

    (void)state;
    wire_ends_set(&ends, "127.0.0.1", net.sender_port, net.port);
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        struct visit visit;

        visit_init(&visit);
        visit.requests = rows[i].requests;
        visit_learn(&visit, &ends, rows[i].connections);
        assert_int_equal(visit.searched, rows[i].searched);
        assert_int_equal(visit.fd, rows[i].searched ? net.accepted : -1);
    }
}

/* Which of two is meant nobody knows: neither is taken, then or later. */
static void test_a_visit_does_not_guess(void **state)
{
    int sender = sender_to("127.0.0.2", net.sender_port);
    int accepted = accept(net.listener, NULL, NULL);
    struct wire_ends ends;
    struct visit visit;

    (void)state;
    visit_init(&visit);
    visit.requests = 2;
    wire_ends_set(&ends, "127.0.0.1", net.sender_port, net.port);
    visit_learn(&visit, &ends, 2);
    assert_int_equal(visit.fd, -1);
    close(sender);
    close(accepted);
    visit_learn(&visit, &ends, 1);
    assert_int_equal(visit.fd, -1);
}

/* The descriptor blocks, so that a call that waits would never return. */
static void test_sending_never_waits(void **state)
{
    char answer[ANSWER];
    size_t sent = 0;
    size_t got = 0;
    size_t n;
    ssize_t r;

    (void)state;
    memset(answer, 'x', sizeof(answer));
    assert_int_equal(fcntl(net.accepted, F_GETFL) & O_NONBLOCK, 0);
    for (int i = 0; i < MANY; i++) {
        n = wire_send(net.accepted, answer, sizeof(answer));
        sent += n;
        if (n < sizeof(answer))
            break;
    }
    assert_true(n < sizeof(answer));
    /* what was counted has arrived, and nothing else */
    shutdown(net.accepted, SHUT_WR);
    while ((r = recv(net.sender, answer, sizeof(answer), 0)) > 0)
        got += (size_t)r;
    assert_int_equal(r, 0);
    assert_int_equal(got, sent);
}

static void test_a_connection_that_is_gone(void **state)
{
    (void)state;
    shutdown(net.accepted, SHUT_WR);
    assert_int_equal(wire_send(net.accepted, "x", 1), 0); /* and no signal */
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_found_by_its_ends, setup,
                                        teardown),
        cmocka_unit_test_setup_teardown(test_two_fit, setup, teardown),
        cmocka_unit_test_setup_teardown(test_a_visit_learns, setup, teardown),
        cmocka_unit_test_setup_teardown(test_a_visit_does_not_guess, setup,
                                        teardown),
        cmocka_unit_test_setup_teardown(test_sending_never_waits, setup,
                                        teardown),
        cmocka_unit_test_setup_teardown(test_a_connection_that_is_gone, setup,
                                        teardown),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
