/*
 * test_schema_file.c - a schema of somebody's own, with what it refers to
 */
#include "cmd/schema_file.h"

#include "base/limits.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <fcntl.h>
#include <ftw.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static char dir[256];

static void put(const char *name, const char *text)
{
    FILE *file = fopen(name, "w");

    assert_non_null(file);
    fputs(text, file);
    assert_int_equal(fclose(file), 0);
}

/* All paths of these tests are seen from a folder of their own. */
static int make_dir(void **state)
{
    const char *tmp = getenv("TMPDIR");

    (void)state;
    snprintf(dir, sizeof(dir), "%s/test_schema_file.XXXXXX",
             tmp == NULL ? "/tmp" : tmp);
    if (mkdtemp(dir) == NULL || chdir(dir) != 0 || mkdir("sub", 0700) != 0 ||
        mkdir("odd #?%", 0700) != 0 || symlink("sub", "link") != 0 ||
        symlink("sub/far.json", "near.json") != 0)
        return -1;
    put("string.json", "{\"type\": \"string\"}");
    put("sub/string.json", "{\"type\": \"string\"}");
    put("sub/far.json", "{\"$ref\": \"string.json\"}");
    put("to-sub.json", "{\"$ref\": \"sub/string.json\"}");
    put("to-self.json", "{\"items\": {\"$ref\": \"to-self.json\"}}");
    put("to-gone.json", "{\"$ref\": \"gone.json\"}");
    put("to-base.json", "{\"$ref\": \"http://localhost:1234/string.json\"}");
    put("odd #?%/a b.json", "{\"$ref\": \"c%20d.json\"}");
    put("odd #?%/c d.json", "true");
    put("text.json", "nothing");
    put("misspelt.json", "{\"maxLenght\": 3}");
    put("more.json", "{\"unit\": \"metre\", \"format\": \"colour\"}");
    return 0;
}

static int remove_one(const char *path, const struct stat *st, int kind,
                      struct FTW *ftw)
{
    (void)st;
    (void)kind;
    (void)ftw;
    return remove(path);
}

static int remove_dir(void **state)
{
    (void)state;
    return nftw(dir, remove_one, 8, FTW_DEPTH | FTW_PHYS);
}

static const struct {
    const char *path;
    const char *uri;
} uris[] = {
    {"/",                "file:///"                      },
    {"/a/b.json",        "file:///a/b.json"              },
    {"/a b/c",           "file:///a%20b/c"               },
    {"/%41",             "file:///%2541"                 },
    {"/a?b#c",           "file:///a%3Fb%23c"             },
    {"/a:b@c/(d)+e,f=g", "file:///a:b@c/(d)+e,f=g"       },
    {"/\xC3\xA9\xFF",    "file:///%C3%A9%FF"             },
    {"/-._~!$&'*;[]\\^", "file:///-._~!$&'*;%5B%5D%5C%5E"},
};

static void test_uris(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof(uris) / sizeof(uris[0]); i++) {
        struct buf uri = BUF_INIT(KIB);

        assert_int_equal(schema_file_uri(&uri, uris[i].path, NULL), 0);
        assert_string_equal(uri.data, uris[i].uri);
        buf_release(&uri);
    }
}

#define BASE "http://localhost:1234/"

static const struct {
    const char *path;
    const char *bases[4];
} good[] = {
    {"string.json",         {NULL}                                },
    {"./string.json",       {NULL}                                },
    {"sub/../string.json",  {NULL}                                },
    {"to-sub.json",         {NULL}                                },
    {"link/../to-sub.json", {NULL}                                },
    {"link/far.json",       {NULL}                                },
    {"near.json",           {NULL}                                },
    {"to-self.json",        {NULL}                                },
    {"odd #?%/a b.json",    {NULL}                                },
    {"to-base.json",        {BASE "=sub", NULL}                   },
    {"to-base.json",        {BASE "=./sub/", NULL}                },
    {"to-base.json",        {"http://x/=odd #?%", BASE "=.", NULL}},
    {"to-base.json",        {"http://x/a=b/=.", BASE "=.", NULL}  },
    {"more.json",           {NULL}                                },
};

static void test_good(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof(good) / sizeof(good[0]); i++) {
        struct schema_file sf = {0};
        struct fault why = FAULT_INIT;

        if (schema_file_load(&sf, good[i].path, SCHEMA_FORMAT_ASSERT,
                             good[i].bases, &why) == -1)
            fail_msg("%s: %s", good[i].path, why.text);
        assert_non_null(sf.root);
        schema_file_release(&sf);
        assert_null(sf.set);
        schema_file_release(&sf);
    }
}

static const struct {
    const char *path;
    const char *bases[4];
    enum fault_kind kind;
    const char *part;
} bad[] = {
    {"gone.json",     {NULL},                       FAULT_IO,     "cannot open 'gone.json'"                             },
    {"no/gone.json",  {NULL},                       FAULT_IO,     "cannot open 'no/gone.json'"                          },
    {"",              {NULL},                       FAULT_IO,     "cannot open ''"                                      },
    {"sub",           {NULL},                       FAULT_IO,     "cannot read 'sub'"                                   },
    {"text.json",     {NULL},                       FAULT_CONFIG, "text.json: line 1, column"                           },
    {"/dev/null",     {NULL},                       FAULT_CONFIG, "/dev/null: is empty"                                 },
    {"misspelt.json", {NULL},                       FAULT_CONFIG, "did you mean 'maxLength'?"                           },
    {"to-gone.json",  {NULL},                       FAULT_CONFIG, "to-gone.json#/$ref"                                  },
    {"to-base.json",  {NULL},                       FAULT_CONFIG, BASE "string.json"                                    },
    {"to-base.json",  {BASE "=odd #?%", NULL},      FAULT_CONFIG, BASE "string.json"                                    },
    {"string.json",   {"", NULL},                   FAULT_USAGE,  "expected URI=DIR, got ''"                            },
    {"string.json",   {BASE, NULL},                 FAULT_USAGE,  "expected URI=DIR"                                    },
    {"string.json",
     {"http://x/y=sub", NULL},
     FAULT_USAGE,                                                 "'http://x/y' is not an absolute URI that ends in '/'"},
    {"string.json",
     {"x/=sub", NULL},
     FAULT_USAGE,                                                 "'x/' is not an absolute URI"                         },
    {"string.json",   {"=sub", NULL},               FAULT_USAGE,  "'' is not an absolute URI"                           },
    {"string.json",
     {"http://x/#/=sub", NULL},
     FAULT_USAGE,                                                 "is not an absolute URI"                              },
    {"string.json",   {BASE "=gone", NULL},         FAULT_USAGE,  "cannot open 'gone'"                                  },
    {"string.json",   {BASE "=", NULL},             FAULT_USAGE,  "cannot open ''"                                      },
    {"string.json",
     {BASE "=string.json", NULL},
     FAULT_USAGE,                                                 "'string.json' is not a folder"                       },
    {"string.json",
     {BASE "=.", "http://x/=.", BASE "=sub", NULL},
     FAULT_USAGE,                                                 "option '--base': '" BASE "' is given twice"          },
};

static void test_bad(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
        struct schema_file sf = {0};
        struct fault why = FAULT_INIT;

        if (schema_file_load(&sf, bad[i].path, SCHEMA_FORMAT_ASSERT,
                             bad[i].bases, &why) == 0)
            fail_msg("%s, %s: was accepted", bad[i].path, bad[i].part);
        if (why.kind != bad[i].kind || strstr(why.text, bad[i].part) == NULL)
            fail_msg("%s, %s: got '%s'", bad[i].path, bad[i].part, why.text);
        assert_null(sf.set);
    }
}

/* Beside the link, not beside what it leads to: that one is no schema. */
static void test_link_to_a_file(void **state)
{
    static const char *const bases[] = {NULL};
    struct schema_file sf = {0};
    struct fault why = FAULT_INIT;

    (void)state;
    put("sub/string.json", "{\"type\": \"strin\"}");
    if (schema_file_load(&sf, "near.json", SCHEMA_FORMAT_ASSERT, bases, &why) ==
        -1)
        fail_msg("%s", why.text);
    schema_file_release(&sf);
    assert_int_equal(schema_file_load(&sf, "sub/far.json", SCHEMA_FORMAT_ASSERT,
                                      bases, &why),
                     -1);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_uris),
        cmocka_unit_test(test_good),
        cmocka_unit_test(test_bad),
        cmocka_unit_test(test_link_to_a_file),
    };

    return cmocka_run_group_tests(tests, make_dir, remove_dir);
}
