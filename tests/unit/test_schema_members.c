/*
 * test_schema_members.c - schema/members.h
 */
#include "schema/members.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdio.h>

static struct arena arena;

static int setup(void **state)
{
    (void)state;
    arena = (struct arena)ARENA_INIT(4096, 1 << 20);
    return 0;
}

static int teardown(void **state)
{
    (void)state;
    arena_release(&arena);
    return 0;
}

static void test_none(void **state)
{
    struct members *members = members_new(&arena, 0);

    (void)state;
    assert_int_equal(members_find(members, slice_of("a"), 0), MEMBERS_NONE);
    assert_int_equal(members_find(members, slice_of(""), 0), MEMBERS_NONE);
}

/* Lengths around those that are compared in another way. */
static void test_names(void **state)
{
    static const char *const names[] = {
        "",
        "a",
        "b",
        "abcdefg",
        "abcdefgh",
        "abcdefgi",
        "abcdefghijklmnop",
        "abcdefghijklmnoq",
        "Abcdefghijklmnop",
        "abcdefghijklmnopq",
        "abcdefghijklmnopr",
    };
    enum { COUNT = sizeof(names) / sizeof(names[0]) };
    struct members *members = members_new(&arena, COUNT);

    (void)state;
    for (uint32_t i = 0; i < COUNT; i++)
        assert_int_equal(members_add(members, slice_of(names[i])), i);
    assert_int_equal(members_add(members, slice_of("b")), 2);
    assert_int_equal(members->count, COUNT);
    members_ready(members);
    for (uint32_t i = 0; i < COUNT; i++)
        for (uint32_t guess = 0; guess <= COUNT; guess++)
            assert_int_equal(members_find(members, slice_of(names[i]), guess),
                             i);
    assert_int_equal(members_find(members, slice_of("abcdefghijklmnos"), 6),
                     MEMBERS_NONE);
    assert_int_equal(members_find(members, (struct slice){"a\0", 2}, 1),
                     MEMBERS_NONE);
}

/* Many that the hash cannot tell apart: first, middle and last are the same.
 */
static void test_alike(void **state)
{
    enum { COUNT = 300 };
    static char names[COUNT][32];
    struct members *members = members_new(&arena, COUNT);

    (void)state;
    for (int i = 0; i < COUNT; i++) {
        snprintf(names[i], sizeof(names[i]), "x%03d.middle.same-end", i);
        assert_int_equal(members_add(members, slice_of(names[i])), i);
    }
    members_ready(members);
    for (int i = 0; i < COUNT; i++)
        assert_int_equal(
            members_find(members, slice_of(names[i]), MEMBERS_NONE), i);
    assert_int_equal(members_find(members, slice_of("x300.middle.same-end"), 0),
                     MEMBERS_NONE);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_none, setup, teardown),
        cmocka_unit_test_setup_teardown(test_names, setup, teardown),
        cmocka_unit_test_setup_teardown(test_alike, setup, teardown),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
