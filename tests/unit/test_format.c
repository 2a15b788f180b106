/*
 * test_format.c - format/format.h: that all formats are there and end,
 * and what those take that have no file of their own beside this one
 */
#include "test_format_support.h"

/* ---- RFC 2673, RFC 4291 ------------------------------------------------- */

static const struct test_row ipv4s[] = {
    YES("192.168.0.1"),
    YES("0.0.0.0"),
    YES("255.255.255.255"),
    NO("127.0.0"),
    NO("127.0.0.0.1"),
    NO("256.0.0.1"),
    NO("01.2.3.4"),
    NO("1.2.3.00"),
    NO("087.10.0.1"),
    NO("0x7f.0.0.1"),
    NO("0x7f000001"),
    NO("2130706433"),
    NO("127.1"),
    NO("1.2.3.4/24"),
    NO("1.2.3.4."),
    NO("1..2.3"),
    NO(" 1.2.3.4"),
    NO("1.2.3.4\n"),
    NO("+1.2.3.4"),
    NO("1.2.3.4\0"),
    NO("1.2.3.4\0.example"),
    NO("1\u09e87.0.0.1"),
    NO("\uff11.2.3.4"),
    NO("::1"),
    NO(""),
};

static const struct test_row ipv6s[] = {
    YES("::1"),
    YES("::"),
    YES("1:2:3:4:5:6:7:8"),
    YES("2001:DB8::a"),
    YES("1::8"),
    YES("1:2:3:4:5:6:7::"),
    YES("::2:3:4:5:6:7:8"),
    YES("::ffff:192.0.2.1"),
    YES("1:2:3:4:5:6:192.0.2.1"),
    YES("1:2::192.0.2.1"),
    NO("1:2:3:4:5:6:7"),
    NO("1:2:3:4:5:6:7:8:9"),
    NO("1:2:3:4:5:6:7::8"),
    NO("1::2::3"),
    NO(":::"),
    NO(":2:3:4:5:6:7:8"),
    NO("1:2:3:4:5:6:7:"),
    NO("12345::"),
    NO("::00001"),
    NO("::g"),
    NO("1.2.3.4"),
    NO("::192.0.2.256"),
    NO("::192.0.2.01"),
    NO("::192.0.2"),
    NO("::192.0.2.1:1"),
    NO("192.0.2.1::"),
    NO("1:2:3:4:5:6:7:192.0.2.1"),
    NO("fe80::1%eth0"),
    NO("fe80::1%25eth0"),
    NO("::1/64"),
    NO("[::1]"),
    NO(" ::1"),
    NO("::1\n"),
    NO("::1\0"),
    NO("1:2:3:4:5:6:7:\u09ea"),
    NO(""),
};

/* ---- RFC 3986, RFC 3987 ------------------------------------------------- */

/* Four formats: URIs are IRIs, and both are references. */
static const struct test_row uris[] = {
    YES("http://foo.bar/?baz=qux#quux"),
    YES("http://-.~_!$&'()*+,;=:%40:80%2f::::::@example.com"),
    YES("http://[2001:db8::7]/c=GB?objectClass?one"),
    YES("http://[::ffff:192.0.2.1]:80/"),
    YES("http://[V1.fe:~]"),
    YES("http://999.999.999.999/"),
    YES("http://087.10.0.1/"),
    YES("http://h_1/"),
    YES("http://"),
    YES("file:///etc/hosts"),
    YES("file:/etc/hosts"),
    YES("mailto:John.Doe@example.com"),
    YES("tel:+1-816-555-1212"),
    YES("urn:oasis:names:specification:docbook:dtd:xml:4.1.2"),
    YES("a+b-c.1:"),
    YES("a:b:c@d"),
    YES("a:?b?c/d#e?f/g"),
    YES("a:%e2%82%ac"),
    YES("http://h/%00"),
};

static const struct test_row no_uris[] = {
    NO("http:// h/"),
    NO("http://h/a b"),
    NO("http://h/\"<>\\^`{|}"),
    NO("http://h/<"),
    NO("http://h/\\"),
    NO("http://h/^"),
    NO("http://h/`"),
    NO("http://h/{a}"),
    NO("http://h/|"),
    NO("http://h/%"),
    NO("http://h/%A"),
    NO("http://h/%6G"),
    NO("http://h/#a#b"),
    NO("http://h/?\n"),
    NO("http://h/\n"),
    NO("http://h/\x7f"),
    NO("http://h/\0"),
    NO("http://h\0/"),
    NO("ht\0tp://h/"),
    NO("http://h:8x/"),
    NO("http://h:80:80/"),
    NO("http://2001:db8::7/"),
    NO("http://a@b@h/"),
    NO("http://[::1"),
    NO("http://[::1]x/"),
    NO("http://[@h/"),
    NO("http://[::ffff:1.2.3.04]/"),
    NO("http://[fe80::1%25eth0]/"), /* RFC 6874 is not RFC 3986 */
    NO("http://[v.x]/"),
    NO("http:/[::1]"),
    NO("1http://h/"),
    NO("ht_tp://h/"),
    NO("a,b:c"),
    NO(":a"),
    NO("\\\\host\\share"),
    NO("http://h/\xc3"),
    NO("http://h/\xed\xa0\x80"),
    NO("http://h/\xc2\x80"),
    NO("http://h/?\ufdd0"),
    NO("http://h/\U0001fffe"),
    NO("http://h/\U000e0001"),
};

/* References only. */
static const struct test_row references[] = {
    YES(""),         YES("#"),       YES("?q"),    YES("/abc"),  YES("abc"),
    YES("//h/p"),    YES("//"),      YES("./a:b"), YES("a/b:c"), YES("../a"),
    YES("#a?b/c:d"), YES("?a=/b?c"), YES("a%20b"),
};

static const struct test_row no_references[] = {
    NO("1:b"),      NO("a b"),    NO("/a\"b"),  NO("#a\\b"),
    NO("/[::1]"),   NO("//h:x/"), NO("/%zz"),   NO("a\0"),
    NO("//a@b@h/"), NO("#a#"),    NO("?a#b#c"),
};

/* IRIs only, or IRI references. */
static const struct test_row iris[] = {
    YES("http://\u0192\u00f8\u00f8.\u00df\u00e5r/?\u2202=\u03c0#\u03c0"),
    YES("http://\u00fc:\u00fc@\u00fc:80/\u00fc"),
    YES("http://h/\u00a0"),
    YES("http://h/\ud7ff\uf900\ufdcf\ufdf0\uffef"),
    YES("http://h/\U00010000\U0001fffd\U000e1000\U000efffd"),
    YES("http://h/?\ue000\uf8ff\U000f0000\U000ffffd\U00100000\U0010fffd"),
    YES("a:\u00fc"),
};

static const struct test_row no_iris[] = {
    NO("\u00fctp://h/"),          NO("http://h:\u0661/"),
    NO("http://[\u00fc]/"),       NO("http://[v1.\u00fc]/"),
    NO("http://h/\ue000"), /* private use is for queries */
    NO("http://h/#\ue000"),       NO("http://\ue000/"),
    NO("http://h/?\U000ffffe"),   NO("http://h/\ufff0"),
    NO("http://h/%\u00fc\u00fc"), NO("http://h/\u200e"), /* section 4.1 */
    NO("http://h/\u202e"),        NO("http://h/ \u00fc"),
};

/* ---- RFC 4122, 6570, 6901, ECMA-262 ------------------------------------- */

static const struct test_row uuids[] = {
    YES("2EB8AA08-AA98-11EA-B4AA-73B441D16380"),
    YES("2eb8aa08-aa98-11ea-f4aa-73b441d16380"),
    YES("00000000-0000-0000-0000-000000000000"),
    YES("ffffffff-ffff-ffff-ffff-ffffffffffff"),
    NO("2eb8aa08-aa98-11ea-b4aa-73b441d1638"),
    NO("2eb8aa08-aa98-11ea-b4aa-73b441d163800"),
    NO("2eb8aa08aa9811eab4aa73b441d16380"),
    NO("2eb8aa0-8aa98-11ea-b4aa-73b441d16380"),
    NO("2eb8aa08-aa98-11ea-b4aa-73b441d1638g"),
    NO("2eb8aa08-aa98-11ea-b4aa-73b441d1638\0"),
    NO("{2eb8aa08-aa98-11ea-b4aa-73b441d1638}"),
    NO("urn:uuid:2eb8aa08-aa98-11ea-b4aa-73b441d16380"),
    NO("2eb8aa08\u2010aa98-11ea-b4aa-73b441d163"),
    NO(""),
};

static const struct test_row templates[] = {
    YES(""),
    YES("http://example.com/dictionary/{term:1}/{term}"),
    YES("{a}{b}"),
    YES("{+a}{#a}{.a}{/a}{;a}{?a}{&a}"),
    YES("{=a}{,a}{!a}{@a}{|a}"), /* reserved, but grammar */
    YES("{a,b*,c:3}"),
    YES("{a.b_1.%41}"),
    YES("{1}"),
    YES("{a:9999}"),
    YES("a%41b"),
    YES("a'b"), /* erratum 6937 */
    YES("!#$&()*+,-./:;=?@[]_~"),
    YES("\u00fc\U0001f600\ue000"),
    NO("{"),
    NO("}"),
    NO("{}"),
    NO("{a"),
    NO("a}"),
    NO("{{a}}"),
    NO("{+}"),
    NO("{++a}"),
    NO("{-a}"),
    NO("{a,}"),
    NO("{,,a}"),
    NO("{a,,b}"),
    NO("{a b}"),
    NO("{a-b}"),
    NO("{.a.}"),
    NO("{a..b}"),
    NO("{a:}"),
    NO("{a:0}"),
    NO("{a:01}"),
    NO("{a:10000}"),
    NO("{a*:1}"),
    NO("{a:1*}"),
    NO("{a**}"),
    NO("{a=b}"),
    NO("{%4}"),
    NO("{\u00fc}"),
    NO("{a\0}"),
    NO("a b"),
    NO("a\"b"),
    NO("a<b"),
    NO("a>b"),
    NO("a\\b"),
    NO("a^b"),
    NO("a`b"),
    NO("a|b"),
    NO("a%b"),
    NO("a%4"),
    NO("a\x7f"),
    NO("a\0"),
    NO("\xc2\x85"),
    NO("\ufff0"),
    NO("\xc3"),
};

static const struct test_row pointers[] = {
    YES(""),     YES("/"),       YES("//"),      YES("/a~0b~1c"), YES("/a b"),
    YES("/%25"), YES("/\u00fc"), YES("/a\0b\n"), YES("/-"),       YES("/01"),
    NO("a"),     NO("#/a"),      NO("0/a"),      NO("/~"),        NO("/~2"),
    NO("/a~"),   NO("/~\0"),     NO(" /a"),
};

/* draft-bhutton-relative-json-pointer-00 */
static const struct test_row relative_pointers[] = {
    YES("0"),      YES("1"),   YES("120/foo/bar"), YES("0#"),
    YES("0/"),     YES("0//"), YES("2/a~0b"),      YES("0-1"),
    YES("0+10/a"), YES("1-0"), YES("0-1#"),        NO(""),
    NO("#"),       NO("/a"),   NO("-1/a"),         NO("+1/a"),
    NO("01"),      NO("01#"),  NO("00"),           NO("0##"),
    NO("0#/a"),    NO("0a"),   NO("0+"),           NO("0+01"),
    NO("0+-1"),    NO("0/~2"), NO("0/~"),          NO("\u0661/a"),
    NO("0\0"),     NO("0 /a"), NO("1\n"),
};

static const struct test_row regexes[] = {
    YES(""),
    YES("^a[b-d]+$"),
    YES("([abc])+\\s+$"),
    YES("(?<n>a)\\k<n>"),
    YES("\\p{Letter}"),
    YES("\\u{1F600}"),
    YES("[]"),
    YES("[^]"),
    YES("\\cA"),
    YES("(?=a)(?!b)(?<=c)(?<!d)"),
    YES("\u00fc*?"),
    NO("^(abc]"),
    NO("("),
    NO(")"),
    NO("["),
    NO("*"),
    NO("a{2,1}"),
    NO("\\"),
    NO("\\a"),
    NO("\\Z"),
    NO("a++"),
    NO("(?i)a"),
    NO("(?P<n>a)"),
    NO("(?#c)a"),
    NO("(*UTF)a"),
    NO("[[:alpha:]]"),
    NO("\\k<n>"),
    NO("[b-a]"),
    NO("(\0"),
    NO("(?<=a+)b"), /* ECMA-262 has it, PCRE2 has not */
};

static void test_rows(void **state)
{
    (void)state;
    RUN("ipv4", ipv4s);
    RUN("ipv6", ipv6s);
    RUN("uuid", uuids);
    RUN("uri-template", templates);
    RUN("json-pointer", pointers);
    RUN("relative-json-pointer", relative_pointers);
    RUN("regex", regexes);
}

static void run_all_are(const char *name, const struct test_row *rows,
                        size_t count, bool valid)
{
    size_t i;

    for (i = 0; i < count; i++) {
        if (test_holds(name, test_text(&rows[i])) != valid)
            fail_msg("%s: '%.*s' is %s", name, (int)rows[i].len, rows[i].text,
                     valid ? "valid" : "not valid");
    }
}

#define ALL_ARE(name, rows, valid)                                             \
    run_all_are((name), (rows), sizeof(rows) / sizeof((rows)[0]), (valid))

static void test_uris(void **state)
{
    static const char *const all[] = {"uri", "uri-reference", "iri",
                                      "iri-reference"};
    size_t i;

    (void)state;
    for (i = 0; i < 4; i++) {
        ALL_ARE(all[i], uris, true);
        ALL_ARE(all[i], no_uris, false);
        ALL_ARE(all[i], no_references, false);
        ALL_ARE(all[i], references, i % 2 == 1);
        ALL_ARE(all[i], iris, i >= 2);
        ALL_ARE(all[i], no_iris, false);
    }
}

static const char *const names[] = {
    "date-time",    "date",          "time",
    "duration",     "email",         "idn-email",
    "hostname",     "idn-hostname",  "ipv4",
    "ipv6",         "uri",           "uri-reference",
    "iri",          "iri-reference", "uuid",
    "uri-template", "json-pointer",  "relative-json-pointer",
    "regex",
};

/*
 * Texts of a megabyte: each format is through with each in milliseconds, so
 * that all of this takes a second. What took the square of that would not end.
 */
static void test_long_texts(void **state)
{
    static const char *const parts[] = {
        "a",      "a.", "1",   "\u00fc", "\u3002", "%41",     "a@", "\"",
        "[",      "::", "{a}", "{a,",    "(",      "(?:a|",   "/",  "~0",
        "xn--a.", "1D", "-",   "\\1",    "a{1,9}", "(?<n>a)",
    };
    size_t i, k;

    (void)state;
    for (i = 0; i < sizeof(parts) / sizeof(parts[0]); i++) {
        struct slice text =
            test_repeat(parts[i], (1 << 20) / strlen(parts[i]), "");

        for (k = 0; k < sizeof(names) / sizeof(names[0]); k++) {
            bool exhausted = false;
            bool valid =
                format_holds(format_find(slice_of(names[k])), text, &exhausted);

            assert_false(valid && exhausted);
            assert_true(!exhausted || strcmp(names[k], "regex") == 0);
        }
        free((void *)text.data);
    }
}

/* A pattern longer than any that is compiled: nobody knows. */
static void test_exhausted(void **state)
{
    struct slice text = test_repeat("a", 1 << 20, "");
    bool exhausted = false;

    (void)state;
    assert_false(
        format_holds(format_find(slice_of("regex")), text, &exhausted));
    assert_true(exhausted);
    free((void *)text.data);
}

static void test_names(void **state)
{
    size_t i;

    (void)state;
    for (i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
        const struct format *format = format_find(slice_of(names[i]));

        assert_non_null(format);
        assert_string_equal(format->name, names[i]);
        assert_true((format->holds == NULL) != (format->tries == NULL));
        assert_true(strlen(format->expected) > 0);
    }
    assert_null(format_find(slice_of("color")));
    assert_null(format_find(slice_of("Date")));
    assert_null(format_find((struct slice){"date\0", 5}));
    assert_string_equal(format_meant("idn_hostname"), "idn-hostname");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_names),     cmocka_unit_test(test_rows),
        cmocka_unit_test(test_uris),      cmocka_unit_test(test_long_texts),
        cmocka_unit_test(test_exhausted),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
