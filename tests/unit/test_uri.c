/*
 * test_uri.c - format/uri.h and format/pointer.h
 */
#include "test_schema_support.h"

#include "format/pointer.h"
#include "format/uri.h"

static void test_resolve(void **state)
{
    static const struct {
        const char *base;
        const char *reference;
        const char *result;
    } rows[] = {
        {"http://h/a/b?q", "c",               "http://h/a/c"      },
        {"http://h/a/b?q", "/c/d",            "http://h/c/d"      },
        {"http://h/a/b?q", "//g/x",           "http://g/x"        },
        {"http://h/a/b?q", "//g",             "http://g"          },
        {"http://h/a/b?q", "?y",              "http://h/a/b?y"    },
        {"http://h/a/b?q", "#f",              "http://h/a/b?q#f"  },
        {"http://h/a/b?q", "",                "http://h/a/b?q"    },
        {"http://h/a/b#f", "c",               "http://h/a/c"      },
        {"http://h/a/b/c", "../d",            "http://h/a/d"      },
        {"http://h/a/b/c", "../../../d",      "http://h/d"        },
        {"http://h/a/b/c", "./d/.",           "http://h/a/b/d/"   },
        {"http://h/a/b/c", "..",              "http://h/a/"       },
        {"http://h/a/b/c", "d/../e?x#y",      "http://h/a/b/e?x#y"},
        {"http://h",       "a",               "http://h/a"        },
        {"http://h/a",     "urn:x:y",         "urn:x:y"           },
        {"http://h/a",     "http://g/b/../c", "http://g/c"        },
        {"urn:x:y",        "#f",              "urn:x:y#f"         },
        {"file:///a/b",    "c",               "file:///a/c"       },
    };
    size_t i;

    (void)state;
    for (i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        struct arena arena = ARENA_INIT(1024, 65536);
        char *uri = uri_resolve(&arena, slice_of(rows[i].base),
                                slice_of(rows[i].reference));

        assert_non_null(uri);
        assert_string_equal(uri, rows[i].result);
        arena_release(&arena);
    }
}

static void test_grammar(void **state)
{
    static const struct {
        const char *text;
        bool absolute, reference;
    } rows[] = {
        {"http://u:p@h.example:80/a;b?c=d#e", true,  true },
        {"urn:a:b",                           true,  true },
        {"a:",                                true,  true },
        {"http://[::1]:8080/",                true,  true },
        {"http://[v1.x:y]/",                  true,  true },
        {"http://h:/",                        true,  true },
        {"a/b",                               false, true },
        {"",                                  false, true },
        {"./a:b",                             false, true },
        {"http://[::1/",                      false, false},
        {"http://[::g]/",                     false, false},
        {"http://[v1.]/",                     false, false},
        {"http://h:8x/",                      false, false},
        {"http://a b/",                       false, false},
        {"1a:b",                              false, false},
        {":a",                                false, false},
        {"a%2",                               false, false},
        {"a%zz",                              false, false},
        {"a\\b",                              false, false},
        {"http://h/\xc3\xbc",                 false, false},
        {"http://h/#a#b",                     false, false},
    };
    size_t i;

    (void)state;
    for (i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        if (uri_is_absolute(slice_of(rows[i].text)) != rows[i].absolute ||
            uri_is_reference(slice_of(rows[i].text)) != rows[i].reference)
            fail_msg("'%s'", rows[i].text);
    }
    assert_false(uri_is_reference((struct slice){"a\0b", 3}));
}

static void test_pointer(void **state)
{
    struct buf out = BUF_INIT(64);
    struct fault why = FAULT_INIT;
    char encoded[64];
    size_t len;

    (void)state;
    assert_int_equal(pointer_add(&out, slice_of("a/b~c"), NULL), 0);
    assert_int_equal(pointer_add(&out, slice_of(""), NULL), 0);
    assert_int_equal(pointer_add_index(&out, 12, NULL), 0);
    assert_string_equal(out.data, "/a~1b~0c//12");
    pointer_cut(&out, 8);
    assert_string_equal(out.data, "/a~1b~0c");

    /* What does not fit leaves nothing behind. */
    assert_int_equal(
        pointer_add(&out,
                    slice_of("0123456789012345678901234567890123456789"
                             "0123456789012345678901234567890123456789"),
                    &why),
        -1);
    assert_int_equal(why.kind, FAULT_TOO_LARGE);
    assert_string_equal(out.data, "/a~1b~0c");

    buf_clear(&out);
    fault_clear(&why);
    assert_int_equal(pointer_decode(&out, slice_of("%41%c3%BC/"), NULL), 0);
    assert_string_equal(out.data, "A\xc3\xbc/");
    assert_int_equal(pointer_decode(&out, slice_of("%4"), &why), -1);
    assert_int_equal(why.kind, FAULT_CONFIG);

    len = pointer_encode(encoded, slice_of("/a b\xc3\xbc%"));
    assert_int_equal(len, strlen("/a%20b%C3%BC%25"));
    assert_memory_equal(encoded, "/a%20b%C3%BC%25", len);
    buf_release(&out);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_resolve),
        cmocka_unit_test(test_grammar),
        cmocka_unit_test(test_pointer),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
