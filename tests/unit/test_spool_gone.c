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

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_is_a_set),
        cmocka_unit_test(test_far_apart),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
