/*
 * test_arena.c - base/arena.h
 */
#include "base/arena.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdint.h>
#include <string.h>

static void test_aligned_and_apart(void **state)
{
    struct arena arena = ARENA_INIT(64, 4096);
    char *last = NULL;

    (void)state;
    for (size_t size = 0; size < 40; size++) {
        char *p = arena_alloc(&arena, size);

        assert_non_null(p);
        assert_int_equal((uintptr_t)p % _Alignof(max_align_t), 0);
        memset(p, (int)size, size); /* overlap shows under the sanitizers */
        if (last != NULL && size > 1)
            assert_int_equal(last[0], (char)(size - 1));
        last = p;
    }
    arena_release(&arena);
}

static void test_ceiling(void **state)
{
    struct arena arena = ARENA_INIT(64, 256);

    (void)state;
    assert_null(arena_alloc(&arena, 257));
    assert_null(arena_alloc(&arena, SIZE_MAX));
    assert_non_null(arena_alloc(&arena, 200));
    assert_null(arena_alloc(&arena, 100));
    assert_non_null(arena_alloc(&arena, 40)); /* a smaller one still fits */
    arena_reset(&arena);
    assert_non_null(arena_alloc(&arena, 200));
    arena_release(&arena);
}

static void test_reset_keeps_the_first_block(void **state)
{
    struct arena arena = ARENA_INIT(128, 4096);
    void *first = arena_alloc(&arena, 16);

    (void)state;
    assert_non_null(arena_alloc(&arena, 1000));
    assert_true(arena.total > 128);
    arena_reset(&arena);
    assert_int_equal(arena.total, 128);
    assert_ptr_equal(arena_alloc(&arena, 16), first);
    arena_release(&arena);
    arena_reset(&arena); /* an empty one too */
    assert_non_null(arena_alloc(&arena, 1));
    arena_release(&arena);
}

static void test_text(void **state)
{
    struct arena arena = ARENA_INIT(16, 64);

    (void)state;
    assert_string_equal(arena_copy(&arena, "abcdef", 3), "abc");
    assert_string_equal(arena_copy(&arena, NULL, 0), "");
    assert_string_equal(arena_printf(&arena, "%s-%d", "x", 12), "x-12");
    assert_null(arena_printf(&arena, "%100d", 1));
    arena_release(&arena);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_aligned_and_apart),
        cmocka_unit_test(test_ceiling),
        cmocka_unit_test(test_reset_keeps_the_first_block),
        cmocka_unit_test(test_text),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
