/*
 * test_orgs.c - organisations and their members.
 */
#include "domain/orgs.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>

#include <cmocka.h>

#include "domain/access.h"
#include "domain/keys.h"
#include "domain/members.h"
#include "domain/roles.h"
#include "model/audit.h"
#include "support_people.h"

static const char nowhere[] = "01900000-0000-7000-8000-000000000000";

static enum standing standing_of(struct town *t, const struct user *u, const struct org *o)
{
    struct access a;
    must(t, access_of_subject(work(t), &t->domain, slice_of(u->username), o->id, &a));
    assert_true(a.valid);
    return a.standing;
}

static void a_domain_is_unique_among_living_orgs(void **state)
{
    struct town *t = *state;
    struct org o;
    const bool yes = true, no = false;
    const struct org_new what = {.name = SLICE("Other"), .domain = SLICE("ACME.com")};
    must_fail(t, orgs_create(work(t), &t->domain, &t->cli, &what, &o), ERR_EXISTS,
              "Organization domain already exists");
    struct org_change change = {.domain = {true, SLICE("acme.com")}};
    must_fail(t, orgs_change(work(t), &t->domain, &t->cli, t->zeta.id, &change, &o), ERR_EXISTS,
              "Organization domain already exists");
    change = (struct org_change){.is_deleted = &yes};
    must(t, orgs_change(work(t), &t->domain, &t->cli, t->acme.id, &change, &o));
    assert_int_equal(audit_rows(t, "org.delete"), 1);
    must(t, orgs_create(work(t), &t->domain, &t->cli, &what, &o));
    assert_string_equal(o.domain, "acme.com");
    assert_string_equal(o.tier, "free");
    change.is_deleted = &no;
    must_fail(t, orgs_change(work(t), &t->domain, &t->cli, t->acme.id, &change, &o), ERR_EXISTS,
              NULL);
}

static void bad_domains_are_refused(void **state)
{
    struct town *t = *state;
    static const char *const bad[] = {"",          "acme",         ".acme.com",   "acme..com",
                                      "acme.com.", "-a.com",       "a-.com",      "a b.com",
                                      "a_b.com",   "\xc3\xa9.com", "http://a.com"};
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        struct org o;
        const struct org_new what = {.name = SLICE("X"), .domain = slice_of(bad[i])};
        must_fail(t, orgs_create(work(t), &t->domain, &t->cli, &what, &o), ERR_UNPROCESSABLE, NULL);
        assert_string_equal(t->ctx.fault.field, "domain");
    }
}

static void a_profile_leaves_the_rest_alone(void **state)
{
    struct town *t = *state;
    struct actor ann = actor_of(&t->ann);
    struct org o;
    const struct org_profile change = {.display_name = {true, SLICE("Acme Corp.")},
                                       .website = {true, SLICE("https://acme.com/")}};
    must(t, orgs_change_profile(work(t), &t->domain, &ann, t->acme.id, &change, &o));
    assert_string_equal(o.display_name, "Acme Corp.");
    assert_string_equal(o.name, "Acme");
    assert_string_equal(o.domain, "acme.com");
    const struct audit_event *e = last_audit(t, "org.profile");
    assert_string_equal(e->org_id, t->acme.id);
    assert_string_equal(e->actor_name, "ann");
    must_fail(t, orgs_change_profile(work(t), &t->domain, &ann, nowhere, &change, &o),
              ERR_NOT_FOUND, "Organization not found");
    const struct org_profile bad = {.contact_email = {true, SLICE("no address")}};
    must_fail(t, orgs_change_profile(work(t), &t->domain, &ann, t->acme.id, &bad, &o),
              ERR_UNPROCESSABLE, "contact_email");
}

static size_t count_orgs(struct town *t, const struct user *u, const char *role)
{
    struct actor actor = actor_of(u);
    struct org_seat *seats;
    size_t count;
    bool more;
    const struct org_query q = {0};
    must(t, orgs_list(work(t), &t->domain, &actor, &q, &seats, &count, &more));
    assert_false(more);
    for (size_t i = 0; i < count; i++)
        assert_string_equal(seats[i].role, role);
    return count;
}

static void everybody_sees_their_own_orgs(void **state)
{
    struct town *t = *state;
    const bool yes = true;
    struct org o;
    assert_int_equal(count_orgs(t, &t->root, "sys_admin"), 2);
    assert_int_equal(count_orgs(t, &t->ann, "org_admin"), 1);
    assert_int_equal(count_orgs(t, &t->bob, "member"), 1);
    const struct org_change suspend = {.status = {true, SLICE("suspended")}};
    must(t, orgs_change(work(t), &t->domain, &t->cli, t->acme.id, &suspend, &o));
    assert_int_equal(count_orgs(t, &t->ann, ""), 0);
    assert_int_equal(standing_of(t, &t->ann, &t->acme), STANDING_SUSPENDED);
    const struct org_change drop = {.is_deleted = &yes};
    must(t, orgs_change(work(t), &t->domain, &t->cli, t->zeta.id, &drop, &o));
    assert_int_equal(count_orgs(t, &t->eve, ""), 0);
    assert_int_equal(standing_of(t, &t->eve, &t->zeta), STANDING_NONE);
    assert_int_equal(count_orgs(t, &t->root, "sys_admin"), 2);
    must_fail(t, orgs_get(work(t), &t->domain, t->zeta.id, false, &o), ERR_NOT_FOUND, NULL);
    must(t, orgs_get(work(t), &t->domain, t->zeta.id, true, &o));
    const struct org_change odd = {.status = {true, SLICE("asleep")}};
    must_fail(t, orgs_change(work(t), &t->domain, &t->cli, t->acme.id, &odd, &o), ERR_UNPROCESSABLE,
              "status");
}

static void orgs_are_paged_in_order(void **state)
{
    struct town *t = *state;
    struct actor root = actor_of(&t->root);
    struct org_seat *seats;
    size_t count;
    bool more;
    struct org_query q = {.limit = 1};
    must(t, orgs_list(work(t), &t->domain, &root, &q, &seats, &count, &more));
    assert_true(more && count == 1);
    q.after_id = seats[0].org.id;
    must(t, orgs_list(work(t), &t->domain, &root, &q, &seats, &count, &more));
    assert_true(!more && count == 1);
    assert_true(strcmp(q.after_id, seats[0].org.id) < 0);
}

static void quota_counts_what_is_there(void **state)
{
    struct town *t = *state;
    struct org_quota q;
    struct api_key key;
    char raw[KEY_TEXT];
    const struct key_new what = {.user_id = t->ann.id, .name = SLICE("ci"), .org_id = t->acme.id};
    must(t, keys_create(work(t), &t->domain, &t->cli, &what, &key, raw));
    must(t, orgs_quota(work(t), &t->domain, t->acme.id, &q));
    assert_int_equal(q.members, 2);
    assert_int_equal(q.admins, 1);
    assert_int_equal(q.api_keys, 1);
    assert_int_equal(q.plugins + q.versions + q.bytes, 0);
    assert_string_equal(q.tier, "free");
    must_fail(t, orgs_quota(work(t), &t->domain, nowhere, &q), ERR_NOT_FOUND, NULL);
}

static void members_come_and_go(void **state)
{
    struct town *t = *state;
    struct actor ann = actor_of(&t->ann);
    struct member m;
    must_fail(t, members_add(work(t), &t->domain, &ann, t->acme.id, t->bob.id, false, &m),
              ERR_EXISTS, "already a member");
    must_fail(t, members_add(work(t), &t->domain, &ann, t->acme.id, nowhere, false, &m),
              ERR_NOT_FOUND, "User not found");
    must_fail(t, members_add(work(t), &t->domain, &ann, nowhere, t->eve.id, false, &m),
              ERR_NOT_FOUND, "Organization not found");
    must(t, members_add(work(t), &t->domain, &ann, t->acme.id, t->eve.id, false, &m));
    assert_string_equal(m.user.username, "eve");
    assert_null(m.user.password_hash);
    must(t, members_set_admin(work(t), &t->domain, &ann, t->acme.id, t->eve.id, true, &m));
    assert_true(m.is_admin);
    size_t rows = audit_rows(t, "member.change");
    must(t, members_set_admin(work(t), &t->domain, &ann, t->acme.id, t->eve.id, true, &m));
    assert_int_equal(audit_rows(t, "member.change"), rows);
    must_fail(t, members_set_admin(work(t), &t->domain, &ann, t->zeta.id, t->bob.id, true, &m),
              ERR_NOT_FOUND, "not a member");
    must(t, members_remove(work(t), &t->domain, &ann, t->acme.id, t->eve.id));
    assert_int_equal(standing_of(t, &t->eve, &t->acme), STANDING_NONE);
    must_fail(t, members_remove(work(t), &t->domain, &ann, t->acme.id, t->eve.id), ERR_NOT_FOUND,
              NULL);
    struct member *list;
    size_t count;
    bool more;
    const struct member_query q = {.limit = 1};
    must(t, members_list(work(t), &t->domain, t->acme.id, &q, &list, &count, &more));
    assert_true(count == 1 && more);
    assert_string_equal(list[0].user.username, "ann");
}

/* Whoever comes back later starts with what was given anew. */
static void leaving_takes_roles_and_keys_along(void **state)
{
    struct town *t = *state;
    const struct slice read = SLICE("cadence:org:plugins:read");
    const struct role_new what = {
        .name = SLICE("reader"), .permissions = &read, .permission_count = 1};
    const struct key_new key_what = {
        .user_id = t->bob.id, .name = SLICE("ci"), .org_id = t->acme.id};
    struct role role;
    struct role_grant *grants;
    struct api_key key, *keys;
    struct member m;
    char raw[KEY_TEXT];
    size_t count;
    must(t, roles_create(work(t), &t->domain, &t->cli, &what, &role));
    must(t, roles_assign(work(t), &t->domain, &t->cli, t->bob.id, role.id, t->acme.id));
    must(t, keys_create(work(t), &t->domain, &t->cli, &key_what, &key, raw));
    must(t, members_remove(work(t), &t->domain, &t->cli, t->acme.id, t->bob.id));
    must(t, members_add(work(t), &t->domain, &t->cli, t->acme.id, t->bob.id, false, &m));
    must(t, roles_of_user(work(t), &t->domain, t->bob.id, &grants, &count));
    assert_int_equal(count, 0);
    must(t, keys_list(work(t), &t->domain, t->bob.id, false, &keys, &count));
    assert_int_equal(count, 0);
}

#define CASE(name) cmocka_unit_test_setup_teardown(name, town_setup, town_teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        CASE(a_domain_is_unique_among_living_orgs),
        CASE(bad_domains_are_refused),
        CASE(a_profile_leaves_the_rest_alone),
        CASE(everybody_sees_their_own_orgs),
        CASE(orgs_are_paged_in_order),
        CASE(quota_counts_what_is_there),
        CASE(members_come_and_go),
        CASE(leaving_takes_roles_and_keys_along),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
