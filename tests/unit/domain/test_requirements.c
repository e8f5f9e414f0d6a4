/*
 * test_requirements.c - the same wish in other words is the same; what may not be installed is
 * named; and of pip's complaints the right requirement is blamed.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>

#include <cmocka.h>

#include "domain/dependencies.h"
#include "domain/requirements.h"

struct desk {
    struct arena arena;
    struct ctx ctx;
};

static int sit_down(void **state)
{
    static struct desk desk;
    arena_init(&desk.arena, 4 << 20);
    ctx_init(&desk.ctx, &desk.arena, &clock_system, NULL, "test");
    *state = &desk;
    return 0;
}

static int stand_up(void **state)
{
    arena_free(&((struct desk *)*state)->arena);
    return 0;
}

static struct needs read_all(struct desk *desk, const char *const *texts, size_t count)
{
    struct needs needs;
    assert_int_equal(requirements_read(&desk->ctx, texts, count, &needs), OK);
    return needs;
}

static void one_spelling(void **state)
{
    static const char *const pairs[][2] = {
        {"numpy>=1.20", "NumPy >= 1.20"},
        {"ruamel.yaml<1,>=0.17", "Ruamel_YAML >=0.17, <1"},
        {"httpx[http2,socks]", "httpx[socks, http2]"},
        {"a; python_version >= '3'", "a ; python_version >= '3'"},
    };
    for (size_t i = 0; i < sizeof pairs / sizeof *pairs; i++) {
        struct needs one = read_all(*state, &pairs[i][0], 1);
        struct needs other = read_all(*state, &pairs[i][1], 1);
        assert_string_equal(one.list[0].line, other.list[0].line);
        assert_string_equal(other.list[0].text, pairs[i][1]); /* shown as it was declared */
    }
}

static void one_order_and_each_once(void **state)
{
    static const char *const texts[] = {"b", "a>=2", "B", "a >= 2", "a"};
    struct needs needs = read_all(*state, texts, 5);
    assert_int_equal(needs.count, 3);
    assert_string_equal(needs.list[0].line, "a");
    assert_string_equal(needs.list[1].line, "a>=2");
    assert_string_equal(needs.list[2].line, "b");
}

static void other_wishes_stay_apart(void **state)
{
    static const char *const texts[] = {"a>=2", "a<=2", "a[x]", "a; python_version<'4'"};
    assert_int_equal(read_all(*state, texts, 4).count, 4);
}

static void what_pip_would_follow_is_refused(void **state)
{
    static const char *const bad[] = {"--pre",
                                      "-e .",
                                      "-r x.txt",
                                      "a @ https://x.example/a.whl",
                                      "git+https://x.example/a",
                                      "./a",
                                      "/a",
                                      "../a.whl",
                                      "C:\\a",
                                      "a --hash=sha256:00",
                                      "a\n--pre",
                                      "",
                                      "file:a"};
    struct desk *desk = *state;
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        const char *const texts[] = {"fine", bad[i]};
        assert_int_equal(dependencies_check(&desk->ctx, texts, 2), ERR_INVALID);
        assert_string_equal(desk->ctx.fault.field, "dependencies");
        ctx_forgive(&desk->ctx);
    }
}

static void the_sdk_can_be_left_out(void **state)
{
    static const char *const texts[] = {"cadence_sdk>=1", "Cadence-SDK", "cadence_sdk_extra", "a"};
    struct needs needs = read_all(*state, texts, 4);
    assert_true(requirements_leave_sdk(&needs));
    assert_int_equal(needs.count, 2);
    assert_string_equal(needs.list[0].line, "a");
    assert_false(requirements_leave_sdk(&needs));
}

static const char *blamed(struct desk *desk, const char *output)
{
    static const char *const texts[] = {"numpy>=1.20.0", "ruamel.yaml", "pip-tools"};
    struct needs needs = read_all(desk, texts, 3);
    const struct need *need = requirements_blamed(&needs, slice_of(output));
    return need ? need->text : NULL;
}

static void who_is_blamed(void **state)
{
    struct desk *desk = *state;
    assert_string_equal(
        blamed(desk, "ERROR: Could not find a version that satisfies the requirement numpy>=1.20.0 "
                     "(from versions: none)\nERROR: No matching distribution found for numpy\n"),
        "numpy>=1.20.0");
    assert_string_equal(blamed(desk, "ERROR: No matching distribution found for Ruamel_Yaml"),
                        "ruamel.yaml");
    assert_string_equal(blamed(desk, "x\nERROR: Could not find a version that satisfies the "
                                     "requirement gone>=3 (from pip-tools) (from versions: 1)"),
                        "pip-tools");
    /* a name that only begins like it is another one */
    assert_null(blamed(desk, "ERROR: No matching distribution found for numpy-extra"));
    assert_null(blamed(desk, "ERROR: the disk is full"));
    assert_null(blamed(desk, ""));
}

static void the_only_one_is_blamed_in_any_case(void **state)
{
    static const char *const texts[] = {"a"};
    struct needs needs = read_all(*state, texts, 1);
    assert_string_equal(requirements_blamed(&needs, SLICE("who knows"))->text, "a");
}

#define CASE(name) cmocka_unit_test_setup_teardown(name, sit_down, stand_up)

int main(void)
{
    const struct CMUnitTest tests[] = {
        CASE(one_spelling),
        CASE(one_order_and_each_once),
        CASE(other_wishes_stay_apart),
        CASE(what_pip_would_follow_is_refused),
        CASE(the_sdk_can_be_left_out),
        CASE(who_is_blamed),
        CASE(the_only_one_is_blamed_in_any_case),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
