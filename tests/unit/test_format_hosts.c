/*
 * test_format_hosts.c - formats of host names and email addresses
 */
#include "test_format_support.h"

/* ---- RFC 5321, RFC 6531 ------------------------------------------------- */

/* Both formats; the second takes more than these. */
static const struct test_row emails[] = {
    YES("joe.bloggs@example.com"),
    YES("a@b"),
    YES("a+b/c=d!#$%&'*?^_`{|}~-@example.com"),
    YES("\"joe bloggs\"@example.com"),
    YES("\"joe..bloggs\"@example.com"),
    YES("\"joe@bloggs\"@example.com"),
    YES("\"\"@example.com"),
    YES("\"a\\\"b\\\\\"@example.com"),
    YES("a@[127.0.0.1]"),
    YES("a@[IPv6:2001:db8::1]"),
    YES("a@[ipv6:::1]"),
    YES("a@1.2.3.4"), /* as a domain of four labels, by the grammar */
    YES("a@1com.example"),
    NO("2962"),
    NO("@example.com"),
    NO("a@"),
    NO("@"),
    NO(".a@example.com"),
    NO("a.@example.com"),
    NO("a..b@example.com"),
    NO("a b@example.com"),
    NO("a(b)@example.com"),
    NO("a@b@example.com"),
    NO("\"a\"b@example.com"),
    NO("\"a\\\"@example.com"),
    NO("\"a\"\"@example.com"),
    NO("\"a\tb\"@example.com"),
    NO("Joe <a@example.com>"),
    NO("a@example.com, b@example.com"),
    NO("a@-example.com"),
    NO("a@example-.com"),
    NO("a@ex_ample.com"),
    NO("a@example..com"),
    NO("a@.example.com"),
    NO("a@example.com."),
    NO("a@example.com "),
    NO("a@example.com\n"),
    NO("a@example.com\0"),
    NO("a\0b@example.com"),
    NO("a@exam\0ple.com"),
    NO("a@[127.0.0.300]"),
    NO("a@[127.0.0.1"),
    NO("a@[]"),
    NO("a@[::1]"),
    NO("a@[IPv6:127.0.0.1]"),
    NO("a@[tag:anything]"),
    NO("a@[127.0.0.1]x"),
    NO(""),
};

static const struct test_row ascii_emails[] = {
    YES("a@xn--x"), /* RFC 5321 knows no A-labels */
    NO("\u00fc@example.com"),
    NO("a@\u00fc.example"),
};

static const struct test_row idn_emails[] = {
    YES("\uc2e4\ub840@\uc2e4\ub840.\ud14c\uc2a4\ud2b8"),
    YES("\u03b4\u03bf\u03ba@example.com"),
    YES("\"\u03b4 \u03bf\"@example.com"),
    YES("a@xn--9n2bp8q.xn--9t4b11yi5a"),
    YES("cafe\u0301@example.com"), /* no normal form is wanted here, */
    NO("a@cafe\u0301.example"),    /* but a U-label has one */
    YES("\U0001d54f@example.com"),
    YES("\u00fc@[127.0.0.1]"),
    NO("a@xn--x"),
    NO("a\uff20example.com"),
    NO("a@a\u3002b"), /* that is a dot to host names only */
    NO("a@\u302e\uc2e4.example"),
    NO("a@\u00fc_.example"),
    NO("\"\\\u00fc\"@example.com"), /* only ASCII is quoted so */
    NO("\xc3@example.com"),
    NO("a@\xc3.example"),
    NO("a@\u00fc\0.example"),
};

/* ---- RFC 1123, RFC 5890 to 5893 ----------------------------------------- */

/* Both formats. */
static const struct test_row hostnames[] = {
    YES("www.example.com"),
    YES("hostname"),
    YES("WWW.Example.COM"),
    YES("a"),
    YES("1"),
    YES("3com.com"),
    YES("1.2.3.com"),
    YES("1.2.3"),
    YES("1.2.3.4.5"),
    YES("1.2.3.4.com"),
    YES("a-b--c.example"),
    YES("ab--cd.example"), /* reserved for IDNA, but a name in RFC 1123 */
    NO("1.2.3.4"),
    NO("999.999.999.999"),
    NO(""),
    NO("."),
    NO(".example"),
    NO("example."),
    NO("a..b"),
    NO("-a"),
    NO("a-"),
    NO("a.-b.c"),
    NO("a.b-.c"),
    NO("not_a_name"),
    NO("_dmarc.example.com"),
    NO("a b"),
    NO("*.example.com"),
    NO("example.com:80"),
    NO("[::1]"),
    NO("a%41"),
    NO("a\0b"),
    NO("a.b\0"),
    NO("example.com\n"),
    NO("\u212aelvin.example"),
    /* A-labels */
    YES("xn--4gbwdl.xn--wgbh1c"),
    YES("xn--ihqwcrb4cv8a8dqg056pqjye"),
    YES("XN--9N2BP8Q"),
    YES("xn--fa-hia.de"),
    NO("xn--"),
    NO("xn--x"),
    NO("xn--a"),
    NO("xn--0"),
    NO("xn--example-"),
    NO("xn---9uc"),
    NO("xn--7a"),            /* disallowed character */
    NO("xn--hello-txk"),     /* begins with a mark */
    NO("xn--al-0ea"),        /* CONTEXTO: a middle dot */
    YES("xn--ll-0ea"),       /* between two of the letter l */
    NO("xn--11b2er09f"),     /* CONTEXTJ: no virama before the joiner */
    YES("xn--11b2ezcw70k"),  /* there it is */
    NO("XN--aa---o47jg78q"), /* "--" in third and fourth place */
    NO("xn--0ca24w"),        /* Bidi rule */
    NO("0a.xn--4db"),        /* Bidi rule, the other label */
    YES("a0.xn--4db"),
};

static const struct test_row ascii_hostnames[] = {
    NO("\u00fc.example"),
    NO("example\uff0ecom"),
    NO("a\u3002b"),
};

static const struct test_row idn_hostnames[] = {
    YES("\uc2e4\ub840.\ud14c\uc2a4\ud2b8"),
    YES("fa\u00df.de"),
    YES("a.\u00fc.xn--tda"),
    NO("\u00dc.example"), /* upper case has no U-label */
    NO("\u00fcA.example"),
    NO("cafe\u0301.example"), /* nor has what is not in normal form C */
    NO("\u302e\uc2e4.\ud14c"),
    NO("\uc2e4\u302e\ub840"),
    NO("\u0300hello"),
    NO("\u0488hello"),
    NO("-\u00fc"),
    NO("\u00fc-"),
    NO("\u00fc_"),
    NO("\u00fc "),
    NO("\u00fc\0"),
    NO("\u00fc\0a"),
    NO("ab--\u00fc"),
    NO("\u2200"),
    NO("\U0001f600"),
    NO("\u0378"), /* unassigned */
    NO("\xc3"),
    NO("\xed\xa0\x80"),
    /* RFC 5892, section 2.6: exceptions */
    YES("\u00df\u03c2\u0f0b\u3007"),
    YES("\u06fd\u06fe"),
    NO("\u0640\u07fa"),
    NO("\u3031\u3032\u3033\u3034\u3035\u302e\u302f\u303b"),
    /* appendix A: context */
    YES("l\u00b7l"),
    NO("a\u00b7l"),
    NO("l\u00b7"),
    NO("l\u00b7l\u00b7a"),
    YES("\u03b1\u0375\u03b2"),
    NO("\u03b1\u0375s"),
    NO("\u03b1\u0375"),
    YES("\u05d0\u05f3\u05d1"),
    NO("\u05f3\u05d1"),
    YES("\u05d0\u05f4\u05d1"),
    NO("\u05f4\u05d1"),
    YES("\u30fb\u3041"),
    YES("\u30fb\u30a1"),
    YES("\u30fb\u4e08"),
    NO("def\u30fbabc"),
    NO("\u30fb"),
    YES("\u0628\u0660\u0628"),
    YES("\u06f0"
        "0"),
    NO("\u0660\u06f0"),
    NO("\u0628\u0660\u06f0"),
    YES("\u0915\u094d\u200d\u0937"),
    NO("\u0915\u200d\u0937"),
    NO("\u200d\u0937"),
    YES("\u0915\u094d\u200c\u0937"),
    YES("\u0628\u064a\u200c\u0628\u064a"),
    NO("\u0915\u094d\u200c\u0937x\u200cy"),
    /* RFC 5893, section 2: right to left */
    YES("\u05d0"),
    YES("\u05d0"
        "0"),
    NO("0\u05d0"),
    NO("a\u05d0"),
    NO("\u05d0"
       "a"),
    NO("\u05d0-"),
    NO("\u05d0-\u05b8"), /* the mark is not the end */
    YES("\u05d0\u05b8"),
    YES("\u05d0-\u05d0\u05b8\u05bc"),
    YES("\u05d0"
        "1\u05b8"),
    NO("\u05d0"
       "0\u0660"),
    NO("\u05d0\U00010d30"
       "0"),
    YES("\u05d0\U00010d30"),
    YES("a.\u05d0"),
    YES("a0.\u05d0"),
    NO("0a.\u05d0"),
    NO("\u05d0.1"),
    YES("\u00fc.\u05d0"),
    NO("0\u00fc.\u05d0"),
    YES("0\u00fc.\u00fc"),
    YES("\u4e08.\u05d0"),
    NO("\u30fb\u4e08.\u05d0"), /* a neutral begins the label */
    YES("\u30fb\u4e08.a"),
    NO("\u4e08\u30fb.\u05d0"), /* a neutral ends it */
    YES("\u4e08\u30fb.a"),
    YES("\u0915\u0941.\u05d0"), /* a mark does */
    NO("\u4e08\u30fb\u3099.\u05d0"),
    YES("\u00fc0.\u05d0"),
    YES("\u00fc\u06f0.\u05d0"),
    NO("\u06f0"
       "0.\u05d0"),
    /* RFC 3490, section 3.1: dots */
    YES("a\u3002b"),
    YES("a\uff0eb"),
    YES("a\uff61b"),
    YES("\u00fc\u3002\u00fc"),
    NO("\u3002"),
    NO("\uff0e"),
    NO("\uff61"),
    NO("a\u3002"),
    NO("\u3002"
       "a"),
    NO("a\u3002.b"),
    NO("1\u3002"
       "2\u3002"
       "3\u3002"
       "4"),
};

static void test_rows(void **state)
{
    (void)state;
    RUN("email", emails);
    RUN("email", ascii_emails);
    RUN("idn-email", emails);
    RUN("idn-email", idn_emails);
    RUN("hostname", hostnames);
    RUN("hostname", ascii_hostnames);
    RUN("idn-hostname", hostnames);
    RUN("idn-hostname", idn_hostnames);
}

/* By the byte: the longest, and one more. */
static void test_lengths(void **state)
{
    static const struct {
        const char *format;
        const char *part;
        size_t count;
        const char *end;
        bool valid;
    } rows[] = {
        /* labels: 63 octets */
        {"hostname",     "a",            63,  "",       true },
        {"hostname",     "a",            64,  "",       false},
        {"hostname",     "a",            63,  ".com",   true },
        {"hostname",     "a",            64,  ".com",   false},
        {"idn-hostname", "a",            63,  "",       true },
        {"idn-hostname", "a",            64,  "",       false},
        {"idn-hostname", "\u00fc",       57,  "",       true }, /* as an A-label */
        {"idn-hostname", "\u00fc",       58,  "",       false},
        {"idn-hostname", "\u05d0",       57,  ".0a",    false},
        {"email",        "a@",           1,   "b",      true },
        /* names: 253 characters */
        {"hostname",     "a.",           126, "a",      true },
        {"hostname",     "a.",           126, "aa",     false},
        {"idn-hostname", "a.",           126, "a",      true },
        {"idn-hostname", "a.",           126, "aa",     false},
        {"idn-hostname", "\u3042\u3002", 31,  "abcde",  true },
        {"idn-hostname", "\u3042\u3002", 31,  "abcdef", false},
        {"idn-hostname", "a\uff61",      126, "a",      true },
        {"idn-hostname", "a\uff61",      126, "aa",     false},
        /* local parts: 64 octets */
        {"email",        "a",            64,  "@b",     true },
        {"email",        "a",            65,  "@b",     false},
        {"idn-email",    "\u00fc",       32,  "@b",     true },
        {"idn-email",    "\u00fc",       32,  "a@b",    false},
        {"email",        "a@",           1,   "",       false},
    };
    size_t i;

    (void)state;
    for (i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        struct slice text =
            test_repeat(rows[i].part, rows[i].count, rows[i].end);

        if (test_holds(rows[i].format, text) != rows[i].valid)
            fail_msg("%s: row %zu", rows[i].format, i);
        free((void *)text.data);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_rows),
        cmocka_unit_test(test_lengths),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
