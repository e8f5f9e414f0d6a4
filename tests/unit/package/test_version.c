/*
 * test_version.c - the order of both schemes, spelled out; keys that memcmp orders.
 *
 * The comparison with Python's own reader, over generated versions, is in
 * tests/package/test_version_order.py.
 */
#include "package/version.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

static struct version read_version(enum version_scheme scheme, const char *text)
{
    struct version v;
    if (!version_parse(scheme, slice_of(text), &v))
        fail_msg("'%s' is refused", text);
    assert_true(v.key_len > 0 && v.key_len < VERSION_KEY);
    return v;
}

/* Each list is in strictly rising order; every pair is compared. */
static void assert_rising(enum version_scheme scheme, const char *const *list, size_t n)
{
    for (size_t i = 0; i < n; i++)
        for (size_t k = 0; k < n; k++) {
            struct version a = read_version(scheme, list[i]), b = read_version(scheme, list[k]);
            int want = (i > k) - (i < k), got = version_compare(&a, &b);
            if ((got > 0) - (got < 0) != want)
                fail_msg("'%s' and '%s' compare as %d", list[i], list[k], got);
        }
}

#define COUNT(list) (sizeof(list) / sizeof(list)[0])

static void python_versions_rise(void **state)
{
    (void)state;
    static const char *const list[] = {
        "0.dev1",
        "0a1.dev0",
        "0a1",
        "0",
        "0+a",
        "0+a.1",
        "0+0",
        "0+0.0",
        "0+1",
        "0.post0.dev1",
        "0.post0",
        "0.0.1",
        "0.1",
        "1.dev0",
        "1.0.dev456",
        "1.0a1",
        "1.0a2.dev456",
        "1.0a12.dev456",
        "1.0a12",
        "1.0b1.dev456",
        "1.0b2",
        "1.0b2.post345.dev456",
        "1.0b2.post345",
        "1.0rc1.dev456",
        "1.0rc1",
        "1.0",
        "1.0+abc.5",
        "1.0+abc.7",
        "1.0+5",
        "1.0.post456.dev34",
        "1.0.post456",
        "1.0.1",
        "1.1.dev1",
        "1.2",
        "1.9",
        "1.10",
        "1.99999999999999999999999999",
        "1.100000000000000000000000000",
        "2",
        "1!0.1",
        "1!1",
        "2!0",
        "10!0",
    };
    assert_rising(VERSION_PEP440, list, COUNT(list));
}

static void semantic_versions_rise(void **state)
{
    (void)state;
    static const char *const list[] = {
        "0.0.0-0",       "0.0.0",        "0.0.1",         "0.1.0",
        "1.0.0-0",       "1.0.0-1",      "1.0.0-9",       "1.0.0-10",
        "1.0.0--",       "1.0.0-alpha",  "1.0.0-alpha.1", "1.0.0-alpha.beta",
        "1.0.0-alpha-1", "1.0.0-alpha0", "1.0.0-beta",    "1.0.0-beta.2",
        "1.0.0-beta.11", "1.0.0-rc.1",   "1.0.0",         "1.0.1",
        "1.9.0",         "1.10.0",       "2.0.0",         "99999999999999999999999.0.0",
    };
    assert_rising(VERSION_SEMVER, list, COUNT(list));
}

struct spelling {
    const char *text, *canonical;
    bool is_prerelease;
};

static void spellings_of_one_version_have_one_key(void **state)
{
    (void)state;
    static const struct spelling cases[] = {
        {"1.0", "1.0", false},
        {"v1.0", "1.0", false},
        {"V01.000", "1.0", false},
        {"1.0-1", "1.0.post1", false},
        {"1.0.rev", "1.0.post0", false},
        {"1.0r4", "1.0.post4", false},
        {"1.0ALPHA", "1.0a0", true},
        {"1.0-beta_3", "1.0b3", true},
        {"1.0c2", "1.0rc2", true},
        {"1.0.pre.2", "1.0rc2", true},
        {"1.0preview-7", "1.0rc7", true},
        {"1.0a-", "1.0a0", true},
        {"1.0dev", "1.0.dev0", true},
        {"1.0_dev_4", "1.0.dev4", true},
        {"0!1.2", "1.2", false},
        {"1!2.0", "1!2.0", false},
        {"1.0+Ubuntu-01_x", "1.0+ubuntu.1.x", false},
        {"1.0a1.post2.dev3+x", "1.0a1.post2.dev3+x", true},
    };
    for (size_t i = 0; i < COUNT(cases); i++) {
        struct version a = read_version(VERSION_PEP440, cases[i].text);
        struct version b = read_version(VERSION_PEP440, cases[i].canonical);
        assert_string_equal(a.canonical, cases[i].canonical);
        assert_int_equal(version_compare(&a, &b), 0);
        assert_int_equal(a.is_prerelease, cases[i].is_prerelease);
    }
    struct version a = read_version(VERSION_PEP440, "1"), b = read_version(VERSION_PEP440, "1.0.0");
    assert_int_equal(version_compare(&a, &b), 0);
    struct version c = read_version(VERSION_SEMVER, "1.0.0+a"),
                   d = read_version(VERSION_SEMVER, "1.0.0+b");
    assert_int_equal(version_compare(&c, &d), 0);
    assert_true(c.has_build);
}

static void what_is_no_version_is_refused(void **state)
{
    (void)state;
    static const char *const python[] = {
        "",
        ".",
        "..",
        "-1",
        "1.",
        ".1",
        "1..2",
        "1.0-",
        "1.0--1",
        "a1",
        "1.0+",
        "1.0+a..b",
        "1.0+a-",
        "1.0 ",
        " 1.0",
        "1.0\n",
        "1.0x",
        "1!",
        "!1",
        "1!2!3",
        "1.0*",
        "1.0.*",
        "1,0",
        "1.0+\xc3\xa9",
        "1.0.0-beta.1.x",
        "vv1",
        "1.0dev1dev2",
        "latest",
        "1/2",
        "1.11111111111111111111111111111111111111111111111111", /* 52 letters */
    };
    static const char *const semantic[] = {
        "",          "1",          "1.0",    "1.0.0.0", "01.0.0",    "1.00.0",         "1.0.0-",
        "1.0.0-01",  "1.0.0-a..b", "1.0.0+", "v1.0.0",  "1.0.0-a_b", "1.0.0-\xc3\xa9", " 1.0.0",
        "1.0.0+a+b",
    };
    struct version v;
    for (size_t i = 0; i < COUNT(python); i++)
        if (version_parse(VERSION_PEP440, slice_of(python[i]), &v))
            fail_msg("'%s' is read as %s", python[i], v.canonical);
    for (size_t i = 0; i < COUNT(semantic); i++)
        if (version_parse(VERSION_SEMVER, slice_of(semantic[i]), &v))
            fail_msg("'%s' is read as %s", semantic[i], v.canonical);
    assert_false(version_parse(VERSION_PEP440, (struct slice){"1.0\0", 4}, &v));
    assert_true(version_parse(VERSION_PEP440,
                              SLICE("1.111111111111111111111111111111111111111111111111"), &v));
}

static void the_sdk_wants_two_or_three_parts(void **state)
{
    (void)state;
    assert_true(version_fits_sdk(SLICE("1.2")));
    assert_true(version_fits_sdk(SLICE("1.2.3")));
    assert_true(version_fits_sdk(SLICE("1.2.3rc1")));
    assert_false(version_fits_sdk(SLICE("1")));
    assert_false(version_fits_sdk(SLICE("1.2.3.4")));
    assert_false(version_fits_sdk(SLICE("1.0.0-beta.1")));
}

static void a_refusal_says_what_is_expected(void **state)
{
    (void)state;
    struct arena arena;
    struct ctx ctx;
    struct version v;
    arena_init(&arena, 4096);
    ctx_init(&ctx, &arena, &clock_system, NULL, "test");
    assert_int_equal(version_read(&ctx, VERSION_PEP440, SLICE("newest"), &v), ERR_INVALID);
    assert_string_equal(ctx.fault.field, "version");
    assert_non_null(strstr(ctx.fault.sentence, "PEP 440"));
    ctx_forgive(&ctx);
    assert_int_equal(version_read(&ctx, VERSION_SEMVER, SLICE("1"), &v), ERR_INVALID);
    assert_non_null(strstr(ctx.fault.sentence, "1.2.0-rc.1"));
    ctx_forgive(&ctx);
    assert_int_equal(version_read(&ctx, VERSION_SEMVER, SLICE("1.2.3"), &v), OK);
    arena_free(&arena);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(python_versions_rise),
        cmocka_unit_test(semantic_versions_rise),
        cmocka_unit_test(spellings_of_one_version_have_one_key),
        cmocka_unit_test(what_is_no_version_is_refused),
        cmocka_unit_test(the_sdk_wants_two_or_three_parts),
        cmocka_unit_test(a_refusal_says_what_is_expected),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
