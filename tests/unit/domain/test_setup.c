/*
 * test_setup.c - the first administrator, by link and without a browser.
 */
#include "domain/setup.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>

#include <cmocka.h>

#include "domain/passwords.h"
#include "domain/users.h"
#include "model/audit.h"
#include "store/user_store.h"
#include "support_people.h"

static enum err demote(struct ctx *ctx, struct conn *conn, void *arg)
{
    struct user *root = arg;
    root->is_sys_admin = false;
    return user_store_update(ctx, conn, root);
}

/* A town without an administrator. The rules never let go of the last one, hence below them. */
static int fresh_setup(void **state)
{
    int failed = town_setup(state);
    struct town *t = *state;
    must(t, store_write(work(t), t->store, demote, &t->root));
    return failed;
}

static bool is_good(struct town *t, const char *token)
{
    bool good;
    must(t, setup_check(work(t), &t->domain, slice_of(token), &good));
    return good;
}

static void mint(struct town *t, char token[SETUP_TOKEN_TEXT])
{
    int64_t expires_at;
    must(t, setup_mint(work(t), &t->domain, &t->cli, token, &expires_at));
    assert_int_equal(expires_at - t->wall, 30 * 60 * 1000);
}

static void a_link_is_good_for_half_an_hour(void **state)
{
    struct town *t = *state;
    char token[SETUP_TOKEN_TEXT];
    mint(t, token);
    assert_int_equal(strlen(token), 43);
    pass_time(t, 30 * 60 * 1000 - 1);
    assert_true(is_good(t, token));
    pass_time(t, 1);
    assert_false(is_good(t, token));
    struct user u;
    const struct setup_admin admin = {.password = SLICE(GOOD_PASSWORD)};
    must_fail(t, setup_use(work(t), &t->domain, slice_of(token), &admin, &u), ERR_UNKNOWN_CALLER,
              "larder setup-link");
}

static void a_link_is_used_once(void **state)
{
    struct town *t = *state;
    char token[SETUP_TOKEN_TEXT];
    struct user u;
    bool good;
    mint(t, token);
    struct setup_admin admin = {.password = SLICE("short")};
    must_fail(t, setup_use(work(t), &t->domain, slice_of(token), &admin, &u), ERR_UNPROCESSABLE,
              "12 characters");
    assert_true(is_good(t, token)); /* a bad password does not burn the link */
    admin.password = SLICE(GOOD_PASSWORD);
    must(t, setup_use(work(t), &t->domain, slice_of(token), &admin, &u));
    assert_string_equal(u.username, "admin");
    assert_true(u.is_sys_admin);
    must(t, users_check_password(work(t), &t->domain, &u, SLICE(GOOD_PASSWORD), &good));
    assert_true(good);
    assert_false(is_good(t, token));
    admin.username = SLICE("another");
    must_fail(t, setup_use(work(t), &t->domain, slice_of(token), &admin, &u), ERR_UNKNOWN_CALLER,
              NULL);
    assert_null(strstr(last_audit(t, "user.create")->detail, token));
}

static void minting_voids_the_one_before(void **state)
{
    struct town *t = *state;
    char first[SETUP_TOKEN_TEXT], second[SETUP_TOKEN_TEXT];
    mint(t, first);
    mint(t, second);
    assert_false(is_good(t, first));
    assert_true(is_good(t, second));
    assert_false(is_good(t, ""));
    assert_false(is_good(t, "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA"));
    assert_int_equal(audit_rows(t, "setup.mint"), 2);
}

/* A stranger without the link must not be able to make us compute hashes. */
static void a_wrong_link_costs_no_hash(void **state)
{
    struct town *t = *state;
    uint64_t before = passwords_computed(&t->domain);
    const struct setup_admin admin = {.password = SLICE(GOOD_PASSWORD)};
    struct user u;
    must_fail(t, setup_use(work(t), &t->domain, SLICE("guess"), &admin, &u), ERR_UNKNOWN_CALLER,
              NULL);
    assert_int_equal(passwords_computed(&t->domain), before);
}

static void an_administrator_ends_it(void **state)
{
    struct town *t = *state;
    char token[SETUP_TOKEN_TEXT], other[SETUP_TOKEN_TEXT];
    int64_t expires_at;
    struct user u;
    mint(t, token);
    (void)put_user(t, "boss", true);
    assert_false(is_good(t, token));
    must_fail(t, setup_mint(work(t), &t->domain, &t->cli, other, &expires_at), ERR_CONFLICT,
              "An administrator exists");
    assert_string_equal(other, "");
    const struct setup_admin admin = {.password = SLICE(GOOD_PASSWORD)};
    must_fail(t, setup_use(work(t), &t->domain, slice_of(token), &admin, &u), ERR_UNKNOWN_CALLER,
              NULL);
}

static void a_password_from_the_environment_makes_admin(void **state)
{
    struct town *t = *state;
    bool made, any;
    must_fail(t, identity_bootstrap(work(t), &t->domain, SLICE("tooshort"), &made),
              ERR_UNPROCESSABLE, "12 characters");
    assert_false(made);
    must(t, users_any_admin(work(t), &t->domain, &any));
    assert_false(any);
    must(t, identity_bootstrap(work(t), &t->domain, SLICE(GOOD_PASSWORD), &made));
    assert_true(made);
    must(t, users_any_admin(work(t), &t->domain, &any));
    assert_true(any);
    must(t, identity_bootstrap(work(t), &t->domain, SLICE("a different password"), &made));
    assert_false(made); /* it never changes one that is there */
    struct user u;
    bool found, good;
    must(t, users_find_login(work(t), &t->domain, SLICE("admin"), &u, &found));
    must(t, users_check_password(work(t), &t->domain, &u, SLICE(GOOD_PASSWORD), &good));
    assert_true(found && good);
}

#define CASE(name) cmocka_unit_test_setup_teardown(name, fresh_setup, town_teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        CASE(a_link_is_good_for_half_an_hour), CASE(a_link_is_used_once),
        CASE(minting_voids_the_one_before),    CASE(a_wrong_link_costs_no_hash),
        CASE(an_administrator_ends_it),        CASE(a_password_from_the_environment_makes_admin),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
