/*
 * test_base64.c - what is base64, and what is in it (RFC 4648, section 10)
 */
#include "cmd/base64.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

static const struct {
    const char *text;
    const char *decoded; /* NULL: it is not base64 */
} rows[] = {
    {"Zg==",     "f"           },
    {"Zm8=",     "fo"          },
    {"Zm9v",     "foo"         },
    {"Zm9vYg==", "foob"        },
    {"Zm9vYmE=", "fooba"       },
    {"Zm9vYmFy", "foobar"      },
    {"Zg",       "f"           },
    {"Zm8",      "fo"          },
    {"Zm9vYmE",  "fooba"       },
    {"+/+/",     "\xFB\xFF\xBF"},
    {"-_-_",     "\xFB\xFF\xBF"},
    {"",         NULL          },
    {"Z",        NULL          },
    {"Zm9vY",    NULL          },
    {"=",        NULL          },
    {"====",     NULL          },
    {"Zg=",      NULL          },
    {"Zm9v=",    NULL          },
    {"Zm9v==",   NULL          },
    {"Zm 9v",    NULL          },
    {"Zm9v\n",   NULL          },
    {"Z=9v",     NULL          },
    {"Zm9\xC3",  NULL          },
};

static void test_rows(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        char out[16];
        size_t len = 99;

        print_message("  %s\n", rows[i].text);
        assert_int_equal(base64_decode(slice_of(rows[i].text), out, &len),
                         rows[i].decoded != NULL);
        if (rows[i].decoded == NULL)
            continue;
        assert_int_equal(len, strlen(rows[i].decoded));
        assert_memory_equal(out, rows[i].decoded, len);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_rows)};

    return cmocka_run_group_tests(tests, NULL, NULL);
}
