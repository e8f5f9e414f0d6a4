/*
 * test_zip_names.c - which names a member may have, and which two names are one.
 */
#include "package/zip.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "support_zip.h"

static void assert_rule(struct bench *b, struct slice bytes, const char *rule)
{
    assert_string_equal(zip_verdict(b, bytes, &zip_limits_cadence), rule);
}

struct name_case {
    struct slice name;
    const char *rule; /* "" = legal */
};

static void names_are_judged(void **state)
{
    static const struct name_case cases[] = {
        {{"a.py", 4}, ""},
        {{"a b/c-d_e+f.py", 14}, ""},
        {{"...", 3}, ""},
        {{"a/", 2}, ""},
        {{"../a", 4}, "zip.name_segment"},
        {{"a/../b", 6}, "zip.name_segment"},
        {{"a/..", 4}, "zip.name_segment"},
        {{"./a", 3}, "zip.name_segment"},
        {{"a/./b", 5}, "zip.name_segment"},
        {{"a//b", 4}, "zip.name_segment"},
        {{"a//", 3}, "zip.name_segment"},
        {{"..", 2}, "zip.name_segment"},
        {{".", 1}, "zip.name_segment"},
        {{"/a", 2}, "zip.name_absolute"},
        {{"/", 1}, "zip.name_absolute"},
        {{"C:a", 3}, "zip.name_colon"},
        {{"a\\b", 3}, "zip.name_backslash"},
        {{"a\0b", 3}, "zip.name_control"},
        {{"a\nb", 3}, "zip.name_control"},
        {{"a\x7f", 2}, "zip.name_control"},
        {{"a\xc2\x85", 3}, "zip.name_control"},     /* U+0085 */
        {{"a\xe2\x80\xae", 4}, "zip.name_control"}, /* U+202E turns the line around */
        {{"a\xe2\x80\xa8", 4}, "zip.name_control"}, /* U+2028 */
        {{"\xef\xbb\xbf"
          "a",
          4},
         "zip.name_control"}, /* a byte order mark */
        {{"r\xc3\xa9sum\xc3\xa9.py", 11}, ""},
        {{"\xe6\x97\xa5\xe6\x9c\xac.py", 9}, ""},
        {{"\xf0\x9f\x91\xa9\xe2\x80\x8d\xf0\x9f\x92\xbb", 11}, ""}, /* an emoji with a joiner */
        {{"a\xc0\xaf", 3}, "zip.name_encoding"},                    /* '/' in two bytes */
        {{"a\xed\xa0\x80", 4}, "zip.name_encoding"},                /* a surrogate */
        {{"a\xff", 2}, "zip.name_encoding"},
        {{"a\xc3", 2}, "zip.name_encoding"},
    };
    struct bench *b = *state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct slice bytes = zip_of_raw_names(&cases[i].name, 1, 0x0800);
        const char *rule = zip_verdict(b, bytes, &zip_limits_cadence);
        if (strcmp(rule, cases[i].rule) != 0)
            fail_msg("name %zu: '%s' instead of '%s'", i, rule, cases[i].rule);
        zip_free(bytes);
    }
    /* UTF-8 that the archive does not mark is read as something else by others */
    struct slice accent = {"\xc3\xa9", 2};
    struct slice bytes = zip_of_raw_names(&accent, 1, 0);
    assert_rule(b, bytes, "zip.name_encoding");
    zip_free(bytes);
}

struct pair_case {
    const char *a, *b, *rule;
};

static void two_names_that_are_one_are_refused(void **state)
{
    static const struct pair_case cases[] = {
        {"a", "b", ""},
        {"a", "a", "zip.duplicate"},
        {"a/", "a/", "zip.duplicate"},
        {"a", "A", "zip.collision"},
        {"a/x", "A/y", "zip.collision"}, /* one folder in two spellings */
        {"A/", "a/y", "zip.collision"},
        {"a", "a/", "zip.file_and_folder"},
        {"a", "A/", "zip.file_and_folder"},
        {"a", "a/b", "zip.file_and_folder"},
        {"a", "A/b", "zip.collision"},
        {"a/b", "a/b/c/d", "zip.file_and_folder"},
        {"a/b", "a/bc", ""},
        {"a", "a.b", ""}, /* '.' sorts before '/' */
        {"a", "a b/c", ""},
        {"caf\xc3\xa9", "cafe\xcc\x81", "zip.collision"}, /* composed, decomposed */
        {"STRASSE",
         "stra\xc3\x9f"
         "e",
         "zip.collision"},                         /* full case folding */
        {"\xce\xa3", "\xcf\x82", "zip.collision"}, /* both small sigmas */
        {"\xe2\x84\xaa", "k", "zip.collision"},    /* the Kelvin sign */
        {"a\xe2\x80\x8d"
         "b",
         "ab", "zip.collision"}, /* a joiner shows nothing */
        {"caf\xc3\xa9", "cafe", ""},
    };
    struct bench *b = *state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++)
        for (int turned = 0; turned < 2; turned++) {
            struct slice names[2] = {slice_of(turned ? cases[i].b : cases[i].a),
                                     slice_of(turned ? cases[i].a : cases[i].b)};
            struct slice bytes = zip_of_raw_names(names, 2, 0x0800);
            const char *rule = zip_verdict(b, bytes, &zip_limits_cadence);
            if (strcmp(rule, cases[i].rule) != 0)
                fail_msg("pair %zu: '%s' instead of '%s'", i, rule, cases[i].rule);
            zip_free(bytes);
        }
}

static void a_clash_is_found_among_many_names(void **state)
{
    struct bench *b = *state;
    struct slice names[] = {SLICE("lib"),  SLICE("lib-a"),   SLICE("lib.b/c"),
                            SLICE("lib0"), SLICE("lib/x/y"), SLICE("zz")};
    struct slice bytes = zip_of_raw_names(names, 6, 0);
    assert_rule(b, bytes, "zip.file_and_folder");
    assert_string_equal(b->ctx.fault.items[0].file, "lib");
    zip_free(bytes);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(names_are_judged),
        cmocka_unit_test(two_names_that_are_one_are_refused),
        cmocka_unit_test(a_clash_is_found_among_many_names),
    };
    return cmocka_run_group_tests(tests, bench_setup, bench_teardown);
}
