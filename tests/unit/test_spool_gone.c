/*
 * test_spool_gone.c - spool/spool_gone.h
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "spool/spool_gone.h"

#include <stdlib.h>
#include <string.h>

static bool add(struct spool_gone *gone, int64_t seq)
{
    bool added;

    assert_int_equal(gone_add(gone, seq, &added, NULL), 0);
    return added;
}

static void test_is_a_set(void **state)
{
    enum { NUMBERS = 40000 };

    static bool has[NUMBERS];
    struct spool_gone gone = {0};

    (void)state;
    srandom(1);
    assert_false(gone_has(&gone, 1));
    for (int i = 0; i < NUMBERS; i++) {
        const int64_t seq = random() % NUMBERS;

        assert_int_equal(gone_has(&gone, seq), has[seq]);
        assert_int_equal(add(&gone, seq), !has[seq]);
        has[seq] = true;
        assert_false(add(&gone, seq));
    }
    for (int64_t seq = 0; seq < NUMBERS; seq++)
        assert_int_equal(gone_has(&gone, seq), has[seq]);
    gone_release(&gone);
    assert_false(gone_has(&gone, 1));
    assert_true(add(&gone, 1));
    gone_release(&gone);
}

/* From both ends and with gaps; the largest number that there is. */
static void test_far_apart(void **state)
{
    static const int64_t seqs[] = {
        INT64_C(1) << 39,       1,       63,  64, 4095, 4096,
        (INT64_C(1) << 40) - 1, 1000000, 4097};
    const size_t count = sizeof(seqs) / sizeof(seqs[0]);
    struct spool_gone gone = {0};

    (void)state;
    for (size_t i = 0; i < count; i++) {
        for (size_t k = 0; k < count; k++)
            assert_int_equal(gone_has(&gone, seqs[k]), k < i);
        assert_true(add(&gone, seqs[i]));
        assert_false(add(&gone, seqs[i]));
    }
    assert_false(gone_has(&gone, 2));
    assert_false(gone_has(&gone, 65));
    assert_false(gone_has(&gone, (INT64_C(1) << 39) + 64));
    gone_release(&gone);
}

/* ---- ends, and on disk --------------------------------------------------- */

static void test_ends(void **state)
{
    static const struct {
        int64_t after, end;
    } rows[] = {
        {0,     0    },
        {1,     4    },
        {2,     4    },
        {4,     4    },
        {99,    99   },
        {100,   20000},
        {4095,  20000},
        {4096,  20000},
        {19999, 20000},
        {20000, 20000},
        {24575, 24640},
    };
    struct spool_gone gone = {0};

    (void)state;
    for (int64_t seq = 2; seq <= 4; seq++)
        add(&gone, seq);
    for (int64_t seq = 101; seq <= 20000; seq++)
        add(&gone, seq);
    for (int64_t seq = 24576; seq <= 24640; seq++)
        add(&gone, seq);
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
        assert_int_equal(gone_end(&gone, rows[i].after), rows[i].end);
    gone_release(&gone);
    assert_int_equal(gone_end(&gone, 0), 0);
}

static void test_packed(void **state)
{
    static const int64_t seqs[] = {
        1, 63, 64, 4095, 4096, 4097, INT64_C(1) << 39};
    const size_t count = sizeof(seqs) / sizeof(seqs[0]);
    struct spool_gone gone = {0};
    struct spool_gone again = {0};
    struct buf packed = BUF_INIT(3 * 520);
    struct buf small = BUF_INIT(520);

    (void)state;
    for (size_t i = 0; i < count; i++)
        add(&gone, seqs[i]);
    assert_int_equal(gone_pack(&gone, &packed, NULL), 0);
    assert_int_equal(packed.len, 3 * 520);
    assert_int_equal((unsigned char)packed.data[8], 2);
    assert_int_equal(gone_unpack(&again, buf_slice(&packed), NULL), 0);
    for (int64_t seq = 0; seq < 3 * 4096; seq++)
        assert_int_equal(gone_has(&again, seq), gone_has(&gone, seq));
    assert_true(gone_has(&again, seqs[count - 1]));
    assert_int_equal(gone_pack(&gone, &small, NULL), -1);
    gone_release(&gone);
    gone_release(&again);
    buf_release(&packed);
    buf_release(&small);
}

static void test_what_is_none(void **state)
{
    enum { CHUNK = 520 };

    static char data[2 * CHUNK];
    static const struct {
        size_t len, at;
        char byte;
    } rows[] = {
        {CHUNK - 1, 0,         0   },
        {CHUNK,     0,         1   }, /* no multiple */
        {CHUNK,     7,         0x7f}, /* past all numbers */
        {CHUNK,     7,         -1  }, /* less than none */
        {2 * CHUNK, CHUNK + 7, 0   }, /* the same once more */
    };
    struct spool_gone gone = {0};

    (void)state;
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        struct fault why = FAULT_INIT;

        memset(data, 0, sizeof(data));
        memset(data + 1, rows[i].byte == 0x7f ? 0xff : 0, 6);
        data[1] = (char)(data[1] & 0xf0);
        data[rows[i].at] = rows[i].byte;
        assert_int_equal(
            gone_unpack(&gone, (struct slice){data, rows[i].len}, &why), -1);
        assert_int_equal(why.kind, FAULT_CORRUPT);
        assert_int_equal(gone.count, 0);
    }
    assert_int_equal(gone_unpack(&gone, (struct slice){data, 0}, NULL), 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_is_a_set),     cmocka_unit_test(test_far_apart),
        cmocka_unit_test(test_ends),         cmocka_unit_test(test_packed),
        cmocka_unit_test(test_what_is_none),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
