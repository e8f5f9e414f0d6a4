/*
 * test_roles.c - roles, who holds them, and the rule against climbing.
 */
#include "domain/roles.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>

#include <cmocka.h>

#include "domain/access.h"
#include "domain/permissions.h"
#include "support_people.h"

static struct role put_role(struct town *t, const char *name, const char *org_id,
                            const char *permission)
{
    const struct slice one = slice_of(permission);
    const struct role_new what = {
        .name = slice_of(name), .org_id = org_id, .permissions = &one, .permission_count = 1};
    struct role role;
    must(t, roles_create(work(t), &t->domain, &t->cli, &what, &role));
    return role;
}

static struct access access_in(struct town *t, const struct user *u, const struct org *o)
{
    struct access a;
    must(t, access_of_subject(work(t), &t->domain, slice_of(u->username), o ? o->id : NULL, &a));
    return a;
}

static bool holds(struct permission_set set, const char *name)
{
    return permission_set_has(&set, permission_find(slice_of(name)));
}

static const struct role *find(const struct role *list, size_t count, const char *name)
{
    for (size_t i = 0; i < count; i++)
        if (strcmp(list[i].name, name) == 0)
            return &list[i];
    fail_msg("no role %s", name);
    return NULL;
}

static void built_in_roles_are_seeded_once(void **state)
{
    struct town *t = *state;
    struct role *list;
    size_t count;
    must(t, roles_list(work(t), &t->domain, &list, &count));
    assert_int_equal(count, 3);
    assert_int_equal(find(list, count, "sys_admin")->permission_count, permission_count());
    assert_int_equal(find(list, count, "org_member")->permission_count, 6);
    assert_true(find(list, count, "org_admin")->builtin);
    size_t rows = audit_rows(t, "role.seed");
    assert_int_equal(rows, 1);
    must(t, roles_seed(work(t), &t->domain));
    assert_int_equal(audit_rows(t, "role.seed"), rows); /* nothing differs, nothing is written */
    const struct role *admin = find(list, count, "org_admin");
    const struct role_change change = {.set_permissions = true};
    struct role out;
    must_fail(t, roles_change(work(t), &t->domain, &t->cli, admin->id, &change, &out), ERR_CONFLICT,
              "Built-in");
    must_fail(t, roles_delete(work(t), &t->domain, &t->cli, admin->id), ERR_CONFLICT, "Built-in");
}

static void a_role_takes_effect_at_once(void **state)
{
    struct town *t = *state;
    assert_false(holds(access_in(t, &t->bob, &t->acme).in_org, "cadence:org:plugins:read"));
    struct role role = put_role(t, "reader", NULL, "cadence:org:plugins:read"), out;
    must(t, roles_assign(work(t), &t->domain, &t->cli, t->bob.id, role.id, t->acme.id));
    must(t, roles_assign(work(t), &t->domain, &t->cli, t->bob.id, role.id, t->acme.id));
    assert_int_equal(audit_rows(t, "role.assign"), 1);
    assert_true(holds(access_in(t, &t->bob, &t->acme).in_org, "cadence:org:plugins:read"));
    assert_false(holds(access_in(t, &t->bob, &t->zeta).in_org, "cadence:org:plugins:read"));
    assert_false(holds(access_in(t, &t->bob, NULL).everywhere, "cadence:org:plugins:read"));
    const struct slice stats = SLICE("cadence:org:stats:read");
    const struct role_change change = {
        .permissions = &stats, .permission_count = 1, .set_permissions = true};
    must(t, roles_change(work(t), &t->domain, &t->cli, role.id, &change, &out));
    struct access a = access_in(t, &t->bob, &t->acme);
    assert_false(holds(a.in_org, "cadence:org:plugins:read"));
    assert_true(holds(a.in_org, "cadence:org:stats:read"));
    must(t, roles_withdraw(work(t), &t->domain, &t->cli, t->bob.id, role.id, t->acme.id));
    assert_false(holds(access_in(t, &t->bob, &t->acme).in_org, "cadence:org:stats:read"));
    must(t, roles_assign(work(t), &t->domain, &t->cli, t->bob.id, role.id, NULL));
    assert_true(holds(access_in(t, &t->bob, &t->zeta).everywhere, "cadence:org:stats:read"));
    must(t, roles_delete(work(t), &t->domain, &t->cli, role.id));
    assert_false(holds(access_in(t, &t->bob, NULL).everywhere, "cadence:org:stats:read"));
}

static void the_sentinel_makes_an_administrator_only_everywhere(void **state)
{
    struct town *t = *state;
    struct role role = put_role(t, "deputy", NULL, "cadence:system:admin");
    must(t, roles_assign(work(t), &t->domain, &t->cli, t->bob.id, role.id, t->acme.id));
    struct access a = access_in(t, &t->bob, &t->acme);
    assert_false(a.is_sys_admin);
    assert_false(holds(a.in_org, "cadence:system:admin"));
    assert_false(holds(a.in_org, "cadence:org:plugins:write"));
    must(t, roles_assign(work(t), &t->domain, &t->cli, t->bob.id, role.id, NULL));
    a = access_in(t, &t->bob, NULL);
    assert_true(a.is_sys_admin);
    assert_true(holds(a.everywhere, "cadence:org:plugins:write"));
}

static void names_and_permissions_are_checked(void **state)
{
    struct town *t = *state;
    static const char *const bad[] = {"", "Upper", "a b", "a.b", "x/y"};
    const struct slice read = SLICE("cadence:org:plugins:read"), wrong = SLICE("cadence:org:all");
    const struct slice system = SLICE("cadence:system:audit:read");
    struct role role;
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        const struct role_new what = {.name = slice_of(bad[i])};
        must_fail(t, roles_create(work(t), &t->domain, &t->cli, &what, &role), ERR_UNPROCESSABLE,
                  "name");
    }
    struct role_new what = {.name = SLICE("x"), .permissions = &wrong, .permission_count = 1};
    must_fail(t, roles_create(work(t), &t->domain, &t->cli, &what, &role), ERR_UNPROCESSABLE,
              "Unknown permission 'cadence:org:all'");
    what = (struct role_new){
        .name = SLICE("x"), .org_id = t->acme.id, .permissions = &system, .permission_count = 1};
    must_fail(t, roles_create(work(t), &t->domain, &t->cli, &what, &role), ERR_UNPROCESSABLE,
              "one organization");
    what.permissions = &read;
    must(t, roles_create(work(t), &t->domain, &t->cli, &what, &role));
    must_fail(t, roles_create(work(t), &t->domain, &t->cli, &what, &role), ERR_EXISTS,
              "Role name already exists");
    what.org_id = t->zeta.id; /* the same name in another org */
    must(t, roles_create(work(t), &t->domain, &t->cli, &what, &role));
    must_fail(t, roles_assign(work(t), &t->domain, &t->cli, t->bob.id, role.id, t->acme.id),
              ERR_UNPROCESSABLE, "another organization");
    must_fail(t, roles_assign(work(t), &t->domain, &t->cli, t->bob.id, role.id, NULL),
              ERR_UNPROCESSABLE, "another organization");
    what.name = SLICE("org_admin"); /* would look like the built-in one */
    must_fail(t, roles_create(work(t), &t->domain, &t->cli, &what, &role), ERR_EXISTS, NULL);
}

static void nobody_hands_out_more_than_they_hold(void **state)
{
    struct town *t = *state;
    struct actor clerk = actor_of(&t->ann);
    struct role role, strong = put_role(t, "strong", NULL, "cadence:system:admin");
    permission_set_add(&clerk.may, permission_find(SLICE("cadence:system:roles:write")));
    permission_set_add(&clerk.may, permission_find(SLICE("cadence:org:plugins:read")));
    struct slice one = SLICE("cadence:system:admin");
    struct role_new what = {.name = SLICE("mine"), .permissions = &one, .permission_count = 1};
    must_fail(t, roles_create(work(t), &t->domain, &clerk, &what, &role), ERR_FORBIDDEN,
              "cadence:system:admin");
    must_fail(t, roles_assign(work(t), &t->domain, &clerk, t->ann.id, strong.id, NULL),
              ERR_FORBIDDEN, NULL);
    must_fail(t, roles_delete(work(t), &t->domain, &clerk, strong.id), ERR_FORBIDDEN, NULL);
    one = SLICE("cadence:org:plugins:read");
    must(t, roles_create(work(t), &t->domain, &clerk, &what, &role));
    must(t, roles_assign(work(t), &t->domain, &clerk, t->bob.id, role.id, NULL));
    one = SLICE("cadence:system:users:write");
    const struct role_change grow = {
        .permissions = &one, .permission_count = 1, .set_permissions = true};
    must_fail(t, roles_change(work(t), &t->domain, &clerk, role.id, &grow, &role), ERR_FORBIDDEN,
              "users:write");
}

#define CASE(name) cmocka_unit_test_setup_teardown(name, town_setup, town_teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        CASE(built_in_roles_are_seeded_once),
        CASE(a_role_takes_effect_at_once),
        CASE(the_sentinel_makes_an_administrator_only_everywhere),
        CASE(names_and_permissions_are_checked),
        CASE(nobody_hands_out_more_than_they_hold),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
