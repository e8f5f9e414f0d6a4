/*
 * test_line_diff.c - whatever the two texts are, the stretches lead from one to the other, and for
 * small ones there is no shorter way.
 */
#include "base/line_diff.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "base/arena.h"

enum { SHORT = 12 };

/* Walks the stretches over both texts; every line is met once, in order. Answers the edits. */
static size_t follow(const struct lines *a, const struct lines *b, const struct stretch *s,
                     size_t count)
{
    size_t x = 0, y = 0, edits = 0;
    for (size_t i = 0; i < count; i++) {
        assert_int_equal(s[i].from, x);
        assert_int_equal(s[i].to, y);
        assert_true(s[i].count > 0);
        for (size_t n = 0; n < s[i].count; n++) {
            if (s[i].op == LINES_EQUAL) {
                assert_true(x < a->count && y < b->count);
                assert_int_equal(a->line[x].n, b->line[y].n);
                assert_memory_equal(a->line[x].p, b->line[y].p, a->line[x].n);
            }
            x += s[i].op != LINES_ADDED;
            y += s[i].op != LINES_REMOVED;
        }
        edits += s[i].op == LINES_EQUAL ? 0 : s[i].count;
    }
    assert_int_equal(x, a->count);
    assert_int_equal(y, b->count);
    return edits;
}

/* The least number of edits, by the table of the longest common subsequence. */
static size_t least_edits(const struct lines *a, const struct lines *b)
{
    size_t common[SHORT + 1][SHORT + 1] = {{0}};
    for (size_t i = 1; i <= a->count; i++)
        for (size_t k = 1; k <= b->count; k++) {
            struct slice x = a->line[i - 1], y = b->line[k - 1];
            size_t up = common[i - 1][k], left = common[i][k - 1];
            common[i][k] = up > left ? up : left;
            if (x.n == y.n && memcmp(x.p, y.p, x.n) == 0 && common[i - 1][k - 1] + 1 > common[i][k])
                common[i][k] = common[i - 1][k - 1] + 1;
        }
    return a->count + b->count - 2 * common[a->count][b->count];
}

static size_t edits_between(struct arena *arena, struct slice from, struct slice to,
                            struct lines *a, struct lines *b)
{
    struct stretch *s;
    size_t count;
    assert_true(lines_split(arena, from, a));
    assert_true(lines_split(arena, to, b));
    assert_true(line_diff(arena, a, b, &s, &count));
    return follow(a, b, s, count);
}

static void lines_end_in_either_way(void **state)
{
    (void)state;
    struct arena arena;
    struct lines l;
    arena_init(&arena, 1 << 20);
    assert_true(lines_split(&arena, SLICE("a\r\n\r\nb\nc"), &l));
    assert_int_equal(l.count, 4);
    assert_true(slice_is(l.line[0], "a"));
    assert_int_equal(l.line[1].n, 0);
    assert_true(slice_is(l.line[3], "c"));
    assert_true(lines_split(&arena, SLICE("a\n"), &l));
    assert_int_equal(l.count, 1);
    assert_true(lines_split(&arena, SLICE_NONE, &l));
    assert_int_equal(l.count, 0);
    arena_free(&arena);
}

/* Every pair of a few thousand short texts over three letters, by a generator that repeats. */
static void no_shorter_way_is_missed(void **state)
{
    (void)state;
    uint32_t r = 12345;
    for (int round = 0; round < 20000; round++) {
        struct arena arena;
        struct lines a, b;
        char text[2][2 * SHORT];
        size_t n[2];
        arena_init(&arena, 1 << 20);
        for (int side = 0; side < 2; side++) {
            r = r * 1664525 + 1013904223;
            n[side] = (r >> 16) % (SHORT + 1);
            for (size_t i = 0; i < n[side]; i++) {
                r = r * 1664525 + 1013904223;
                text[side][2 * i] = (char)('a' + (r >> 16) % 3);
                text[side][2 * i + 1] = '\n';
            }
        }
        size_t edits = edits_between(&arena, (struct slice){text[0], 2 * n[0]},
                                     (struct slice){text[1], 2 * n[1]}, &a, &b);
        assert_int_equal(edits, least_edits(&a, &b));
        arena_free(&arena);
    }
}

/* Two long texts that share nothing but their ends: one removal and one addition, in little memory. */
static void what_differs_too_much_is_replaced(void **state)
{
    (void)state;
    struct arena arena;
    struct buf from, to;
    struct lines a, b;
    arena_init(&arena, 64 << 20);
    buf_init(&from, &arena, 1 << 22);
    buf_init(&to, &arena, 1 << 22);
    buf_str(&from, "first\n");
    buf_str(&to, "first\n");
    for (int i = 0; i < 5000; i++) {
        buf_printf(&from, "old %d\n", i);
        buf_printf(&to, "new %d\n", i);
    }
    buf_str(&from, "last\n");
    buf_str(&to, "last\n");
    size_t edits = edits_between(&arena, buf_view(&from), buf_view(&to), &a, &b);
    assert_int_equal(edits, 10000);
    arena_free(&arena);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(lines_end_in_either_way),
        cmocka_unit_test(no_shorter_way_is_missed),
        cmocka_unit_test(what_differs_too_much_is_replaced),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
