/*
 * test_users.c - people: made, found, changed, removed; the last administrator; who touches whom.
 */
#include "domain/users.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>

#include <cmocka.h>

#include "domain/access.h"
#include "domain/keys.h"
#include "domain/passwords.h"
#include "domain/permissions.h"
#include "domain/roles.h"
#include "domain/sessions.h"
#include "model/audit.h"
#include "support_people.h"

static struct session_opened open_session(struct town *t, const struct user *u)
{
    struct actor actor = actor_of(u);
    const struct session_new what = {.user_id = u->id, .username = u->username};
    struct session_opened opened;
    must(t, sessions_open(work(t), &t->domain, &actor, &what, &opened));
    return opened;
}

static bool is_session_valid(struct town *t, const char *id)
{
    struct access a;
    must(t, access_of_session(work(t), &t->domain, id, NULL, &a));
    return a.valid;
}

static void a_user_is_made_and_found(void **state)
{
    struct town *t = *state;
    const struct user_new what = {.username = SLICE("  Carol "),
                                  .email = SLICE("carol@example.org"),
                                  .password = SLICE(GOOD_PASSWORD),
                                  .display_name = SLICE("Carol C.")};
    struct user u, again;
    bool found;
    must(t, users_create(work(t), &t->domain, &t->cli, &what, &u));
    assert_string_equal(u.username, "Carol");
    assert_non_null(strstr(u.password_hash, "$argon2id$"));
    must(t, users_find_username(work(t), &t->domain, SLICE("cArOl"), &again, &found));
    assert_true(found);
    assert_string_equal(again.id, u.id);
    must(t, users_find_email(work(t), &t->domain, SLICE("CAROL@example.org"), &again, &found));
    assert_true(found);
    must(t, users_find_email(work(t), &t->domain, SLICE("carol"), &again, &found));
    assert_false(found);
    const struct audit_event *e = last_audit(t, "user.create");
    assert_string_equal(e->subject, u.id);
    assert_string_equal(e->actor_via, "cli");
    assert_null(strstr(e->detail, "argon2"));
    assert_null(strstr(e->detail, GOOD_PASSWORD));
}

static void names_and_addresses_are_unique(void **state)
{
    struct town *t = *state;
    struct user u;
    struct user_new what = {.username = SLICE("ANN")};
    size_t before = audit_rows(t, "user.create");
    must_fail(t, users_create(work(t), &t->domain, &t->cli, &what, &u), ERR_EXISTS,
              "Username already exists");
    what = (struct user_new){.username = SLICE("c1"), .email = SLICE("c@x.org")};
    must(t, users_create(work(t), &t->domain, &t->cli, &what, &u));
    what = (struct user_new){.username = SLICE("c2"), .email = SLICE("C@X.org")};
    must_fail(t, users_create(work(t), &t->domain, &t->cli, &what, &u), ERR_EXISTS,
              "Email already exists");
    assert_int_equal(audit_rows(t, "user.create"), before + 1);
}

static void bad_fields_are_named(void **state)
{
    struct town *t = *state;
    static const struct {
        struct user_new what;
        const char *field;
    } cases[] = {
        {{.username = {"", 0}}, "username"},
        {{.username = {"a b", 3}}, "username"},
        {{.username = {"a@b", 3}}, "username"},
        {{.username = {"a\nb", 3}}, "username"},
        {{.username = {"\xff\xfe", 2}}, "username"},
        {{.username = {"x1", 2}, .email = {"nobody", 6}}, "email"},
        {{.username = {"x1", 2}, .email = {"a@b@c", 5}}, "email"},
        {{.username = {"x1", 2}, .password = {"short", 5}}, "password"},
        {{.username = {"x1", 2}, .password = {"elevenchars", 11}}, "password"},
        {{.username = {"x1", 2}, .display_name = {"a\x01", 2}}, "display_name"},
        {{.username = {"verylongname12", 14}, .password = {"VeryLongName12", 14}}, "password"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct user u;
        must_fail(t, users_create(work(t), &t->domain, &t->cli, &cases[i].what, &u),
                  ERR_UNPROCESSABLE, NULL);
        assert_string_equal(t->ctx.fault.field, cases[i].field);
    }
    char long_name[USERNAME_MAX + 2];
    memset(long_name, 'x', sizeof long_name);
    struct user u;
    struct user_new what = {.username = {long_name, USERNAME_MAX + 1}};
    must_fail(t, users_create(work(t), &t->domain, &t->cli, &what, &u), ERR_UNPROCESSABLE, "64");
    what.username.n = USERNAME_MAX;
    must(t, users_create(work(t), &t->domain, &t->cli, &what, &u));
}

/* Letters are counted, not bytes: six of two bytes each are too few. */
static void password_length_counts_letters(void **state)
{
    struct town *t = *state;
    work(t);
    assert_int_equal(passwords_judge(&t->ctx, &t->domain, SLICE("éééééé"), NULL),
                     ERR_UNPROCESSABLE);
    work(t);
    must(t, passwords_judge(&t->ctx, &t->domain, SLICE("éééééééééééé"), NULL));
}

static void a_password_needs_the_current_one(void **state)
{
    struct town *t = *state;
    const struct user_new what = {.username = SLICE("dan"), .password = SLICE(GOOD_PASSWORD)};
    struct user u, out;
    bool good;
    must(t, users_create(work(t), &t->domain, &t->cli, &what, &u));
    struct session_opened here = open_session(t, &u), there = open_session(t, &u);
    struct actor actor = actor_of(&u);
    actor.session_id = here.session.id;
    struct profile_change change = {.password = SLICE("another long password")};
    must_fail(t, users_change_profile(work(t), &t->domain, &actor, &change, &out),
              ERR_UNPROCESSABLE, "current_password");
    change.current_password = SLICE("wrong password!");
    must_fail(t, users_change_profile(work(t), &t->domain, &actor, &change, &out),
              ERR_UNKNOWN_CALLER, "wrong");
    assert_true(is_session_valid(t, there.session.id));
    change.current_password = SLICE(GOOD_PASSWORD);
    must(t, users_change_profile(work(t), &t->domain, &actor, &change, &out));
    must(t, users_check_password(work(t), &t->domain, &out, SLICE("another long password"), &good));
    assert_true(good);
    must(t, users_check_password(work(t), &t->domain, &out, SLICE(GOOD_PASSWORD), &good));
    assert_false(good);
    assert_true(is_session_valid(t, here.session.id));
    assert_false(is_session_valid(t, there.session.id));
}

static void a_profile_is_changed_in_part(void **state)
{
    struct town *t = *state;
    struct actor ann = actor_of(&t->ann);
    struct user out;
    struct profile_change change = {.email = {true, SLICE("ann@acme.com")},
                                    .bio = {true, SLICE("two\nlines")},
                                    .locale = {true, SLICE("en-GB")}};
    must(t, users_change_profile(work(t), &t->domain, &ann, &change, &out));
    assert_string_equal(out.bio, "two\nlines");
    size_t rows = audit_rows(t, "user.profile");
    must(t, users_change_profile(work(t), &t->domain, &ann, &change, &out));
    assert_int_equal(audit_rows(t, "user.profile"), rows); /* nothing changed, nothing recorded */
    change = (struct profile_change){.bio = {true, SLICE("")}};
    must(t, users_change_profile(work(t), &t->domain, &ann, &change, &out));
    assert_null(out.bio);
    assert_string_equal(out.email, "ann@acme.com");
    struct actor bob = actor_of(&t->bob);
    change = (struct profile_change){.email = {true, SLICE("Ann@acme.com")}};
    must_fail(t, users_change_profile(work(t), &t->domain, &bob, &change, &out), ERR_EXISTS,
              "Email already exists");
    change = (struct profile_change){.avatar_url = {true, SLICE("javascript:alert(1)")}};
    must_fail(t, users_change_profile(work(t), &t->domain, &bob, &change, &out), ERR_UNPROCESSABLE,
              "http");
}

static void removing_voids_sessions_and_keys(void **state)
{
    struct town *t = *state;
    struct session_opened s = open_session(t, &t->bob), again;
    struct api_key key;
    char raw[KEY_TEXT];
    unsigned char hash[SHA256_BYTES];
    struct access a;
    const struct key_new what = {.user_id = t->bob.id, .name = SLICE("ci")};
    must(t, keys_create(work(t), &t->domain, &t->cli, &what, &key, raw));
    must(t, users_delete(work(t), &t->domain, &t->cli, t->bob.id));
    assert_false(is_session_valid(t, s.session.id));
    must_fail(t,
              sessions_refresh(work(t), &t->domain, slice_of(s.refresh_token), SLICE_NONE,
                               SLICE_NONE, &again),
              ERR_UNKNOWN_CALLER, NULL);
    crypto_sha256(slice_of(raw), hash);
    must(t, access_of_key(work(t), &t->domain, hash, NULL, &a));
    assert_false(a.valid);
    struct user u;
    bool found;
    must(t, users_find_username(work(t), &t->domain, SLICE("bob"), &u, &found));
    assert_false(found);
    must(t, users_get(work(t), &t->domain, t->bob.id, &u)); /* the record still knows the row */
    assert_true(u.is_deleted);
    must_fail(t, users_delete(work(t), &t->domain, &t->cli, t->bob.id), ERR_NOT_FOUND, "User");
    (void)put_user(t, "bob", false); /* the name is free again */
}

static void the_last_administrator_stays(void **state)
{
    struct town *t = *state;
    const bool no = false;
    struct user out;
    const struct user_change demote = {.is_sys_admin = &no};
    must_fail(t, users_delete(work(t), &t->domain, &t->cli, t->root.id), ERR_CONFLICT,
              "last administrator");
    must_fail(t, users_change(work(t), &t->domain, &t->cli, t->root.id, &demote, &out),
              ERR_CONFLICT, "last administrator");
    struct user second = put_user(t, "second", true);
    must(t, users_change(work(t), &t->domain, &t->cli, t->root.id, &demote, &out));
    assert_false(out.is_sys_admin);
    must_fail(t, users_delete(work(t), &t->domain, &t->cli, second.id), ERR_CONFLICT, NULL);
}

static void nobody_touches_one_who_may_do_more(void **state)
{
    struct town *t = *state;
    const bool yes = true;
    struct user out;
    struct actor clerk = actor_of(&t->ann); /* may keep users, and no more */
    permission_set_add(&clerk.may, permission_find(SLICE("cadence:system:users:write")));
    const struct user_change reset = {.password = SLICE(GOOD_PASSWORD)};
    must_fail(t, users_change(work(t), &t->domain, &clerk, t->root.id, &reset, &out), ERR_FORBIDDEN,
              "Platform admin");
    must_fail(t, users_delete(work(t), &t->domain, &clerk, t->root.id), ERR_FORBIDDEN, NULL);
    const struct user_change climb = {.is_sys_admin = &yes};
    must_fail(t, users_change(work(t), &t->domain, &clerk, t->ann.id, &climb, &out), ERR_FORBIDDEN,
              NULL);
    const struct user_new boss = {.username = SLICE("boss"), .is_sys_admin = true};
    must_fail(t, users_create(work(t), &t->domain, &clerk, &boss, &out), ERR_FORBIDDEN, NULL);
    must(t, users_change(work(t), &t->domain, &clerk, t->bob.id, &reset, &out));
    /* bob is given a role that ann does not hold: from now on he is out of her reach */
    const struct slice audit = SLICE("cadence:system:audit:read");
    const struct role_new what = {
        .name = SLICE("auditor"), .permissions = &audit, .permission_count = 1};
    struct role role;
    must(t, roles_create(work(t), &t->domain, &t->cli, &what, &role));
    must(t, roles_assign(work(t), &t->domain, &t->cli, t->bob.id, role.id, NULL));
    must_fail(t, users_change(work(t), &t->domain, &clerk, t->bob.id, &reset, &out), ERR_FORBIDDEN,
              "more than you");
}

static void an_administrators_new_password_ends_sessions(void **state)
{
    struct town *t = *state;
    struct session_opened s = open_session(t, &t->bob);
    struct actor root = actor_of(&t->root);
    struct user out;
    bool good;
    const struct user_change change = {.password = SLICE(GOOD_PASSWORD)};
    must(t, users_change(work(t), &t->domain, &root, t->bob.id, &change, &out));
    assert_false(is_session_valid(t, s.session.id));
    must(t, users_check_password(work(t), &t->domain, &out, SLICE(GOOD_PASSWORD), &good));
    assert_true(good);
}

static void lists_are_paged(void **state)
{
    struct town *t = *state;
    struct user *list;
    size_t count, seen = 0;
    bool more = true;
    struct user_query q = {.limit = 3};
    for (const char *after = NULL; more; seen += count) {
        q.after_id = after;
        must(t, users_list(work(t), &t->domain, &q, &list, &count, &more));
        assert_true(count <= 3);
        after = count ? list[count - 1].id : after;
    }
    assert_int_equal(seen, 4);
    must(t, users_delete(work(t), &t->domain, &t->cli, t->eve.id));
    q = (struct user_query){.limit = 100};
    must(t, users_list(work(t), &t->domain, &q, &list, &count, &more));
    assert_int_equal(count, 3);
    q.include_deleted = true;
    must(t, users_list(work(t), &t->domain, &q, &list, &count, &more));
    assert_int_equal(count, 4);
    q = (struct user_query){.limit = 100, .sys_admins_only = true};
    must(t, users_list(work(t), &t->domain, &q, &list, &count, &more));
    assert_int_equal(count, 1);
    assert_string_equal(list[0].username, "root");
}

#define CASE(name) cmocka_unit_test_setup_teardown(name, town_setup, town_teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        CASE(a_user_is_made_and_found),
        CASE(names_and_addresses_are_unique),
        CASE(bad_fields_are_named),
        CASE(password_length_counts_letters),
        CASE(a_password_needs_the_current_one),
        CASE(a_profile_is_changed_in_part),
        CASE(removing_voids_sessions_and_keys),
        CASE(the_last_administrator_stays),
        CASE(nobody_touches_one_who_may_do_more),
        CASE(an_administrators_new_password_ends_sessions),
        CASE(lists_are_paged),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
