/*
 * test_guard.c - ingest/guard.h
 *
 * A head is written as it comes over the wire; parse() cuts it into strings
 * in place as CivetWeb's parser does, leniency included, so that the guard
 * sees the memory that it would see there. That CivetWeb really does so is
 * what the end-to-end tests of HTTP show.
 */
#include "ingest/guard.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdio.h>
#include <string.h>

static struct config config;

/* The header lines of `block`, each ended by CR LF, and the empty line. */
static void parse(struct guard_head *head, char *block)
{
    char *at = block;

    while (head->header_count < LIMIT_HEADERS) {
        struct guard_header *h = &head->headers[head->header_count];
        char *colon = at;

        while (*colon > ' ' && *colon != ':')
            colon++;
        if (colon == at)
            return; /* the empty line, or a folded one: the end */
        while (*colon == ' ')
            *colon++ = '\0';
        assert_int_equal(*colon, ':');
        *colon++ = '\0';
        h->name = at;
        while (*colon == ' ' || *colon == '\t')
            colon++;
        h->value = colon;
        head->header_count++;
        at = colon + strcspn(colon, "\r\n");
        if (*at == '\r')
            *at++ = '\0';
        if (*at == '\n')
            *at++ = '\0';
        if (*at == '\r' || *at == '\n')
            return;
    }
}

#define GOOD "Host: h\r\nContent-Length: 5\r\n"
#define TRACE "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"

static const struct row {
    const char *method;
    const char *path;
    const char *version;
    const char *lines;
    enum fault_kind kind;
} rows[] = {
    {"POST", "/webhook",  "1.1", GOOD,                                        FAULT_NONE           },
    {"POST", "/webhook",  "1.0", "Content-Length: 5\r\n",                     FAULT_NONE           },
    {"POST", "/other",    "1.1", GOOD,                                        FAULT_NONE           },
    {"POST", "/webhook",  "1.1", "host:h\r\ncontent-length:5\r\n",            FAULT_NONE           },
    {"POST", "/webhook",  "1.1", "Host:\r\nContent-Length: \t 5 \t\r\n",
     FAULT_NONE                                                                                    },
    {"POST", "/webhook",  "1.1", GOOD "X-Empty:\r\nX-Blank: \r\n",            FAULT_NONE           },

    {"POST", "/webhook/", "1.1", GOOD,                                        FAULT_NOT_FOUND      },
    {"POST", "/",         "1.1", GOOD,                                        FAULT_NOT_FOUND      },
    {"POST", NULL,        "1.1", GOOD,                                        FAULT_NOT_FOUND      },
    {"GET",  "/nowhere",  "1.1", "Host: h\r\n",                               FAULT_NOT_FOUND      },
    {"GET",  "/webhook",  "1.1", "Host: h\r\n",                               FAULT_METHOD         },
    {"HEAD", "/webhook",  "1.1", "Host: h\r\n",                               FAULT_METHOD         },
    {"PUT",  "/webhook",  "1.1", GOOD,                                        FAULT_METHOD         },

    {"POST", "/webhook",  "1.1", "Content-Length: 5\r\n",                     FAULT_BAD_REQUEST    },
    {"POST", "/webhook",  "1.1", GOOD "Host: h\r\n",                          FAULT_BAD_REQUEST    },

    {"POST", "/webhook",  "1.1", "Host: h\r\n",                               FAULT_LENGTH_REQUIRED},
    {"POST", "/webhook",  "1.1", "Host: h\r\nTransfer-Encoding: chunked\r\n",
     FAULT_LENGTH_REQUIRED                                                                         },
    {"POST", "/webhook",  "1.1", GOOD "Transfer-Encoding: chunked\r\n",
     FAULT_BAD_REQUEST                                                                             },
    {"POST", "/webhook",  "1.1", GOOD "Transfer-Encoding: identity\r\n",
     FAULT_BAD_REQUEST                                                                             },
    {"POST", "/webhook",  "1.1", GOOD "Content-Length: 6\r\n",
     FAULT_BAD_REQUEST                                                                             },
    {"POST", "/webhook",  "1.1", GOOD "Content-Length: 5\r\n",
     FAULT_BAD_REQUEST                                                                             },
    {"POST", "/webhook",  "1.1", "Host: h\r\nContent-Length: 5abc\r\n",
     FAULT_BAD_REQUEST                                                                             },
    {"POST", "/webhook",  "1.1", "Host: h\r\nContent-Length: +5\r\n",
     FAULT_BAD_REQUEST                                                                             },
    {"POST", "/webhook",  "1.1", "Host: h\r\nContent-Length: -5\r\n",
     FAULT_BAD_REQUEST                                                                             },
    {"POST", "/webhook",  "1.1", "Host: h\r\nContent-Length: 5, 5\r\n",
     FAULT_BAD_REQUEST                                                                             },
    {"POST", "/webhook",  "1.1", "Host: h\r\nContent-Length: 0x5\r\n",
     FAULT_BAD_REQUEST                                                                             },
    {"POST", "/webhook",  "1.1", "Host: h\r\nContent-Length:\r\n",
     FAULT_BAD_REQUEST                                                                             },
    {"POST", "/webhook",  "1.1", "Host: h\r\nContent-Length: 1000\r\n",
     FAULT_NONE                                                                                    },
    {"POST", "/webhook",  "1.1", "Host: h\r\nContent-Length: 1001\r\n",
     FAULT_TOO_LARGE                                                                               },
    {"POST", "/webhook",  "1.1",
     "Host: h\r\nContent-Length: 99999999999999999999999999\r\n",             FAULT_TOO_LARGE      },
    /* 2^64 + 5: must not come round to 5 */
    {"POST", "/webhook",  "1.1",
     "Host: h\r\nContent-Length: 18446744073709551621\r\n",                   FAULT_TOO_LARGE      },

    {"POST", "/webhook",  "1.1", "Host: h\r\nContent-Length : 5\r\n",
     FAULT_BAD_REQUEST                                                                             },
    {"POST", "/webhook",  "1.1", GOOD "X-Any : 5\r\n",                        FAULT_BAD_REQUEST    },
    {"POST", "/webhook",  "1.1", GOOD "X-Fold: a\r\n b\r\n",                  FAULT_BAD_REQUEST    },
    {"POST", "/webhook",  "1.1", GOOD "X-Fold: a\r\n\tb\r\nX-Hidden: c\r\n",
     FAULT_BAD_REQUEST                                                                             },
    {"POST", "/webhook",  "1.1", "Host: h\nContent-Length: 5\r\n",
     FAULT_BAD_REQUEST                                                                             },
    {"POST", "/webhook",  "1.1", "Host: h\r\nContent-Length: 5\n",
     FAULT_BAD_REQUEST                                                                             },

    {"POST", "/webhook",  "1.1",
     GOOD "X-Hub-Signature: a\r\nX-Hub-Signature: a\r\n",                     FAULT_SIGNATURE      },
    {"POST", "/webhook",  "1.1",
     GOOD "X-Hub-Signature: a\r\nx-hub-signature: b\r\n",                     FAULT_SIGNATURE      },
};

static int judge(struct guard_verdict *verdict, const struct row *row,
                 char block[4096], struct fault *why)
{
    static struct guard_head head; /* large, and one at a time */
    int n = snprintf(block, 4096, "%s\r\n", row->lines);

    block[n - 1] = '\0'; /* CivetWeb ends the block so */
    head = (struct guard_head){
        .method = row->method, .path = row->path, .version = row->version};
    parse(&head, block);
    return guard_judge(verdict, &head, &config, why);
}

static void test_rows(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        struct guard_verdict verdict;
        struct fault why = FAULT_INIT;
        char block[4096];
        int rc = judge(&verdict, &rows[i], block, &why);

        if (why.kind != rows[i].kind)
            fail_msg("row %zu, '%s': %s, not %s", i, rows[i].lines,
                     fault_class(why.kind)->name,
                     fault_class(rows[i].kind)->name);
        assert_int_equal(rc, rows[i].kind == FAULT_NONE ? 0 : -1);
        if (why.kind == FAULT_METHOD)
            assert_string_equal(verdict.allow, "POST");
    }
}

static void test_what_it_finds(void **state)
{
    const struct row row = {"POST", "/other", "1.1",
                            GOOD
                            "X-Hub-Signature:  abc \t\r\nTraceparent: " TRACE
                            "\r\nExpect: 100-Continue\r\n",
                            FAULT_NONE};
    struct guard_verdict verdict;
    char block[4096];

    (void)state;
    assert_int_equal(judge(&verdict, &row, block, NULL), 0);
    assert_int_equal(verdict.source, 1);
    assert_int_equal(verdict.content_length, 5);
    assert_true(slice_is(verdict.signature_header, "abc"));
    assert_true(slice_is(verdict.traceparent, TRACE));
    assert_true(verdict.expects_continue);
    assert_false(verdict.wants_close);
}

static const struct trace_row {
    const char *value;
    bool valid;
} trace_rows[] = {
    {TRACE,                                                          true },
    {"00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-00",      true },
    {"01-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01-more", true },
    {"01-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01more",  false},
    {TRACE "-more",                                                  false},
    {"ff-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01",      false},
    {"00-0AF7651916CD43DD8448EB211C80319C-b7ad6b7169203331-01",      false},
    {"00-00000000000000000000000000000000-b7ad6b7169203331-01",      false},
    {"00-0af7651916cd43dd8448eb211c80319c-0000000000000000-01",      false},
    {"00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-0",       false},
    {"00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331_01",      false},
    {"",                                                             false},
};

static void test_traceparent(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof(trace_rows) / sizeof(trace_rows[0]); i++) {
        struct guard_verdict verdict;
        char block[4096], lines[512];
        struct row row = {"POST", "/webhook", "1.1", lines, FAULT_NONE};

        snprintf(lines, sizeof(lines), GOOD "traceparent: %s\r\n",
                 trace_rows[i].value);
        assert_int_equal(judge(&verdict, &row, block, NULL), 0);
        if ((verdict.traceparent.data != NULL) != trace_rows[i].valid)
            fail_msg("'%s'", trace_rows[i].value);
    }
}

static const struct close_row {
    const char *version;
    const char *lines;
    bool close;
} close_rows[] = {
    {"1.1", "",                                                false},
    {"1.1", "Connection: close\r\n",                           true },
    {"1.1", "Connection: x , Close\r\n",                       true },
    /* neither: CivetWeb then ends the connection, so we must say so */
    {"1.1", "Connection: closed\r\n",                          true },
    {"1.1", "Connection: TE\r\n",                              true },
    {"1.1", "Connection: TE\r\nConnection: keep-alive\r\n",    true },
    {"1.1", "Connection: TE, Keep-Alive\r\n",                  false},
    {"1.1", "Connection: keep-alive\r\nConnection: close\r\n", true },
    {"1.0", "",                                                true },
    {"1.0", "Connection: keep-alive\r\n",                      false},
};

static void test_connection(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof(close_rows) / sizeof(close_rows[0]); i++) {
        struct guard_verdict verdict;
        char block[4096], lines[512];
        struct row row = {"POST", "/webhook", close_rows[i].version, lines,
                          FAULT_NONE};

        snprintf(lines, sizeof(lines), GOOD "%s", close_rows[i].lines);
        assert_int_equal(judge(&verdict, &row, block, NULL), 0);
        if (verdict.wants_close != close_rows[i].close)
            fail_msg("'%s'", close_rows[i].lines);
    }
}

static void test_many_headers(void **state)
{
    (void)state;
    for (int extra = 60; extra <= 63; extra++) {
        struct guard_verdict verdict;
        struct fault why = FAULT_INIT;
        char block[4096], lines[2048];
        struct row row = {"POST", "/webhook", "1.1", lines, FAULT_NONE};
        size_t used = (size_t)snprintf(lines, sizeof(lines), GOOD);

        for (int i = 0; i < extra; i++)
            used += (size_t)snprintf(lines + used, sizeof(lines) - used,
                                     "X-%d: v\r\n", i);
        (void)judge(&verdict, &row, block, &why);
        assert_int_equal(why.kind,
                         extra + 2 < 64 ? FAULT_NONE : FAULT_HEADERS_TOO_LARGE);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_rows),
        cmocka_unit_test(test_what_it_finds),
        cmocka_unit_test(test_traceparent),
        cmocka_unit_test(test_connection),
        cmocka_unit_test(test_many_headers),
    };
    static char first[] = "/webhook", second[] = "/other";

    config.http.max_body_bytes = 1000;
    config.source_count = 2;
    config.sources[0].path = first;
    config.sources[1].path = second;
    return cmocka_run_group_tests(tests, NULL, NULL);
}
