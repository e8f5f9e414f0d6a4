/*
 * test_permissions.c - the table, sets, and what the built-in roles hold.
 */
#include "domain/permissions.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>

#include <cmocka.h>

static bool holds(const struct permission_set *set, const char *name)
{
    int at = permission_find(slice_of(name));
    assert_true(at >= 0);
    return permission_set_has(set, at);
}

static void names_follow_the_pattern(void **state)
{
    (void)state;
    for (size_t i = 0; i < permission_count(); i++) {
        struct slice name = slice_of(permission_at(i)->name);
        assert_int_equal(permission_find(name), i); /* so no name stands twice */
        bool system = slice_starts(name, "cadence:system:"),
             org = slice_starts(name, "cadence:org:");
        bool own = slice_starts(name, "cadence:chat:") || slice_starts(name, "cadence:profile:");
        assert_int_equal(system + org + own, 1);
        enum permission_scope scope = permission_at(i)->scope;
        assert_int_equal(scope, system ? PERMISSION_SYSTEM
                                : org  ? PERMISSION_ORG
                                       : PERMISSION_PERSONAL);
        assert_true(strlen(permission_at(i)->sentence) > 3);
    }
    assert_int_equal(permission_find(SLICE("cadence:org:plugins")), -1);
    assert_int_equal(permission_find(SLICE("")), -1);
    assert_int_equal(permission_find(SLICE("cadence:org:plugins:read ")), -1);
}

static void the_sentinel_stands_for_all(void **state)
{
    (void)state;
    struct permission_set set = {{0}}, all = permission_all();
    permission_set_add(&set, permission_find(SLICE("cadence:org:read")));
    permission_set_expand(&set);
    assert_false(holds(&set, "cadence:org:write"));
    permission_set_add(&set, permission_find(slice_of(PERMISSION_ADMIN)));
    permission_set_expand(&set);
    assert_memory_equal(&set, &all, sizeof set);
    for (size_t i = 0; i < permission_count(); i++)
        assert_true(permission_set_has(&set, (int)i));
    assert_false(permission_set_has(&set, -1));
}

static void built_in_roles_hold_what_they_should(void **state)
{
    (void)state;
    struct permission_set sys = permission_of_builtin("sys_admin");
    struct permission_set admin = permission_of_builtin("org_admin");
    struct permission_set member = permission_of_builtin("org_member");
    struct permission_set all = permission_all();
    assert_memory_equal(&sys, &all, sizeof sys);
    for (size_t i = 0; i < permission_count(); i++)
        assert_int_equal(permission_set_has(&admin, (int)i),
                         permission_at(i)->scope != PERMISSION_SYSTEM);
    assert_true(permission_set_within(&member, &admin));
    assert_true(holds(&member, "cadence:org:read"));
    assert_true(holds(&member, "cadence:org:orchestrators:read"));
    assert_true(holds(&member, "cadence:profile:write"));
    assert_false(holds(&member, "cadence:org:plugins:read"));
    assert_false(holds(&member, "cadence:org:members:read"));
    assert_false(holds(&member, "cadence:org:write"));
}

static void sets_are_joined_and_cut(void **state)
{
    (void)state;
    struct permission_set a = {{0}}, b = {{0}};
    int first = 0, last = (int)permission_count() - 1;
    permission_set_add(&a, first);
    permission_set_add(&b, last);
    assert_false(permission_set_within(&a, &b));
    permission_set_join(&a, &b);
    assert_true(permission_set_has(&a, first) && permission_set_has(&a, last));
    assert_true(permission_set_within(&b, &a));
    permission_set_cut(&a, &b);
    assert_false(permission_set_has(&a, first));
    assert_true(permission_set_has(&a, last));
    permission_set_add(&a, -1); /* an unknown name adds nothing */
    assert_memory_equal(&a, &b, sizeof a);
}

static void keys_never_hold_three(void **state)
{
    (void)state;
    struct permission_set never = permission_never_for_keys();
    size_t n = 0;
    for (size_t i = 0; i < permission_count(); i++)
        n += permission_set_has(&never, (int)i);
    assert_int_equal(n, 3);
    assert_true(holds(&never, "cadence:system:admin"));
    assert_true(holds(&never, "cadence:system:api_keys:read"));
    assert_true(holds(&never, "cadence:system:api_keys:write"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(names_follow_the_pattern),
        cmocka_unit_test(the_sentinel_stands_for_all),
        cmocka_unit_test(built_in_roles_hold_what_they_should),
        cmocka_unit_test(sets_are_joined_and_cut),
        cmocka_unit_test(keys_never_hold_three),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
