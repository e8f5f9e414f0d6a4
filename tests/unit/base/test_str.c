/*
 * test_str.c - slices and buffers: edges of numbers, UTF-8, ceilings, sticky errors.
 */
#include "base/str.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>

#include <cmocka.h>

#include "base/arena.h"

static void numbers_are_strict(void **state)
{
    (void)state;
    static const struct {
        const char *text;
        bool good;
        uint64_t value;
    } cases[] = {
        {"0", true, 0},    {"18446744073709551615", true, UINT64_MAX},
        {"", false, 0},    {"18446744073709551616", false, 0},
        {"+1", false, 0},  {"-1", false, 0},
        {" 1", false, 0},  {"1 ", false, 0},
        {"0x1", false, 0}, {"000000000000000000001", false, 0},
        {"007", true, 7},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        uint64_t v = 99;
        assert_int_equal(slice_to_u64(slice_of(cases[i].text), &v), cases[i].good);
        assert_int_equal(v, cases[i].good ? cases[i].value : 99);
    }
    int64_t s;
    assert_true(slice_to_i64(SLICE("-9223372036854775807"), &s));
    assert_int_equal(s, -INT64_MAX);
    assert_false(slice_to_i64(SLICE("9223372036854775808"), &s));
    assert_false(slice_to_i64(SLICE("-"), &s));
    assert_false(slice_to_i64(SLICE("--1"), &s));
}

static void utf8_is_shortest_form(void **state)
{
    (void)state;
    static const char *const good[] = {"",
                                       "a",
                                       "\xC3\xA4",
                                       "\xE2\x82\xAC",
                                       "\xF0\x9F\x98\x80",
                                       "\xED\x9F\xBF",
                                       "\xF4\x8F\xBF\xBF"};
    static const char *const bad[] = {"\x80",
                                      "\xC0\xAF",
                                      "\xC1\xBF",
                                      "\xE0\x80\xAF",
                                      "\xED\xA0\x80",
                                      "\xF0\x80\x80\x80",
                                      "\xF4\x90\x80\x80",
                                      "\xF5\x80\x80\x80",
                                      "\xC3",
                                      "\xE2\x82",
                                      "a\xFF"};
    for (size_t i = 0; i < sizeof good / sizeof *good; i++)
        assert_true(slice_is_utf8(slice_of(good[i])));
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++)
        assert_false(slice_is_utf8(slice_of(bad[i])));
}

static void split_gives_every_part(void **state)
{
    (void)state;
    struct slice rest = SLICE("a,,b,"), part;
    static const char *const want[] = {"a", "", "b", ""};
    for (size_t i = 0; i < 4; i++) {
        assert_true(slice_split(&rest, ',', &part));
        assert_true(slice_is(part, want[i]));
    }
    assert_false(slice_split(&rest, ',', &part));
}

static void parts_and_edges(void **state)
{
    (void)state;
    assert_true(slice_is(slice_trim(SLICE(" \ta b\t ")), "a b"));
    assert_true(slice_is(slice_sub(SLICE("abc"), 1, 99), "bc"));
    assert_int_equal(slice_sub(SLICE("abc"), 5, 9).n, 0);
    assert_true(slice_is_nocase(SLICE("HoSt"), "host"));
    assert_false(slice_is(SLICE_NONE, "x"));
    assert_true(slice_starts(SLICE("abc"), "ab") && !slice_starts(SLICE("a"), "ab"));
    assert_true(slice_ends(SLICE("a.zip"), ".zip") && !slice_ends(SLICE("zip"), ".zip"));
    assert_int_equal(slice_find(SLICE("abc"), 'x'), 3);
}

static void buffer_stops_at_its_ceiling(void **state)
{
    (void)state;
    struct buf b;
    buf_init(&b, NULL, 5);
    buf_str(&b, "abc");
    buf_str(&b, "def");
    assert_true(buf_failed(&b) && b.over);
    buf_str(&b, "x");
    assert_int_equal(b.n, 3); /* sticky: a shorter text later does not slip in */
    buf_clear(&b);
    buf_str(&b, "12345");
    assert_false(buf_failed(&b));
    assert_string_equal(buf_text(&b), "12345");
    buf_free(&b);
}

static void buffer_grows_in_the_arena(void **state)
{
    (void)state;
    struct arena arena;
    struct buf b;
    arena_init(&arena, 1 << 20);
    buf_init(&b, &arena, 1 << 18);
    for (int i = 0; i < 10000; i++)
        buf_printf(&b, "%d,", i);
    assert_false(buf_failed(&b));
    assert_memory_equal(b.p + b.n - 5, "9999,", 5);
    buf_clear(&b);
    buf_i64(&b, INT64_MIN);
    buf_char(&b, ' ');
    buf_u64(&b, UINT64_MAX);
    assert_string_equal(buf_text(&b), "-9223372036854775808 18446744073709551615");
    arena_free(&arena);
}

static void a_text_is_set_as_far_as_it_fits(void **state)
{
    (void)state;
    char room[5] = "????";
    str_set(room, sizeof room, SLICE("abcd"));
    assert_string_equal(room, "abcd");
    str_set(room, sizeof room, SLICE("efghi"));
    assert_string_equal(room, "efgh");
    str_set(room, 3, SLICE("xyz"));
    assert_string_equal(room, "xy");
    str_set(room, sizeof room, SLICE_NONE);
    assert_string_equal(room, "");
    str_set(room, 1, SLICE("z"));
    assert_string_equal(room, "");
}

static void buffer_reports_an_empty_arena(void **state)
{
    (void)state;
    struct arena arena;
    struct buf b;
    arena_init(&arena, 300);
    buf_init(&b, &arena, 1 << 20);
    for (int i = 0; i < 400; i++)
        buf_char(&b, 'x');
    assert_true(buf_failed(&b));
    assert_false(b.over);
    assert_null(buf_text(&b));
    arena_free(&arena);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(numbers_are_strict),
        cmocka_unit_test(utf8_is_shortest_form),
        cmocka_unit_test(split_gives_every_part),
        cmocka_unit_test(parts_and_edges),
        cmocka_unit_test(buffer_stops_at_its_ceiling),
        cmocka_unit_test(buffer_grows_in_the_arena),
        cmocka_unit_test(a_text_is_set_as_far_as_it_fits),
        cmocka_unit_test(buffer_reports_an_empty_arena),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
