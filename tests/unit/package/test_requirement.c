/*
 * test_requirement.c - dependencies: what is read, and why the rest is not.
 *
 * The comparison with Python's own reader is in tests/package/test_version_order.py.
 */
#include "package/requirement.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#define COUNT(list) (sizeof(list) / sizeof(list)[0])

static void a_full_one_is_taken_apart(void **state)
{
    (void)state;
    struct arena arena;
    struct requirement r;
    struct requirement_fault why;
    arena_init(&arena, 1 << 16);
    struct slice text = SLICE(
        "  My_Pkg.x [http2, Cli]>=1.2 , !=1.5.*,<2; python_version >= \"3.9\" ");
    assert_int_equal(requirement_parse(&arena, text, &r, &why), OK);
    assert_true(slice_is(r.name, "My_Pkg.x"));
    assert_true(slice_is(r.key, "my-pkg-x"));
    assert_int_equal(r.extra_count, 2);
    assert_true(slice_is(r.extras[0], "http2") && slice_is(r.extras[1], "Cli"));
    assert_int_equal(r.spec_count, 3);
    assert_true(slice_is(r.specs[1].op, "!=") && slice_is(r.specs[1].version, "1.5.*"));
    assert_true(slice_is(r.marker, "python_version >= \"3.9\""));
    arena_free(&arena);
}

static void good_ones_are_read(void **state)
{
    (void)state;
    static const char *const good[] = {
        "a",
        "A9",
        "cadence_sdk>=2.0.0,<3.0.0",
        "httpx>=0.27.0",
        "a==1.*",
        "a~=1.4.2",
        "a===1.0-x",
        "a (>=1,<2)",
        "a[]",
        "a[x]",
        "a[x,y] (==1)",
        "a;os_name=='nt'",
        "a==1+local.1",
        "a>1!2",
        "a ; 'linux' in sys_platform",
        "a; python_version not in '3.6 3.7'",
        "a; (os_name == 'nt' and (extra == 'x' or python_full_version < '3.9'))",
        "a; platform.machine == \"x'y\"",
        "a\t>=\t1",
        "a>=1.0a1.post2.dev3",
        "a--b",
        "a._-b>=v1",
    };
    for (size_t i = 0; i < COUNT(good); i++) {
        struct arena arena;
        struct requirement r;
        struct requirement_fault why;
        arena_init(&arena, 1 << 16);
        if (requirement_parse(&arena, slice_of(good[i]), &r, &why) != OK)
            fail_msg("'%s': %s", good[i], why.sentence);
        arena_free(&arena);
    }
}

struct bad {
    const char *text, *rule;
};

static void bad_ones_are_refused_with_their_reason(void **state)
{
    (void)state;
    static const struct bad cases[] = {
        {"", "dependency.empty"},
        {"   ", "dependency.empty"},
        {"a>=1\nb", "dependency.ascii"},
        {"caf\xc3\xa9", "dependency.ascii"},
        {"-r requirements.txt", "dependency.option"},
        {" --index-url=x", "dependency.option"},
        {"https://example.org/x.whl", "dependency.url"},
        {"a @ https://example.org/x.whl", "dependency.url"},
        {"a@file", "dependency.url"},
        {"git+ssh://x/y", "dependency.url"},
        {"./local", "dependency.path"},
        {"../up", "dependency.path"},
        {"/etc/passwd", "dependency.path"},
        {"~/x", "dependency.path"},
        {"x\\y", "dependency.path"},
        {"x-1.0-py3-none-any.whl", "dependency.path"},
        {"x-1.0.tar.gz", "dependency.path"},
        {"_a", "dependency.name"},
        {"a-", "dependency.name"},
        {"$HOME", "dependency.name"},
        {"a[", "dependency.extras"},
        {"a[x", "dependency.extras"},
        {"a[x,]", "dependency.extras"},
        {"a[-x]", "dependency.extras"},
        {"a>=", "dependency.version"},
        {"a>=x", "dependency.version"},
        {"a>=1,", "dependency.version"},
        {"a>=1,,<2", "dependency.version"},
        {"a=1", "dependency.version"},
        {"a=>1", "dependency.version"},
        {"a>=1.*", "dependency.version"},
        {"a==1a1.*", "dependency.version"},
        {"a~=1", "dependency.version"},
        {"a~=1a1", "dependency.version"},
        {"a>=1+local", "dependency.version"},
        {"a===1,<2", "dependency.version"},
        {"a()", "dependency.version"},
        {"a(>=1", "dependency.version"},
        {"a;", "dependency.marker"},
        {"a; x", "dependency.marker"},
        {"a; os_name", "dependency.marker"},
        {"a; os_name == nt", "dependency.marker"},
        {"a; os_name == 'nt", "dependency.marker"},
        {"a; os_name notin 'nt'", "dependency.marker"},
        {"a; os_name == 'nt' and", "dependency.marker"},
        {"a; (os_name == 'nt'", "dependency.marker"},
        {"a; os_name == '\\x41'", "dependency.marker"},
        {"a; ((((((((((((((((((os_name=='x'))))))))))))))))))", "dependency.marker"},
        {"a b", "dependency.syntax"},
        {"a>=1 <2", "dependency.syntax"},
        {"a; os_name == 'nt' x", "dependency.syntax"},
        {"a)", "dependency.syntax"},
    };
    for (size_t i = 0; i < COUNT(cases); i++) {
        struct arena arena;
        struct requirement r;
        struct requirement_fault why;
        arena_init(&arena, 1 << 16);
        assert_int_equal(requirement_parse(&arena, slice_of(cases[i].text), &r, &why), ERR_INVALID);
        if (strcmp(why.rule, cases[i].rule) != 0)
            fail_msg("'%s': %s instead of %s", cases[i].text, why.rule, cases[i].rule);
        assert_non_null(why.sentence);
        assert_non_null(why.remedy);
        assert_true(why.at <= strlen(cases[i].text));
        arena_free(&arena);
    }
    char large[REQUIREMENT_TEXT + 1];
    struct arena arena;
    struct requirement r;
    struct requirement_fault why;
    memset(large, 'a', sizeof large);
    arena_init(&arena, 1 << 16);
    assert_int_equal(requirement_parse(&arena, (struct slice){large, sizeof large}, &r, &why),
                     ERR_INVALID);
    assert_string_equal(why.rule, "dependency.length");
    assert_int_equal(requirement_parse(&arena, (struct slice){large, sizeof large - 1}, &r, &why),
                     OK);
    arena_free(&arena);
}

static void a_full_arena_is_not_the_authors_fault(void **state)
{
    (void)state;
    struct requirement r;
    struct requirement_fault why;
    bool done = false;
    for (size_t ceiling = 0; !done; ceiling += 64) {
        struct arena arena;
        arena_init(&arena, ceiling);
        enum err err = requirement_parse(&arena, SLICE("abc[x]>=1"), &r, &why);
        assert_true(err == OK || err == ERR_NO_MEMORY);
        done = err == OK;
        arena_free(&arena);
        assert_true(ceiling < 100000);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_full_one_is_taken_apart),
        cmocka_unit_test(good_ones_are_read),
        cmocka_unit_test(bad_ones_are_refused_with_their_reason),
        cmocka_unit_test(a_full_arena_is_not_the_authors_fault),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
