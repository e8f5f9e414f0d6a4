/*
 * test_arena.c - alignment, zeroing, ceilings, and the order in which deferred calls run.
 */
#include "base/arena.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

static void pieces_are_aligned_and_zero(void **state)
{
    (void)state;
    struct arena a;
    arena_init(&a, 1 << 22);
    for (int round = 0; round < 3; round++) {
        for (size_t n = 0; n < 700; n++) {
            unsigned char *p = arena_alloc(&a, n);
            assert_non_null(p);
            assert_int_equal((uintptr_t)p % 16, 0);
            for (size_t i = 0; i < n; i++)
                assert_int_equal(p[i], 0);
            memset(p, 0xAA, n);
        }
        arena_reset(&a); /* the second round must not see the bytes of the first */
    }
    arena_free(&a);
}

static void the_ceiling_holds(void **state)
{
    (void)state;
    struct arena a;
    arena_init(&a, 1000);
    assert_non_null(arena_alloc(&a, 600));
    assert_null(arena_alloc(&a, 500));
    assert_non_null(arena_alloc(&a, 400));
    assert_null(arena_alloc(&a, 1));
    assert_null(arena_array(&a, SIZE_MAX / 2, 3));
    arena_reset(&a);
    assert_non_null(arena_alloc(&a, 1000));
    arena_free(&a);
}

struct record {
    char order[8];
    size_t n;
};

static struct record seen;

static void note(void *arg)
{
    seen.order[seen.n++] = *(const char *)arg;
}

static void deferred_calls_run_newest_first_and_once(void **state)
{
    (void)state;
    static char names[] = "abc";
    struct arena a;
    memset(&seen, 0, sizeof seen);
    arena_init(&a, 4096);
    for (int i = 0; i < 3; i++)
        assert_int_equal(arena_defer(&a, note, &names[i]), 0);
    arena_reset(&a);
    assert_string_equal(seen.order, "cba");
    arena_free(&a);
    assert_int_equal(seen.n, 3);
}

static void a_defer_without_room_runs_at_once(void **state)
{
    (void)state;
    static char name = 'x';
    struct arena a;
    memset(&seen, 0, sizeof seen);
    arena_init(&a, 0);
    assert_int_equal(arena_defer(&a, note, &name), -1);
    assert_int_equal(seen.n, 1);
    arena_free(&a);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(pieces_are_aligned_and_zero),
        cmocka_unit_test(the_ceiling_holds),
        cmocka_unit_test(deferred_calls_run_newest_first_and_once),
        cmocka_unit_test(a_defer_without_room_runs_at_once),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
