/*
 * bare.c - the least that a webhook listener on CivetWeb can do
 *
 *   bare PORT
 *
 * Reads the body of each request and answers 200, whatever it was. The
 * options of the server are those of bridge/ingest/server.c: what the bridge
 * costs beyond this is its own. Ends on SIGTERM.
 */
#include <civetweb.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>

static const char answer[] = "HTTP/1.1 200 OK\r\n"
                             "Content-Type: application/json\r\n"
                             "Content-Length: 21\r\n"
                             "\r\n"
                             "{\"status\":\"received\"}";

static const char answer_and_close[] = "HTTP/1.1 200 OK\r\n"
                                       "Content-Type: application/json\r\n"
                                       "Content-Length: 21\r\n"
                                       "Connection: close\r\n"
                                       "\r\n"
                                       "{\"status\":\"received\"}";

static int on_request(struct mg_connection *conn)
{
    const char *connection = mg_get_header(conn, "Connection");
    char body[16384]; /* workers' stacks have 100 KiB */

    while (mg_read(conn, body, sizeof(body)) > 0)
        continue;
    if (connection != NULL && strcmp(connection, "close") == 0)
        (void)mg_write(conn, answer_and_close, sizeof(answer_and_close) - 1);
    else
        (void)mg_write(conn, answer, sizeof(answer) - 1);
    return 200;
}

int main(int argc, char **argv)
{
    const struct mg_callbacks callbacks = {.begin_request = on_request};
    struct mg_context *context;
    char listen[32];
    sigset_t stop;
    int number;
    const char *options[] = {"listening_ports",
                             listen,
                             "num_threads",
                             "512",
                             "connection_queue",
                             "512",
                             "listen_backlog",
                             "1024",
                             "tcp_nodelay",
                             "1",
                             "enable_keep_alive",
                             "yes",
                             "keep_alive_timeout_ms",
                             "3000",
                             "request_timeout_ms",
                             "2000",
                             "max_request_size",
                             "16384",
                             "decode_url",
                             "no",
                             "access_control_allow_methods",
                             "",
                             NULL};

    if (argc != 2) {
        fprintf(stderr, "usage: bare PORT\n");
        return 2;
    }
    sigemptyset(&stop);
    sigaddset(&stop, SIGTERM);
    sigaddset(&stop, SIGINT);
    sigprocmask(SIG_BLOCK, &stop, NULL); /* the workers inherit it */

    snprintf(listen, sizeof(listen), "127.0.0.1:%s", argv[1]);
    context = mg_start(&callbacks, NULL, options);
    if (context == NULL) {
        fprintf(stderr, "cannot listen on '%s'\n", listen);
        return 1;
    }
    sigwait(&stop, &number);
    mg_stop(context);
    return 0;
}
